package document

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"omgevingsloket-id/pkg/application"
)

// endings lists the file name extensions of a type. CleanName adds the first
// one to other names, because programs choose by extension.
var endings = map[string][]string{
	TypePDF:  {".pdf"},
	TypeJPEG: {".jpg", ".jpeg"},
	TypePNG:  {".png"},
}

const (
	longestFileName = 100 // characters
	longestEnding   = 10
)

// reserved lists the device names of Windows.
var reserved = strings.Fields("con prn aux nul com0 com1 com2 com3 com4 com5 com6 com7 com8 com9 lpt0 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9")

// CleanName returns a file name that is safe to show and to save: without
// path, control characters, changes of text direction, device names and shell
// characters, at most 100 characters, with an extension of the type. It is
// never used as a path for storage.
func CleanName(raw, kind string) string {
	s := norm.NFC.String(strings.ToValidUTF8(raw, "")) // NFC turns some characters into ; and the like
	s = s[strings.LastIndexAny(s, `/\`)+1:]
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r):
			return -1
		case strings.ContainsRune(`:*?"<>|%;&$'`+"`", r):
			return '_'
		}
		return r
	}, s)
	s = strings.Trim(strings.Join(strings.Fields(fewAccents(norm.NFC.String(s))), " "), " .")
	stem, ending := splitEnding(s, kind)
	stem = strings.TrimRight(stem, " .")
	if first, _, _ := strings.Cut(stem, "."); slices.Contains(reserved, strings.ToLower(strings.TrimSpace(first))) {
		stem = "_" + stem
	}
	if n := longestFileName - utf8.RuneCountInString(ending); utf8.RuneCountInString(stem) > n {
		stem = strings.TrimRight(string([]rune(stem)[:n]), " .")
	}
	if stem == "" {
		stem = "document"
	}
	return stem + ending
}

// splitEnding splits a name before the extension that fits its type.
func splitEnding(name, kind string) (stem, ending string) {
	dot := strings.LastIndexByte(name, '.')
	if known, ok := endings[kind]; ok {
		if dot >= 0 && slices.Contains(known, strings.ToLower(name[dot:])) {
			return name[:dot], name[dot:]
		}
		return name, known[0]
	}
	if dot < 0 || len(name)-dot > longestEnding || strings.ContainsFunc(name[dot+1:], func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		return name, ""
	}
	return name[:dot], name[dot:]
}

// fewAccents removes combining marks beyond application.MostAccents on a letter.
func fewAccents(s string) string {
	accents := 0
	return strings.Map(func(r rune) rune {
		if !unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Me, r) {
			accents = 0
			return r
		}
		if accents++; accents > application.MostAccents {
			return -1
		}
		return r
	}, s)
}
