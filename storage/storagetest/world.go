package storagetest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
)

// world is a set of stores and a test that fills them with people.
type world struct {
	Stores
	t *testing.T
}

// in returns the same world for a subtest.
func (w world) in(t *testing.T) world { return world{w.Stores, t} }

// note returns effects with a unique reference: one event and one mail.
func note(action audit.Action, object string) effect.Effects {
	ref := fresh("ref")
	return effect.Of(audit.Event{
		At: noon, ActorKind: audit.ActorStaff, ActorID: "staff-1", Origin: "198.51.100.0/24", Action: action,
		ObjectKind: "account", ObjectID: object, Outcome: "ok", Reason: "rëason <&> \u2028", RequestID: ref,
		Details: map[string]string{"b": "2", "a": "1"},
	}, mail.Message{
		ID: ref, To: "someone@example.org", Lang: "nl", Kind: "test", Subject: "onderwerp",
		Text: secret.Text("text " + ref), At: noon, Expires: noon.Add(time.Hour),
	})
}

// happened requires that a change succeeded and that all its effects are written.
func (w world) happened(err error, rec effect.Effects) {
	w.t.Helper()
	must(w.t, err)
	w.written(rec)
}

// written requires that each event and each mail of rec is written once.
func (w world) written(rec effect.Effects) {
	w.t.Helper()
	var got []audit.Event
	for _, e := range w.events() {
		if e.RequestID == rec.Events[0].RequestID {
			e.Seq, e.PrevHash, e.Hash = 0, "", ""
			got = append(got, e)
		}
	}
	if !reflect.DeepEqual(got, rec.Events) {
		w.t.Errorf("events of the change\ngot  %+v\nwant %+v", got, rec.Events)
	}
	for _, m := range rec.Mails {
		if mails := w.mails(m.ID); len(mails) != 1 || !reflect.DeepEqual(mails[0], m) {
			w.t.Errorf("mail of the change\ngot  %+v\nwant %+v", mails, m)
		}
	}
}

// refused requires that a change failed with an error and left no trace.
func (w world) refused(err, want error, rec effect.Effects) {
	w.t.Helper()
	is(w.t, err, want)
	w.notWritten(rec)
}

func (w world) notWritten(rec effect.Effects) {
	w.t.Helper()
	for _, e := range w.events() {
		if e.RequestID == rec.Events[0].RequestID {
			w.t.Errorf("nothing happened, yet there is an event: %+v", e)
		}
	}
	for _, m := range rec.Mails {
		if len(w.mails(m.ID)) > 0 {
			w.t.Errorf("nothing happened, yet there is a mail about it: %s", m.Kind)
		}
	}
}

func (w world) events() []audit.Event {
	w.t.Helper()
	var all []audit.Event
	for {
		after := int64(0)
		if len(all) > 0 {
			after = all[len(all)-1].Seq
		}
		page := ok[[]audit.Event](w.t)(w.Audit.Events(ctx(w.t), after, 500))
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
	}
}

// mails reads the outbox with leases that end at once, so that it takes nothing
// away.
func (w world) mails(id string) []mail.Message {
	w.t.Helper()
	var found []mail.Message
	for _, item := range ok[[]mail.Item](w.t)(w.Outbox.Take(ctx(w.t), noon.AddDate(1, 0, 0), 0, 100_000)) {
		if item.ID == id {
			found = append(found, item.Message)
		}
	}
	return found
}

// unbroken verifies the whole chain: numbers without a gap, each hash over the
// previous one.
func (w world) unbroken() {
	w.t.Helper()
	prev := ""
	for i, e := range w.events() {
		if e.Seq != int64(i+1) || e.PrevHash != prev || e.Hash != audit.ChainHash(prev, e) {
			w.t.Fatalf("the chain breaks at event %d: %+v", i+1, e)
		}
		prev = e.Hash
	}
}

const rightCode = "hash of the right code"

// draft returns a new application.
func draft() application.Application {
	return application.Application{
		ID: fresh("app"), Handle: key(), Kind: account.LegalPerson, Lang: "en", Email: strings.ToLower(fresh("zoe")) + "@example.org",
		State: application.Draft, CodeHash: rightCode, CodeExpires: noon.Add(intake.CodeLifetime), CodesSent: 1,
		CreatedAt: noon, ExpiresAt: noon.Add(intake.DraftLifetime),
	}
}

// started stores a draft.
func (w world) started(a application.Application) application.Application {
	w.t.Helper()
	must(w.t, w.Applications.Start(ctx(w.t), a, effect.Effects{}))
	return w.application(a.Handle)
}

// confirmed returns an application with a proven address.
func (w world) confirmed(a application.Application) application.Application {
	w.t.Helper()
	w.started(a)
	if verdict := ok[intake.CodeVerdict](w.t)(w.Applications.TryCode(ctx(w.t), a.ID, rightCode, noon)); verdict != intake.CodeRight {
		w.t.Fatalf("the right code is %s", verdict)
	}
	return w.application(a.Handle)
}

// ready returns an application that can be sent.
func (w world) ready(a application.Application) application.Application {
	w.t.Helper()
	a = w.confirmed(a)
	a.Answers, a.PasswordHash = answers(), "$argon2id$first"
	a = ok[application.Application](w.t)(w.Applications.Save(ctx(w.t), a))
	a.Reference, a.SubmittedAt = fresh("REF"), noon.Add(time.Minute)
	return a
}

func answers() application.Answers {
	return application.Answers{
		Profile: account.Profile{
			GivenName: "Zoë", FamilyName: "O'Brien \"<>&", Birthdate: "1990-02-28", Phone: "+32 2 123 45 67",
			Address: account.Address{Line1: "Rue de la Loi 1", Line3: "Bruxelles", Country: "BE"},
			Organization: &account.Organization{
				Name: "Société Ünïcode", RegistrationNumber: "0123.456.789", RegistrationCountry: "BE",
				Address: account.Address{Line1: "Straße 2", Country: "DE"}, Role: "director",
			},
		},
		Declared: true, PersonDone: true, CompanyDone: true, AddressDone: true, DocumentDone: true,
	}
}

func (w world) application(handle string) application.Application {
	w.t.Helper()
	return ok[application.Application](w.t)(w.Applications.ByHandle(ctx(w.t), handle))
}

// approved returns the account that comes with the approval of a.
func approved(a application.Application) account.Account {
	return account.Account{
		ID: fresh("acc"), Kind: a.Kind, Email: a.Email, Profile: a.Answers.Profile, Lang: a.Lang,
		PasswordHash: a.PasswordHash, State: account.AwaitingEnrolment, Epoch: 1, CreatedAt: noon,
	}
}

// awaiting returns a new account, approved and not yet enrolled.
func (w world) awaiting() account.Account {
	w.t.Helper()
	a := w.ready(draft())
	who := approved(a)
	must(w.t, w.Applications.Submit(ctx(w.t), a, &who, effect.Effects{}))
	return who
}

// shown returns an account whose QR code was shown.
func (w world) shown() account.Account {
	w.t.Helper()
	a := w.awaiting()
	must(w.t, w.Accounts.ShowQR(ctx(w.t), a.ID, a.Epoch, []byte("sealed"), noon, effect.Effects{}))
	return w.account(a.ID)
}

// enrolled enrols an account.
func (w world) enrolled(id string) {
	w.t.Helper()
	a := w.account(id)
	must(w.t, w.Accounts.ShowQR(ctx(w.t), id, a.Epoch, []byte("sealed"), noon, effect.Effects{}))
	w.accept(a, 100)
}

// active returns an account with a proven second factor; step 100 is used.
func (w world) active() account.Account {
	w.t.Helper()
	a := w.awaiting()
	w.enrolled(a.ID)
	return w.account(a.ID)
}

func (w world) account(id string) account.Account {
	w.t.Helper()
	return ok[account.Account](w.t)(w.Accounts.ByID(ctx(w.t), id))
}

func (w world) accept(a account.Account, step int64) {
	w.t.Helper()
	_, err := w.Accounts.TryCode(ctx(w.t), a.ID, a.Epoch, noon, judge(step, effect.Effects{}))
	must(w.t, err)
}

// judge returns a rule that accepts a code of this step.
func judge(step int64, rec effect.Effects) func(account.CodeTry) account.Verdict {
	return func(try account.CodeTry) account.Verdict {
		if try.Factor.LastStep >= step {
			return account.Verdict{Outcome: account.Replayed}
		}
		return account.Verdict{Outcome: account.Accepted, Step: step, Effects: rec}
	}
}

// wrong returns a rule that counts a wrong code and blocks at the limit.
func wrong(limit int, rec effect.Effects) func(account.CodeTry) account.Verdict {
	return func(try account.CodeTry) account.Verdict {
		if try.Factor.Failures < limit {
			return account.Verdict{Outcome: account.Wrong, NextTryAt: noon.Add(time.Duration(try.Factor.Failures) * time.Second)}
		}
		return account.Verdict{Outcome: account.BlockedNow, Reason: account.TooManyCodes, BlockRef: fresh("BR"), Effects: rec}
	}
}

func (w world) blocked() account.Account {
	w.t.Helper()
	a := w.active()
	must(w.t, w.Accounts.Block(ctx(w.t), a.ID, a.Epoch, account.Reported, fresh("BR"), noon, effect.Effects{}))
	return w.account(a.ID)
}

// oneOf requires one of several errors, where the contract allows each.
func oneOf(t *testing.T, err error, wants ...error) {
	t.Helper()
	for _, want := range wants {
		if errors.Is(err, want) {
			return
		}
	}
	t.Errorf("got error %v, want one of %v", err, fmt.Sprint(wants))
}

// unblock unblocks an account, at noon.
func (w world) unblock(id, cancelHash string, rec effect.Effects) error {
	return w.Accounts.Change(ctx(w.t), id, func(a account.Account) (account.Account, effect.Effects, error) {
		next, err := a.Unblock(0, cancelHash, noon)
		return next, rec, err
	})
}
