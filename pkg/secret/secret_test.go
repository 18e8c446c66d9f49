package secret_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"

	"go.yaml.in/yaml/v3"

	"omgevingsloket-id/pkg/secret"
)

// No formatter, logger or encoder shows a secret, alone or in a struct. (%p
// and %w do not call methods of a value that is no pointer or error; vet
// refuses both.)
func TestTextIsRedactedEverywhere(t *testing.T) {
	t.Parallel()
	const value = "hunter2hunter2"
	text := secret.Text(value)
	type holder struct {
		Key  secret.Text `json:"key" yaml:"key" xml:"key"`
		More map[string]secret.Text
		List []secret.Text
		Ref  *secret.Text
	}
	h := holder{Key: text, More: map[string]secret.Text{"a": text}, List: []secret.Text{text}, Ref: &text}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%U", "%c", "%e", "%10.3s", "%-40q"} {
		for _, v := range []any{text, h, &h, []any{text}, map[secret.Text]int{text: 1}} {
			out := fmt.Sprintf(verb, v)
			if strings.Contains(out, value) || strings.Contains(strings.ToLower(out), fmt.Sprintf("%x", value)) {
				t.Errorf("%s of %T shows the secret", verb, v)
			}
		}
	}
	if fmt.Sprint(text) != "[redacted]" || text.String() != "[redacted]" || text.GoString() != "[redacted]" {
		t.Errorf("Sprint, String or GoString is not [redacted]: %s", fmt.Sprint(text))
	}
	if err := fmt.Errorf("key %v: %w", text, errors.New("x")); strings.Contains(err.Error(), value) {
		t.Errorf("an error shows the secret: %v", err)
	}
	var log bytes.Buffer
	for _, l := range []*slog.Logger{slog.New(slog.NewJSONHandler(&log, nil)), slog.New(slog.NewTextHandler(&log, nil))} {
		l.Info("said", "text", text, "holder", h, "any", slog.AnyValue(text), slog.Group("g", "t", text))
	}
	encoded, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	document, err := yaml.Marshal(map[string]any{"key": h.Key, "list": h.List})
	if err != nil {
		t.Fatal(err)
	}
	markup, err := xml.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{log.String(), string(encoded), string(document), string(markup)} {
		if strings.Contains(out, value) || !strings.Contains(out, "[redacted]") {
			t.Errorf("the output is %s, want [redacted] in it", out)
		}
	}
	// Handlers and encoders that do not call MarshalText.
	if v := slog.AnyValue(text).Resolve(); v.Kind() != slog.KindString || v.String() != "[redacted]" {
		t.Errorf("LogValue() is a %s %s, want [redacted]", v.Kind(), v)
	}
	if m, ok := any(text).(interface{ MarshalYAML() (any, error) }); !ok {
		t.Error("Text has no MarshalYAML")
	} else if v, err := m.MarshalYAML(); v != "[redacted]" || err != nil {
		t.Errorf("MarshalYAML() = %v, %v, want [redacted]", v, err)
	}
	if text.Reveal() != value || !text.Equal(value) || text.Equal(value+" ") || text.Equal("") {
		t.Error("Reveal() is not the value, or Equal() not true for the value only")
	}
}

var kinds = []secret.Kind{
	secret.KindBrowser, secret.KindSession, secret.KindDevice, secret.KindRequest, secret.KindPushed, secret.KindCode, secret.KindAccess,
	secret.KindApplication, secret.KindClient, secret.KindID,
}

// Handles have one kind, are unique, and equal bytes of two kinds have
// different hashes.
func TestHandles(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, kind := range kinds {
		h := secret.New(rand.Reader, kind)
		if seen[h.Reveal()] || len(h.Reveal()) != len(kind)+1+43 {
			t.Errorf("New(%s) = %s, want a new handle with 43 characters after the prefix", kind, h.Reveal())
		}
		seen[h.Reveal()] = true
		for _, other := range kinds {
			if got, ok := secret.Parse(other, h.Reveal()); ok != (other == kind) || ok && got != h {
				t.Errorf("Parse(%s) of a handle of %s = %t, want %t", other, kind, ok, other == kind)
			}
		}
		same := secret.New(bytes.NewReader(make([]byte, 32)), kind).Hash()
		if seen[same] || len(same) != 64 {
			t.Errorf("Hash() of a handle of %s = %s, want 64 characters of its own", kind, same)
		}
		seen[same] = true
	}
	for _, f := range []func(){func() { secret.New(iotest.ErrReader(errors.New("dry")), secret.KindCode) }, func() { secret.NewID(strings.NewReader("short")) }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic without randomness")
				}
			}()
			f()
		}()
	}
}

// Parse accepts exactly what New can return: the canonical form of 32 bytes.
func FuzzParse(f *testing.F) {
	good := secret.New(rand.Reader, secret.KindSession).Reveal()
	for _, seed := range []string{
		good, "", "olid_ses_", good[9:], good + "=", good[:len(good)-1], good + "A", strings.ToUpper(good), "olid_ses__" + good[9:], " " + good, good + "\n",
		strings.Replace(good, "olid_ses", "olid_brw", 1), "olid_ses_" + strings.Repeat("A", 42) + "B", "olid_ses_" + strings.Repeat("+", 43), "olid_ses_" + strings.Repeat("\x00", 43),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := secret.Parse(secret.KindSession, s)
		if !ok {
			if got != "" && got.Reveal() != s {
				t.Error("Parse accepts what New cannot return")
			}
			return
		}
		rest, prefixed := strings.CutPrefix(s, "olid_ses_")
		if !prefixed || got.Reveal() != s || len(rest) != 43 || strings.Trim(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" || strings.Trim(rest[42:], "AEIMQUYcgkosw048") != "" {
			t.Errorf("Parse(%q) = true, want false", s)
		}
	})
}

// MAC differs for different divisions into parts.
func TestMAC(t *testing.T) {
	t.Parallel()
	key := []byte("key")
	seen := map[string]string{}
	for _, parts := range [][]string{{}, {""}, {"", ""}, {"ab", "c"}, {"a", "bc"}, {"abc"}, {"2:ab1:c"}, {"a:", "b"}} {
		mac := secret.MAC(key, parts...)
		if other, twice := seen[mac]; twice || len(mac) != 43 {
			t.Errorf("MAC(%q) = %s, want 43 characters, and others than for %s", parts, mac, other)
		}
		seen[mac] = fmt.Sprintf("%q", parts)
	}
	if secret.MAC(key, "a") == secret.MAC([]byte("other"), "a") {
		t.Error("MAC does not depend on the key")
	}
}
