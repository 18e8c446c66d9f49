package helpdesk

import (
	"errors"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
)

// A request that is done changes its account, once; any other does not.
func TestAct(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	in := func(s account.State) account.Account {
		return account.Account{ID: "a", Email: "old@example.org", State: s, Epoch: 7}
	}
	for name, c := range map[string]struct {
		kind  Kind
		state State
		from  account.State
		want  func(*account.Account) // nil = errs.ErrConflict
	}{
		"open":                 {Unblock, Open, account.Blocked, func(*account.Account) {}},
		"refused":              {Closing, Refused, account.Active, func(*account.Account) {}},
		"confirmed":            {Address, Confirmed, account.Active, func(*account.Account) {}},
		"unblock":              {Unblock, Done, account.Blocked, func(a *account.Account) { a.State, a.Unblocks, a.UnblockedAt = account.AwaitingEnrolment, 1, at }},
		"unblock, not blocked": {Unblock, Done, account.Active, nil},
		"closing":              {Closing, Done, account.Active, func(a *account.Account) { a.State, a.ClosedAt = account.Closed, at }},
		"closing, closed":      {Closing, Done, account.Closed, nil},
		"address":              {Address, Done, account.Blocked, func(a *account.Account) { a.Email = "new@example.org" }},
		"address, closed":      {Address, Done, account.Closed, nil},
	} {
		got, err := Request{Kind: c.kind, State: c.state, Email: "new@example.org", DecidedAt: at}.Act(in(c.from))
		if c.want == nil {
			if !errors.Is(err, errs.ErrConflict) {
				t.Errorf("%s: Act() = %v, want errs.ErrConflict", name, err)
			}
			continue
		}
		want := in(c.from)
		if c.want(&want); c.state == Done {
			want.Epoch = 8
		}
		if err != nil || got.State != want.State || got.Email != want.Email || got.Epoch != want.Epoch || got.Unblocks != want.Unblocks ||
			!got.UnblockedAt.Equal(want.UnblockedAt) || !got.ClosedAt.Equal(want.ClosedAt) {
			t.Errorf("%s: Act() = %+v, %v, want %+v", name, got, err, want)
		}
	}
}

// What an official began ends when the official leaves, unless it waits for the
// holder or ended before.
func TestLeave(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for state, want := range map[State]bool{Open: true, Proposed: true, Confirmed: false, Done: false, Refused: false, Cancelled: false} {
		got, ends := Request{State: state}.Leave("admin", at)
		if ends != want || ends && (got.State != Cancelled || got.DecidedBy != "admin" || !got.DecidedAt.Equal(at)) || !ends && got.State != state {
			t.Errorf("Leave() of a request that is %s = %+v, %t, want %t", state, got, ends, want)
		}
	}
}
