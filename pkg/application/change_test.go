package application

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
)

var changedAt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// holder returns an active account of a company.
func holder() account.Account {
	return account.Account{
		ID: "acc", Kind: account.LegalPerson, Email: "zoe@example.org", Lang: "en", State: account.Active, Epoch: 7, Unblocks: 1,
		Profile: account.Profile{
			GivenName: "Zoë", FamilyName: "Old", Birthdate: "1990-02-28", Phone: "+32 2 123 45 67",
			Organization: &account.Organization{
				Name: "Old BV", Register: "KBO", RegistrationNumber: "1", RegistrationCountry: "BE", Role: "director", Address: account.Address{Line1: "A 1", Country: "BE"},
			},
		},
	}
}

// asked returns a change request of holder for another family name and another name of
// the company.
func asked() Application {
	a := ChangeOf(holder(), "app", "handle", changedAt, changedAt.Add(72*time.Hour))
	o := *a.Answers.Organization
	o.Name = "New BV"
	a.Answers.FamilyName, a.Answers.Organization = "New", &o
	return a
}

// A change has what an official approves, and everything else as the account has it
// now; the epoch stays.
func TestChange(t *testing.T) {
	t.Parallel()
	a, acc := asked(), holder()
	if got, want := a.Changed(), []string{"family_name", "organization_name"}; !reflect.DeepEqual(got, want) {
		t.Errorf("Changed() = %v, want %v", got, want)
	}
	o := *acc.Profile.Organization
	o.Address = account.Address{Line1: "Moved 2", Country: "DE"}
	acc.Profile.Organization, acc.Profile.Phone, acc.Profile.Address = &o, "+49 30 1234567", account.Address{Line1: "Home 3", Country: "FR"}
	want := acc
	wanted := o
	wanted.Name = "New BV"
	want.Profile.FamilyName, want.Profile.Organization, want.ChangedAt = "New", &wanted, changedAt.Add(time.Hour)
	got, err := a.Change(acc, changedAt.Add(time.Hour))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Change() = %+v, %v, want %+v", got, err, want)
	}
	if acc.Profile.FamilyName != "Old" || acc.Profile.Organization.Name != "Old BV" {
		t.Error("Change() changed its argument")
	}
	e := a.DataApproved(audit.System(""), changedAt)
	if e.ObjectID != "acc" || e.Action != audit.AccountDataApproved || !reflect.DeepEqual(e.Details, map[string]string{"application": "app", "fields": "family_name organization_name"}) {
		t.Errorf("DataApproved() = %+v, want the account, the request and the names of the data only", e)
	}
}

// An account that is not as the request had it is not changed, and the error says why.
func TestChangeObstacles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*account.Account)
		want   Obstacle
	}{
		"as it was":                     {func(*account.Account) {}, ""},
		"its holder moved":              {func(a *account.Account) { a.Profile.Phone, a.Email = "", "other@example.org" }, ""},
		"another password":              {func(a *account.Account) { a.Epoch++ }, ""},
		"blocked":                       {func(a *account.Account) { a.State = account.Blocked }, AccountBlocked},
		"closed":                        {func(a *account.Account) { a.State = account.Closed }, AccountClosed},
		"erased":                        {func(a *account.Account) { *a = account.Account{} }, AccountClosed},
		"another account":               {func(a *account.Account) { a.ID = "b" }, AccountClosed},
		"unblocked, not enrolled again": {func(a *account.Account) { a.State, a.Unblocks = account.AwaitingEnrolment, 2 }, AccountUnblocked},
		"unblocked and enrolled again":  {func(a *account.Account) { a.Unblocks++ }, AccountUnblocked},
		"another name":                  {func(a *account.Account) { a.Profile.GivenName = "Zoe" }, AccountChanged},
		"another company": {func(a *account.Account) {
			o := *a.Profile.Organization
			o.Role = "authorized"
			a.Profile.Organization = &o
		}, AccountChanged},
		"no company":   {func(a *account.Account) { a.Profile.Organization = nil }, AccountChanged},
		"another kind": {func(a *account.Account) { a.Kind = account.NaturalPerson }, AccountChanged},
	} {
		acc := holder()
		test.change(&acc)
		_, err := asked().Change(acc, changedAt)
		var obstructed Obstructed
		if got := asked().Obstacle(acc); got != test.want || errors.As(err, &obstructed) != (test.want != "") || obstructed.Why != test.want || test.want != "" && !errors.Is(err, errs.ErrConflict) {
			t.Errorf("%s: Obstacle() = %q, Change() = %v, want %q", name, got, err, test.want)
		}
	}
}

// A request that asks for nothing is not sent in and changes nothing.
func TestChangeOfNothing(t *testing.T) {
	t.Parallel()
	a := ChangeOf(holder(), "app", "handle", changedAt, changedAt.Add(72*time.Hour))
	if _, err := a.Change(holder(), changedAt); !errors.Is(err, errs.ErrConflict) {
		t.Errorf("Change() = %v, want a conflict", err)
	}
	a.SubmittedAt = changedAt
	if _, err := a.Submit(a, nil); !errors.Is(err, errs.ErrConflict) {
		t.Errorf("Submit() = %v, want a conflict", err)
	}
	a = asked()
	a.SubmittedAt = changedAt
	next, err := a.Submit(a, &account.Account{ID: "acc"})
	if err != nil || next.State != Approved || next.AccountID != "" || next.Changes != "acc" {
		t.Errorf("Submit(at once) = %+v, %v, want it approved and no account made", next, err)
	}
}
