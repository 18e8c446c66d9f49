package typed_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"omgevingsloket-id/pkg/typed"
)

// inScript returns digits in the script whose zero is given.
func inScript(zero rune, digits string) string {
	return strings.Map(func(r rune) rune { return zero + r - '0' }, digits)
}

// Y1, Y2, Y4, Y6: what only looks different is the same.
func TestY1_Y2_Y4_Y6_Line(t *testing.T) {
	t.Parallel()
	for typing, want := range map[string]string{
		"":                                      "",
		"  van  der\tBerg \r\n":                 "van der Berg",
		"\u202a+32 470 12 34 56\u202c":          "+32 470 12 34 56",
		"\u202d+32\u00a0470\u00a012\u202c":      "+32 470 12",
		"\u2066+32\u2069":                       "+32",
		"＋３２ ４７０":                               "+32 470",
		"٣٢ ۴۷۰ ४७० 𝟙𝟚":                         "32 470 470 12",
		"כהן\u200f":                             "כהן",
		"\u200bJansen":                          "Jansen",
		"\ufeffJan":                             "Jan",
		"Jan\u2060sen\u00adberg\ufe0f":          "Jansenberg",
		"Jan\u0007sen\u007f\u0085\u0091":        "Jansen",
		"Jan\u034f\u0301":                       "Jań",
		"Jean\u2013Luc\u2011Marc\u2212\u05be":   "Jean-Luc-Marc--",
		"\u2053\u2e40\u207b\ufe63\u2796":        "-----",
		"\u279532 \u207a32 \ufe6232":            "+32 +32 +32",
		"৩২ ௩௨ ๓๒ ៣២ ၃၂ ᠓᠒":                     "32 32 32 32 32 32",
		"Jan\u180e\u17b4\u206a\u115f\U000e0100": "Jan",
		"নি\u200dষাদ ක්\u200dර":                 "নি\u200dষাদ ක්\u200dර",
		"علی\u200c رضا":                         "علی رضا",
		"a\u3000b\u2009c\u202fd\u2800e":         "a b c d e",
		"０３ー１２３４ー５６７８":                          "03-1234-5678",
		"サーラ":                                   "サーラ",
		"ｻｰﾗ":                                   "サーラ",
		"ﬁﬀ Ĳ ſ":                                "fiff IJ s",
		"O´Brien":                               "O´Brien",
		"Main St 5½":                            "Main St 5 1/2",
		"½":                                     "1/2",
		"12²":                                   "12 2",
		"\u2460\u2461":                          "1 2",
		"می\u200cخواهم":                         "می\u200cخواهم",
		"محمد\u200c":                            "محمد",
		"ക്\u200d":                              "ക്\u200d",
		"Jan\u200dsen\u200c":                    "Jansen",
		"\u200dJan":                             "Jan",
		"a\u202eb":                              "a\u202eb", // read backwards: left for the rules to refuse
		"\xff":                                  "\ufffd",
		"\U000e0041x\ufffc\u3164":               "x",
	} {
		if got := typed.Line(typing); got != want {
			t.Errorf("Line(%q) = %q, want %q", typing, got, want)
		}
	}
}

// Y1: the same for text of several lines.
func TestY1_Text(t *testing.T) {
	t.Parallel()
	if got := typed.Text(" \r\nEen\u00a0regel \t\r\n\r\n  nog\u2028één\u200b\rlaatste\n\n"); got != "Een regel\n\n  nog\néén\nlaatste" {
		t.Errorf("Text() = %q", got)
	}
	if got := typed.Text("a\tb\u1680c\u2800d\ufeff\u2028e"); got != "a b c d\ne" {
		t.Errorf("Text() = %q", got)
	}
	const plain = "Hauptstrasse 1, \"Berlin\""
	if got := typed.Text(plain); got != plain {
		t.Errorf("Text(%q) = %q", plain, got)
	}
}

// Y5, Y6, Y7: a code is its digits; what has anything else is no code.
func TestY5_Y6_Y7_Code(t *testing.T) {
	t.Parallel()
	for _, typing := range []string{
		"123456", " 123 456 ", "123456\t", "123\u3000456", "123\u200b456", inScript('０', "123456"), inScript('٠', "123456"), inScript('۰', "123456"),
		inScript('०', "123456"), inScript('𝟘', "123456"), "123-456", "123\u2013456", "123.456", "123,456", "“123456”", "123456.", "(123456)", "\u202a123456\u202c",
		"\ufeff1 2 3 4 5 6\r\n", "1\ufe0f\u20e32\ufe0f\u20e33456", "\u2460\u2461\u2462\u2463\u2464\u2465",
	} {
		if got := typed.Code(typing, 6); got != "123456" {
			t.Errorf("Code(%q) = %q, want 123456", typing, got)
		}
	}
	for _, typing := range []string{
		"", "      ", "12345", "1234567", "jan@example.org", "wachtwoord", "12345a", "+123456", "0x1234", "123456.0", "1234e1", "\u202e123456", "\xff123456",
		"\u4e00\u4e8c\u4e09\u56db\u4e94\u516d", "1234½", "O12345", "123456\U0001f600",
	} {
		if got := typed.Code(typing, 6); got != "" {
			t.Errorf("Code(%q) = %q, want none", typing, got)
		}
	}
}

// Y6: a reference number is its letters and digits, however they are divided.
func TestY6_Reference(t *testing.T) {
	t.Parallel()
	for typing, want := range map[string]string{
		"OLID-K7QD-2MXA": "OLID-K7QD-2MXA", "olid k7qd 2mxa": "OLID-K7QD-2MXA", "OLID\u2013K7QD\u20132MXA": "OLID-K7QD-2MXA", "ＯＬＩＤ－Ｋ７ＱＤ－２ＭＸＡ": "OLID-K7QD-2MXA",
		"\u202aolidk7qd2mxa\u202c.": "OLID-K7QD-2MXA", "K7QD-2MXA": "K7QD-2MXA", " (k7qd.2mxa) ": "K7QD-2MXA", "K7QD\u00ad2MXA": "K7QD-2MXA",
		"": "", "---": "", "K7QD-2MX": "", "K7QD-2MXÄ": "", "a' OR 1=1": "", strings.Repeat("ABCD", 9): "",
	} {
		if got := typed.Reference(typing); got != want {
			t.Errorf("Reference(%q) = %q, want %q", typing, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{
		"", "Jan", "\u202a+32\u202c", "１７／５", "می\u200cخواهم", "ക്\u200d\u200d", "5½²", "¨\u0301´", "a\u034f\u0301", "\u1100\u115f\u1161", "\ufdfa", "ー\u200bー", "\r\n\v", "\xff\xfe",
		"A\u030a\u200c\u0301", "\u0958\u200d", "\u2460\u0661",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := typed.Text(s)
		if again := typed.Text(got); again != got {
			t.Errorf("Text(%q) = %q, and folded again %q", s, got, again)
		}
		if line := typed.Line(s); typed.Line(line) != line || strings.ContainsRune(line, '\n') || typed.Line(got) != line {
			t.Errorf("Line(%q) = %q, which folds to %q", s, line, typed.Line(line))
		}
		if !utf8.ValidString(got) || len(got) > typed.MostGrowth*len(s) {
			t.Errorf("Text(%q) = %q: %d bytes of %d", s, got, len(got), len(s))
		}
		for _, r := range got {
			switch {
			case r == '\n' || r == ' ' || r == '\u200c' || r == '\u200d' || r == '\u202e':
			case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zs, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
				t.Errorf("Text(%q) = %q has the invisible %U", s, got, r)
			case unicode.Is(unicode.Nd, r) && r > '9', unicode.Is(unicode.Pd, r) && r != '-':
				t.Errorf("Text(%q) = %q has %U", s, got, r)
			}
		}
		if code := typed.Digits(s); strings.Trim(code, "0123456789") != "" {
			t.Errorf("Digits(%q) = %q", s, code)
		}
		if ref := typed.Reference(s); ref != "" && typed.Reference(ref) != ref {
			t.Errorf("Reference(%q) = %q", s, ref)
		}
	})
}
