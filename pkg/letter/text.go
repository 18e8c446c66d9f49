package letter

import (
	"fmt"
	"strconv"
	"strings"
	"text/template"
	"time"
	"unicode"
	"unicode/utf8"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/birthdate"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/phone"
)

// functions returns the functions of the templates.
func (w *Writer) functions(lang string) template.FuncMap {
	return template.FuncMap{
		"line":    oneLine,
		"quoted":  quoted,
		"heading": mail.HeadingText,
		"country": func(code string) string { return application.CountryName(code, lang) },
		"size":    func(bytes int64) string { return Size(bytes, lang) },
		"date":    func(iso string) string { return Date(iso, lang) },
		"phone":   func(stored string) string { return Phone(stored, lang) },
		"moment":  func(t time.Time) string { return w.moment(t, lang) },
		"span":    func(d time.Duration) string { return Span(d, lang) },
		"clock":   Clock,
	}
}

func day(t time.Time, lang string) string {
	return fmt.Sprintf("%d %s %d", t.Day(), birthdate.Month(int(t.Month()), lang), t.Year())
}

// moment returns a date and a time of day in the Netherlands.
func (w *Writer) moment(t time.Time, lang string) string {
	t = t.In(Dutch)
	if lang == "en" {
		return day(t, lang) + " at " + t.Format("15:04") + " (Dutch time)"
	}
	return day(t, lang) + " om " + t.Format("15:04") + " uur (Nederlandse tijd)"
}

// Date returns YYYY-MM-DD written out in full, also a date of birth of which the day
// or the month is not known (package birthdate); any other text as it is.
func Date(iso, lang string) string {
	if d, ok := birthdate.Parse(iso); ok {
		return d.Written(lang)
	}
	return iso
}

// Datum returns a value of an application.Datum of this name for people to read. An
// empty value and a role are returned unchanged: the texts for them are the rooms'.
func Datum(name, value, lang string) string {
	switch {
	case value == "":
		return ""
	case name == "birth":
		return Date(value, lang)
	case name == "registration_country":
		return application.CountryName(value, lang)
	}
	return value
}

// Phone returns a stored telephone number for people to read, with the extension in
// words.
func Phone(stored, lang string) string {
	n, ok := phone.Parse(stored)
	if !ok || n.Extension == "" {
		return stored
	}
	word := "toestel"
	if lang == "en" {
		word = "ext."
	}
	extension := n.Extension
	n.Extension = ""
	return n.String() + " " + word + " " + extension
}

// Dutch is the time zone of mails and pages.
var Dutch = application.Dutch

// Moment returns a date and a time of day in the Netherlands, for pages.
func Moment(t time.Time, lang string) string {
	t = t.In(Dutch)
	return day(t, lang) + ", " + t.Format("15:04")
}

// Whole returns the next whole minute, so that what is possible from t is possible
// at the time that people read.
func Whole(t time.Time) time.Time { return t.Add(time.Minute - 1).Truncate(time.Minute) }

// Clock returns a time of day in the Netherlands, for pages.
func Clock(t time.Time) string { return t.In(Dutch).Format("15:04") }

// Span returns a length of time in hours, or in minutes if it is not a whole
// number of hours.
func Span(d time.Duration, lang string) string {
	n, one, more := int(d/time.Minute), "minuut", "minuten"
	if lang == "en" {
		one, more = "minute", "minutes"
	}
	if d%time.Hour == 0 {
		n, one, more = int(d/time.Hour), "uur", "uur"
		if lang == "en" {
			one, more = "hour", "hours"
		}
	}
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}

// Size returns the size of a file for people: bytes, kB or MB (powers of 1000).
func Size(bytes int64, lang string) string {
	switch {
	case bytes < 1000:
		return strconv.FormatInt(bytes, 10) + " bytes"
	case bytes < 1_000_000:
		return strconv.FormatInt((bytes+500)/1000, 10) + " kB"
	}
	mb := strconv.FormatFloat(float64(bytes)/1e6, 'f', 1, 64)
	if lang == "nl" {
		mb = strings.Replace(mb, ".", ",", 1)
	}
	return mb + " MB"
}

// oneLine returns typed text as one line, without control characters and
// characters that change the direction of text.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r), r == utf8.RuneError:
			return ' '
		case unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d': // some languages need joiners
			return -1
		case unicode.In(r, unicode.Zl, unicode.Zp):
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// greeting returns a name for after "Beste", or "" if it does not read as a
// name or could become a link in a mail program.
func greeting(name string) string {
	name = oneLine(name)
	if utf8.RuneCountInString(name) > 100 {
		return ""
	}
	letters := 0 // in a row
	dotted := false
	for _, r := range name {
		switch {
		case unicode.IsLetter(r) || unicode.IsMark(r):
			if letters++; dotted && letters > 1 {
				return "" // evil.example
			}
			continue
		case r == '.':
			dotted = true
		case r == ' ' || r == '-' || r == '\'' || r == '’':
			dotted = false
		default:
			return ""
		}
		letters = 0
	}
	return name
}

// wrap breaks long lines at spaces. Lines that begin with a space are kept as
// they are: codes, addresses and typed text. Further lines of a numbered item
// are indented (mail.Blocks).
func wrap(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		out = append(out, wrapLine(strings.TrimRight(line, " \n"))...)
	}
	return strings.Join(out, "\n")
}

func wrapLine(line string) []string {
	if strings.HasPrefix(line, " ") || utf8.RuneCountInString(line) <= mail.Width {
		return []string{line}
	}
	indent := ""
	if number, _, ok := strings.Cut(line, ". "); ok && len(number) == 1 && number[0] >= '0' && number[0] <= '9' {
		indent = "   "
	}
	return mail.Wrap(line, indent)
}
