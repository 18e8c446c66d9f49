package signkey_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/signkey"
)

// The states of two keys, to the nanosecond: published before signing, and
// verifying for longer than signing.
func TestSchedule(t *testing.T) {
	t.Parallel()
	ring := newRing(t)
	s := &memory{keys: quiet(t, ring)}
	m, c := manager(s, ring)
	var first string // a token of the first key
	for _, step := range []struct {
		at                        time.Duration
		states, signer, published string
		known                     bool // the first token verifies
	}{
		{0, "a:active", "a", "a", true},
		{8*time.Hour - 1, "a:active", "a", "a", true},
		{8 * time.Hour, "a:active b:next", "a", "a b", true},
		{10*time.Hour - 1, "a:active b:next", "a", "a b", true},
		{10 * time.Hour, "a:retired b:active", "b", "a b", true},
		{13*time.Hour - 1, "a:retired b:active", "b", "a b", true},
		{13 * time.Hour, "a:hints b:active", "b", "b", true},
		{14*time.Hour - 1, "a:hints b:active", "b", "b", true},
		{14 * time.Hour, "b:active", "b", "b", false},
		{18 * time.Hour, "b:active c:next", "b", "b c", false},
		{20 * time.Hour, "b:retired c:active", "c", "b c", false},
	} {
		c.now = noon.Add(step.at)
		if err := m.Refresh(t.Context()); err != nil {
			t.Fatalf("%s: Refresh() = %v, want nil", step.at, err)
		}
		if first == "" {
			first = sign(t, m, "ES256")
		}
		if got := s.states(); got != step.states {
			t.Errorf("%s: states = %q, want %q", step.at, got, step.states)
		}
		if got := s.signer(t, m); got != step.signer {
			t.Errorf("%s: signed by %q, want %q", step.at, got, step.signer)
		}
		if got := s.published(t, m); got != step.published {
			t.Errorf("%s: published = %q, want %q", step.at, got, step.published)
		}
		if err := m.Verify(first, "JWT", &claims{}); (err == nil) != step.known {
			t.Errorf("%s: Verify(the first token) = %v, want it known: %t", step.at, err, step.known)
		}
	}
	// Every change has an event: a 5 (new, active, retired, hints, removed), b 3, c 2.
	if s.events != 10 {
		t.Errorf("%d events, want 10", s.events)
	}
}

// One Refresh of these keys.
func TestRefreshMoves(t *testing.T) {
	t.Parallel()
	type key struct {
		state signkey.State
		age   time.Duration // in that state
	}
	for name, c := range map[string]struct {
		keys []key
		want string
	}{
		"an algorithm that an upgrade added":        {nil, "a:active"},
		"nothing due":                               {[]key{{signkey.Active, 7 * time.Hour}}, "a:active"},
		"only a key that waits":                     {[]key{{signkey.Next, 0}}, "a:active"},
		"JW-19: asleep when it was time to publish": {[]key{{signkey.Active, 100 * time.Hour}}, "a:active b:next"},
		"published too late":                        {[]key{{signkey.Active, 100 * time.Hour}, {signkey.Next, 2*time.Hour - 1}}, "a:active b:next"},
		"published early":                           {[]key{{signkey.Active, 10*time.Hour - 1}, {signkey.Next, 9 * time.Hour}}, "a:active b:next"},
		"both times are over":                       {[]key{{signkey.Active, 10 * time.Hour}, {signkey.Next, 2 * time.Hour}}, "a:retired b:active"},
		"several at once": {
			[]key{{signkey.Hints, time.Hour}, {signkey.Retired, 3 * time.Hour}, {signkey.Retired, 3*time.Hour - 1}, {signkey.Active, 10 * time.Hour}, {signkey.Next, 2 * time.Hour}},
			"b:hints c:retired d:retired e:active",
		},
		"one state at a time, however late": {[]key{{signkey.Retired, 1000 * time.Hour}, {signkey.Active, 0}}, "a:hints b:active"},
	} {
		ring := newRing(t)
		s := &memory{keys: quiet(t, ring)}
		for i, k := range c.keys {
			kid := fmt.Sprint("kid-", i)
			s.keys = append(s.keys, row(t, ring, kid, "ES256", ecKey(t), k.state, noon.Add(-k.age)))
			s.made = append(s.made, kid)
		}
		m, _ := manager(s, ring)
		if err := m.Refresh(t.Context()); err != nil {
			t.Errorf("%s: Refresh() = %v, want nil", name, err)
		}
		if got := s.states(); got != c.want {
			t.Errorf("%s: after Refresh() the states are %q, want %q", name, got, c.want)
		}
	}
}

// The first start makes one key per algorithm and no next keys, so that it is
// fast.
func TestFirstStart(t *testing.T) {
	if testing.Short() {
		t.Skip("makes two RSA keys, which takes about a second")
	}
	t.Parallel()
	s := &memory{}
	m, _ := manager(s, newRing(t))
	must(t, m.Refresh(t.Context()))
	for i, alg := range signkey.Algorithms {
		if len(s.keys) != len(signkey.Algorithms) || s.keys[i].Alg != alg || s.keys[i].State != signkey.Active {
			t.Fatalf("after the first Refresh() there are %+v, want one active key for each of %q", s.keys, signkey.Algorithms)
		}
		token := sign(t, m, alg)
		if got := header(t, token); got.Algorithm != alg || got.KeyID != s.keys[i].ID {
			t.Errorf("Sign(%s) = signed with %s by %q, want %q", alg, got.Algorithm, got.KeyID, s.keys[i].ID)
		}
		if err := m.Verify(token, "JWT", &claims{}); err != nil {
			t.Errorf("Verify(of %s) = %v, want nil", alg, err)
		}
	}
}

// OIDC Core §10.1.1, JW-19: after a rotation by hand the next key signs at
// once if it was published before, otherwise after two minutes, when every
// server has read it.
func TestR208_RotateByHand(t *testing.T) {
	t.Parallel()
	ring := newRing(t)
	s := &memory{keys: quiet(t, ring)}
	one, now := manager(s, ring)
	two, _ := manager(s, ring)
	two.Now = one.Now
	must(t, one.Refresh(t.Context()))
	must(t, two.Refresh(t.Context()))
	if err := one.Rotate(t.Context(), "operator"); err != nil {
		t.Fatalf("Rotate() = %v, want nil", err)
	}
	if got, want := s.states(), "a:retired b:active"; got != want {
		t.Errorf("after Rotate() the states are %q, want %q", got, want)
	}
	// The RSA keys were published before.
	if got, want := header(t, sign(t, one, "RS256")).KeyID, "RS256-next"; got != want {
		t.Errorf("after Rotate() RS256 is signed by %q, want %q", got, want)
	}
	for _, step := range []struct {
		after   time.Duration
		refresh bool
		signer  string
	}{
		{0, false, "a"},
		{2*time.Minute - 1, true, "a"},
		{2 * time.Minute, true, "b"},
	} {
		now.now = noon.Add(step.after)
		if step.refresh {
			must(t, one.Refresh(t.Context()))
			must(t, two.Refresh(t.Context()))
		}
		if got := s.signer(t, one); got != step.signer {
			t.Errorf("%s after Rotate(): signed by %q, want %q", step.after, got, step.signer)
		}
		if err := two.Verify(sign(t, one, "ES256"), "JWT", &claims{}); err != nil {
			t.Errorf("%s after Rotate(): Verify() at the other server = %v, want nil", step.after, err)
		}
	}
}

// A key that stopped signing by the schedule does not sign for other servers
// either.
func TestRotateByHandWithShortRetention(t *testing.T) {
	t.Parallel()
	ring := newRing(t)
	s := &memory{keys: quiet(t, ring)}
	m, c := manager(s, ring)
	m.Schedule.Retain = time.Minute
	must(t, m.Refresh(t.Context()))
	for _, step := range []struct {
		at     time.Duration
		move   func() error
		states string
		signer string
	}{
		{0, func() error { return m.Rotate(t.Context(), "operator") }, "a:retired b:active", "a"},
		{30 * time.Second, func() error { waits(t, s, ring); return m.Rotate(t.Context(), "operator") }, "a:retired b:retired c:active", "a"},
		{time.Minute, func() error { return m.Refresh(t.Context()) }, "a:hints b:retired c:active", "c"},
	} {
		c.now = noon.Add(step.at)
		must(t, step.move())
		if states, signer := s.states(), s.signer(t, m); states != step.states || signer != step.signer {
			t.Errorf("%s: states = %q, signed by %q, want %q by %q", step.at, states, signer, step.states, step.signer)
		}
	}
}

// One of several servers rotates, and the others read the result. A server
// that has three conflicts in a row gives up until its next Refresh.
func TestRR06_RotationsCollide(t *testing.T) {
	t.Parallel()
	for conflicts, want := range map[int]error{0: nil, 1: nil, 2: nil, 3: errs.ErrUnavailable} {
		ring := newRing(t)
		s := &memory{keys: quiet(t, ring), conflicts: conflicts}
		m, _ := manager(s, ring)
		if err := m.Refresh(t.Context()); !errors.Is(err, want) {
			t.Errorf("after %d conflicts: Refresh() = %v, want %v", conflicts, err, want)
		}
	}
	ring, broken := newRing(t), errors.New("disk full")
	s := &memory{keys: quiet(t, ring), broken: broken}
	m, _ := manager(s, ring)
	if err := m.Refresh(t.Context()); !errors.Is(err, broken) {
		t.Errorf("Refresh() = %v, want %v at once", err, broken)
	}
	s.broken = nil
	must(t, m.Refresh(t.Context()))
	s.conflicts = 1
	if err := m.Rotate(t.Context(), "operator"); !errors.Is(err, errs.ErrConflict) || s.states() != "a:active" {
		t.Errorf("Rotate() = %v with states %q, want errs.ErrConflict and no change", err, s.states())
	}
	// While the store is unavailable, the keys that were read before stay in use.
	s.err = errs.ErrUnavailable
	for name, err := range map[string]error{"Refresh": m.Refresh(t.Context()), "Rotate": m.Rotate(t.Context(), "operator")} {
		if !errors.Is(err, errs.ErrUnavailable) {
			t.Errorf("%s() = %v, want errs.ErrUnavailable", name, err)
		}
	}
	if states, signer := s.states(), s.signer(t, m); states != "a:active" || signer != "a" {
		t.Errorf("while the store does not answer: states = %q, signed by %q, want %q by %q", states, signer, "a:active", "a")
	}
}
