package helpdesk_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// delay is the time in which the holder may object at the present address.
const delay = 24 * time.Hour

func person(state account.State) account.Account {
	return account.Account{ID: "a1", Epoch: 3, State: state, Kind: account.NaturalPerson, Email: "jo@example.com"}
}

// holderOf returns an account that a request of a kind can be about.
func holderOf(kind helpdesk.Kind) account.Account {
	if kind == helpdesk.Closing {
		return person(account.Active)
	}
	return person(account.Blocked)
}

func TestLive(t *testing.T) {
	t.Parallel()
	const u, a, c = helpdesk.Unblock, helpdesk.Address, helpdesk.Closing
	until := noon.Add(delay + helpdesk.HolderTime)
	for _, test := range []struct {
		name string
		r    helpdesk.Request
		a    account.Account
		now  time.Time
		want bool
	}{
		{"begun", complete(u, helpdesk.Open), person(account.Blocked), noon, true},
		{"last second of a call", complete(u, helpdesk.Open), person(account.Blocked), noon.Add(helpdesk.CaseTime - time.Second), true},
		{"end of a call", complete(a, helpdesk.Open), person(account.Active), noon.Add(helpdesk.CaseTime), false},
		{"last second of a proposal", complete(c, helpdesk.Proposed), person(account.Active), noon.Add(helpdesk.ProposalTime - time.Second), true},
		{"end of a proposal", complete(c, helpdesk.Proposed), person(account.Active), noon.Add(helpdesk.ProposalTime), false},
		{"last second of a code", complete(a, helpdesk.Confirmed), person(account.Active), until.Add(-time.Second), true},
		{"end of a code", complete(a, helpdesk.Confirmed), person(account.Active), until, false},
		{"unblock of an account that is not blocked", complete(u, helpdesk.Open), person(account.Active), noon, false},
		{"change of a blocked account", complete(a, helpdesk.Proposed), person(account.Blocked), noon, true},
		{"closed", complete(a, helpdesk.Proposed), person(account.Closed), noon, false},
		{"another epoch", complete(a, helpdesk.Proposed), account.Account{ID: "a1", Epoch: 4, State: account.Active}, noon, false},
		{"another account", complete(a, helpdesk.Proposed), account.Account{ID: "a2", Epoch: 3, State: account.Active}, noon, false},
		{"done", complete(a, helpdesk.Done), person(account.Active), noon, false},
		{"refused", complete(a, helpdesk.Refused), person(account.Active), noon, false},
		{"cancelled", complete(u, helpdesk.Cancelled), person(account.Blocked), noon, false},
	} {
		if got := test.r.Live(test.a, test.now); got != test.want {
			t.Errorf("%s: Live() = %v, want %v", test.name, got, test.want)
		}
	}
}

func TestNeedsSecond(t *testing.T) {
	t.Parallel()
	at := func(unblocked time.Time) account.Account {
		a := person(account.Blocked)
		a.UnblockedAt = unblocked
		return a
	}
	business := person(account.Blocked)
	business.Kind = account.LegalPerson
	for _, test := range []struct {
		name                      string
		a                         account.Account
		moved                     bool
		unblock, address, closing bool
	}{
		{"person", person(account.Blocked), false, false, true, false},
		{"company", business, false, true, true, true},
		{"unblocked lately", at(noon.Add(time.Second - helpdesk.SecondWithin)), false, true, true, true},
		{"unblocked longer ago", at(noon.Add(-helpdesk.SecondWithin)), false, false, true, false},
		{"moved lately", person(account.Blocked), true, true, true, false},
	} {
		for kind, want := range map[helpdesk.Kind]bool{helpdesk.Unblock: test.unblock, helpdesk.Address: test.address, helpdesk.Closing: test.closing} {
			if got := helpdesk.NeedsSecond(kind, test.a, test.moved, noon); got != want {
				t.Errorf("%s: NeedsSecond(%s) = %v, want %v", test.name, kind, got, want)
			}
		}
	}
}

func TestMoved(t *testing.T) {
	t.Parallel()
	done := func(kind helpdesk.Kind, state helpdesk.State, ago time.Duration) []helpdesk.Request {
		return []helpdesk.Request{with(kind, state, func(r *helpdesk.Request) { r.DecidedAt = noon.Add(-ago) })}
	}
	for _, test := range []struct {
		name string
		in   []helpdesk.Request
		want bool
	}{
		{"nothing", nil, false},
		{"lately", done(helpdesk.Address, helpdesk.Done, helpdesk.SecondWithin-time.Second), true},
		{"longer ago", done(helpdesk.Address, helpdesk.Done, helpdesk.SecondWithin), false},
		{"refused", done(helpdesk.Address, helpdesk.Refused, time.Hour), false},
		{"unblocked", done(helpdesk.Unblock, helpdesk.Done, time.Hour), false},
	} {
		if got := helpdesk.Moved(test.in, noon); got != test.want {
			t.Errorf("%s: Moved() = %v, want %v", test.name, got, test.want)
		}
	}
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	const u, a, c = helpdesk.Unblock, helpdesk.Address, helpdesk.Closing
	earlier := func(kind helpdesk.Kind, state helpdesk.State, by string, change ...func(*helpdesk.Request)) helpdesk.Request {
		r := complete(kind, state)
		r.ID, r.OpenedBy, r.OpenedAt, r.Caller = "r0", by, noon.Add(-time.Minute), helpdesk.Caller{}
		for _, f := range change {
			f(&r)
		}
		return r
	}
	ago := func(d time.Duration) func(*helpdesk.Request) {
		return func(r *helpdesk.Request) { r.OpenedAt = noon.Add(-d) }
	}
	decided := func(d time.Duration) func(*helpdesk.Request) {
		return func(r *helpdesk.Request) { r.DecidedAt = noon.Add(-d) }
	}
	wrong := func(n int) func(*helpdesk.Request) { return func(r *helpdesk.Request) { r.Wrong = n } }
	epoch := func(r *helpdesk.Request) { r.Epoch = 2 }
	for _, test := range []struct {
		name  string
		kind  helpdesk.Kind
		a     account.Account
		found []helpdesk.Request
		want  bool
		ended int
		wrong int
	}{
		{"the first", u, holderOf(u), nil, true, 0, 0},
		{"not blocked", u, person(account.Active), nil, false, 0, 0},
		{"closed", c, person(account.Closed), nil, false, 0, 0},
		{"another epoch", a, account.Account{ID: "a1", Epoch: 4, State: account.Active}, nil, false, 0, 0},
		{"a colleague's call", u, holderOf(u), []helpdesk.Request{earlier(u, helpdesk.Open, "piet")}, false, 0, 0},
		{"the own call", u, holderOf(u), []helpdesk.Request{earlier(u, helpdesk.Open, "olga")}, true, 1, 0},
		{"the own proposal", u, holderOf(u), []helpdesk.Request{earlier(u, helpdesk.Proposed, "olga")}, false, 0, 0},
		{"a call of an hour ago", u, holderOf(u), []helpdesk.Request{earlier(u, helpdesk.Open, "piet", ago(helpdesk.CaseTime))}, true, 1, 0},
		{"a proposal of a day ago", a, holderOf(a), []helpdesk.Request{earlier(a, helpdesk.Proposed, "piet", ago(helpdesk.ProposalTime))}, true, 1, 0},
		{"of an earlier epoch", a, holderOf(a), []helpdesk.Request{earlier(a, helpdesk.Confirmed, "piet", epoch)}, true, 1, 0},
		{"with the holder", c, holderOf(c), []helpdesk.Request{earlier(a, helpdesk.Confirmed, "olga")}, false, 0, 0},
		{"a change, for an unblock", u, holderOf(u), []helpdesk.Request{earlier(a, helpdesk.Open, "piet")}, true, 0, 0},
		{"an unblock, for a change", a, holderOf(a), []helpdesk.Request{earlier(u, helpdesk.Open, "olga")}, true, 0, 0},
		{"a refusal", u, holderOf(u), []helpdesk.Request{earlier(u, helpdesk.Refused, "piet", decided(helpdesk.Cooling-time.Second))}, false, 0, 0},
		{"a refusal of an hour ago", u, holderOf(u), []helpdesk.Request{earlier(u, helpdesk.Refused, "piet", decided(helpdesk.Cooling))}, true, 0, 0},
		{"a refusal of another kind", u, holderOf(u), []helpdesk.Request{earlier(a, helpdesk.Refused, "piet", decided(time.Minute))}, true, 0, 0},
		{"wrong answers", u, holderOf(u), []helpdesk.Request{earlier(a, helpdesk.Open, "piet", wrong(2))}, true, 0, 2},
		{"wrong answers of the own call", u, holderOf(u), []helpdesk.Request{earlier(u, helpdesk.Open, "olga", wrong(1), ago(2*time.Hour))}, true, 1, 1},
		{"most of them", u, holderOf(u), []helpdesk.Request{earlier(a, helpdesk.Cancelled, "piet", wrong(1), decided(time.Minute)), earlier(u, helpdesk.Cancelled, "piet", wrong(3), decided(time.Minute))}, true, 0, 3},
		{"too many", a, holderOf(a), []helpdesk.Request{earlier(u, helpdesk.Refused, "piet", wrong(helpdesk.WrongAnswers), decided(time.Minute))}, false, 0, 0},
		{"too many, for a closing", c, holderOf(c), []helpdesk.Request{earlier(u, helpdesk.Refused, "piet", wrong(helpdesk.WrongAnswers), decided(time.Minute))}, true, 0, 0},
		{"too many, an hour ago", a, holderOf(a), []helpdesk.Request{earlier(u, helpdesk.Refused, "piet", wrong(helpdesk.WrongAnswers), decided(helpdesk.Cooling))}, true, 0, 0},
		{"wrong answers of what was done", a, holderOf(a), []helpdesk.Request{earlier(u, helpdesk.Done, "piet", wrong(3), decided(time.Minute))}, true, 0, 0},
	} {
		r := helpdesk.Request{ID: "r1", AccountID: "a1", Epoch: 3, Kind: test.kind, State: helpdesk.Open, OpenedBy: "olga", OpenedAt: noon}
		got, ended, err := helpdesk.Admit(r, test.a, test.found)
		if (err == nil) != test.want || err != nil && !errors.Is(err, errs.ErrConflict) {
			t.Errorf("%s: Admit() = %v, want success %v", test.name, err, test.want)
			continue
		}
		if err != nil {
			continue
		}
		if got.Wrong != test.wrong || len(ended) != test.ended {
			t.Errorf("%s: Admit() has Wrong %d and ends %d, want %d and %d", test.name, got.Wrong, len(ended), test.wrong, test.ended)
		}
		for _, e := range ended {
			if e.State != helpdesk.Cancelled || e.DecidedBy != "olga" || !e.DecidedAt.Equal(noon) {
				t.Errorf("%s: Admit() ends %+v", test.name, e)
			}
		}
	}
}

// Admit sets Second by the stored account and never clears it; a closing
// without it is done.
func TestAdmitSecond(t *testing.T) {
	t.Parallel()
	business := person(account.Blocked)
	business.Kind = account.LegalPerson
	moved := with(helpdesk.Address, helpdesk.Done, func(r *helpdesk.Request) { r.DecidedAt = noon.Add(-time.Hour) })
	for _, test := range []struct {
		name   string
		kind   helpdesk.Kind
		a      account.Account
		found  []helpdesk.Request
		asked  bool
		second bool
	}{
		{"unblock", helpdesk.Unblock, person(account.Blocked), nil, false, false},
		{"unblock, asked", helpdesk.Unblock, person(account.Blocked), nil, true, true},
		{"unblock of a company", helpdesk.Unblock, business, nil, false, true},
		{"unblock after a move", helpdesk.Unblock, person(account.Blocked), []helpdesk.Request{moved}, false, true},
		{"address", helpdesk.Address, person(account.Active), nil, false, true},
		{"closing", helpdesk.Closing, person(account.Active), nil, false, false},
		{"closing after a move", helpdesk.Closing, person(account.Active), []helpdesk.Request{moved}, false, false},
		{"closing of a company", helpdesk.Closing, business, nil, false, true},
	} {
		r := helpdesk.Request{AccountID: "a1", Epoch: 3, Kind: test.kind, State: helpdesk.Proposed, Second: test.asked, OpenedBy: "olga", OpenedAt: noon}
		got, _, err := helpdesk.Admit(r, test.a, test.found)
		want := r
		if want.Second = test.second; test.kind == helpdesk.Closing && !test.second {
			want.State, want.ConfirmedBy, want.DecidedBy, want.DecidedAt = helpdesk.Done, "olga", "olga", noon
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: Admit() = %+v, %v, want %+v, nil", test.name, got, err, want)
		}
	}
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	alone := func(r *helpdesk.Request) { r.Second = false }
	for _, test := range []struct {
		name     string
		r        helpdesk.Request
		official string
		now      time.Time
		want     helpdesk.State // "" = a conflict
	}{
		{"the own unblock", with(helpdesk.Unblock, helpdesk.Open, alone), "olga", noon, helpdesk.Done},
		{"a colleague's unblock", complete(helpdesk.Unblock, helpdesk.Proposed), "piet", noon, helpdesk.Done},
		{"the own proposal", complete(helpdesk.Unblock, helpdesk.Proposed), "olga", noon, ""},
		{"an unblock that waits too long", complete(helpdesk.Unblock, helpdesk.Proposed), "piet", noon.Add(helpdesk.ProposalTime), ""},
		{"an address", complete(helpdesk.Address, helpdesk.Proposed), "piet", noon, helpdesk.Confirmed},
		{"the own address", complete(helpdesk.Address, helpdesk.Proposed), "olga", noon, ""},
		{"an address that was not proposed", complete(helpdesk.Address, helpdesk.Open), "piet", noon, ""},
		{"an address that was confirmed", complete(helpdesk.Address, helpdesk.Confirmed), "anna", noon, ""},
		{"a closing", complete(helpdesk.Closing, helpdesk.Proposed), "piet", noon, helpdesk.Done},
		{"the own closing", complete(helpdesk.Closing, helpdesk.Proposed), "olga", noon, ""},
		{"a closing that was refused", complete(helpdesk.Closing, helpdesk.Refused), "piet", noon, ""},
	} {
		got, err := helpdesk.Confirm(test.r, holderOf(test.r.Kind), test.official, test.now, delay)
		want := test.r
		switch test.want {
		case "":
			if !errors.Is(err, errs.ErrConflict) {
				t.Errorf("%s: Confirm() = %v, want %v", test.name, err, errs.ErrConflict)
			}
			continue
		case helpdesk.Confirmed:
			want.From, want.Until = test.now.Add(delay), test.now.Add(delay+helpdesk.HolderTime)
		default:
			want.DecidedBy, want.DecidedAt = test.official, test.now
		}
		want.State, want.ConfirmedBy = test.want, test.official
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: Confirm() = %+v, %v, want %+v, nil", test.name, got, err, want)
		}
	}
}

func TestEnd(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		r        helpdesk.Request
		official string
		want     helpdesk.State // "" = a conflict
	}{
		{"the own call", complete(helpdesk.Unblock, helpdesk.Open), "olga", helpdesk.Cancelled},
		{"a colleague's call", complete(helpdesk.Unblock, helpdesk.Open), "piet", ""},
		{"the own proposal", complete(helpdesk.Closing, helpdesk.Proposed), "olga", helpdesk.Cancelled},
		{"a colleague's proposal", complete(helpdesk.Closing, helpdesk.Proposed), "piet", helpdesk.Refused},
		{"with the holder", complete(helpdesk.Address, helpdesk.Confirmed), "olga", helpdesk.Cancelled},
		{"with the holder, colleague", complete(helpdesk.Address, helpdesk.Confirmed), "anna", helpdesk.Cancelled},
		{"what is over", complete(helpdesk.Address, helpdesk.Cancelled), "olga", ""},
	} {
		got, err := helpdesk.End(test.r, holderOf(test.r.Kind), test.official, noon)
		if test.want == "" {
			if !errors.Is(err, errs.ErrConflict) {
				t.Errorf("%s: End() = %v, want %v", test.name, err, errs.ErrConflict)
			}
			continue
		}
		want := test.r
		want.State, want.DecidedBy, want.DecidedAt = test.want, test.official, noon
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: End() = %+v, %v, want %+v, nil", test.name, got, err, want)
		}
	}
}

func TestTakeCode(t *testing.T) {
	t.Parallel()
	confirmed := func(tries int) helpdesk.Request {
		return with(helpdesk.Address, helpdesk.Confirmed, func(r *helpdesk.Request) { r.Tries = tries })
	}
	from, until := noon.Add(delay), noon.Add(delay+helpdesk.HolderTime)
	for _, test := range []struct {
		name  string
		r     helpdesk.Request
		right bool
		now   time.Time
		want  helpdesk.HolderVerdict // "" = a conflict
		state helpdesk.State
		tries int
	}{
		{"right", confirmed(1), true, from, helpdesk.CodeRight, helpdesk.Done, 1},
		{"right, last try", confirmed(helpdesk.HolderTries), true, from, helpdesk.CodeRight, helpdesk.Done, helpdesk.HolderTries},
		{"right, too early", confirmed(1), true, from.Add(-time.Second), helpdesk.CodeEarly, helpdesk.Confirmed, 0},
		{"wrong", confirmed(1), false, from, helpdesk.CodeWrong, helpdesk.Confirmed, 1},
		{"wrong, too early", confirmed(helpdesk.HolderTries - 1), false, noon, helpdesk.CodeWrong, helpdesk.Confirmed, helpdesk.HolderTries - 1},
		{"wrong, once too often", confirmed(helpdesk.HolderTries), false, from, helpdesk.CodeOver, helpdesk.Cancelled, helpdesk.HolderTries},
		{"last second", confirmed(1), true, until.Add(-time.Second), helpdesk.CodeRight, helpdesk.Done, 1},
		{"too late", confirmed(1), true, until, "", "", 0},
		{"not confirmed", complete(helpdesk.Address, helpdesk.Proposed), true, noon, "", "", 0},
		{"done", complete(helpdesk.Address, helpdesk.Done), true, from, "", "", 0},
		{"a closing", complete(helpdesk.Closing, helpdesk.Confirmed), true, from, "", "", 0},
	} {
		got, verdict, err := helpdesk.TakeCode(test.r, person(account.Active), test.right, test.now)
		if verdict != test.want || (err == nil) != (test.want != "") || err != nil && !errors.Is(err, errs.ErrConflict) {
			t.Errorf("%s: TakeCode() = %q, %v, want %q", test.name, verdict, err, test.want)
		}
		if err == nil && (got.State != test.state || got.Tries != test.tries || (test.state != helpdesk.Confirmed) != got.DecidedAt.Equal(test.now)) {
			t.Errorf("%s: TakeCode() is %s after %d tries, decided at %s, want %s, %d", test.name, got.State, got.Tries, got.DecidedAt, test.state, test.tries)
		}
	}
	if _, _, err := helpdesk.TakeCode(confirmed(1), person(account.Closed), true, from); !errors.Is(err, errs.ErrConflict) {
		t.Errorf("closed account: TakeCode() = %v, want %v", err, errs.ErrConflict)
	}
}
