package application

import (
	"strings"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
)

// A change request is an application of the holder of an account for other data:
// names, date of birth or company, which an official has to approve again. It begins
// with its address confirmed and without a password, and it never makes an account.

// Base is what a change request started from.
type Base struct {
	Profile  account.Profile `json:"profile"`
	Unblocks int             `json:"unblocks,omitempty"`
}

// Datum is one part of the data that an official approves. Its name is part of the
// keys of texts.
type Datum struct{ Name, Before, After string }

// Differs reports whether the request asks for another value.
func (d Datum) Differs() bool { return d.Before != d.After }

// data returns the data of a profile that an official approves, in the order of the
// forms.
func data(p account.Profile) []Datum {
	list := []Datum{{Name: "given_name", After: p.GivenName}, {Name: "family_name", After: p.FamilyName}, {Name: "birth", After: p.Birthdate}}
	if o := p.Organization; o != nil {
		list = append(list, Datum{Name: "organization_name", After: o.Name}, Datum{Name: "registration_country", After: o.RegistrationCountry},
			Datum{Name: "register", After: o.Register}, Datum{Name: "registration_number", After: o.RegistrationNumber},
			Datum{Name: "not_registered", After: o.NotRegistered}, Datum{Name: "role", After: o.Role})
	}
	return list
}

// Compared returns the data that an official approves, with their values in two
// profiles of the same kind.
func Compared(before, after account.Profile) []Datum {
	was, list := map[string]string{}, data(after)
	for _, d := range data(before) {
		was[d.Name] = d.After
	}
	for i := range list {
		list[i].Before = was[list[i].Name]
	}
	return list
}

// differing returns the names of the data that differ.
func differing(before, after account.Profile) (names []string) {
	for _, d := range Compared(before, after) {
		if d.Differs() {
			names = append(names, d.Name)
		}
	}
	return names
}

// IsChange reports whether it is a change request.
func (a Application) IsChange() bool { return a.Changes != "" }

// Data returns the data that an official approves: Before is the value that the change
// request started from, After the one that it asks for.
func (a Application) Data() []Datum { return Compared(a.base().Profile, a.Answers.Profile) }

// Changed returns the names of the data that a change request asks to change.
func (a Application) Changed() []string {
	return differing(a.base().Profile, a.Answers.Profile)
}

// base returns Answers.Base; the zero Base for a draft that was wiped.
func (a Application) base() Base {
	if a.Answers.Base == nil {
		return Base{}
	}
	return *a.Answers.Base
}

// ChangeOf returns the draft of a change request of an account, with the account's
// data.
func ChangeOf(acc account.Account, id, handle string, at, expires time.Time) Application {
	return Application{
		ID: id, Handle: handle, Kind: acc.Kind, Lang: acc.Lang, Email: acc.Email, State: EmailConfirmed, Changes: acc.ID,
		Answers:   Answers{Profile: acc.Profile, Base: &Base{Profile: acc.Profile, Unblocks: acc.Unblocks}},
		CreatedAt: at, ExpiresAt: expires,
	}
}

// Obstacle is why an account cannot be changed as a request asks; part of a text key.
type Obstacle string

// The obstacles.
const (
	AccountBlocked   Obstacle = "account_blocked"
	AccountClosed    Obstacle = "account_closed"    // or erased
	AccountUnblocked Obstacle = "account_unblocked" // it was blocked since the request began
	AccountChanged   Obstacle = "account_changed"   // its data are not those that the request began with
)

// Obstructed is the error of a change that an obstacle prevents. It is an
// errs.ErrConflict.
type Obstructed struct{ Why Obstacle }

func (o Obstructed) Error() string { return "change request: " + string(o.Why) }

func (o Obstructed) Unwrap() error { return errs.ErrConflict }

// Obstacle returns why the account, as it is now, cannot be changed as a change request
// asks; "" if it can. After a block the request has to be made again: it may
// have been made by the person because of whom the account was blocked.
func (a Application) Obstacle(acc account.Account) Obstacle {
	switch {
	case acc.ID == "" || acc.ID != a.Changes || acc.State == account.Closed:
		return AccountClosed
	case acc.State == account.Blocked:
		return AccountBlocked
	case acc.Unblocks != a.base().Unblocks || acc.State != account.Active:
		return AccountUnblocked
	case acc.Kind != a.Kind || len(differing(acc.Profile, a.base().Profile)) > 0:
		return AccountChanged
	}
	return ""
}

// Change returns the account with the data that a change request asks for. The rest,
// such as addresses, stays as it is now. So does the epoch: sessions and grants do not
// depend on these data.
func (a Application) Change(acc account.Account, at time.Time) (account.Account, error) {
	if why := a.Obstacle(acc); why != "" {
		return acc, Obstructed{why}
	}
	if len(a.Changed()) == 0 {
		return acc, errs.ErrConflict
	}
	wanted, next := a.Answers.Profile, acc.Profile
	next.GivenName, next.FamilyName, next.Birthdate = wanted.GivenName, wanted.FamilyName, wanted.Birthdate
	if wanted.Organization != nil && next.Organization != nil {
		o := *wanted.Organization
		o.Address = next.Organization.Address
		next.Organization = &o
	}
	acc.Profile, acc.ChangedAt = next, at
	return acc, nil
}

// DataApproved returns the event that the account got the data that a change request
// asked for, with the names of those that changed.
func (a Application) DataApproved(by audit.Actor, at time.Time) audit.Event {
	return by.Did(audit.AccountDataApproved, a.Changes, at).With(map[string]string{"application": a.ID, "fields": strings.Join(a.Changed(), " ")})
}
