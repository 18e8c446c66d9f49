package review

import (
	"errors"
	"time"

	"omgevingsloket-id/pkg/account"
)

// Line is what a list of cases says of one of them outside the console: no
// addresses, no birth dates, no documents.
type Line struct {
	Reference   string
	Kind        account.Kind
	Standing    Standing
	Name        string // of the company, or of the person
	Country     string // where the company is registered or the person lives; ISO 3166-1 alpha-2
	SubmittedAt time.Time
	DueAt       time.Time
	DecidedAt   time.Time // zero = not yet
	Reason      string    // code of a rejection
}

// ErrTooMany says that a list has more lines than were asked for at most.
var ErrTooMany = errors.New("application: too many lines")

// Line gives the line of a case.
func (c Case) Line(reason string) Line {
	a := c.Application
	l := Line{
		Reference: a.Reference, Kind: a.Kind, Standing: c.Standing(), Name: a.Answers.FullName(), Country: a.Answers.Address.Country,
		SubmittedAt: a.SubmittedAt, DueAt: a.DueAt, DecidedAt: a.DecidedAt, Reason: reason,
	}
	if o := a.Answers.Organization; o != nil && a.Kind == account.LegalPerson {
		l.Name, l.Country = o.Name, o.RegistrationCountry
	}
	return l
}
