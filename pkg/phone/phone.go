// Package phone reads telephone numbers as people type them, and knows which
// numbers exist.
//
//	typed ─► Parse ─► Number ─► String, stored ─► Parse
//
// The table of numbers is that of nyaruka/phonenumbers, which decodes all of it
// when a program starts; a server and the processes that look at documents would
// each pay for it. Here it is read at the first number, and a pattern is compiled
// when a number needs it.
package phone

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"omgevingsloket-id/pkg/typed"
)

//go:generate go run generate.go

//go:embed numbers.txt.gz
var packed []byte

// Number is a telephone number whose code exists.
type Number struct {
	Code      int    // of the country or network, such as 39
	National  string // the digits after the code
	Extension string // digits; "" without
}

// String returns E.164, with ";ext=" and the extension if it has one (OpenID Connect
// Core §5.1, RFC 3966 §3).
func (n Number) String() string {
	s := "+" + strconv.Itoa(n.Code) + n.National
	if n.Extension != "" {
		s += ";ext=" + n.Extension
	}
	return s
}

// Parse returns the number in typed text, and whether such a number exists. The text
// has to begin with + or 00 and the code of the country.
func Parse(text string) (Number, bool) {
	main, extension := Split(text)
	if !Plain(main) {
		return Number{}, false
	}
	// The 0 of a national call is dialled with the code for +39 (0)6 1234, but not
	// for +49 (0)30 1234 or +39 (0)347 1234: the patterns decide.
	n, ok := read(main, extension)
	if !ok {
		if m, ok := read(trunk.ReplaceAllString(main, ""), extension); ok {
			return m, true
		}
	}
	return n, ok
}

// Plain reports whether text, folded, has nothing but digits, plus signs and what
// people put between them.
func Plain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r != '+' && r != '/' && (r < '0' || r > '9') && !typed.Divides(r)
	})
}

// trunk matches the 0 of a national call as people write it in a number with a code.
var trunk = regexp.MustCompile(`[(\[{]\s*0\s*[)\]}]`)

func read(main, extension string) (Number, bool) {
	rest, ok := international(dialled(main))
	if !ok {
		return Number{}, false
	}
	for n := 1; n <= 3 && n < len(rest); n++ {
		code, err := strconv.Atoi(rest[:n])
		if err != nil || rest[0] == '0' {
			return Number{}, false
		}
		regions, ok := table()[code]
		if !ok {
			continue
		}
		if national, ok := exists(regions, rest[n:]); ok {
			return Number{code, national, extension}, true
		}
		return Number{code, rest[n:], extension}, false
	}
	return Number{}, false
}

// dialled returns the digits and the plus signs of a number.
func dialled(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '+' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// international returns the digits after + or 00, if s begins with that.
func international(s string) (string, bool) {
	rest, ok := strings.CutPrefix(s, "+")
	if !ok {
		rest, ok = strings.CutPrefix(s, "00")
	} else {
		rest = strings.TrimPrefix(rest, "00") // +0031
	}
	return rest, ok && rest != "" && !strings.Contains(rest, "+")
}

// extensions matches an extension at the end of a number: the words that the library
// knows, and those of the Netherlands and its neighbours.
var extensions = regexp.MustCompile(`(?i)[\s,;.([]*(?:;ext=|ext(?:ensi(?:on|ón|e)|n)?|доб|anexo|toestel|tst|doorkies(?:nummer)?|int(?:ern[eo]?)?|poste|durchwahl|nst|dw|[x×#]|,,)[\s:.=-]*(\d{1,7})[)\]#\s]*$`)

// Split returns the number in typed text, folded, without what stands before and
// after it ("Tel.: … (mobile)"), and its extension.
func Split(text string) (main, extension string) {
	main = typed.Line(text)
	if at := extensions.FindStringSubmatchIndex(main); at != nil && at[0] > 0 && !endsInLetter(main[:at[0]]) {
		main, extension = main[:at[0]], main[at[2]:at[3]]
	}
	return strings.TrimFunc(main, func(r rune) bool { return r != '+' && (r < '0' || r > '9') }), extension
}

func endsInLetter(s string) bool {
	last, _ := utf8.DecodeLastRuneInString(s)
	return unicode.IsLetter(last)
}

// Digits returns the digits of the number in typed text, without its extension.
func Digits(text string) string {
	main, _ := Split(text)
	return strings.ReplaceAll(dialled(main), "+", "")
}

// region is one line of the table.
type region struct {
	prefix  string // pattern of what is left out
	replace string
	types   []kind
}

type kind struct {
	lengths []int
	pattern string
}

// table returns the regions of each code. It is read when it is first needed.
var table = sync.OnceValue(func() map[int][]region {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic("phone: " + err.Error())
	}
	text, err := io.ReadAll(r)
	if err != nil {
		panic("phone: " + err.Error())
	}
	out := map[int][]region{}
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		code, err := strconv.Atoi(f[0])
		if err != nil {
			panic("phone: " + err.Error())
		}
		reg := region{prefix: f[1], replace: f[2]}
		for i := 3; i+1 < len(f); i += 2 {
			k := kind{pattern: f[i+1]}
			for l := range strings.SplitSeq(f[i], ",") {
				n, _ := strconv.Atoi(l)
				k.lengths = append(k.lengths, n)
			}
			reg.types = append(reg.types, k)
		}
		out[code] = append(out[code], reg)
	}
	return out
})

// exists returns the national number as it is dialled with the code, and whether
// one of the regions has it.
func exists(regions []region, national string) (string, bool) {
	for _, r := range regions {
		if r.has(national) {
			return national, true
		}
	}
	for _, r := range regions {
		if short := r.without(national); short != national && r.has(short) {
			return short, true
		}
	}
	return national, false
}

func (r region) has(national string) bool {
	return slices.ContainsFunc(r.types, func(k kind) bool {
		return slices.Contains(k.lengths, len(national)) && pattern(k.pattern).MatchString(national)
	})
}

// without returns the number without what is dialled for a national call only.
func (r region) without(national string) string {
	if r.prefix == "" {
		return national
	}
	p := prefixPattern(r.prefix)
	at := p.FindStringSubmatchIndex(national)
	if at == nil || at[1] == 0 {
		return national
	}
	if r.replace != "" && len(at) > 2 && at[len(at)-1] >= 0 {
		replaced := p.ExpandString(nil, groups.ReplaceAllString(r.replace, "$${$1}"), national, at)
		return string(replaced) + national[at[1]:]
	}
	return national[at[1]:]
}

// groups matches $1, which Go would read together with the digits after it.
var groups = regexp.MustCompile(`\$(\d)`)

// compiled holds the patterns that numbers have needed.
var compiled sync.Map // string to *regexp.Regexp

func pattern(p string) *regexp.Regexp       { return compile("^(?:" + p + ")$") }
func prefixPattern(p string) *regexp.Regexp { return compile("^(?:" + p + ")") }

func compile(p string) *regexp.Regexp {
	if re, ok := compiled.Load(p); ok {
		return re.(*regexp.Regexp)
	}
	re := regexp.MustCompile(p)
	compiled.Store(p, re)
	return re
}
