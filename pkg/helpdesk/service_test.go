package helpdesk_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/signin"
)

var (
	olga, piet   = audit.Official("olga"), audit.Official("piet")
	rightAnswers = map[helpdesk.Question]string{helpdesk.Birthdate: "3-2-1980", helpdesk.Phone: "030 123456", helpdesk.Place: "10115 Berlin"}
)

// jo returns the account of a natural person.
func jo(state account.State) account.Account {
	a := company()
	a.Kind, a.State, a.Profile.Address, a.Profile.Organization = account.NaturalPerson, state, account.Address{Line1: "Hauptstraße 12", Line2: "10115 Berlin"}, nil
	return a
}

// ok returns the request of an act and fails the test on an error.
func (o *office) ok(r helpdesk.Request, err error) helpdesk.Request {
	o.t.Helper()
	if err != nil {
		o.t.Fatalf("got error %v, want success", err)
	}
	return r
}

func (o *office) says(want ...string) {
	o.t.Helper()
	if got := o.wrote(); !slices.Equal(got, want) {
		o.t.Errorf("wrote %q, want %q", got, want)
	}
}

func (o *office) is(err, want error) {
	o.t.Helper()
	if !errors.Is(err, want) {
		o.t.Errorf("got error %v, want %v", err, want)
	}
	o.says()
}

func TestUnblockByOne(t *testing.T) {
	t.Parallel()
	a := jo(account.Blocked)
	o := newOffice(t, a)
	r := o.ok(o.Service.Begin(t.Context(), helpdesk.Unblock, a, olga))
	o.says("unblock.begun")
	code := o.Callback.Code(a, noon)
	o.ok(o.Identify(t.Context(), r.ID, "0000 0000", map[helpdesk.Question]string{helpdesk.Birthdate: "3-2-1980"}, olga))
	o.says("unblock.answers")
	_, err := o.Justify(t.Context(), r.ID, "lost_phone", "M-1", olga)
	o.is(err, errs.ErrConflict)
	_, err = o.Identify(t.Context(), r.ID, code, rightAnswers, piet)
	o.is(err, errs.ErrConflict)
	r = o.ok(o.Identify(t.Context(), r.ID, code, rightAnswers, olga))
	if e := o.events[0].Details; !maps.Equal(e, map[string]string{"case": r.ID, "answer_birthdate": "right", "answer_phone": "right", "answer_place": "right"}) {
		t.Errorf("the event has the details %v, want three right answers", e)
	}
	o.says("unblock.identified")
	_, err = o.Justify(t.Context(), r.ID, "misuse", "bel Jo", olga)
	if o.is(err, helpdesk.ErrReason); !errors.Is(err, helpdesk.ErrTicket) {
		t.Errorf("Justify() = %v, want %v too", err, helpdesk.ErrTicket)
	}
	o.ok(o.Justify(t.Context(), r.ID, "lost_phone", " M-1 ", olga))
	o.says("unblock.reason")
	_, err = o.Confirm(t.Context(), r.ID, piet)
	o.is(err, errs.ErrConflict)
	o.ok(o.Confirm(t.Context(), r.ID, olga))
	if e := o.events[0]; e.Reason != "lost_phone" || e.Details["ticket"] != "M-1" || e.Details["proposed_by"] != "" || e.Details["confirmed_by"] != "" {
		t.Errorf("the event is %+v, want the reason and the ticket only", e)
	}
	o.says("account.unblocked", "mail unblocked")
	if got := o.accounts[a.ID].State; got != account.AwaitingEnrolment {
		t.Errorf("the account is %s, want %s", got, account.AwaitingEnrolment)
	}
	_, _, err = o.Load(t.Context(), r.ID)
	o.is(err, errs.ErrConflict)
}

func TestUnblockByTwo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		act  func(*office, helpdesk.Request) (helpdesk.Request, error)
		says []string
	}{
		"confirmed": {func(o *office, r helpdesk.Request) (helpdesk.Request, error) {
			return o.Confirm(o.t.Context(), r.ID, piet)
		}, []string{"account.unblocked", "mail unblocked"}},
		"refused":  {func(o *office, r helpdesk.Request) (helpdesk.Request, error) { return o.End(o.t.Context(), r, piet) }, []string{"unblock.refused"}},
		"given up": {func(o *office, r helpdesk.Request) (helpdesk.Request, error) { return o.End(o.t.Context(), r, olga) }, []string{"unblock.cancelled"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := company()
			o := newOffice(t, a)
			r := o.ok(o.Service.Begin(t.Context(), helpdesk.Unblock, a, olga))
			o.ok(o.Identify(t.Context(), r.ID, o.Callback.Code(a, noon), map[helpdesk.Question]string{helpdesk.Birthdate: "3-2-1980", helpdesk.Country: "de", helpdesk.Place: "10115 Berlin"}, olga))
			r = o.ok(o.Justify(t.Context(), r.ID, "lost_phone", "M-1", olga))
			o.says("unblock.begun", "unblock.identified", "unblock.proposed")
			_, err := o.Confirm(t.Context(), r.ID, olga)
			o.is(err, errs.ErrConflict)
			got, err := test.act(o, r)
			if o.ok(got, err); name != "given up" && o.events[0].Details["proposed_by"] != "olga" {
				t.Errorf("the event has the details %v, want proposed_by olga", o.events[0].Details)
			}
			o.says(test.says...)
		})
	}
}

// The reason alone asks for a colleague, whatever code the caller read out.
func TestPW_LostBothByTwo(t *testing.T) {
	t.Parallel()
	a := jo(account.Blocked)
	o := newOffice(t, a)
	r := o.ok(o.Service.Begin(t.Context(), helpdesk.Unblock, a, olga))
	if r = o.ok(o.Identify(t.Context(), r.ID, o.Callback.Code(a, noon), rightAnswers, olga)); r.Second {
		t.Error("Identify() with the code of the page asks for a colleague, want not yet")
	}
	if r = o.ok(o.Justify(t.Context(), r.ID, helpdesk.LostBoth, "M-1", olga)); r.State != helpdesk.Proposed {
		t.Errorf("Justify(lost_both) is %s, want %s", r.State, helpdesk.Proposed)
	}
	o.says("unblock.begun", "unblock.identified", "unblock.proposed")
	_, err := o.Confirm(t.Context(), r.ID, olga)
	o.is(err, errs.ErrConflict)
	o.ok(o.Confirm(t.Context(), r.ID, piet))
	o.says("account.unblocked", "mail unblocked")
	if got := o.accounts[a.ID]; got.State != account.AwaitingEnrolment || got.Renewal != account.RenewalLost {
		t.Errorf("the account is %s with renewal %q, want %s with %q", got.State, got.Renewal, account.AwaitingEnrolment, account.RenewalLost)
	}
}

func TestGuessingIsRefused(t *testing.T) {
	t.Parallel()
	a := jo(account.Blocked)
	o := newOffice(t, a)
	r := o.ok(o.Service.Begin(t.Context(), helpdesk.Unblock, a, olga))
	wrong := maps.Clone(rightAnswers)
	wrong[helpdesk.Street] = "Nebenstraße 1"
	for range helpdesk.WrongAnswers - 1 {
		o.ok(o.Identify(t.Context(), r.ID, "", map[helpdesk.Question]string{helpdesk.Street: "Nebenstraße 1"}, olga))
	}
	o.wrote()
	if r = o.ok(o.Identify(t.Context(), r.ID, o.Callback.Code(a, noon), wrong, olga)); r.State != helpdesk.Refused || r.DecidedBy != "olga" {
		t.Errorf("Identify() is %s by %q, want %s", r.State, r.DecidedBy, helpdesk.Refused)
	}
	o.says("unblock.refused")
	_, err := o.Service.Begin(t.Context(), helpdesk.Unblock, a, piet)
	o.is(err, errs.ErrConflict)
}

func TestChangeOfAddress(t *testing.T) {
	t.Parallel()
	a, taken := jo(account.Active), person(account.Active)
	taken.ID, taken.Email = "a2", "taken@example.com"
	o := newOffice(t, a, taken)
	r := o.ok(o.Service.Begin(t.Context(), helpdesk.Address, a, olga))
	if r = o.ok(o.Identify(t.Context(), r.ID, "12345678", rightAnswers, olga)); r.Wrong != 0 { // the account is not blocked, so a code is ignored
		t.Errorf("Identify() counts %d wrong, want 0", r.Wrong)
	}
	o.says("address.begun", "address.identified")
	for typed, want := range map[string]error{"x": helpdesk.ErrAddress, taken.Email: helpdesk.ErrAddress, a.Email: helpdesk.ErrAddress} {
		_, err := o.NewAddress(t.Context(), r.ID, "address_lost", "M-1", typed, olga)
		o.is(err, want)
	}
	o.ok(o.NewAddress(t.Context(), r.ID, "address_lost", "M-1", "typo@example.net", olga))
	o.ok(o.ForgetAddress(t.Context(), r.ID, olga))
	_, err := o.Propose(t.Context(), r.ID, olga)
	if !errors.Is(err, errs.ErrConflict) {
		t.Errorf("Propose() without an address = %v, want %v", err, errs.ErrConflict)
	}
	o.ok(o.NewAddress(t.Context(), r.ID, "address_lost", "M-1", " New@Example.net ", olga))
	o.ok(o.Propose(t.Context(), r.ID, olga))
	o.says("address.reason", "address.reason", "address.proposed")
	r = o.ok(o.Confirm(t.Context(), r.ID, piet))
	code := o.mails[1].Text.Reveal()
	o.says("address.confirmed", "mail announced", "mail confirm")

	for _, test := range []struct {
		name, reference, typed string
		at                     time.Time
		want                   helpdesk.HolderVerdict
		err                    error
		says                   []string
	}{
		{"another reference", "AAAA-AAAA", code, r.From, "", errs.ErrNotFound, nil},
		{"Y7: no code", r.Reference, "x" + code, r.From, "", signin.ErrNoCode, nil},
		{"Y7: five digits of nobody's", "AAAA-AAAA", code[1:], r.From, "", signin.ErrNoCode, nil},
		{"wrong", r.Reference, another(code), r.From, helpdesk.CodeWrong, nil, nil},
		{"early", r.Reference, code, r.From.Add(-time.Second), helpdesk.CodeEarly, nil, nil},
		{"too late", r.Reference, code, r.Until, "", errs.ErrNotFound, nil},
		{"right, Y6", " \u202a" + strings.ToLower(strings.ReplaceAll(r.Reference, "-", "\u2013")), code[:3] + "\u3000" + code[3:] + "\u200b", r.From, helpdesk.CodeRight, nil, []string{"account.address_changed", "mail changed", "mail new"}},
		{"again", r.Reference, code, r.From, "", errs.ErrNotFound, nil},
	} {
		o.now = test.at
		got, _, err := o.TakeAddress(t.Context(), test.reference, test.typed, signin.From{})
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s: TakeAddress() = %q, %v, want %q, %v", test.name, got, err, test.want, test.err)
		}
		if test.name == "right, Y6" && (o.events[0].Details["proposed_by"] != "olga" || o.events[0].Details["confirmed_by"] != "piet" || o.mails[0].To != a.Email) {
			t.Errorf("the event is %+v and the mail to %s, want both officials and %s", o.events[0], o.mails[0].To, a.Email)
		}
		o.says(test.says...)
	}
	if got := o.accounts[a.ID].Email; got != "new@example.net" {
		t.Errorf("the address is %s, want new@example.net", got)
	}
}

// another returns a code of six digits other than code.
func another(code string) string {
	if code == "000000" {
		return "111111"
	}
	return "000000"
}

// Y7: what cannot be the caller's code counts neither as right nor as wrong.
func TestY7_CallerCode(t *testing.T) {
	t.Parallel()
	a := jo(account.Blocked)
	o := newOffice(t, a)
	r := o.ok(o.Service.Begin(t.Context(), helpdesk.Unblock, a, olga))
	for _, typing := range []string{"", "wrong", "123456", "123456789", "      ", "jan@example.org"} {
		if r = o.ok(o.Identify(t.Context(), r.ID, typing, nil, olga)); r.Caller.Wrong != 0 || r.Caller.CodeRight {
			t.Errorf("Identify(%q): %+v", typing, r.Caller)
		}
	}
	if r = o.ok(o.Identify(t.Context(), r.ID, "0000 0000", nil, olga)); r.Caller.Wrong != 1 {
		t.Errorf("a wrong code: %+v", r.Caller)
	}
}

// Wrong codes end a change of address. That an account has changed meanwhile
// is revealed only with the right code.
func TestCodesOfAddress(t *testing.T) {
	t.Parallel()
	a := jo(account.Active)
	confirmed := func() (*office, helpdesk.Request, string) {
		o := newOffice(t, a)
		r := o.ok(o.Service.Begin(t.Context(), helpdesk.Address, a, olga))
		o.ok(o.Identify(t.Context(), r.ID, "", rightAnswers, olga))
		o.ok(o.NewAddress(t.Context(), r.ID, "address_lost", "M-1", "new@example.net", olga))
		o.ok(o.Propose(t.Context(), r.ID, olga))
		r = o.ok(o.Confirm(t.Context(), r.ID, piet))
		code := o.mails[1].Text.Reveal()
		o.wrote()
		o.now = r.From
		return o, r, code
	}
	o, r, code := confirmed()
	for _, typing := range []string{"", "wrong", "12345", "1234567", "jan@example.org"} { // Y7
		if got, _, err := o.TakeAddress(t.Context(), r.Reference, typing, signin.From{}); got != "" || !errors.Is(err, signin.ErrNoCode) {
			t.Errorf("TakeAddress(%q) = %s, %v, want %v", typing, got, err, signin.ErrNoCode)
		}
	}
	for n := range helpdesk.HolderTries {
		want := helpdesk.CodeWrong
		if n == helpdesk.HolderTries-1 {
			want = helpdesk.CodeOver
		}
		if got, _, err := o.TakeAddress(t.Context(), r.Reference, another(code), signin.From{}); got != want || err != nil {
			t.Errorf("wrong code %d: TakeAddress() = %s, %v, want %s, nil", n+1, got, err, want)
		}
	}
	o.says("address.codes_wrong")
	_, _, err := o.TakeAddress(t.Context(), r.Reference, code, signin.From{})
	o.is(err, errs.ErrNotFound)

	o, r, code = confirmed()
	blocked := a
	blocked.State, blocked.Epoch = account.Blocked, a.Epoch+1
	o.accounts[a.ID] = blocked
	for typed, want := range map[string]error{code: errs.ErrConflict, another(code): errs.ErrNotFound, "wrong": signin.ErrNoCode} {
		_, _, err := o.TakeAddress(t.Context(), r.Reference, typed, signin.From{})
		o.is(err, want)
	}

	o, r, _ = confirmed()
	o.ok(o.End(t.Context(), r, piet)) // the holder objected
	o.says("address.cancelled")
}

// Refusing a proposal that a colleague has confirmed meanwhile changes nothing.
func TestEndIsOfWhatWasRead(t *testing.T) {
	t.Parallel()
	a := jo(account.Active)
	o := newOffice(t, a)
	r := o.ok(o.Service.Begin(t.Context(), helpdesk.Address, a, olga))
	o.ok(o.Identify(t.Context(), r.ID, "", rightAnswers, olga))
	o.ok(o.NewAddress(t.Context(), r.ID, "address_lost", "M-1", "new@example.net", olga))
	read := o.ok(o.Propose(t.Context(), r.ID, olga))
	o.ok(o.Confirm(t.Context(), r.ID, piet))
	o.wrote()
	_, err := o.End(t.Context(), read, audit.Official("anna"))
	o.is(err, errs.ErrConflict)
}

func TestCloseAndReopen(t *testing.T) {
	t.Parallel()
	a := jo(account.Active)
	o := newOffice(t, a)
	_, err := o.Service.Close(t.Context(), a, "", "M-1", olga)
	o.is(err, helpdesk.ErrReason)
	if r := o.ok(o.Close(t.Context(), a, "misuse", "M-1", olga)); r.Second || r.State != helpdesk.Done {
		t.Errorf("Close() = %+v, want it done", r)
	}
	o.says("account.closed", "mail closed")
	closed := o.accounts[a.ID]
	_, err = o.Close(t.Context(), closed, "misuse", "M-1", olga)
	o.is(err, errs.ErrConflict)
	o.is(o.Service.Reopen(t.Context(), closed, "misuse", "M-1", olga), helpdesk.ErrReason)
	o.now = noon.Add(helpdesk.ReopenTime)
	o.is(o.Service.Reopen(t.Context(), closed, "closing_mistaken", "M-1", olga), errs.ErrConflict)
	o.now = noon.Add(helpdesk.ReopenTime - time.Second)
	if err := o.Service.Reopen(t.Context(), closed, "closing_mistaken", "M-1", olga); err != nil || o.accounts[a.ID].State != account.Blocked {
		t.Errorf("Reopen() = %v with the account %s, want nil and %s", err, o.accounts[a.ID].State, account.Blocked)
	}
	o.says("account.reopened", "mail blocked")

	firm := company()
	o = newOffice(t, firm)
	r := o.ok(o.Close(t.Context(), firm, "misuse", "M-1", olga))
	o.says("closing.proposed")
	o.ok(o.End(t.Context(), r, piet))
	o.says("closing.refused")
	o.now = noon.Add(helpdesk.Cooling)
	r = o.ok(o.Close(t.Context(), firm, "misuse", "M-1", olga))
	o.ok(o.Confirm(t.Context(), r.ID, piet))
	o.says("closing.proposed", "account.closed", "mail closed")
}

func TestSearchAndView(t *testing.T) {
	t.Parallel()
	a := jo(account.Active)
	o := newOffice(t, a)
	o.app = &application.Application{Reference: "OLID-K7QD-2MXA", AccountID: a.ID}
	change := o.ok(o.Service.Begin(t.Context(), helpdesk.Address, a, olga))
	o.wrote()
	a.BlockRef = "K7QD-2MXA"
	o.accounts[a.ID] = a
	for typed, want := range map[string]int{
		" k7qd-2mxa ": 1, "olid-k7qd-2mxa": 1, change.Reference: 1, "jo@example.com": 1, "\x00": 0, "": 0, "piet": 0,
	} {
		if got, err := o.Service.Search(t.Context(), typed); err != nil || len(got) != want {
			t.Errorf("Search(%q) finds %d, %v, want %d, nil", typed, len(got), err, want)
		}
	}
	if got, err := o.View(t.Context(), a.ID, olga); err != nil || got.ID != a.ID {
		t.Errorf("View() = %s, %v, want %s, nil", got.ID, err, a.ID)
	}
	o.says("account.viewed")
	_, err := o.View(t.Context(), "nobody", olga)
	o.is(err, errs.ErrNotFound)
}

func TestBlock(t *testing.T) {
	t.Parallel()
	a := jo(account.Active)
	o := newOffice(t, a)
	o.is(o.Block(t.Context(), a, "lost_phone", "M-1", olga), helpdesk.ErrReason)
	if err := o.Block(t.Context(), a, "phone_stolen", "M-1", olga); err != nil {
		t.Errorf("Block() = %v, want nil", err)
	}
	o.says("account.blocked", "mail blocked")
	o.is(o.Block(t.Context(), a, "phone_stolen", "M-1", olga), errs.ErrConflict)
	o = newOffice(t, a)
	if err := o.Block(t.Context(), a, helpdesk.PasswordKnown, "M-1", olga); err != nil || o.accounts[a.ID].Renewal != account.RenewalDue {
		t.Errorf("Block() because somebody knows the password = %v, renewal %q, want nil and %q", err, o.accounts[a.ID].Renewal, account.RenewalDue)
	}
}

func TestChangeLang(t *testing.T) {
	t.Parallel()
	a := jo(account.Active)
	a.Lang = "nl"
	o := newOffice(t, a)
	o.is(o.ChangeLang(t.Context(), a, "en", "holder_asked", "M-1", olga), helpdesk.ErrReason)
	o.is(o.ChangeLang(t.Context(), a, "en", "holder_asked_lang", "Jo", olga), helpdesk.ErrTicket)
	for _, lang := range []string{"nl", "de"} {
		o.is(o.ChangeLang(t.Context(), a, lang, "holder_asked_lang", "M-1", olga), errs.ErrConflict)
	}
	if err := o.ChangeLang(t.Context(), a, "en", "holder_asked_lang", "M-1", olga); err != nil {
		t.Errorf("ChangeLang() = %v, want nil", err)
	}
	o.says("account.lang_changed", "mail lang en")
	old := a
	old.Epoch--
	o.is(o.ChangeLang(t.Context(), old, "nl", "holder_asked_lang", "M-1", olga), errs.ErrConflict)
}

func TestMailsAgain(t *testing.T) {
	t.Parallel()
	a := jo(account.Blocked)
	o := newOffice(t, a)
	unblocked := a
	unblocked.State, unblocked.Unblocks = account.AwaitingEnrolment, 1
	moved := with(helpdesk.Address, helpdesk.Done, func(r *helpdesk.Request) { r.DecidedAt = noon.Add(-time.Hour) })
	for _, test := range []struct {
		name string
		a    account.Account
		app  *application.Application
		done []helpdesk.Request
		want []helpdesk.Mail
		held bool
	}{
		{"blocked", a, nil, nil, []helpdesk.Mail{helpdesk.MailBlocked}, false},
		{"unblocked", unblocked, &application.Application{}, nil, []helpdesk.Mail{helpdesk.MailUnblocked, helpdesk.MailReceipt}, false},
		{"moved", a, &application.Application{}, []helpdesk.Request{moved}, []helpdesk.Mail{helpdesk.MailBlocked}, true},
		{"closed", person(account.Closed), &application.Application{}, nil, nil, false},
	} {
		o.app, o.requests, o.resent = test.app, test.done, 0
		got, held, err := o.Mails(t.Context(), test.a)
		if err != nil || !slices.Equal(got, test.want) || held != test.held {
			t.Errorf("%s: Mails() = %q, %v, %v, want %q, %v, nil", test.name, got, held, err, test.want, test.held)
		}
		if test.a.State == account.Closed {
			continue // the store refuses
		}
		for _, kind := range []helpdesk.Mail{helpdesk.MailBlocked, helpdesk.MailUnblocked, helpdesk.MailReceipt, "other"} {
			err := o.Service.Resend(t.Context(), test.a, kind, "not_received", "M-1", olga)
			if want := slices.Contains(test.want, kind); (err == nil) != want || err != nil && !errors.Is(err, helpdesk.ErrMail) {
				t.Errorf("%s: Resend(%s) = %v, want success %v", test.name, kind, err, want)
			}
		}
		o.wrote()
	}
	o.app, o.requests, o.resent = nil, nil, helpdesk.MailsAgain
	o.is(o.Service.Resend(t.Context(), a, helpdesk.MailBlocked, "not_received", "M-1", olga), helpdesk.ErrMails)
	o.is(o.Service.Resend(t.Context(), a, helpdesk.MailBlocked, "misuse", "M-1", olga), helpdesk.ErrReason)
}
