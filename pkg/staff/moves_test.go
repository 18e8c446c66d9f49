package staff

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
)

var states = []State{Invited, Active, Blocked, Removed}

// in returns a reviewer of epoch 7 in a state.
func in(s State) Member {
	m := Member{ID: "m", Name: "Olga", Email: "o@gov.example", Lang: "nl", Roles: []Role{Reviewer}, State: s, Epoch: 7, CreatedAt: moment.Add(-time.Hour)}
	m.InviteExpires = moment.Add(time.Hour) // it stays when the invitation is used
	switch s {
	case Invited:
		m.Invite = "handle"
	case Active, Blocked:
		m.LastLoginAt = moment.Add(-time.Minute)
		m.PasswordHash, m.Factor = "hash", account.Factor{Sealed: []byte("s"), LastStep: 100, Failures: 2, NextTryAt: moment}
	}
	return m
}

var moment = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func TestMoves(t *testing.T) {
	t.Parallel()
	again := Member{ID: "other", Name: "O.", Email: "x@gov.example", Lang: "en", Roles: Roles, Epoch: 1, Invite: "next", InviteExpires: moment, CreatedAt: moment}
	renewedAs := func(m *Member) {
		*m = Member{
			ID: "m", Name: "O.", Email: "o@gov.example", Lang: "en", Roles: Roles, State: Invited, Epoch: 8, Invite: "next", InviteExpires: moment,
			CreatedAt: moment.Add(-time.Hour), LastLoginAt: m.LastLoginAt,
		}
	}
	for name, move := range map[string]struct {
		do     func(Member) (Member, error)
		leaves []State
		after  func(*Member)
	}{
		"Accept": {
			func(m Member) (Member, error) { return m.Accept("new", []byte("n"), moment) }, []State{Invited},
			func(m *Member) { m.State, m.PasswordHash, m.Factor.Sealed, m.Invite = Active, "new", []byte("n"), "" },
		},
		"Accept(the last moment)": {
			func(m Member) (Member, error) {
				return m.Accept("new", []byte("n"), moment.Add(time.Hour-time.Millisecond))
			}, []State{Invited},
			func(m *Member) { m.State, m.PasswordHash, m.Factor.Sealed, m.Invite = Active, "new", []byte("n"), "" },
		},
		"Accept(too late)": {func(m Member) (Member, error) { return m.Accept("new", []byte("n"), moment.Add(time.Hour)) }, nil, nil},
		"SetRoles": {
			func(m Member) (Member, error) { return m.SetRoles([]Role{Auditor}) }, []State{Invited, Active, Blocked},
			func(m *Member) { m.Roles, m.Epoch = []Role{Auditor}, 8 },
		},
		"Remove": {
			Member.Remove, []State{Invited, Active, Blocked},
			func(m *Member) {
				m.State, m.Invite, m.PasswordHash, m.Factor.Sealed, m.Epoch = Removed, "", "", nil, 8
			},
		},
		"InvitedAs(by the operator)": {func(m Member) (Member, error) { return m.InvitedAs(again, true) }, states, renewedAs},
		"InvitedAs(by an administrator)": {
			func(m Member) (Member, error) { return m.InvitedAs(again, false) }, []State{Invited, Removed}, renewedAs,
		},
		"Judged(right)": {
			func(m Member) (Member, error) {
				return m.Judged(account.Verdict{Outcome: account.Accepted, Step: 101}, moment)
			}, states,
			func(m *Member) {
				m.LastLoginAt, m.Factor = moment, account.Factor{Sealed: m.Factor.Sealed, LastStep: 101}
			},
		},
		"Judged(a spent step)": {
			func(m Member) (Member, error) {
				return m.Judged(account.Verdict{Outcome: account.Accepted, Step: m.Factor.LastStep}, moment)
			}, nil, nil,
		},
		"Judged(one too many)": {
			func(m Member) (Member, error) {
				return m.Judged(account.Verdict{Outcome: account.BlockedNow}, moment)
			}, states,
			func(m *Member) { m.State, m.Epoch = Blocked, 8 },
		},
	} {
		for _, s := range states {
			want, wantErr := Member{}, errs.ErrConflict
			if slices.Contains(move.leaves, s) {
				want, wantErr = in(s), nil
				move.after(&want)
			}
			if got, err := move.do(in(s)); !errors.Is(err, wantErr) || !reflect.DeepEqual(got, want) {
				t.Errorf("%s of %s = %+v, %v, want %+v, %v", name, s, got, err, want, wantErr)
			}
		}
	}
	fresh := in(Invited)
	fresh.State = ""
	if got, err := (Member{}).InvitedAs(fresh, false); err != nil || !reflect.DeepEqual(got, in(Invited)) {
		t.Errorf("InvitedAs(nobody) = %+v, %v, want %+v", got, err, in(Invited))
	}
}

func TestTryAndManages(t *testing.T) {
	t.Parallel()
	for _, s := range states {
		m := in(s)
		m.Roles = []Role{Auditor, Administrator}
		want, wantErr := account.CodeTry{}, errs.ErrConflict
		if s == Active {
			want, wantErr = account.CodeTry{State: account.Active, Factor: m.Factor}, nil
		}
		if got, err := m.Try(); !errors.Is(err, wantErr) || !reflect.DeepEqual(got, want) {
			t.Errorf("Try(%s) = %+v, %v, want %+v, %v", s, got, err, want, wantErr)
		}
		if got, want := m.Manages(), s == Active; got != want {
			t.Errorf("Manages(%s administrator) = %t, want %t", s, got, want)
		}
		m.Roles = []Role{Helpdesk, Reviewer, Auditor}
		if m.Manages() {
			t.Errorf("Manages(%s, every role but administrator) = true, want false", s)
		}
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		state State
		roles []Role
		want  []Work
	}{
		{Active, Roles, nil},
		{Blocked, Roles, nil},
		{Invited, Roles, []Work{Renewals}},
		{Active, []Role{Reviewer}, []Work{Requests, Renewals}},
		{Active, []Role{Helpdesk, Auditor}, []Work{Cases, Renewals}},
		{Blocked, []Role{Administrator}, []Work{Cases, Requests}},
		{Removed, Roles, []Work{Cases, Requests, Renewals}},
	} {
		if got := (Member{State: test.state, Roles: test.roles}).Ends(); !slices.Equal(got, test.want) {
			t.Errorf("Ends(%s with %v) = %v, want %v", test.state, test.roles, got, test.want)
		}
	}
}
