package review

import (
	"errors"
	"time"

	"omgevingsloket-id/pkg/account"
)

// Line is a case in a list outside the console. It has no e-mail address,
// birth date or documents.
type Line struct {
	ID          string // of the application; not in a sheet
	Reference   string
	Kind        account.Kind
	Standing    Standing
	Name        string // of the company, or of the person
	Country     string // where the company is registered or the person lives; ISO 3166-1 alpha-2
	SubmittedAt time.Time
	DueAt       time.Time
	DecidedAt   time.Time // zero = not yet
	Reason      string    // code of a rejection
	Change      bool      // a change request; Name is the one asked for
}

// ErrTooMany is returned for a list with more lines than the limit.
var ErrTooMany = errors.New("application: too many lines")

// Line returns the line of a case; reason is the code of its rejection, if any.
func (c Case) Line(reason string) Line {
	a := c.Application
	l := Line{
		ID: a.ID, Reference: a.Reference, Kind: a.Kind, Standing: c.Standing(), Name: a.Answers.FullName(), Country: a.Answers.Address.Country,
		SubmittedAt: a.SubmittedAt, DueAt: a.DueAt, DecidedAt: a.DecidedAt, Reason: reason, Change: a.IsChange(),
	}
	if o := a.Answers.Organization; o != nil && a.Kind == account.LegalPerson {
		l.Name, l.Country = o.Name, o.RegistrationCountry
	}
	return l
}
