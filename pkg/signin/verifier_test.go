package signin_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/realm"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/totp"
)

// LG-16: strangers who guess lock their own lane. A browser that is known has another one,
// which ends when the second factor is replaced.
func TestLG16_Lanes(t *testing.T) {
	t.Parallel()
	const right = "right"
	guess := func(t *testing.T, o *home, from signin.From) {
		t.Helper()
		for range 5 {
			if _, err := o.Password(t.Context(), o.house.account.Email, "wrong", from); !errors.Is(err, signin.ErrRefused) {
				t.Fatalf("Password(wrong) = %v, want %v", err, signin.ErrRefused)
			}
		}
	}
	for name, c := range map[string]struct {
		known   func(*testing.T, *home) error
		guesser secret.Text
		holder  secret.Text
		after   time.Duration
		want    error
	}{
		"a known browser":             {remember, "", device, 0, nil},
		"an unknown one":              {remember, "", "olid_dev_other", 0, signin.ErrRefused},
		"none":                        {remember, "", "", 0, signin.ErrRefused},
		"guesses in a known browser":  {remember, device, "", 0, nil},
		"guesses there, and it is it": {remember, device, device, 0, signin.ErrRefused},
		"before the end of the lock":  {remember, "", "", time.Minute - 1, signin.ErrRefused},
		"at the end of the lock":      {remember, "", "", time.Minute, nil},
		"known from the application": {func(t *testing.T, o *home) error {
			return o.Know(t.Context(), o.house.account.Email, device)
		}, "", device, 0, nil},
		"known before another factor": {func(t *testing.T, o *home) error {
			err := remember(t, o)
			o.house.account.Unblocks++
			return err
		}, "", device, 0, signin.ErrRefused},
		"known before the third factor": {func(t *testing.T, o *home) error {
			o.house.account.Unblocks++
			err := remember(t, o)
			o.house.account.Unblocks++
			return err
		}, "", device, 0, signin.ErrRefused},
		"known since then": {func(t *testing.T, o *home) error {
			o.house.account.Unblocks++
			return remember(t, o)
		}, "", device, 0, nil},
		"of another address": {func(t *testing.T, o *home) error {
			return o.Know(t.Context(), "other@example.com", device)
		}, "", device, 0, signin.ErrRefused},
	} {
		o := newHome(t, account.Active)
		if err := c.known(t, o); err != nil {
			t.Fatal(err)
		}
		guess(t, o, signin.From{Device: c.guesser})
		o.house.now = noon.Add(c.after)
		if _, err := o.Password(t.Context(), o.house.account.Email, right, signin.From{Device: c.holder}); !errors.Is(err, c.want) {
			t.Errorf("%s: Password(right) after five wrong ones = %v, want %v", name, err, c.want)
		}
	}
}

func remember(t *testing.T, o *home) error {
	return o.Remember(t.Context(), o.house.account, device)
}

// A browser without a handle is not made known: then all others without one would be
// known too.
func TestNoHandleIsNotKnown(t *testing.T) {
	t.Parallel()
	o := newHome(t, account.Active)
	err := errors.Join(o.Remember(t.Context(), o.house.account, ""), o.Know(t.Context(), "anna@example.com", ""))
	if err != nil || len(o.house.asked) > 0 {
		t.Errorf("Remember() and Know() without a handle = %v after %q, want nil and no call", err, o.house.asked)
	}
}

// A right password empties the lane that it was tried in, and no other.
func TestRightPasswordClearsItsLane(t *testing.T) {
	t.Parallel()
	o := newHome(t, account.Active)
	if err := remember(t, o); err != nil {
		t.Fatal(err)
	}
	for _, from := range []signin.From{{}, {Device: device}} {
		for range 4 {
			_, _ = o.Password(t.Context(), "anna@example.com", "wrong", from)
		}
	}
	for _, lanes := range []int{1, 0} {
		from := signin.From{}
		if lanes == 1 {
			from.Device = device
		}
		if _, err := o.Password(t.Context(), "anna@example.com", "right", from); err != nil || len(o.lanes.tallies) != lanes {
			t.Errorf("Password(right) = %v, with the tallies %v, want %d left", err, o.lanes.tallies, lanes)
		}
	}
}

// OpenLanes opens the locks of one address, and writes its event.
func TestOpenLanes(t *testing.T) {
	t.Parallel()
	for _, fail := range []string{"", "open lanes"} {
		o := newHome(t, account.Active)
		for range 5 {
			_, _ = o.Password(t.Context(), "anna@example.com", "wrong", signin.From{})
			_, _ = o.Password(t.Context(), "other@example.com", "wrong", signin.From{})
		}
		away(fail)(o)
		a := o.house.account
		err := o.OpenLanes(t.Context(), a, audit.Official("olga").Did(audit.AccountLanesOpened, a.ID, noon))
		if fail != "" {
			if !errors.Is(err, errs.ErrUnavailable) || o.wrote() != "" {
				t.Errorf("OpenLanes() of a store that is away = %v, want errs.ErrUnavailable", err)
			}
			continue
		}
		if wrote := o.wrote(); err != nil || wrote != "account.lanes_opened" || len(o.lanes.tallies) != 1 {
			t.Errorf("OpenLanes() = %v, writes %q and leaves %v, want the event and the lane of the other address", err, wrote, o.lanes.tallies)
		}
		if _, err := o.Password(t.Context(), "anna@example.com", "right", signin.From{}); err != nil {
			t.Errorf("Password(right) after OpenLanes() = %v, want nil", err)
		}
	}
}

// Wrong passwords at the console do not lock the lanes of a holder with the same address,
// and a browser that is known for the holder is not known there.
func TestRealmsHaveTheirOwnLanes(t *testing.T) {
	t.Parallel()
	o := newHome(t, account.Active)
	console := signin.Verifier[account.Account]{
		Realm: realm.Official, People: o.house, Lanes: o.lanes, Hasher: o.house, LaneKey: o.LaneKey, Now: o.Now,
		Subject: func(a account.Account) signin.Subject {
			return signin.Subject{ID: a.ID, Email: a.Email, PasswordHash: a.PasswordHash, Admitted: true}
		},
	}
	if err := remember(t, o); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		_, _ = console.Password(t.Context(), "anna@example.com", "wrong", signin.From{})
	}
	for from, want := range map[signin.From]error{{}: signin.ErrRefused, {Device: device}: signin.ErrRefused} {
		if _, err := console.Password(t.Context(), "anna@example.com", "right", from); !errors.Is(err, want) {
			t.Errorf("Password(right) at the console = %v, want %v", err, want)
		}
	}
	if _, err := o.Password(t.Context(), "anna@example.com", "right", signin.From{}); err != nil {
		t.Errorf("Password(right) of the holder = %v, want nil", err)
	}
}

// LG-12: no new hash is made unless the password is right and accepted.
func TestLG12_NoRehashOfARefusal(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*house){
		"locked":            func(h *house) { h.open = false },
		"closed":            func(h *house) { h.account.State = account.Closed },
		"unknown":           func(h *house) { h.yes, h.account.Email = true, "other@example.com" },
		"clearing is away":  func(h *house) { h.fail = "clear" },
		"no rehash asked":   func(h *house) { h.rehash = false },
		"counting is away":  func(h *house) { h.fail = "try" },
		"accounts are away": func(h *house) { h.fail = "account" },
	} {
		h := newHouse()
		h.rehash = true
		change(h)
		_, _ = h.rules().Password(t.Context(), "anna@example.com", "right", signin.From{})
		if slices.Contains(h.asked, "hash") || slices.Contains(h.asked, "rehash") {
			t.Errorf("%s: Password() asks %q, want no new hash", name, h.asked)
		}
	}
}

// devices says of every browser whether it is known, and writes down which were asked for.
type devices struct {
	known bool
	err   error
	asked []string
}

func (d *devices) Known(_ context.Context, key, device string) (bool, error) {
	d.asked = append(d.asked, key+" "+device)
	return d.known, d.err
}

// X18: the event of a login says whether the browser was new, and what it is. If the
// store of browsers does not answer, no code is judged or counted.
func TestX18_NewBrowser(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		devices *devices
		agent   string
		details map[string]string
		want    error
	}{
		"known":           {&devices{known: true}, "", map[string]string{}, nil},
		"new":             {&devices{}, "firefox/linux", map[string]string{"browser": "new", "agent": "firefox/linux"}, nil},
		"known, an agent": {&devices{known: true}, "safari/mac", map[string]string{"agent": "safari/mac"}, nil},
		"away":            {&devices{err: errs.ErrUnavailable}, "", nil, errs.ErrUnavailable},
	} {
		o := newHome(t, account.Active)
		o.Watch.Devices = c.devices
		got, err := o.Code(t.Context(), o.house.account, codeOf(t, firstKey, totp.Step(noon)), signin.From{Device: device, Agent: c.agent})
		if !errors.Is(err, c.want) || (got.Outcome == account.Accepted) != (c.want == nil) {
			t.Errorf("%s: Code() = %+v, %v, want %v", name, got, err, c.want)
		}
		if want := o.key() + " " + device.Hash(); !slices.Equal(c.devices.asked, []string{want}) {
			t.Errorf("%s: Code() asks whether %q is known, want once %q, under which it is remembered", name, c.devices.asked, want)
		}
		if c.want != nil {
			if slices.Contains(o.house.asked, "code") || o.house.account.Factor.Failures != 0 {
				t.Errorf("%s: Code() asks %q and counts %d, want no try", name, o.house.asked, o.house.account.Factor.Failures)
			}
			continue
		}
		if e := o.house.rec.Events; len(e) != 1 || !maps.Equal(e[0].Details, c.details) {
			t.Errorf("%s: Code() logs %+v, want one login with the details %v", name, e, c.details)
		}
	}
}

// TP-05, X5: each refused code is counted once, by its reason. A text that is no code is
// not counted, and neither is a code that a store could not judge.
func TestTP05_RefusedCodesAreCounted(t *testing.T) {
	t.Parallel()
	o := newHome(t, account.Active)
	var counted []signin.Reason
	o.Watch.Count = func(r realm.Realm, why signin.Reason) {
		if r != realm.Holder {
			t.Errorf("counted for %s, want %s", r, realm.Holder)
		}
		counted = append(counted, why)
	}
	a := o.house.account
	try := func(what, typed string, want account.Outcome, wantErr error, why ...signin.Reason) {
		t.Helper()
		counted = nil
		got, err := o.Code(t.Context(), a, typed, signin.From{})
		if got.Outcome != want || !errors.Is(err, wantErr) || !slices.Equal(counted, why) {
			t.Errorf("%s: Code() = %q, %v, counted as %q, want %q, %v, %q", what, got.Outcome, err, counted, want, wantErr, why)
		}
	}
	code := func(steps int64) string { return codeOf(t, firstKey, totp.Step(o.house.now)+steps) }
	try("no code", "12 34 5", "", signin.ErrNoCode)
	away("code")(o)
	try("away", code(0), "", errs.ErrUnavailable)
	away("")(o)
	try("right", code(0), account.Accepted, nil)
	try("again", code(0), account.Replayed, nil, signin.ReplayedCode)
	for n := range o.Limits.Codes - 1 {
		o.house.now = o.house.now.Add(2 * time.Minute)
		try("wrong", code(1000), account.Wrong, nil, signin.WrongCode)
		if n >= 2 {
			try("too soon", code(0), account.TooSoon, nil, signin.CodeTooSoon)
		}
		if got := o.house.account.Factor.Failures; got != n+1 {
			t.Errorf("after %d wrong codes %d are counted", n+1, got)
		}
	}
	o.house.now = o.house.now.Add(2 * time.Minute)
	o.wrote()
	try("the last", code(1000), account.BlockedNow, nil, signin.BlockedByCode)
	if got, want := o.wrote(), "account.blocked, blocked too_many_codes"; got != want || o.house.account.State != account.Blocked {
		t.Errorf("the last wrong code writes %q and leaves the account %s, want %q and %s", got, o.house.account.State, want, account.Blocked)
	}
	try("blocked", code(0), "", errs.ErrConflict)
}

// TP-02: one right code that is given many times at once is accepted once. TP-06: each of
// many wrong codes sees the count of the others.
func TestTP02_TP06_CodesAtOnce(t *testing.T) {
	t.Parallel()
	step := totp.Step(noon)
	for name, c := range map[string]struct {
		typed    string
		want     map[account.Outcome]int
		failures int
		events   int
	}{
		"right": {codeOf(t, firstKey, step), map[account.Outcome]int{account.Accepted: 1, account.Replayed: 15}, 0, 1},
		"wrong": {codeOf(t, firstKey, step+1000), map[account.Outcome]int{account.Wrong: 3, account.TooSoon: 13}, 3, 3},
	} {
		o := newHome(t, account.Active)
		read := o.house.account
		var outcomes [16]account.Outcome
		atOnce(t, nil, func(i int) error {
			got, err := o.Code(t.Context(), read, c.typed, signin.From{})
			outcomes[i] = got.Outcome
			return err
		})
		got := map[account.Outcome]int{}
		for _, outcome := range outcomes {
			got[outcome]++
		}
		if !maps.Equal(got, c.want) || o.house.account.Factor.Failures != c.failures || len(o.house.rec.Events) != c.events {
			t.Errorf("%s: 16 codes at once are %v, with %d failures and %d events, want %v, %d and %d",
				name, got, o.house.account.Factor.Failures, len(o.house.rec.Events), c.want, c.failures, c.events)
		}
	}
}

// A stored secret that is not base32 is a fault, for which the try does not count.
func TestCodeOfASecretThatIsNone(t *testing.T) {
	t.Parallel()
	o := newHome(t, account.Active)
	o.house.account.Factor.Sealed = seal(t, o.Ring, "not base32!", account.FactorAAD(o.house.account.ID, 0))
	got, err := o.Code(t.Context(), o.house.account, "123456", signin.From{})
	if !errors.Is(err, errs.ErrUnavailable) || got.Outcome != "" || o.house.account.Factor.Failures != 0 || o.wrote() != "" {
		t.Errorf("Code() = %+v, %v with %d failures, want errs.ErrUnavailable and none", got, err, o.house.account.Factor.Failures)
	}
}
