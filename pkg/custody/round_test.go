package custody_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/scan"
	"omgevingsloket-id/pkg/secret"
)

// letters returns the ids a, b, … of n documents.
func letters(n int) (ids []string) {
	for i := range n {
		ids = append(ids, string(rune('a'+i)))
	}
	return ids
}

// UP-04: each waiting document is opened and scanned, the oldest first, and gets one verdict
// with an event, which has neither its name nor its content.
func TestUP04_Round(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 4, 5, 11} { // a batch, and more than one
		d, ids := newDesk(t), letters(n)
		d.file(ids...)
		d.malware["e"] = "Olid.Test"
		s := d.scanning()
		if done, err := s.Round(t.Context()); done != n || err != nil {
			t.Errorf("Round() of %d documents = %d, %v, want %d, nil", n, done, err, n)
		}
		if !slices.Equal(d.scanned, ids) {
			t.Errorf("the scanner got %q, want %q", d.scanned, ids)
		}
		var want []audit.Event
		for _, id := range ids {
			verdict, signature := scan.Clean, ""
			if id == "e" {
				verdict, signature = scan.Infected, "Olid.Test"
			}
			if got := d.verdicts[id]; got != verdict {
				t.Errorf("document %s is %s, want %s", id, got, verdict)
			}
			want = append(want, audit.System("scanner").Did(audit.DocumentScanned, "app", noon).Because(signature).
				With(map[string]string{"document": id, "verdict": string(verdict)}))
		}
		if !reflect.DeepEqual(d.events, want) {
			t.Errorf("the events are %+v, want %+v", d.events, want)
		}
		if done, err := s.Round(t.Context()); done != 0 || err != nil || len(d.scanned) != n {
			t.Errorf("second Round() of %d documents = %d, %v after %d scans, want 0, nil after %d", n, done, err, len(d.scanned), n)
		}
	}
}

var errScanner = errs.Unavailable("scanner", errors.New("broken"))

// UP-04: a document that the scanner does not judge stays unscanned, and the others do not
// wait for it. Only failures in a row end a round; the next one begins behind them, and then
// again with the oldest.
func TestUP04_RoundWithFailures(t *testing.T) {
	t.Parallel()
	type round struct {
		scanned string // what the scanner gets
		done    int
		failed  string // the document that the error names; "" is no error
	}
	for name, c := range map[string]struct {
		unread string // what the scanner does not judge
		rounds []round
	}{
		"none":                {"", []round{{"abcdefgh", 8, ""}, {"", 0, ""}}},
		"one":                 {"b", []round{{"abcdefgh", 7, "b"}, {"b", 0, "b"}}},
		"two in a row":        {"bc", []round{{"abcdefgh", 6, "c"}, {"bc", 0, "c"}}},
		"three in a row":      {"bcd", []round{{"abcd", 1, "d"}, {"efgh", 4, ""}, {"bcd", 0, "d"}, {"", 0, ""}, {"bcd", 0, "d"}}},
		"four in a row":       {"abcd", []round{{"abc", 0, "c"}, {"defgh", 4, "d"}, {"abc", 0, "c"}, {"d", 0, "d"}}},
		"pairs":               {"abdegh", []round{{"abcdefgh", 2, "h"}}},
		"the newest":          {"fgh", []round{{"abcdefgh", 5, "h"}, {"", 0, ""}, {"fgh", 0, "h"}}},
		"all, as without any": {"abcdefgh", []round{{"abc", 0, "c"}, {"def", 0, "f"}, {"gh", 0, "h"}, {"abc", 0, "c"}}},
		"across the batches":  {"def", []round{{"abcdef", 3, "f"}, {"gh", 2, ""}, {"def", 0, "f"}}},
		"the last of a round": {"h", []round{{"abcdefgh", 7, "h"}, {"h", 0, "h"}}},
	} {
		d := newDesk(t)
		d.file(letters(8)...)
		for _, id := range strings.Split(c.unread, "") {
			d.unread[id] = errScanner
		}
		s := d.scanning()
		for i, want := range c.rounds {
			d.scanned = nil
			done, err := s.Round(t.Context())
			if got := strings.Join(d.scanned, ""); got != want.scanned || done != want.done || (err != nil) != (want.failed != "") {
				t.Errorf("%s: Round() number %d scans %q = %d, %v, want %q = %d, an error: %t",
					name, i+1, got, done, err, want.scanned, want.done, want.failed != "")
			}
			if want.failed != "" && (!errors.Is(err, errs.ErrUnavailable) || !strings.Contains(fmt.Sprint(err), "document "+want.failed+" ")) {
				t.Errorf("%s: Round() number %d = %v, want %v of document %s", name, i+1, err, errs.ErrUnavailable, want.failed)
			}
		}
		for _, id := range strings.Split(c.unread, "") {
			if v := d.verdicts[id]; v != "" {
				t.Errorf("%s: document %s, which was not scanned, is %s", name, id, v)
			}
		}
		clear(d.unread) // the scanner is repaired
		for range 2 {   // the round that goes on, and the one from the oldest
			if _, err := s.Round(t.Context()); err != nil {
				t.Errorf("%s: Round() with a repaired scanner = %v, want success", name, err)
			}
		}
		if left := d.waiting(); left != nil {
			t.Errorf("%s: with a repaired scanner %q are left unscanned, want none", name, left)
		}
	}
}

// Content that was sealed for another document, another application or with another key, or
// that is damaged, does not reach the scanner: its verdict would be of another file.
func TestRoundOpensItsOwn(t *testing.T) {
	t.Parallel()
	foreign, err := secret.ParseKeyRing([]byte("k1 "+strings.Repeat("A", 42)+"E="), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*desk, *application.Document){
		"another document's":    func(d *desk, doc *application.Document) { doc.Sealed = d.documents[0].Sealed },
		"another application's": func(_ *desk, doc *application.Document) { doc.ApplicationID = "other" },
		"damaged":               func(_ *desk, doc *application.Document) { doc.Sealed[len(doc.Sealed)-1] ^= 1 },
		"no content":            func(_ *desk, doc *application.Document) { doc.Sealed = nil },
		"another key":           func(d *desk, _ *application.Document) { d.ring = foreign },
	} {
		d := newDesk(t)
		d.file("a", "b")
		d.verdicts["a"] = scan.Clean
		change(d, &d.documents[1])
		done, err := d.scanning().Round(t.Context())
		if done != 0 || !errors.Is(err, secret.ErrSealed) || !strings.Contains(err.Error(), "document b") {
			t.Errorf("%s: Round() = %d, %v, want 0, %v of document b", name, done, err, secret.ErrSealed)
		}
		if d.scanned != nil || d.verdicts["b"] != "" || d.events != nil {
			t.Errorf("%s: the scanner got %q, the verdict is %q, the events are %v, want none", name, d.scanned, d.verdicts["b"], d.events)
		}
	}
}

// A store that does not answer ends the round, with the failures so far. The next one goes on.
func TestRoundStoreUnavailable(t *testing.T) {
	t.Parallel()
	errMalformed := errors.New("malformed")
	for _, c := range []struct {
		failing int // the number of the read
		scanned string
		done    int
	}{{1, "", 0}, {2, "abcd", 3}, {3, "abcdef", 5}} {
		d := newDesk(t)
		d.file(letters(6)...)
		d.unread["b"], d.failing = errMalformed, c.failing
		s := d.scanning()
		done, err := s.Round(t.Context())
		if got := strings.Join(d.scanned, ""); got != c.scanned || done != c.done {
			t.Errorf("Round(read %d fails) scans %q = %d, want %q = %d", c.failing, got, done, c.scanned, c.done)
		}
		if !errors.Is(err, errs.ErrUnavailable) || errors.Is(err, errMalformed) != (c.scanned != "") {
			t.Errorf("Round(read %d fails) = %v, want %v and what failed before", c.failing, err, errs.ErrUnavailable)
		}
		clear(d.unread)
		for range 2 {
			if _, err := s.Round(t.Context()); err != nil {
				t.Errorf("Round() after read %d failed = %v, want success", c.failing, err)
			}
		}
		if left := d.waiting(); left != nil {
			t.Errorf("after read %d failed, %q are left unscanned, want none", c.failing, left)
		}
	}
}

// A verdict that another server stored first stands and is no failure. One that could not be
// stored is one, and the document is scanned again.
func TestRoundVerdictNotStored(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.file(letters(6)...)
	d.during = func(id string) {
		if id != "f" { // five, which would end the round if each were a failure
			d.verdicts[id] = scan.Infected
		}
	}
	_, err := d.scanning().Round(t.Context())
	if err != nil || d.verdicts["a"] != scan.Infected || d.verdicts["f"] != scan.Clean || len(d.events) != 1 {
		t.Errorf("Round(another server was first) = %v, the first verdict is %q, the last %q, of %d events, want nil, %s, %s, 1",
			err, d.verdicts["a"], d.verdicts["f"], len(d.events), scan.Infected, scan.Clean)
	}

	d = newDesk(t)
	d.file(letters(3)...)
	d.unwritten["b"] = errs.Unavailable("memory", context.DeadlineExceeded)
	s := d.scanning()
	if done, err := s.Round(t.Context()); done != 2 || !errors.Is(err, errs.ErrUnavailable) || d.verdicts["b"] != "" {
		t.Errorf("Round(a verdict is not stored) = %d, %v, the verdict is %q, want 2, %v, none", done, err, d.verdicts["b"], errs.ErrUnavailable)
	}
	if done, err := s.Round(t.Context()); done != 1 || err != nil || d.verdicts["b"] != scan.Clean {
		t.Errorf("Round() after a verdict was not stored = %d, %v, the verdict is %q, want 1, nil, %s", done, err, d.verdicts["b"], scan.Clean)
	}
}
