package storagetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
)

// Helpdesk tests a helpdesk.Store.
func Helpdesk(t *testing.T, open func(*testing.T) (Stores, helpdesk.Store)) {
	for name, test := range map[string]func(*testing.T, helpdeskWorld){
		"Search": helpdeskSearch, "Mails again": helpdeskResend, "Reopen": helpdeskReopen, "Silence": helpdeskSilence,
		"Judged again": helpdeskJudgedAgain, "State of the account": helpdeskAccountState, "Tries stay counted": helpdeskKeepsTries, "Forgetful rules": helpdeskForgetfulRules, "Wrong answers": helpdeskWrongAnswers,
		"Unblock/Begin": unblockBegin, "Unblock/Save": unblockSave, "Unblock/Confirm": unblockConfirm, "Unblock/Four eyes": unblockFourEyes, "Unblock/Too late": unblockLate,
		"Unblock/After a change of address": unblockAfterChange,
		"Change/Begin":                      changeBegin, "Change/Save": changeSave, "Change/Confirm": changeConfirm, "Change/Address": changeAddress, "Change/Wrong codes": changeWrongCodes,
		"Change/Taken": changeTaken, "Change/Close": changeClose, "Change/Too late": changeLate,
	} {
		t.Run(name, func(t *testing.T) {
			stores, calls := open(t)
			w := helpdeskWorld{world{stores, t}, calls}
			test(t, w)
			w.unbroken()
		})
	}
}

// helpdeskWorld is a world of natural persons, for whom one official is enough.
type helpdeskWorld struct {
	world
	Helpdesk helpdesk.Store
}

func (w helpdeskWorld) awaiting() account.Account {
	w.t.Helper()
	a := draft()
	a.Kind = account.NaturalPerson
	a = w.ready(a)
	who := approved(a)
	must(w.t, w.Applications.Submit(ctx(w.t), a, &who, effect.Effects{}))
	return who
}

func (w helpdeskWorld) shown() account.Account {
	w.t.Helper()
	a := w.awaiting()
	must(w.t, w.Accounts.ShowQR(ctx(w.t), a.ID, a.Epoch, []byte("sealed"), noon, effect.Effects{}))
	return w.account(a.ID)
}

func (w helpdeskWorld) active() account.Account {
	w.t.Helper()
	a := w.awaiting()
	w.enrolled(a.ID)
	return w.account(a.ID)
}

func (w helpdeskWorld) blocked() account.Account {
	w.t.Helper()
	a := w.active()
	w.block(a, noon)
	return w.account(a.ID)
}

func (w helpdeskWorld) block(a account.Account, at time.Time) {
	w.t.Helper()
	must(w.t, w.Accounts.Block(ctx(w.t), a.ID, 0, account.Reported, fresh("BR"), at, effect.Effects{}))
}

func (w helpdeskWorld) request(id string) helpdesk.Request {
	w.t.Helper()
	return ok[helpdesk.Request](w.t)(w.Helpdesk.Request(ctx(w.t), id))
}

// begin stores a new request.
func (w helpdeskWorld) begin(q helpdesk.Request, rec effect.Effects) error {
	return w.Helpdesk.Begin(ctx(w.t), q.AccountID, q.OpenedAt.Add(-helpdesk.SecondWithin),
		func(a account.Account, found []helpdesk.Request) (helpdesk.Request, []helpdesk.Request, effect.Effects, error) {
			begun, ended, err := helpdesk.Admit(q, a, found)
			return begun, ended, rec, err
		})
}

// begun begins a request, or fails the test.
func (w helpdeskWorld) begun(q helpdesk.Request) helpdesk.Request {
	w.t.Helper()
	must(w.t, w.begin(q, effect.Effects{}))
	return q
}

// save writes an open request, unless it was written since it was read.
func (w helpdeskWorld) save(q helpdesk.Request, rec effect.Effects) (helpdesk.Request, error) {
	return w.Helpdesk.Move(ctx(w.t), q.ID, func(now helpdesk.Request, _ account.Account) (helpdesk.Request, effect.Effects, error) {
		if now.Version != q.Version || now.State != helpdesk.Open {
			return now, rec, errs.ErrConflict
		}
		return q, rec, nil
	})
}

// delay is how long the holder can object at the present address.
const delay = time.Hour

// confirm confirms a request as an official.
func (w helpdeskWorld) confirm(id, by string, now time.Time, rec effect.Effects) error {
	_, err := w.Helpdesk.Move(ctx(w.t), id, func(q helpdesk.Request, a account.Account) (helpdesk.Request, effect.Effects, error) {
		q, err := helpdesk.Confirm(q, a, by, now, delay)
		return q, rec, err
	})
	return err
}

// end refuses or cancels a request that still has the state in which it was read.
func (w helpdeskWorld) end(read helpdesk.Request, state helpdesk.State, by string, now time.Time, rec effect.Effects) error {
	_, err := w.Helpdesk.Move(ctx(w.t), read.ID, func(q helpdesk.Request, _ account.Account) (helpdesk.Request, effect.Effects, error) {
		if q.State != read.State {
			return q, rec, errs.ErrConflict
		}
		q.State, q.DecidedBy, q.DecidedAt = state, by, now
		return q, rec, nil
	})
	return err
}

// try enters a code for a new address.
func (w helpdeskWorld) try(id string, right bool, now time.Time, rec effect.Effects) (helpdesk.HolderVerdict, error) {
	var verdict helpdesk.HolderVerdict
	_, err := w.Helpdesk.Try(ctx(w.t), id, func(q helpdesk.Request, a account.Account) (helpdesk.Request, effect.Effects, error) {
		q, v, err := helpdesk.TakeCode(q, a, right, now)
		verdict = v
		return q, rec, err
	})
	return verdict, err
}

func helpdeskSearch(t *testing.T, w helpdeskWorld) {
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
	searchLimit(t, w)
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

// searchLimit requires that the limit counts accounts, not the terms by which they are
// found, and that accounts that match the whole word come first.
func searchLimit(t *testing.T, w helpdeskWorld) {
	t.Helper()
	word := "q" + strings.ToLower(fresh("")[1:9])
	named := func(given, family string) account.Account {
		app := w.ready(draft())
		a := approved(app)
		a.Profile.GivenName, a.Profile.FamilyName = given, family
		app.Reference = fresh("OLID")
		must(t, w.Applications.Submit(ctx(t), app, &a, effect.Effects{}))
		return a
	}
	twice, once, exact := named(word+"ab", word+"ac"), named(word+"ad", "Jansen"), named("Jan", word)
	found := func(typed string, most int) []string {
		t.Helper()
		var ids []string
		for _, a := range ok[[]account.Account](t)(w.Helpdesk.Search(ctx(t), helpdesk.SearchWords(typed), most)) {
			ids = append(ids, a.ID)
		}
		slices.Sort(ids)
		return ids
	}
	sorted := func(of ...account.Account) (ids []string) {
		for _, a := range of {
			ids = append(ids, a.ID)
		}
		slices.Sort(ids)
		return ids
	}
	same(t, found(word, 1), sorted(exact))
	same(t, found(word, 2), sorted(exact, twice))
	same(t, found(word, 3), sorted(exact, twice, once))
	same(t, found(word, 10), sorted(exact, twice, once))
	same(t, found("jan "+word, 10), sorted(exact, once))
	same(t, found(word+" "+word+"ac", 10), sorted(twice))
}

// OF-20: at most helpdesk.MailsAgain mails are sent again, also by simultaneous
// calls, and none for an account that changed after it was read.
func helpdeskResend(t *testing.T, w helpdeskWorld) {
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
	rec, err = send(a, noon.Add(helpdesk.MailsWithin)) // a day after the first one
	w.happened(err, rec)

	other.Epoch++
	rec, err = send(other, last)
	w.refused(err, errs.ErrConflict, rec)
}
