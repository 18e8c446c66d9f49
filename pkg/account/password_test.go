package account_test

import (
	"errors"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
)

// DESIGN §3.7: a mailbox alone never gives both password and factor.
func TestPasswordRoad(t *testing.T) {
	t.Parallel()
	limits := account.DefaultLimits
	limits.RecoveryDelay = 24 * time.Hour
	for name, c := range map[string]struct {
		a    account.Account
		want account.Road
	}{
		"no account":                           {account.Account{}, account.RoadNone},
		"never active":                         {account.Account{State: account.AwaitingEnrolment}, account.RoadLink},
		"never active, QR shown":               {account.Account{State: account.QRShown}, account.RoadLink},
		"never active, unblocked":              {account.Account{State: account.AwaitingEnrolment, Unblocks: 1, UnblockedAt: noon}, account.RoadLink},
		"active":                               {account.Account{State: account.Active, LastLoginAt: noon}, account.RoadCode},
		"active, after a recovery":             {account.Account{State: account.Active, LastLoginAt: noon, Unblocks: 2, Renewal: account.RenewalLost}, account.RoadCode},
		"lost its factor":                      {account.Account{State: account.AwaitingEnrolment, LastLoginAt: noon, Unblocks: 1, UnblockedAt: noon.Add(-time.Hour)}, account.RoadEnrol},
		"lost its factor, QR shown again":      {account.Account{State: account.QRShown, LastLoginAt: noon, Unblocks: 1}, account.RoadEnrol},
		"somebody else knows the password":     {account.Account{State: account.AwaitingEnrolment, LastLoginAt: noon, Unblocks: 1, Renewal: account.RenewalDue}, account.RoadEnrol},
		"lost both, in the delay":              {account.Account{State: account.AwaitingEnrolment, LastLoginAt: noon, Unblocks: 1, UnblockedAt: noon.Add(-24*time.Hour + 1), Renewal: account.RenewalLost}, account.RoadWait},
		"lost both, after the delay":           {account.Account{State: account.AwaitingEnrolment, LastLoginAt: noon, Unblocks: 1, UnblockedAt: noon.Add(-24 * time.Hour), Renewal: account.RenewalLost}, account.RoadLink},
		"lost both, but the QR has been shown": {account.Account{State: account.QRShown, LastLoginAt: noon, Unblocks: 1, UnblockedAt: noon.Add(-48 * time.Hour), Renewal: account.RenewalLost}, account.RoadEnrol},
		"blocked":                              {account.Account{State: account.Blocked}, account.RoadHelpdesk},
		"closed":                               {account.Account{State: account.Closed}, account.RoadNone},
	} {
		if got := limits.PasswordRoad(c.a, noon); got != c.want {
			t.Errorf("%s: PasswordRoad = %s, want %s", name, got, c.want)
		}
	}
}

func TestSetPassword(t *testing.T) {
	t.Parallel()
	for _, state := range []account.State{account.AwaitingEnrolment, account.QRShown, account.Active} {
		a := account.Account{State: state, Epoch: 3, PasswordHash: "old", Renewal: account.RenewalDue, Factor: account.Factor{LastStep: 7}}
		got, err := a.SetPassword(3, "new", noon)
		a.PasswordHash, a.PasswordAt, a.Renewal, a.Epoch = "new", noon, account.NoRenewal, 4
		if err != nil || got.PasswordHash != a.PasswordHash || got.PasswordAt != noon || got.Renewal != "" || got.Epoch != 4 || got.State != state || got.Factor.LastStep != 7 {
			t.Errorf("%s: SetPassword = %+v, %v, want %+v", state, got, err, a)
		}
		if _, err := a.SetPassword(3, "new", noon); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("%s: SetPassword of another epoch = %v, want a conflict", state, err)
		}
	}
	for _, state := range []account.State{account.Blocked, account.Closed} {
		if _, err := (account.Account{State: state, Epoch: 3}).SetPassword(3, "new", noon); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("%s: SetPassword = %v, want a conflict", state, err)
		}
	}
}

// The pauses between mails grow to the time that a link lives, so that the link of the
// last mail works until there can be another one, and begin anew after a day.
func TestSendLink(t *testing.T) {
	t.Parallel()
	limits, now := account.DefaultLimits, noon
	link := account.PasswordLink{Key: "k"}
	for i, pause := range []time.Duration{0, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute, 30 * time.Minute} {
		if pause > 0 {
			if _, err := limits.SendLink(link, account.PasswordLink{Hash: "x"}, now.Add(pause-1)); !errors.Is(err, account.ErrSpaced) {
				t.Errorf("mail %d: SendLink before %v = %v, want ErrSpaced", i+1, pause, err)
			}
		}
		now = now.Add(pause)
		next, err := limits.SendLink(link, account.PasswordLink{Hash: "x", AccountID: "a", Epoch: 2, OpenedAt: noon}, now)
		if err != nil || next.Sent != i+1 || next.Key != "k" || !next.SentAt.Equal(now) || !next.OpenedAt.IsZero() {
			t.Fatalf("mail %d: SendLink = %+v, %v", i+1, next, err)
		}
		link = next
	}
	if next, err := limits.SendLink(link, account.PasswordLink{}, now.Add(account.ResetKept)); err != nil || next.Sent != 1 {
		t.Errorf("a day later: SendLink = %+v, %v, want the first of a series", next, err)
	}
}

func TestResetSteps(t *testing.T) {
	t.Parallel()
	limits := account.DefaultLimits
	active := account.Account{ID: "a", State: account.Active, Epoch: 2, LastLoginAt: noon}
	link := account.PasswordLink{Key: "k", AccountID: "a", Epoch: 2, SentAt: noon, ClientID: "web"}
	for name, c := range map[string]struct {
		change func(*account.PasswordLink, *account.Account)
		after  time.Duration
		opens  bool
	}{
		"right":            {func(*account.PasswordLink, *account.Account) {}, 0, true},
		"at its last":      {func(*account.PasswordLink, *account.Account) {}, limits.ResetTime - 1, true},
		"too late":         {func(*account.PasswordLink, *account.Account) {}, limits.ResetTime, false},
		"used":             {func(l *account.PasswordLink, _ *account.Account) { l.OpenedAt = noon }, 0, false},
		"another epoch":    {func(_ *account.PasswordLink, a *account.Account) { a.Epoch++ }, 0, false},
		"another account":  {func(_ *account.PasswordLink, a *account.Account) { a.ID = "b" }, 0, false},
		"blocked":          {func(_ *account.PasswordLink, a *account.Account) { a.State = account.Blocked }, 0, false},
		"without a factor": {func(_ *account.PasswordLink, a *account.Account) { a.State = account.AwaitingEnrolment }, 0, false},
	} {
		l, a := link, active
		c.change(&l, &a)
		opened, reset, err := limits.OpenLink(l, a, "browser", noon.Add(c.after))
		if (err == nil) != c.opens || limits.Opens(l, a, noon.Add(c.after)) != c.opens {
			t.Errorf("%s: OpenLink = %v, want opened %t", name, err, c.opens)
		}
		if c.opens && (opened.OpenedAt.IsZero() || reset != (account.Reset{Browser: "browser", Key: "k", AccountID: "a", Epoch: 2, ClientID: "web", OpenedAt: noon.Add(c.after)})) {
			t.Errorf("%s: OpenLink = %+v, %+v", name, opened, reset)
		}
	}
	reset := account.Reset{Browser: "browser", Key: "k", AccountID: "a", Epoch: 2, OpenedAt: noon}
	proven := reset
	proven.CodeAt = noon
	used := proven
	used.UsedAt = noon
	blocked, fresh := active, active
	blocked.State = account.Blocked
	fresh.State, fresh.LastLoginAt = account.AwaitingEnrolment, time.Time{}
	for name, c := range map[string]struct {
		r     account.Reset
		a     account.Account
		after time.Duration
		want  account.ResetStep
	}{
		"at first":           {reset, active, 0, account.ResetCode},
		"after the code":     {proven, active, 0, account.ResetPassword},
		"never active":       {reset, fresh, 0, account.ResetPassword},
		"at its last":        {proven, active, limits.ResetTime - 1, account.ResetPassword},
		"too late":           {proven, active, limits.ResetTime, account.ResetOver},
		"used":               {used, active, 0, account.ResetOver},
		"blocked since":      {proven, blocked, 0, account.ResetOver},
		"of another account": {proven, account.Account{ID: "b", State: account.Active, Epoch: 2}, 0, account.ResetOver},
		"of another epoch":   {proven, account.Account{ID: "a", State: account.Active, Epoch: 3}, 0, account.ResetOver},
	} {
		if got := limits.Step(c.r, c.a, noon.Add(c.after)); got != c.want {
			t.Errorf("%s: Step = %s, want %s", name, got, c.want)
		}
	}
}
