package password

import (
	"embed"
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// The lists were written for this service: words separated by white space, with
// comments from # to the end of the line. Words are folded and have letters and
// digits only. service.txt has the names of this service.
//
//go:embed lists/*.txt
var lists embed.FS

const serviceList = "lists/service.txt"

// words is a sorted list without duplicates. It serves as a prefix tree: words
// with a common prefix are adjacent, the shortest first.
type words []string

var commonWords = sync.OnceValue(func() words {
	files, err := lists.ReadDir("lists")
	if err != nil {
		panic(err) // embedded: cannot happen
	}
	var all words
	for _, f := range files {
		all = append(all, readList("lists/"+f.Name())...)
	}
	return all.sorted()
})

var serviceWords = sync.OnceValue(func() words { return readList(serviceList).sorted() })

func readList(name string) words {
	text, err := lists.ReadFile(name)
	if err != nil {
		panic(err) // as above
	}
	var all words
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		all = append(all, strings.Fields(line)...)
	}
	return all
}

func (w words) sorted() words {
	slices.Sort(w)
	return slices.Compact(w)
}

// words returns the names of the user and of this service: each part of a name
// or address, also without its digits, and each whole one as one word.
func (c Context) words() words {
	own := slices.Clone(serviceWords())
	local, domain, _ := strings.Cut(clip(c.Email), "@")
	for _, name := range []string{local, domain, clip(c.GivenName), clip(c.FamilyName), clip(c.Organisation)} {
		parts := strings.FieldsFunc(string(fold(name)), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r)
		})
		for _, part := range parts {
			own = append(own, part, strings.TrimFunc(part, unicode.IsDigit))
		}
		own = append(own, strings.Join(parts, ""))
	}
	return own.sorted()
}

const contextBytes = 256

func clip(s string) string { return s[:min(len(s), contextBytes)] }

// walk calls end with each position after a word whose first off bytes are
// spelled by the text before text[at]; w has only words that share those.
// Digits and signs are read as the letters that they may stand for, and one
// separator between letters is skipped. It returns the number of steps, which
// is bounded by the list, not by text.
func (w words) walk(text []rune, at, off int, end func(int)) int {
	if at == len(text) {
		return 1
	}
	if off > 0 && separator(text[at]) {
		if at++; at == len(text) {
			return 1
		}
	}
	steps := 1
	for _, r := range readings(text[at]) {
		next := w.narrow(off, r)
		if len(next) == 0 {
			continue
		}
		to := off + utf8.RuneLen(r)
		if len(next[0]) == to {
			end(at + 1)
		}
		steps += next.walk(text, at+1, to, end)
	}
	return steps
}

// narrow returns the words that have r at off; all words of w are equal before
// it.
func (w words) narrow(off int, r rune) words {
	at := func(i int) rune {
		if len(w[i]) == off {
			return -1
		}
		c, _ := utf8.DecodeRuneInString(w[i][off:])
		return c
	}
	lo := sort.Search(len(w), func(i int) bool { return at(i) >= r })
	hi := sort.Search(len(w), func(i int) bool { return at(i) > r })
	return w[lo:hi]
}

func separator(r rune) bool { return r == ' ' || r == '-' || r == '_' || r == '.' }
