package audit_test

import (
	"reflect"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
)

// Each cursor has one form in a URL.
func TestParseCursor(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]audit.Cursor{
		"": {}, "0.1": {At: time.UnixMilli(0).UTC(), Seq: 1}, "1760000000123.7": {At: time.UnixMilli(1_760_000_000_123).UTC(), Seq: 7},
		"9223372036854775807.9223372036854775807": {At: time.UnixMilli(9223372036854775807).UTC(), Seq: 9223372036854775807},
	} {
		got, ok := audit.ParseCursor(text)
		if !ok || got != want || got.String() != text || got.Zero() != (text == "") {
			t.Errorf("ParseCursor(%q) = %+v, %t, want %+v, true", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"1", "1.", ".1", "1.0", "1.-1", "-1.1", "+1.1", "1.+1", "01.1", "1.01", "1.1.1", " 1.1", "1.1 ", "1,1", "1e3.1", "0x1.1", "x.1", "1.x", "9223372036854775808.1", "1.9223372036854775808", "١.١",
	} {
		if got, ok := audit.ParseCursor(text); ok || got != (audit.Cursor{}) {
			t.Errorf("ParseCursor(%q) = %+v, %t, want false", text, got, ok)
		}
	}
}

// The page after an event begins with what is older than it, down to the
// millisecond.
func TestAfter(t *testing.T) {
	t.Parallel()
	e := audit.Event{Seq: 7, At: time.UnixMilli(1_760_000_000_123).UTC()}
	if got, ok := audit.ParseCursor(audit.After(e).String()); !ok || got != (audit.Cursor{At: e.At, Seq: 7}) {
		t.Errorf("ParseCursor(After()) = %+v, %t, want the time and the number of the event", got, ok)
	}
}

// Characters that move a cursor, end a line or change the direction of text are
// escaped.
func TestPrintable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "Zoë 王 – 12 €\u00a0x": "Zoë 王 – 12 €\u00a0x", "a\nb\tc": `a\u000ab\u0009c`, "\x1b[2J": `\u001b[2J`, "a\u202eb": `a\u202eb`, "\u200b\ufeff": `\u200b\ufeff`, "\u2028": `\u2028`,
		"\u009b": `\u009b`, "\x7f": `\u007f`, "a\xff": "a\ufffd",
	} {
		if got := audit.Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}

// No value from outside keeps an event from being stored.
func TestStorable(t *testing.T) {
	t.Parallel()
	const bad, good = "a\x00b\xff", "a\ufffdb\ufffd"
	e := audit.Event{Seq: 3, Details: map[string]string{bad: bad}}
	v := reflect.ValueOf(&e).Elem()
	texts := 0
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).Kind() == reflect.String && name != "Hash" && name != "PrevHash" {
			v.Field(i).SetString(bad)
			texts++
		}
	}
	got := e.Storable()
	v = reflect.ValueOf(got)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).Kind() == reflect.String && name != "Hash" && name != "PrevHash" && v.Field(i).String() != good {
			t.Errorf("Storable() has %s = %q, want %q", name, v.Field(i), good)
		}
	}
	if texts < 5 || got.Details[good] != good || len(got.Details) != 1 || got.Seq != 3 || e.Details[bad] != bad {
		t.Errorf("Storable() = %+v of %d texts, want its details %q and the given event as it was", got, texts, good)
	}
	// A store that keeps no details gives nil back, and the hash is over that.
	if got := (audit.Event{Details: map[string]string{}}).Storable(); got.Details != nil {
		t.Errorf("Storable() has details %v, want nil", got.Details)
	}
}
