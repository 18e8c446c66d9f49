package term_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"omgevingsloket-id/pkg/term"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Élodie MÜLLER-Straß": "elodie muller-strass", "Søren Łukasz": "soren lukasz", "Yılmaz": "yilmaz", "Ünïcode": "unicode", "ﬁn": "fin", "Ｆｕｌｌ": "full", "a\x00\xffb": "ab", "": "",
	} {
		if got := term.Fold(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestTyped(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		"  Müller   anna ": {"muller", "anna"}, "O'Brien": {"o", "brien"}, "<Anna@Example.com>,": {"anna@example.com"}, "HRB 12.345": {"hrb", "12", "345"},
		"%_\\'": nil, "": nil, "a b c d e f": {"a", "b", "c", "d"},
	} {
		if got := term.Typed(in, 4); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	if got := term.Set(term.Names("Zoë O'Brien-Smith")); !slices.Equal(got, []string{"brien", "o", "obriensmith", "smith", "zoe"}) {
		t.Errorf("Names() = %q", got)
	}
}

// For any text, a word is valid UTF-8, not too long, without separators, and
// equal to its own fold.
func FuzzTyped(f *testing.F) {
	for _, s := range []string{"Anna", "%_\x00", "\xff@\xfe", strings.Repeat("ё", 100), "ǅ İ ŉ @ĳ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, w := range term.Typed(s, 6) {
			if w == "" || len(w) > 64 || !utf8.ValidString(w) || strings.ContainsAny(w, "%\\ \x00") && !strings.Contains(s, "@") {
				t.Errorf("Typed(%q) has %q", s, w)
			}
		}
	})
}
