package password

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold returns text without upper case and accents, since an attacker tries
// such variants together. It is for comparison with word lists, never for
// hashing.
func fold(text string) []rune {
	var out []rune
	for _, r := range norm.NFKD.String(text) {
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		r = unicode.ToLower(r)
		if plain, special := plainLetters[r]; special {
			out = append(out, []rune(plain)...)
			continue
		}
		out = append(out, r)
	}
	return out
}

// plainLetters are the Latin letters that have no decomposition.
var plainLetters = map[rune]string{
	'ß': "ss", 'ł': "l", 'ø': "o", 'đ': "d", 'ð': "d", 'þ': "th",
	'æ': "ae", 'œ': "oe", 'ı': "i", 'ħ': "h", 'ŧ': "t",
}

// leet maps digits and signs to the letters that they may stand for; a digit
// itself comes first.
var leet = map[rune]string{
	'0': "0o", '1': "1il", '3': "3e", '4': "4a", '5': "5s", '6': "6g", '7': "7t", '8': "8b", '9': "9g",
	'@': "a", '$': "s", '!': "il", '|': "il", '+': "t", '€': "e", '(': "c",
}

func readings(r rune) string {
	if all, some := leet[r]; some {
		return all
	}
	return string(r)
}

// spell replaces digits and signs by letters; 1, ! and | become one.
func spell(text []rune, one rune) string {
	var out strings.Builder
	for _, r := range text {
		all := readings(r)
		if strings.Contains(all, "i") && r != 'i' {
			out.WriteRune(one)
			continue
		}
		last := []rune(all)
		out.WriteRune(last[len(last)-1])
	}
	return out.String()
}

// trim removes what is before the first and after the last letter.
func trim(text []rune) []rune {
	start, end := 0, len(text)
	for start < end && !unicode.IsLetter(text[start]) {
		start++
	}
	for end > start && !unicode.IsLetter(text[end-1]) {
		end--
	}
	return text[start:end]
}

// period returns the length of the piece that text repeats. A last, incomplete
// piece counts from half its length. Without repetition it is the length of
// text.
func period(text []rune) int {
	n := len(text)
	border := make([]int, n+1) // border[i]: longest proper prefix of text[:i] that also ends it
	for i, k := 1, 0; i < n; i++ {
		for k > 0 && text[i] != text[k] {
			k = border[k]
		}
		if text[i] == text[k] {
			k++
		}
		border[i+1] = k
	}
	if p := n - border[n]; 2*n >= 3*p {
		return p
	}
	return n
}
