package application

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
)

var sentAt = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// confirmed returns an application that can be submitted at sentAt.
func confirmed() Application {
	return Application{
		ID: "a", Kind: account.LegalPerson, Lang: "en", Email: "zoe@example.org", State: EmailConfirmed, PasswordHash: "hash", Version: 7,
		Answers: Answers{Profile: account.Profile{GivenName: "Zoë"}}, ExpiresAt: sentAt.Add(time.Millisecond),
	}
}

func TestSubmit(t *testing.T) {
	t.Parallel()
	made := &account.Account{ID: "acc"}
	for _, test := range []struct {
		name   string
		stored func(*Application)
		made   *account.Account
		after  func(*Application) // nil = errs.ErrConflict
	}{
		{"waits for an official", nil, nil, func(a *Application) { a.State = Submitted }},
		{"practice", nil, made, func(a *Application) {
			a.State, a.AccountID, a.DecidedAt, a.PasswordHash = Approved, "acc", sentAt, ""
		}},
		{"changed since", func(a *Application) { a.Version = 8 }, nil, nil},
		{"too late", func(a *Application) { a.ExpiresAt = sentAt }, nil, nil},
		{"too late, practice", func(a *Application) { a.ExpiresAt = sentAt }, made, nil},
		{"not confirmed", func(a *Application) { a.State = Draft }, made, nil},
		{"sent before", func(a *Application) { a.State = Submitted }, nil, nil},
		{"approved before", func(a *Application) { a.State = Approved }, made, nil},
		{"rejected", func(a *Application) { a.State = Rejected }, made, nil},
		{"expired", func(a *Application) { a.State = Expired }, nil, nil},
	} {
		read, stored := confirmed(), confirmed()
		read.Reference, read.SubmittedAt, read.Answers.Declared = "OLID-1", sentAt, true
		read.Email = "other@example.org" // the address is the one that was confirmed
		if test.stored != nil {
			test.stored(&stored)
		}
		want, wantErr := Application{}, errs.ErrConflict
		if test.after != nil {
			want, wantErr = stored, nil
			want.Reference, want.Answers.Declared, want.SubmittedAt, want.DueAt, want.Version = "OLID-1", true, sentAt, DecideBy(sentAt), 8
			test.after(&want)
		}
		if got, err := read.Submit(stored, test.made); !errors.Is(err, wantErr) || !reflect.DeepEqual(got, want) {
			t.Errorf("Submit(%s) = %+v, %v, want %+v, %v", test.name, got, err, want, wantErr)
		}
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	a := confirmed()
	a.Reference, a.SubmittedAt = "OLID-1", sentAt
	applicant, environment := audit.Applicant().At("192.0.2.0/24", "req"), audit.System("")
	sent := applicant.Did(audit.ApplicationSubmitted, "a", sentAt).With(map[string]string{"reference": "OLID-1", "kind": "legal_person", "document": "doc"})

	made, events := a.Send([]Document{{ID: "doc"}}, nil, false, applicant, environment, strings.NewReader(""))
	if want := []audit.Event{sent}; made != nil || !reflect.DeepEqual(events, want) {
		t.Errorf("Send(an official decides) = %+v, %+v, want nil, %+v", made, events, want)
	}

	made, events = a.Send([]Document{{ID: "doc"}}, nil, true, applicant, environment, strings.NewReader(strings.Repeat("r", 64)))
	if made == nil || made.ID == "" {
		t.Fatalf("Send(at once) = %+v, want an account with an id", made)
	}
	wantAccount := account.Account{
		ID: made.ID, Kind: account.LegalPerson, Email: "zoe@example.org", Profile: a.Answers.Profile, Lang: "en",
		PasswordHash: "hash", State: account.AwaitingEnrolment, Epoch: 1, CreatedAt: sentAt,
	}
	want := []audit.Event{
		sent,
		environment.Did(audit.ApplicationApproved, "a", sentAt).Because("practice environment").With(map[string]string{"account": made.ID}),
		environment.Did(audit.AccountCreated, made.ID, sentAt).With(map[string]string{"application": "a"}),
	}
	if !reflect.DeepEqual(*made, wantAccount) || !reflect.DeepEqual(events, want) {
		t.Errorf("Send(at once) = %+v, %+v, want %+v, %+v", *made, events, wantAccount, want)
	}
}
