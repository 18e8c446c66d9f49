package intake

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/birthdate"
	"omgevingsloket-id/pkg/phone"
	"omgevingsloket-id/pkg/typed"
)

// Fault is an error in a form: the name of the field and the reason. Both are
// parts of a text key.
type Fault struct{ Field, Why string }

// The longest answers, in characters.
const (
	longestName        = 100
	longestCompany     = 300
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

// noName is typed by people who have one name, in the place of the other.
const noName = "-"

// isNoName reports whether a name, folded, is noName or what other forms ask for
// instead: dashes or full stops.
func isNoName(s string) bool { return s != "" && strings.Trim(s, noName+". ") == "" }

// PersonOf returns the form with the stored answers.
func PersonOf(a application.Answers) PersonForm {
	f := PersonForm{GivenName: a.GivenName, FamilyName: a.FamilyName, Phone: a.Phone}
	known := a.PersonDone || a.Base != nil
	if known && a.GivenName == "" {
		f.GivenName = noName
	}
	if known && a.FamilyName == "" {
		f.FamilyName = noName
	}
	if d, ok := birthdate.Parse(a.Birthdate); ok {
		f.Day, f.Month, f.Year = part(d.Day), part(d.Month), strconv.Itoa(d.Year)
	}
	return f
}

// part returns a day or a month as it is typed: 00 if it is not known.
func part(n int) string {
	if n == 0 {
		return "00"
	}
	return strconv.Itoa(n)
}

// Answer checks the form and, without faults, stores the answers in a.
func (f PersonForm) Answer(a *application.Answers, now time.Time) []Fault {
	var c check
	given, family := typed.Line(f.GivenName), typed.Line(f.FamilyName)
	switch {
	case isNoName(given) && isNoName(family):
		c.wrong("family_name", "none")
	case isNoName(given):
		given, family = "", c.text("family_name", family, longestName, required|withLetter)
	case isNoName(family):
		given, family = c.text("given_name", given, longestName, required|withLetter), ""
	default:
		given = c.text("given_name", given, longestName, required|withLetter)
		family = c.text("family_name", family, longestName, required|withLetter)
	}
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

// The choice whether a company is in a register.
const (
	InRegister   = "yes"
	InNoRegister = "no"
)

// Registered returns the choice that the form holds: InRegister, InNoRegister, or
// "" if it holds none or both.
func (f CompanyForm) Registered() string {
	switch registered := f.Register != "" || f.Number != ""; {
	case registered == (f.NotRegistered != ""):
		return ""
	case registered:
		return InRegister
	}
	return InNoRegister
}

// CompanyOf returns the form with the stored answers.
func CompanyOf(a application.Answers) CompanyForm {
	if a.Organization == nil {
		return CompanyForm{}
	}
	o := *a.Organization
	return CompanyForm{o.Name, o.RegistrationCountry, o.Register, o.RegistrationNumber, o.NotRegistered, o.Role}
}

// Answer checks the form and, without faults, stores the answers in a. registered is
// InRegister or InNoRegister, and fields that do not belong to that choice are left
// out; if it is "", the filled fields are the choice.
func (f CompanyForm) Answer(a *application.Answers, registered string) []Fault {
	var c check
	o := account.Organization{}
	if a.Organization != nil {
		o = *a.Organization // keeps the address
	}
	o.Name = c.text("organization_name", f.Name, longestCompany, required|withLetter)
	o.RegistrationCountry = c.country("registration_country", f.Country)
	number, why := fieldRule(withLetter), fieldRule(withLetter)
	switch registered {
	case InRegister:
		f.NotRegistered, number = "", required|withLetter
	case InNoRegister:
		f.Register, f.Number, why = "", "", required|withLetter
	}
	o.RegistrationNumber = c.text("registration_number", f.Number, longestNumber, number)
	o.NotRegistered = c.text("not_registered", f.NotRegistered, longestExplanation, why)
	switch {
	case o.RegistrationNumber != "" && o.NotRegistered != "":
		c.wrong("not_registered", "both")
	case o.RegistrationNumber != "":
		number |= required
	case o.NotRegistered == "" && c.right("registration_number") && c.right("not_registered"):
		c.wrong("registration_number", "missing")
	}
	o.Register = c.text("register", f.Register, longestName, number)
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
	adr := c.address(f)
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

// DataForm is what a holder changes without an official, as typed.
type DataForm struct {
	Phone   string
	Address AddressForm // of natural persons only, without Stay
	Lang    string
}

// DataOf returns the form with the data of an account.
func DataOf(d account.Data) DataForm {
	a := d.Address
	return DataForm{Phone: d.Phone, Address: AddressForm{Line1: a.Line1, Line2: a.Line2, Line3: a.Line3, Country: a.Country}, Lang: d.Lang}
}

// Data checks the form and returns the data that it holds.
func (f DataForm) Data(kind account.Kind) (account.Data, []Fault) {
	var c check
	d := account.Data{Phone: c.phone("phone", f.Phone), Lang: f.Lang}
	if kind == account.NaturalPerson {
		d.Address = c.address(f.Address)
	}
	if d.Lang != "nl" && d.Lang != "en" {
		c.wrong("language", "missing")
	}
	return d, c.faults
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

// text returns an answer folded, on one line (package typed). Any script is
// allowed. Characters without a meaning, a character that reverses the text and
// more than application.MostAccents combining marks on a letter are faults.
func (c *check) text(field, text string, longest int, rule fieldRule) string {
	s := typed.Line(text)
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
		case typed.Unreadable(r):
			return false
		}
		accents = 0
	}
	return true
}

func (c *check) address(f AddressForm) account.Address {
	return account.Address{
		Line1:   c.text("line1", f.Line1, longestLine, required|withLetter),
		Line2:   c.text("line2", f.Line2, longestLine, 0),
		Line3:   c.text("line3", f.Line3, longestLine, 0),
		Country: c.country("country", f.Country),
	}
}

func (c *check) country(field, code string) string {
	if !application.IsCountry(code) {
		c.wrong(field, "missing")
		return ""
	}
	return code
}

// birthdate returns a date of birth as it is stored, or "" with a fault.
func (c *check) birthdate(field, day, month, year string, now time.Time) string {
	d, fault := birthdate.Parts(day, month, year)
	switch {
	case fault != "":
		c.wrong(field, string(fault))
	case d.String() > now.Format(time.DateOnly):
		c.wrong(field, "future")
	case d.Last().AddDate(MinimumAge, 0, 0).After(now): // perhaps, if the day is not known
		c.wrong(field, "too_young")
	default:
		return d.String()
	}
	return ""
}

// The fewest and the most digits of a number with the code of its country (ITU-T E.164
// §6).
const (
	fewestDigits = 7
	mostDigits   = 15
)

// phone returns a number as package phone writes it. A number that does not exist is
// returned as typed, for an official to judge; "" is valid.
func (c *check) phone(field, text string) string {
	if n, ok := phone.Parse(text); ok {
		return n.String()
	}
	s := typed.Line(text)
	main, _ := phone.Split(s)
	bare := strings.Map(func(r rune) rune {
		if r == '/' || typed.Divides(r) {
			return -1
		}
		return r
	}, main)
	digits, international := strings.CutPrefix(bare, "+")
	if !international {
		digits, international = strings.CutPrefix(bare, "00")
	}
	plain := strings.Trim(digits, "0123456789") == ""
	switch {
	case s == "":
		return ""
	case utf8.RuneCountInString(s) > longestNumber:
		c.wrong(field, "length")
	case !readable(s) || phone.Digits(s) == "" || !plain && (!international || len(phone.Digits(s)) < fewestDigits):
		c.wrong(field, "characters")
	case !international:
		c.wrong(field, "country_code")
	case plain && (len(digits) < fewestDigits || len(digits) > mostDigits || digits[0] == '0'):
		c.wrong(field, "length")
	default:
		return s
	}
	return ""
}
