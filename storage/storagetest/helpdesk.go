package storagetest

import (
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
)

// Helpdesk runs the contract of the helpdesk's store.
func Helpdesk(t *testing.T, open func(*testing.T) (Stores, helpdesk.Store)) {
	for name, test := range map[string]func(*testing.T, deskWorld){
		"Search": helpdeskSearch, "Mails again": helpdeskResend, "Reopen": helpdeskReopen, "Silence": helpdeskSilence,
		"Judged again": helpdeskJudgedAgain, "State of the account": helpdeskAccountState, "Forgetful rules": helpdeskForgetfulRules, "Wrong answers": helpdeskWrongAnswers,
		"Unblock/Begin": unblockBegin, "Unblock/Save": unblockSave, "Unblock/Confirm": unblockConfirm, "Unblock/Four eyes": unblockFourEyes, "Unblock/Too late": unblockLate,
		"Unblock/After a change of address": unblockAfterChange,
		"Change/Begin":                      changeBegin, "Change/Save": changeSave, "Change/Confirm": changeConfirm, "Change/Address": changeAddress, "Change/Wrong codes": changeWrongCodes,
		"Change/Taken": changeTaken, "Change/Close": changeClose, "Change/Too late": changeLate,
	} {
		t.Run(name, func(t *testing.T) {
			stores, desk := open(t)
			w := deskWorld{world{stores, t}, desk}
			test(t, w)
			w.unbroken()
		})
	}
}

// deskWorld is a world of natural persons, for whom one official is enough.
type deskWorld struct {
	world
	Helpdesk helpdesk.Store
}

func (w deskWorld) awaiting() account.Account {
	w.t.Helper()
	a := draft()
	a.Kind = account.NaturalPerson
	a = w.ready(a)
	who := approved(a)
	must(w.t, w.Applications.Submit(ctx(w.t), a, &who, effect.Effects{}))
	return who
}

func (w deskWorld) shown() account.Account {
	w.t.Helper()
	a := w.awaiting()
	must(w.t, w.Accounts.ShowQR(ctx(w.t), a.ID, a.Epoch, []byte("sealed"), noon, effect.Effects{}))
	return w.account(a.ID)
}

func (w deskWorld) active() account.Account {
	w.t.Helper()
	a := w.awaiting()
	w.enrolled(a.ID)
	return w.account(a.ID)
}

func (w deskWorld) blocked() account.Account {
	w.t.Helper()
	a := w.active()
	w.block(a, noon)
	return w.account(a.ID)
}

func (w deskWorld) block(a account.Account, at time.Time) {
	w.t.Helper()
	must(w.t, w.Accounts.Block(ctx(w.t), a.ID, 0, account.Reported, fresh("BR"), at, effect.Effects{}))
}

func (w deskWorld) request(id string) helpdesk.Request {
	w.t.Helper()
	return ok[helpdesk.Request](w.t)(w.Helpdesk.Request(ctx(w.t), id))
}

// begin keeps a request that is admitted.
func (w deskWorld) begin(q helpdesk.Request, rec effect.Effects) error {
	return w.Helpdesk.Begin(ctx(w.t), q.AccountID, q.OpenedAt.Add(-helpdesk.SecondWithin),
		func(a account.Account, found []helpdesk.Request) (helpdesk.Request, []helpdesk.Request, effect.Effects, error) {
			begun, ended, err := helpdesk.Admit(q, a, found)
			return begun, ended, rec, err
		})
}

// begun begins a request, or fails the test.
func (w deskWorld) begun(q helpdesk.Request) helpdesk.Request {
	w.t.Helper()
	must(w.t, w.begin(q, effect.Effects{}))
	return q
}

// save writes an open request as it is now, if it was not written since.
func (w deskWorld) save(q helpdesk.Request, rec effect.Effects) (helpdesk.Request, error) {
	return w.Helpdesk.Move(ctx(w.t), q.ID, func(now helpdesk.Request, _ account.Account) (helpdesk.Request, effect.Effects, error) {
		if now.Version != q.Version || now.State != helpdesk.Open {
			return now, rec, errs.ErrConflict
		}
		return q, rec, nil
	})
}

// delay is how long the present address may object.
const delay = time.Hour

// confirm is the yes of an official.
func (w deskWorld) confirm(id, by string, now time.Time, rec effect.Effects) error {
	_, err := w.Helpdesk.Move(ctx(w.t), id, func(q helpdesk.Request, a account.Account) (helpdesk.Request, effect.Effects, error) {
		q, err := helpdesk.Confirm(q, a, by, now, delay)
		return q, rec, err
	})
	return err
}

// end refuses or cancels a request that is in the state in which it was read.
func (w deskWorld) end(read helpdesk.Request, state helpdesk.State, by string, now time.Time, rec effect.Effects) error {
	_, err := w.Helpdesk.Move(ctx(w.t), read.ID, func(q helpdesk.Request, _ account.Account) (helpdesk.Request, effect.Effects, error) {
		if q.State != read.State {
			return q, rec, errs.ErrConflict
		}
		q.State, q.DecidedBy, q.DecidedAt = state, by, now
		return q, rec, nil
	})
	return err
}

// try types a code for a new address.
func (w deskWorld) try(id string, right bool, now time.Time, rec effect.Effects) (helpdesk.HolderVerdict, error) {
	var verdict helpdesk.HolderVerdict
	_, err := w.Helpdesk.Try(ctx(w.t), id, func(q helpdesk.Request, a account.Account) (helpdesk.Request, effect.Effects, error) {
		q, v, err := helpdesk.TakeCode(q, a, right, now)
		verdict = v
		return q, rec, err
	})
	return verdict, err
}

func helpdeskSearch(t *testing.T, w deskWorld) {
	app := w.ready(draft())
	who := approved(app)
	who.Profile.GivenName, who.Profile.FamilyName = "Élodie", "Müller-Straß"
	who.Profile.Organization = &account.Organization{Name: "Bau & Söhne GmbH", RegistrationNumber: "HRB 12345", RegistrationCountry: "DE"}
	app.Reference = fresh("OLID")
	must(t, w.Applications.Submit(ctx(t), app, &who, effect.Effects{}))
	other := w.active()

	for typed, found := range map[string]bool{
		"elo": true, "ÉLODIE muller": true, "strass": true, "söhn": true, "hrb12345": true, "HRB 12345": true, "12345": true, who.Email: true,
		who.Email[:len(who.Email)-3]: true, "el": false, "12": false, "elodie berg": false, "%": false, "_lo": false, "' OR 1=1 --": false, "": false, "\x00": false,
	} {
		got, err := w.Helpdesk.Search(ctx(t), helpdesk.SearchWords(typed), 10)
		must(t, err)
		if slices.ContainsFunc(got, func(a account.Account) bool { return a.ID == who.ID }) != found || slices.ContainsFunc(got, func(a account.Account) bool { return a.ID == other.ID }) {
			t.Errorf("%q: found %d", typed, len(got))
		}
	}
	for range 3 {
		w.active()
	}
	if got := ok[[]account.Account](t)(w.Helpdesk.Search(ctx(t), helpdesk.SearchWords(other.Profile.FamilyName), 2)); len(got) != 2 {
		t.Errorf("%d found, two at most were asked for", len(got))
	}
	if got := ok[account.Account](t)(w.Helpdesk.AccountOf(ctx(t), app.Reference)); got.ID != who.ID {
		t.Error("by reference:", got.ID)
	}
	sent, _, err := w.Helpdesk.Application(ctx(t), who.ID)
	must(t, err)
	same(t, sent.Reference, app.Reference)
	for _, odd := range []string{"", "nobody"} {
		_, err := w.Helpdesk.AccountOf(ctx(t), odd)
		is(t, err, errs.ErrNotFound)
		_, _, err = w.Helpdesk.Application(ctx(t), odd)
		is(t, err, errs.ErrNotFound)
		_, err = w.Helpdesk.Request(ctx(t), odd)
		is(t, err, errs.ErrNotFound)
	}
	seen := note("account.viewed", who.ID)
	w.happened(w.Helpdesk.Note(ctx(t), seen), seen)
}

// OF-20: so many mails go again and no more, whoever asks at the same time;
// none goes to an account that was read before it changed.
func helpdeskResend(t *testing.T, w deskWorld) {
	a, other := w.active(), w.active()
	send := func(a account.Account, now time.Time) (effect.Effects, error) {
		rec := note("account.mail_resent", a.ID)
		rec.Events[0].At = now
		return rec, w.Helpdesk.Resend(ctx(t), a, now, rec)
	}
	for n := range helpdesk.MailsAgain - 1 {
		rec, err := send(a, noon.Add(time.Duration(n)*time.Minute))
		w.happened(err, rec)
	}
	last := noon.Add(time.Hour)
	exactlyOne(t, atOnce(func(int) error { _, err := send(a, last); return err }), helpdesk.ErrMails)
	rec, err := send(a, noon.Add(helpdesk.MailsWithin-time.Second))
	w.refused(err, helpdesk.ErrMails, rec)
	rec, err = send(other, last)
	w.happened(err, rec)
	rec, err = send(a, noon.Add(helpdesk.MailsWithin)) // the first one is a day old
	w.happened(err, rec)

	other.Epoch++
	rec, err = send(other, last)
	w.refused(err, errs.ErrConflict, rec)
}
