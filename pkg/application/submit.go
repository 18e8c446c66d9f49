package application

import (
	"io"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

// Submit returns the application after submission: Submitted, with
// DecideBy(a.SubmittedAt) as deadline, or Approved if made is not nil. made is the
// new account or, of a change request, the account as changed. stored is the row in
// the store, a the application as the applicant read it before, with its reference.
// It returns errs.ErrConflict when the address is not confirmed, or the application
// was submitted before, changed since or is too late, or when a change request
// changes nothing.
func (a Application) Submit(stored Application, made *account.Account) (Application, error) {
	if stored.State != EmailConfirmed || stored.Version != a.Version || !stored.Open(a.SubmittedAt) {
		return Application{}, errs.ErrConflict
	}
	if stored.IsChange() && len(a.Changed()) == 0 {
		return Application{}, errs.ErrConflict
	}
	stored.State, stored.Reference, stored.Answers = Submitted, a.Reference, a.Answers
	stored.SubmittedAt, stored.DueAt = a.SubmittedAt, DecideBy(a.SubmittedAt)
	if made != nil {
		stored.State, stored.DecidedAt, stored.PasswordHash = Approved, a.SubmittedAt, ""
		if !stored.IsChange() {
			stored.AccountID = made.ID
		}
	}
	stored.Version++
	return stored, nil
}

// Account returns the account that an approval at at creates.
func (a Application) Account(id string, at time.Time) account.Account {
	return account.Account{
		ID: id, Kind: a.Kind, Email: a.Email, Profile: a.Answers.Profile, Lang: a.Lang,
		PasswordHash: a.PasswordHash, State: account.AwaitingEnrolment, Epoch: 1, CreatedAt: at,
	}
}

// Send returns the events of a submission at a.SubmittedAt and, if atOnce, the new
// account or, of a change request, the account as changed; nil otherwise. atOnce says
// that applications are approved at once (practice); environment is then the actor of
// the approval, since no official decides. holder is the account of a change request.
func (a Application) Send(documents []Document, holder *account.Account, atOnce bool, applicant, environment audit.Actor, rand io.Reader) (made *account.Account, events []audit.Event) {
	sent := applicant.Did(audit.ApplicationSubmitted, a.ID, a.SubmittedAt).With(map[string]string{"reference": a.Reference, "kind": string(a.Kind)})
	if a.IsChange() {
		sent = sent.With(map[string]string{"account": a.Changes})
	}
	for _, d := range documents {
		sent = sent.With(map[string]string{"document": d.ID})
	}
	events = []audit.Event{sent}
	if !atOnce {
		return nil, events
	}
	if a.IsChange() {
		next, _ := a.Change(*holder, a.SubmittedAt) // the store judges the account as it is then
		return &next, append(events,
			environment.Did(audit.ApplicationApproved, a.ID, a.SubmittedAt).Because("practice environment").With(map[string]string{"account": a.Changes}),
			a.DataApproved(environment, a.SubmittedAt))
	}
	who := a.Account(secret.NewID(rand), a.SubmittedAt)
	return &who, append(events,
		environment.Did(audit.ApplicationApproved, a.ID, a.SubmittedAt).Because("practice environment").With(map[string]string{"account": who.ID}),
		environment.Did(audit.AccountCreated, who.ID, a.SubmittedAt).With(map[string]string{"application": a.ID}))
}
