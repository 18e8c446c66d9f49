package intake

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
)

// Fault is an error in a form: the name of the field and the reason. Both are
// parts of a text key.
type Fault struct{ Field, Why string }

// The longest answers, in characters.
const (
	longestName        = 100
	longestLine        = 100
	longestNumber      = 50
	longestExplanation = 500
)

// MinimumAge is the minimum age of applicants, in years.
const MinimumAge = 18

// PersonForm is the step StepPerson as typed.
type PersonForm struct {
	GivenName, FamilyName string
	Day, Month, Year      string // of birth
	Phone                 string
}

// noName is typed by people without a given name.
const noName = "-"

// PersonOf returns the form with the stored answers.
func PersonOf(a application.Answers) PersonForm {
	f := PersonForm{GivenName: a.GivenName, FamilyName: a.FamilyName, Phone: a.Phone}
	if a.PersonDone && a.GivenName == "" {
		f.GivenName = noName
	}
	if t, err := time.Parse(time.DateOnly, a.Birthdate); err == nil {
		f.Day, f.Month, f.Year = strconv.Itoa(t.Day()), strconv.Itoa(int(t.Month())), strconv.Itoa(t.Year())
	}
	return f
}

// Answer checks the form and, without faults, stores the answers in a.
func (f PersonForm) Answer(a *application.Answers, now time.Time) []Fault {
	var c check
	given := f.GivenName
	if strings.TrimSpace(given) == noName {
		given = ""
	} else {
		given = c.text("given_name", given, longestName, required|withLetter)
	}
	family := c.text("family_name", f.FamilyName, longestName, required|withLetter)
	birth := c.birthdate("birth", f.Day, f.Month, f.Year, now)
	phone := c.phone("phone", f.Phone)
	if c.faults == nil {
		a.GivenName, a.FamilyName, a.Birthdate, a.Phone, a.PersonDone = given, family, birth, phone, true
	}
	return c.faults
}

// CompanyForm is the step StepCompany as typed.
type CompanyForm struct {
	Name, Country    string
	Register, Number string
	NotRegistered    string // why there is no number
	Role             string
}

// The roles of a person in a company.
const (
	Director   = "director"
	Authorized = "authorized"
)

// CompanyOf returns the form with the stored answers.
func CompanyOf(a application.Answers) CompanyForm {
	if a.Organization == nil {
		return CompanyForm{}
	}
	o := *a.Organization
	return CompanyForm{o.Name, o.RegistrationCountry, o.Register, o.RegistrationNumber, o.NotRegistered, o.Role}
}

// Answer checks the form and, without faults, stores the answers in a.
func (f CompanyForm) Answer(a *application.Answers) []Fault {
	var c check
	o := account.Organization{}
	if a.Organization != nil {
		o = *a.Organization // keeps the address
	}
	o.Name = c.text("organization_name", f.Name, longestName, required|withLetter)
	o.RegistrationCountry = c.country("registration_country", f.Country)
	o.RegistrationNumber = c.text("registration_number", f.Number, longestNumber, withLetter)
	o.NotRegistered = c.text("not_registered", f.NotRegistered, longestExplanation, withLetter)
	need := fieldRule(withLetter)
	switch {
	case o.RegistrationNumber != "" && o.NotRegistered != "":
		c.wrong("not_registered", "both")
	case o.RegistrationNumber != "":
		need |= required
	case o.NotRegistered == "" && c.right("registration_number") && c.right("not_registered"):
		c.wrong("registration_number", "missing")
	}
	o.Register = c.text("register", f.Register, longestName, need)
	if o.Role = f.Role; o.Role != Director && o.Role != Authorized {
		c.wrong("role", "missing")
	}
	if c.faults == nil {
		a.Organization, a.CompanyDone = &o, true
	}
	return c.faults
}

// AddressForm is the step StepAddress as typed: the person's address or, for a
// legal person, the company's.
type AddressForm struct {
	Stay                string // natural persons only
	Line1, Line2, Line3 string
	Country             string
}

// The situations of a natural person.
const (
	Abroad        = "abroad"
	TemporarilyNL = "temporarily_nl"
)

// AddressOf returns the form with the stored answers.
func AddressOf(a application.Answers) AddressForm {
	adr := a.Address
	if a.Organization != nil {
		adr = a.Organization.Address
	}
	return AddressForm{a.Stay, adr.Line1, adr.Line2, adr.Line3, adr.Country}
}

// Answer checks the form and, without faults, stores the answers in a.
func (f AddressForm) Answer(a *application.Answers, kind account.Kind) []Fault {
	var c check
	if kind == account.NaturalPerson && f.Stay != Abroad && f.Stay != TemporarilyNL {
		c.wrong("stay", "missing")
	}
	adr := account.Address{
		Line1:   c.text("line1", f.Line1, longestLine, required|withLetter),
		Line2:   c.text("line2", f.Line2, longestLine, 0),
		Line3:   c.text("line3", f.Line3, longestLine, 0),
		Country: c.country("country", f.Country),
	}
	switch {
	case c.faults != nil:
	case kind == account.LegalPerson:
		o := *a.Organization // StepCompany comes first
		o.Address = adr
		a.Organization, a.AddressDone = &o, true
	default:
		a.Stay, a.Address, a.AddressDone = f.Stay, adr, true
	}
	return c.faults
}

// check collects faults.
type check struct{ faults []Fault }

func (c *check) wrong(field, why string) { c.faults = append(c.faults, Fault{field, why}) }

// right reports whether a field has no fault so far.
func (c *check) right(field string) bool {
	for _, f := range c.faults {
		if f.Field == field {
			return false
		}
	}
	return true
}

type fieldRule int

const (
	required   fieldRule = 1 << iota
	withLetter           // at least one letter or digit
)

// text returns an answer in normal form: NFC, one line, single spaces. Any
// script is allowed. Control characters, characters that change the direction
// of text and more than application.MostAccents combining marks on a letter
// are faults.
func (c *check) text(field, typed string, longest int, rule fieldRule) string {
	s := strings.Join(strings.Fields(norm.NFC.String(typed)), " ")
	switch {
	case s == "":
		if rule&required != 0 {
			c.wrong(field, "missing")
		}
		return ""
	case utf8.RuneCountInString(s) > longest:
		c.wrong(field, "too_long")
	case !readable(s):
		c.wrong(field, "characters")
	case rule&withLetter != 0 && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }):
		c.wrong(field, "characters")
	}
	return s
}

func readable(s string) bool {
	accents := 0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
			if accents++; accents > application.MostAccents {
				return false
			}
			continue
		case r == '\u200c' || r == '\u200d': // some languages need joiners
		case r == utf8.RuneError || !unicode.IsGraphic(r) || unicode.In(r, unicode.Co):
			return false
		}
		accents = 0
	}
	return true
}

func (c *check) country(field, code string) string {
	if !application.IsCountry(code) {
		c.wrong(field, "missing")
		return ""
	}
	return code
}

// birthdate returns YYYY-MM-DD, or "" with a fault.
func (c *check) birthdate(field, day, month, year string, now time.Time) string {
	day, month, year = strings.TrimSpace(day), strings.TrimSpace(month), strings.TrimSpace(year)
	if day == "" && month == "" && year == "" {
		c.wrong(field, "missing")
		return ""
	}
	if day == "" || month == "" || year == "" {
		c.wrong(field, "incomplete")
		return ""
	}
	if len(year) != 4 {
		c.wrong(field, "year")
		return ""
	}
	d, errD := strconv.ParseUint(day, 10, 8)
	m, errM := strconv.ParseUint(month, 10, 8)
	y, errY := strconv.ParseUint(year, 10, 16)
	t := time.Date(int(y), time.Month(m), int(d), 0, 0, 0, 0, time.UTC)
	switch {
	case errD != nil || errM != nil || errY != nil || y < 1900 || t.Day() != int(d) || t.Month() != time.Month(m):
		c.wrong(field, "not_real")
	case t.After(now):
		c.wrong(field, "future")
	case t.AddDate(MinimumAge, 0, 0).After(now):
		c.wrong(field, "too_young")
	default:
		return t.Format(time.DateOnly)
	}
	return ""
}

// phone returns a number as E.164, such as +31201234567; "" is valid.
func (c *check) phone(field, typed string) string {
	s := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("-‐‑–./", r) {
			return -1
		}
		return r
	}, typed)
	if rest, ok := strings.CutPrefix(s, "+"); ok {
		s = "00" + strings.Replace(rest, "(0)", "", 1) // +31 (0)20: the 0 is for domestic calls
	}
	s = strings.NewReplacer("(", "", ")", "").Replace(s)
	digits, international := strings.CutPrefix(s, "00")
	switch {
	case s == "":
		return ""
	case strings.Trim(s, "0123456789") != "":
		c.wrong(field, "characters")
	case !international:
		c.wrong(field, "country_code")
	case len(digits) < 7 || len(digits) > 15 || digits[0] == '0':
		c.wrong(field, "length")
	default:
		return "+" + digits
	}
	return ""
}
