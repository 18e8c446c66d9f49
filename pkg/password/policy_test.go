package password

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"omgevingsloket-id/e2e/testenv"
)

var jan = Context{
	Email:        "vogelkraan77@appelgaard.nl",
	GivenName:    "Jan Willem",
	FamilyName:   "van der Pietersma",
	Organisation: "Zonnehoek Kozijnen en Deuren B.V.",
}

func TestLG31_CommonAndContextWordsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		password string
		want     Problem
	}{
		{"wachtwoord123!", Common},
		{"Welkom2026!!", Common},
		{"P@ssw0rd12345", Common},
		{"qwertyuiop12", Common},
		{"omgevingsloket1", Common},
		{"omgevingsloket1", AboutYou},
		{"zomer2026zomer2026", Common},
		{"zomer2026zomer2026!", Common},
		{"zomer7391zomer7391!", Common},
		{"Zomer2026!!Zomer2026!!", Common},
		{"Zomer2026Winter2027", Common},
		{"wachtwoord9999999999", Common},
		{"wachtwøørd2026", Common},
		{"Zomer2026zomer2027", Common},
		{"zomer2026zomer", Common},
		{"welkomwelkom1", Common},
		{"welkomwelkomwelkom1", Common},
		{"2026!Rotterdam", Common},
		{"!!W4chtw00rd!!", Common},
		{"$upergirl2026", Common},
		{"vv4chtwoord", TooShort},
		{"Wáchtwoord2026", Common},
		{"ｗａｃｈｔｗｏｏｒｄ１２", Common},
		{"i love you 2026!", Common},
		{"w.a.c.h.t.w.o.o.r.d.1", Common},
		{"Amsterdam01012026", Common},
		{"wachtwoordennl", Common},
		{"1qaz2wsx3edc", Common},
		{"Rijkswaterstaat2026", AboutYou},
		{"JanPietersma1984", AboutYou},
		{"J4n.Pietersma!", AboutYou},
		{"pietersma-welkom-1", AboutYou},
		{"jan.pietersma84", AboutYou},
		{"Pietersma84-jan-2026", AboutYou},
		{"vogelkraan1984", AboutYou},
		{"vogelkraan77@appelgaard.nl", AboutYou},
		{"vanderpietersma", AboutYou},
		{"appelgaard2026", AboutYou},
		{"ZonnehoekKozijnenEnDeurenBV2026", AboutYou},
		{"kozijnen-zonnehoek", AboutYou},
		{"aaaaaaaaaaaa", Repetitive},
		{"aaaaaabbbbbb", Repetitive},
		{"abababababab", Repetitive},
		{"wwwwwwwwwwww1x9z", Repetitive},
		{"x7!x7!x7!x7!", Repetitive},
		{"x7!qx7!qx7!q", Repetitive},
		{"122112212211", Repetitive},
		{"123456789012", Sequence},
		{"abcdefghijkl", Sequence},
		{"zyxwvutsrqpo", Sequence},
		{"QWERTYUIOPAS", Sequence},
		{"!@#$%^&*()!@", Sequence},
		{"abcd1234efgh", Sequence},
		{"kort", TooShort},
		{"", TooShort},
		{"elf tekens!", TooShort},
		{strings.Repeat("vijf vrolijke ", 19), TooLong},
		{"een NUL\x00 in het midden", NotText},
		{"geen UTF-8 \xed\xa0\x80 hier", NotText},
		{"geen UTF-8 \xff hier dus", NotText},
	} {
		if got := (Policy{}).Check(c.password, jan); !slices.Contains(got, c.want) {
			t.Errorf("%q: got %v, want %s among them", c.password, got, c.want)
		}
	}
}

func TestR315_NoCompositionRules(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"correct horse battery staple",
		"mokra zielona parasolka tańczy",
		"vier natte paraplu's dansen",
		"de olifant fietst naar zee",
		"żółta łódka płynie nocą",
		"зелёный зонтик танцует",
		"雨の日に緑の傘が踊っている夜",
		"🐘🚲🌊☂️🧀🎻🌷⛵️🦉🍏🪁🥨",
		"vqzmrwkdpxth",
		"839204715602",
		"Kx7#mQ2z!Lw9",
		"   zeven spaties voor en na   ",
		"fietsbelmakerij-overloop",
		"welkom bij de nachtploeg van hal zeven",
		"jan zag gisteren een kraanvogel",
		"zonnehoek 4839204715602",
		"welkomwelkomwelkom 4839204715602",
		"appel fiets maandag",
	} {
		if got := (Policy{}).Check(good, jan); got != nil {
			t.Errorf("Check(%q) = %v, want none", good, got)
		}
	}
}

func TestR317_WholePasswordComparedNotSubstrings(t *testing.T) {
	t.Parallel()
	if got := (Policy{}).Check("wachtwoord van mijn kraanvogel", Context{}); got != nil {
		t.Errorf("Check(a pass phrase with a common word) = %v, want none", got)
	}
	if got := (Policy{}).Check("", Context{}); !slices.Equal(got, []Problem{TooShort}) {
		t.Errorf("Check(\"\") = %v, want %v", got, TooShort)
	}
	if got := (Policy{}).Check("wachtwoord", Context{}); !slices.Equal(got, []Problem{TooShort, Common}) {
		t.Errorf("the word alone: got %v, want each reason", got)
	}
}

func TestR312_R313_LengthInCodePointsAfterNormalisation(t *testing.T) {
	t.Parallel()
	letters := []rune("kqzvxwjpgmbhfycdru")
	text := func(n int) string {
		var b strings.Builder
		r := rand.New(rand.NewPCG(1, uint64(n)))
		for range n {
			b.WriteRune(letters[r.IntN(len(letters))])
		}
		return b.String()
	}
	for _, c := range []struct {
		name     string
		policy   Policy
		password string
		want     []Problem
	}{
		{"11", Policy{}, text(11), []Problem{TooShort}},
		{"12", Policy{}, text(12), nil},
		{"64", Policy{}, text(64), nil},
		{"256", Policy{}, text(256), nil},
		{"257", Policy{}, text(257), []Problem{TooLong}},
		{"11 letters of two code points each", Policy{}, spaced(text(11), "\u0301"), nil},
		{"combining marks that compose count once", Policy{}, norm.NFD.String("éçúñáŵòŷìĝë"), []Problem{TooShort}},
		{"12 emoji of four bytes", Policy{}, "🐘🚲🌊☔🧀🎻🌷⛵🦉🍏🪁🥨", nil},
		{"256 of four bytes", Policy{}, fourByte(256), nil},
		{"257 of four bytes", Policy{}, fourByte(257), []Problem{TooLong}},
		{"15 wanted, 14 given", Policy{MinLength: 15}, text(14), []Problem{TooShort}},
		{"15 wanted, 15 given", Policy{MinLength: 15}, text(15), nil},
		{"1 wanted counts as 8: 7", Policy{MinLength: 1}, text(7), []Problem{TooShort}},
		{"1 wanted counts as 8: 8", Policy{MinLength: 1}, text(8), nil},
	} {
		if got := c.policy.Check(c.password, Context{}); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// spaced puts a separator after each letter.
func spaced(text, mark string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteString(string(r) + mark)
	}
	return b.String()
}

func fourByte(n int) string {
	var b strings.Builder
	r := rand.New(rand.NewPCG(2, 2))
	for range n {
		b.WriteRune(0x1F400 + rune(r.IntN(60)))
	}
	return b.String()
}

func TestPolicyRefusesHardlyAnyRandomPassword(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	r := rand.New(rand.NewPCG(7, 7))
	for range 20_000 {
		b := make([]byte, 12)
		for i := range b {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
		if got := (Policy{}).Check(string(b), jan); got != nil {
			t.Fatalf("Check(%q) = %v, want none", b, got)
		}
	}
}

func TestPolicyExtraSeesTypedAndSimplerForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ password, listed string }{
		{"Kraanvogel-Zegt-Boe", "Kraanvogel-Zegt-Boe"},
		{"Kraanvogel-Zegt-Boe", "kraanvogel-zegt-boe"},
		{"12Kraanvogel!2345", "kraanvogel"},
		{"Kr44nv0gel!!99", "kraanvogel"},
		{"9Schild1ng!!99", "schilding"},
		{"Kraanvoge1s!!99", "kraanvogels"},
		{"kraanvogel7kraanvogel7", "kraanvogel7"},
		{"kraanvogel77kraanvogel77kraanvogel77", "kraanvogel"},
	} {
		var asked int
		p := Policy{Extra: func(s string) bool { asked++; return s == c.listed }}
		if got := p.Check(c.password, Context{}); !slices.Equal(got, []Problem{Common}) {
			t.Errorf("Check(%q) with %q listed = %v, want %v", c.password, c.listed, got, Common)
		}
		if got := (Policy{}).Check(c.password, Context{}); got != nil {
			t.Errorf("Check(%q) without the list = %v, want none", c.password, got)
		}
		if asked > 9 {
			t.Errorf("Check(%q) calls Extra %d times, want at most 9", c.password, asked)
		}
	}
}

func TestDO02_MegabyteRefusedBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	p := Policy{Extra: func(string) bool { t.Fatal("the list was asked"); return false }}
	for _, big := range []string{strings.Repeat("a", 1<<20), strings.Repeat("\u0301", 1<<19), strings.Repeat("\xff", 1<<20)} {
		if got := p.Check(big, jan); !slices.Equal(got, []Problem{TooLong}) {
			t.Errorf("Check(a megabyte) = %v, want %v", got, TooLong)
		}
	}
	var names strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&names, "n%d ", i)
	}
	huge := names.String()
	about := Context{Email: huge, GivenName: huge, FamilyName: huge, Organisation: huge}
	if n := len(about.words()); n > len(serviceWords())+1000 {
		t.Errorf("words() of a huge name has %d words", n)
	}
}

// Steps are counted, not timed: they grow linearly with the text.
func TestDO14_LookIsLinear(t *testing.T) {
	t.Parallel()
	own := Context{GivenName: strings.Repeat("il", 100), FamilyName: strings.Repeat("a", 200)}.words()
	for _, piece := range []string{"1", "1il!|", "0o", "a", "1l1i", "wachtwoor", "a-", "-", "$5s", "zomer2026", "ss5$"} {
		text := func(n int) []rune { return []rune(strings.Repeat(piece, n))[:n] }
		_, short := cover(text(1000), own)
		_, long := cover(text(4000), own)
		if long > 5*short {
			t.Errorf("cover(%q repeated) takes %d steps for 1000 and %d for 4000 characters", piece, short, long)
		}
	}
}

func TestListsAreInFoldedForm(t *testing.T) {
	t.Parallel()
	all := commonWords()
	if len(all) < 5000 {
		t.Errorf("the lists have %d words, want at least 5000", len(all))
	}
	for _, w := range all {
		odd := strings.ContainsFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if odd || string(fold(w)) != w || len(w) < 3 {
			t.Errorf("%q never matches", w)
		}
		if !strings.ContainsFunc(w, unicode.IsLetter) && len(w) < 5 {
			t.Errorf("%q occurs in many numbers", w)
		}
	}
}

func FuzzPolicyCheck(f *testing.F) {
	for _, s := range []string{"", "welkom2026", "ﷺﷺﷺﷺ", "ẛ̣", "\xff", "1il!|1il!|1il", "각각각", "ijsĳs", strings.Repeat("1", 300)} {
		f.Add(s, "jan@voorbeeld.example", "Jan")
	}
	f.Fuzz(func(t *testing.T, password, email, name string) {
		about := Context{Email: email, GivenName: name, FamilyName: name, Organisation: email}
		got := Policy{}.Check(password, about)
		if len(password) > MaxBytes && !slices.Equal(got, []Problem{TooLong}) {
			t.Fatalf("Check(%d bytes) = %v, want %v", len(password), got, TooLong)
		}
		text, err := normalise(password)
		if (err == nil) == (slices.Contains(got, NotText) || len(password) > MaxBytes) {
			t.Fatalf("normalise() = %v, but Check() = %v", err, got)
		}
		if err != nil || len(text) > MaxBytes {
			return
		}
		if again := (Policy{}).Check(text, about); !slices.Equal(again, got) {
			t.Fatalf("Check() = %v as typed and %v normalized", got, again)
		}
		for i, p := range got {
			if slices.Contains(got[:i], p) {
				t.Fatalf("Check() = %v, which has %s twice", got, p)
			}
		}
		folded := fold(text)
		if _, steps := cover(folded, about.words()); steps > 4000*(len(folded)+1) {
			t.Fatalf("cover() takes %d steps for %d characters", steps, len(folded))
		}
	})
}
