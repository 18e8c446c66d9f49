// Package birthdate parses and writes dates of birth. In some passports the day, or the
// day and the month, are not known and printed as 00 or XX.
//
//	typed ─► Typed, Parts ─► Date ─► String, stored ─► Parse ─► Claim, Written
package birthdate

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"omgevingsloket-id/pkg/term"
	"omgevingsloket-id/pkg/typed"
)

// Date is a date of birth. Day is 0 if it is not known, and so is Month.
type Date struct{ Year, Month, Day int }

// String returns the form in which a date is stored: YYYY-MM-DD, with 00 for what
// is not known.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Known reports whether the day is known.
func (d Date) Known() bool { return d.Day != 0 }

// Claim returns the value of the claim birthdate: YYYY-MM-DD, or YYYY if the day is
// not known (OIDC Core §5.1 has no form for a year and a month).
func (d Date) Claim() string {
	if !d.Known() {
		return d.String()[:len("YYYY")]
	}
	return d.String()
}

// Last returns the last day that d can be, at midnight UTC.
func (d Date) Last() time.Time {
	switch {
	case d.Month == 0:
		return time.Date(d.Year, time.December, 31, 0, 0, 0, 0, time.UTC)
	case d.Day == 0:
		return time.Date(d.Year, time.Month(d.Month)+1, 0, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC)
}

// earliest is the first year of birth that is accepted.
const earliest = 1900

// exists reports whether the calendar has this date.
func (d Date) exists() bool {
	switch {
	case d.Year < earliest || d.Year > 9999 || d.Month < 0 || d.Month > 12 || d.Day < 0:
		return false
	case d.Month == 0 || d.Day == 0:
		return d.Day == 0
	}
	return d.Last().Day() == d.Day
}

// Parse returns a stored date, and whether it is one.
func Parse(stored string) (Date, bool) {
	if len(stored) != len("YYYY-MM-DD") || stored[4] != '-' || stored[7] != '-' {
		return Date{}, false
	}
	y, errY := strconv.Atoi(stored[:4])
	m, errM := strconv.Atoi(stored[5:7])
	day, errD := strconv.Atoi(stored[8:])
	d := Date{y, m, day}
	return d, errY == nil && errM == nil && errD == nil && d.exists() && d.String() == stored
}

// Fault is a reason why typed text is no date of birth; part of a text key.
type Fault string

// The faults.
const (
	Missing    Fault = "missing"
	Incomplete Fault = "incomplete"
	Year       Fault = "year"     // not four digits
	NotReal    Fault = "not_real" // not in the calendar
)

// Parts returns the date that was typed in three fields, or a Fault. A day or month
// that is not known is typed as passports print it. A whole date in the first
// field is accepted, and so is a year alone.
func Parts(day, month, year string) (Date, Fault) {
	day, month, year = bare(day), bare(month), bare(year)
	switch {
	case day == "" && month == "" && year == "":
		return Date{}, Missing
	case day == "" && year != "" && (month == "" || unknown(month)):
	case month == "" && year == "":
		if d, ok := Typed(day); ok {
			return d, ""
		}
		return Date{}, Incomplete
	case day == "" || month == "" || year == "":
		return Date{}, Incomplete
	}
	y, ok := number(year, 4)
	if !ok || y < 1000 {
		return Date{}, Year
	}
	m, okM := monthOf(month)
	d, okD := dayOf(day)
	date := Date{y, m, d}
	if !okM || !okD || !date.exists() {
		return Date{}, NotReal
	}
	return date, ""
}

// bare returns typed text folded, without separators at its ends.
func bare(s string) string { return strings.Trim(typed.Line(s), " .,;:/()[]") }

// Typed returns the date in typed text, and whether it is one: day, month and year
// as they are written in Dutch; year, month and day; or a month in words before
// the day. Days and months may be lacking, or typed as not known.
func Typed(text string) (Date, bool) {
	words := split(typed.Line(text))
	switch len(words) {
	case 1:
		return compact(words[0])
	case 2: // month and year
		if y, ok := number(words[0], 4); ok && y >= 1000 {
			words[0], words[1] = words[1], words[0]
		}
		words = append([]string{"0"}, words...)
	case 3:
		_, ok := word(words[0])
		if y, isYear := number(words[0], 4); isYear && y >= 1000 {
			words[0], words[2] = words[2], words[0]
		} else if ok {
			words[0], words[1] = words[1], words[0]
		}
	default:
		return Date{}, false
	}
	d, fault := Parts(words[0], words[1], words[2])
	return d, fault == ""
}

// compact returns the date in one word: a year, YYYYMMDD or DDMMYYYY. No word is a
// date in both forms, because the first two digits of a year from 1900 are no month.
func compact(s string) (Date, bool) {
	var parts [][3]string
	switch len(s) {
	case len("YYYY"):
		parts = [][3]string{{"", "", s}}
	case len("YYYYMMDD"):
		if _, ok := number(s, 8); ok {
			parts = [][3]string{{s[6:], s[4:6], s[:4]}, {s[:2], s[2:4], s[4:]}}
		}
	}
	for _, p := range parts {
		if d, fault := Parts(p[0], p[1], p[2]); fault == "" {
			return d, true
		}
	}
	return Date{}, false
}

// split returns the words and numbers of a date, without ordinal endings.
func split(text string) []string {
	var out []string
	var last rune
	for _, r := range text {
		kind := 's'
		switch {
		case '0' <= r && r <= '9':
			kind = 'd'
		case unicode.IsLetter(r) || strings.ContainsRune(unknownSigns, r):
			kind = 'l'
		}
		switch {
		case kind == 's':
		case kind == last:
			out[len(out)-1] += string(r)
		default:
			out = append(out, string(r))
		}
		last = kind
	}
	kept := out[:0]
	for i, w := range out {
		if i > 0 && (ordinal[strings.ToLower(w)] || again(w, out[i-1])) {
			continue
		}
		kept = append(kept, w)
	}
	return kept
}

// again reports whether a word names the same month as the previous one.
func again(s, previous string) bool {
	m, ok := word(s)
	n, known := word(previous)
	return ok && known && m == n
}

// ordinal are the words between a number and the next word.
var ordinal = map[string]bool{"e": true, "de": true, "ste": true, "st": true, "nd": true, "rd": true, "th": true, "of": true, "van": true}

// number returns the value of a number of exactly n digits.
func number(s string, n int) (int, bool) {
	if len(s) != n || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	v, err := strconv.Atoi(s)
	return v, err == nil
}

// small returns the value of a number of one or two digits, perhaps with an ordinal
// ending or a full stop.
func small(s string) (int, bool) {
	end := len(s)
	for end > 0 && (s[end-1] < '0' || s[end-1] > '9') {
		end--
	}
	if rest := strings.ToLower(strings.Trim(s[end:], " .")); rest != "" && !ordinal[rest] {
		return 0, false
	}
	return number(s[:end], min(max(end, 1), 2))
}

// unknownSigns are printed in passports for what is not known.
const unknownSigns = "?*<#_"

// unknown reports whether s says that something is not known.
func unknown(s string) bool {
	switch folded := strings.ToLower(s); {
	case folded == "onbekend", folded == "unknown":
		return true
	default:
		return len(s) <= 4 && strings.Trim(folded, unknownSigns+"x0-.") == ""
	}
}

func dayOf(s string) (int, bool) {
	if s == "" || unknown(s) {
		return 0, true
	}
	return small(s)
}

func monthOf(s string) (int, bool) {
	if s == "" || unknown(s) {
		return 0, true
	}
	if m, ok := word(s); ok {
		return m, true
	}
	return small(s)
}

// months are the names of the months in each language of the site.
var months = map[string][]string{
	"nl": {"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"},
	"en": {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
}

// contracted are the short forms that are not the beginning of a name.
var contracted = map[string]int{"mrt": 3}

// shortest is the length of the shortest short form.
const shortest = 3

// word returns the number of a month that is written as a word, in any language of
// the site. Passports print it in two languages ("MEI/MAY"), one of which may be a
// language that the site does not have.
func word(s string) (int, bool) {
	found := 0
	for part := range strings.SplitSeq(s, "/") {
		m, ok := name(part)
		switch {
		case ok && (found == 0 || m == found):
			found = m
		case ok, !isWord(part):
			return 0, false
		}
	}
	return found, found != 0
}

// isWord reports whether s can be the name of a month.
func isWord(s string) bool {
	s = strings.Trim(s, " .")
	return len(s) >= shortest && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
}

// name returns the number of a month: s is its name or the beginning of that, with or
// without a full stop.
func name(s string) (int, bool) {
	s = strings.Trim(term.Fold(s), " .")
	if m, ok := contracted[s]; ok {
		return m, true
	}
	if len(s) < shortest {
		return 0, false
	}
	found := 0
	for _, names := range months {
		for i, name := range names {
			if !strings.HasPrefix(term.Fold(name), s) {
				continue
			}
			if found != 0 && found != i+1 {
				return 0, false
			}
			found = i + 1
		}
	}
	return found, found != 0
}

// Month returns the name of a month, 1 to 12, in a language of the site.
func Month(m int, lang string) string { return months[lang][m-1] }

// notKnown holds, by language, the notes for a date without day and month and for one
// without a day.
var notKnown = map[string][2]string{
	"nl": {"dag en maand onbekend", "dag onbekend"},
	"en": {"day and month not known", "day not known"},
}

// Written returns the date written out in a language of the site.
func (d Date) Written(lang string) string {
	switch {
	case d.Month == 0:
		return fmt.Sprintf("%d (%s)", d.Year, notKnown[lang][0])
	case d.Day == 0:
		return fmt.Sprintf("%s %d (%s)", Month(d.Month, lang), d.Year, notKnown[lang][1])
	}
	return fmt.Sprintf("%d %s %d", d.Day, Month(d.Month, lang), d.Year)
}
