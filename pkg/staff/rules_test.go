package staff_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/realm"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/pkg/totp"
)

// A right code counts once; the tenth wrong one in a row blocks, and those
// before it delay the next one.
func TestCode(t *testing.T) {
	t.Parallel()
	const key = secret.Text("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	step := totp.Step(noon)
	code := func(step int64) string {
		out, err := totp.Code(key, step)
		must(t, err)
		return out
	}
	const wrong = "000000" // not the code of one of these steps
	m := staff.Member{ID: "m1", Epoch: 3}
	for name, c := range map[string]struct {
		failures int // before this try
		last     int64
		next     time.Time
		sealed   string // "" = the secret of m1
		typed    string
		want     account.Outcome
		wait     time.Duration
		event    string // action and reason; "" = none
		fault    bool
	}{
		"right":                           {0, 0, time.Time{}, "", code(step), account.Accepted, 0, "staff.login ", false},
		"of the step before":              {0, step - 2, time.Time{}, "", code(step - 1), account.Accepted, 0, "staff.login ", false},
		"two steps old":                   {0, 0, time.Time{}, "", code(step - 2), account.Wrong, 0, "staff.code_wrong ", false},
		"right after nine wrong ones":     {9, 0, time.Time{}, "", code(step), account.Accepted, 0, "staff.login ", false},
		"right after ten wrong ones":      {10, 0, time.Time{}, "", code(step), account.Accepted, 0, "staff.login ", false},
		"a second time":                   {0, step, time.Time{}, "", code(step), account.Replayed, 30 * time.Second, "", false},
		"older than the last one":         {0, step, time.Time{}, "", code(step - 1), account.Replayed, 30 * time.Second, "", false},
		"a second time is no wrong code":  {9, step, time.Time{}, "", code(step), account.Replayed, 30 * time.Second, "", false},
		"wrong":                           {0, 0, time.Time{}, "", wrong, account.Wrong, 0, "staff.code_wrong ", false},
		"the second wrong one":            {1, 0, time.Time{}, "", wrong, account.Wrong, 0, "staff.code_wrong ", false},
		"the third":                       {2, 0, time.Time{}, "", wrong, account.Wrong, 5 * time.Second, "staff.code_wrong ", false},
		"the ninth":                       {8, 0, time.Time{}, "", wrong, account.Wrong, 2 * time.Minute, "staff.code_wrong ", false},
		"the tenth":                       {9, 0, time.Time{}, "", wrong, account.BlockedNow, 0, "staff.blocked wrong codes", false},
		"an eleventh":                     {10, 0, time.Time{}, "", wrong, account.BlockedNow, 0, "staff.blocked wrong codes", false},
		"right, within the wait":          {3, 0, noon.Add(1), "", code(step), account.TooSoon, 1, "", false},
		"wrong, within the wait":          {9, 0, noon.Add(time.Minute), "", wrong, account.TooSoon, time.Minute, "", false},
		"right, when the wait is over":    {3, 0, noon, "", code(step), account.Accepted, 0, "staff.login ", false},
		"the secret of another member":    {9, 0, time.Time{}, "m2", wrong, account.TooSoon, 0, "", true},
		"no secret":                       {9, 0, time.Time{}, "none", wrong, account.TooSoon, 0, "", true},
		"what was sealed is not a secret": {9, 0, time.Time{}, "text", wrong, account.TooSoon, 0, "", true},
	} {
		o := &office{factor: account.Factor{Failures: c.failures, LastStep: c.last, NextTryAt: c.next}}
		s := service(t, o)
		row, plain := "m1", key
		switch c.sealed {
		case "m2":
			row = "m2"
		case "text":
			plain = "no base32!"
		}
		if c.sealed != "none" {
			var err error
			o.factor.Sealed, err = s.Ring.Seal([]byte(plain.Reveal()), staff.FactorAAD(row))
			must(t, err)
		}
		got, err := s.Code(t.Context(), m, c.typed, signin.From{Origin: "192.0.2.0/24", RequestID: "r1"})
		if !c.fault && got.Outcome != c.want || o.verdict.Outcome != c.want || got.Wait != c.wait || errors.Is(err, errs.ErrUnavailable) != c.fault || err != nil && !c.fault {
			t.Errorf("%s: Code() = %s, %s, %v, want %s, %s, a fault: %t", name, got.Outcome, got.Wait, err, c.want, c.wait, c.fault)
		}
		logged := ""
		for _, e := range o.rec.Events {
			logged += string(e.Action) + " " + e.Reason
			if e.ObjectID != "m1" || e.Origin != "192.0.2.0/24" || e.RequestID != "r1" || !e.At.Equal(noon) {
				t.Errorf("%s: Code() is logged as %+v, want it about m1, at noon, from its network and request", name, e)
			}
		}
		if logged != c.event {
			t.Errorf("%s: Code() is logged as %q, want %q", name, logged, c.event)
		}
	}
}

// A code before a critical act is judged alike, and logged as another action.
func TestAgain(t *testing.T) {
	t.Parallel()
	const key = secret.Text("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	o := &office{}
	s := service(t, o)
	sealed, err := s.Ring.Seal([]byte(key.Reveal()), staff.FactorAAD("m1"))
	must(t, err)
	o.factor.Sealed = sealed
	code, err := totp.Code(key, totp.Step(noon))
	must(t, err)
	if got, err := s.Again(t.Context(), staff.Member{ID: "m1"}, code, signin.From{}); got.Outcome != account.Accepted || err != nil || o.rec.Events[0].Action != audit.StaffProven {
		t.Errorf("Again() = %s, %v, logged as %+v, want %s and %s", got.Outcome, err, o.rec.Events, account.Accepted, audit.StaffProven)
	}
	o.rec = effect.Effects{}
	for _, typing := range []string{"", "12345", "1234567", "      ", "olga@example.org"} { // Y7
		if got, err := s.Again(t.Context(), staff.Member{ID: "m1"}, typing, signin.From{}); got.Outcome != "" || !errors.Is(err, signin.ErrNoCode) || len(o.rec.Events) > 0 {
			t.Errorf("Again(%q) = %s, %v, logged as %+v, want %v", typing, got.Outcome, err, o.rec.Events, signin.ErrNoCode)
		}
	}
	o.err = errs.ErrConflict
	if got, err := s.Again(t.Context(), staff.Member{ID: "m1"}, code, signin.From{}); got.Outcome != "" || !errors.Is(err, errs.ErrConflict) {
		t.Errorf("Again() of a member that is not active = %q, %v, want errs.ErrConflict", got.Outcome, err)
	}
}

// An invitation is good until it is used, or until it expires.
func TestInvited(t *testing.T) {
	t.Parallel()
	const handle = secret.Text("olid_inv_x")
	for name, c := range map[string]struct {
		member staff.Member
		err    error
		want   error
	}{
		"live":         {staff.Member{ID: "m1", State: staff.Invited, Invite: handle.Hash(), InviteExpires: noon.Add(1)}, nil, nil},
		"just too old": {staff.Member{ID: "m1", State: staff.Invited, Invite: handle.Hash(), InviteExpires: noon}, nil, errs.ErrNotFound},
		"used":         {staff.Member{ID: "m1", State: staff.Active, Invite: handle.Hash(), InviteExpires: noon.Add(1)}, nil, errs.ErrNotFound},
		"removed":      {staff.Member{ID: "m1", State: staff.Removed, Invite: handle.Hash(), InviteExpires: noon.Add(1)}, nil, errs.ErrNotFound},
		"of another":   {staff.Member{ID: "m1", State: staff.Invited, Invite: "other", InviteExpires: noon.Add(1)}, nil, errs.ErrNotFound},
		"no answer":    {staff.Member{}, errs.ErrUnavailable, errs.ErrUnavailable},
	} {
		got, err := service(t, &office{members: []staff.Member{c.member}, err: c.err}).Invited(t.Context(), handle)
		if !errors.Is(err, c.want) || (got.ID == "m1") != (c.want == nil) {
			t.Errorf("%s: Invited() = %q, %v, want error %v", name, got.ID, err, c.want)
		}
	}
}

// hasher returns hashes that name the password.
type hasher struct{ signin.Hasher }

func (hasher) Hash(_ context.Context, password string) (string, error) {
	if password == "" {
		return "", errs.ErrUnavailable
	}
	return "hash of " + password, nil
}

// An invitation is spent once, for a password and a secret that is sealed to
// the member. A spent one and an unknown one return the same error.
func TestAccept(t *testing.T) {
	t.Parallel()
	const handle = secret.Text("olid_inv_x")
	live := staff.Member{ID: "m1", State: staff.Invited, Invite: handle.Hash(), InviteExpires: noon.Add(1)}
	for name, c := range map[string]struct {
		handle   secret.Text
		password string
		refuse   error // of the store
		want     error
	}{
		"first":        {handle, "correct horse battery", nil, nil},
		"second":       {handle, "correct horse battery", errs.ErrConflict, errs.ErrNotFound},
		"unknown":      {"olid_inv_y", "correct horse battery", nil, errs.ErrNotFound},
		"no hash":      {handle, "", nil, errs.ErrUnavailable},
		"a store away": {handle, "correct horse battery", errs.ErrUnavailable, errs.ErrUnavailable},
	} {
		o := &office{members: []staff.Member{live}, refuse: c.refuse}
		s := service(t, o)
		s.Hasher = hasher{}
		m, key, err := s.Accept(t.Context(), c.handle, c.password, signin.From{Origin: "192.0.2.0/24"})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: Accept() = %v, want %v", name, err, c.want)
		}
		if c.want != nil {
			if o.sealed != nil {
				t.Errorf("%s: Accept() wrote a secret, want nothing", name)
			}
			continue
		}
		plain, err := s.Ring.Open(o.sealed, staff.FactorAAD("m1"))
		if err != nil || !key.Equal(string(plain)) || m.ID != "m1" || o.hash.Reveal() != "hash of "+c.password {
			t.Errorf("%s: Accept() = %q and a sealed secret that opens with %v, want member m1 and the secret it gave", name, m.ID, err)
		}
		if e := o.rec.Events[0]; e.Action != audit.StaffJoined || e.ObjectID != "m1" || e.Origin != "192.0.2.0/24" {
			t.Errorf("%s: logged as %+v, want staff.joined about m1", name, e)
		}
	}
}

// login is an office with one member, open lanes and a hasher that says that
// the password is right and its hash dated.
type login struct {
	*office
	limit.Lanes
	key    string
	rehash secret.Text
}

func (l *login) Try(_ context.Context, key, _ string, _ time.Time) (bool, error) {
	l.key = key
	return true, nil
}

func (l *login) Clear(context.Context, string, string) error { return nil }

func (l *login) Remember(context.Context, string, string, time.Time) error { return nil }

func (l *login) ByEmail(context.Context, string) (staff.Member, error) { return l.members[0], nil }

func (l *login) Rehash(_ context.Context, _ string, _, fresh secret.Text) error {
	l.rehash = fresh
	return nil
}

type dated struct{ hasher }

func (dated) Verify(_ context.Context, phc, _ string) (right, rehash bool, err error) {
	return phc != "", true, nil
}

// Only an active member comes in; its hash is renewed, and its lane is
// of the realm of officials.
func TestR320_Password(t *testing.T) {
	t.Parallel()
	for state, want := range map[staff.State]error{staff.Active: nil, staff.Invited: signin.ErrRefused, staff.Blocked: signin.ErrRefused, staff.Removed: signin.ErrRefused} {
		l := &login{office: &office{members: []staff.Member{{ID: "m1", Email: "olga@example.org", State: state, PasswordHash: "old"}}}}
		s := service(t, l.office)
		s.Store, s.Lanes, s.Hasher, s.LaneKey = l, l, dated{}, []byte("k")
		m, err := s.Password(t.Context(), "Olga@example.org", "right", signin.From{})
		if !errors.Is(err, want) || (m.ID == "m1") != (want == nil) || (l.rehash == "hash of right") != (want == nil) {
			t.Errorf("Password() of a member who is %s = %q, %v, renewed: %t, want %v", state, m.ID, err, l.rehash != "", want)
		}
		if want := limit.Key([]byte("k"), realm.Official, "olga@example.org"); l.key != want {
			t.Errorf("Password() counts under %q, want %q", l.key, want)
		}
	}
}
