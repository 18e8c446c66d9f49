package account_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
)

// EN-22: after an undo everything is as it was at the change, whatever came later; what
// changed password or enrolment blocks the account.
func TestEN22_UndoAddress(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	later := noon.Add(time.Hour)
	start := account.Account{
		ID: "a", Email: "a@example.org", State: account.Active, Epoch: 4, PasswordHash: "own", Unblocks: 1, LastLoginAt: noon,
		Factor: account.Factor{Sealed: []byte("own"), LastStep: 100}, Previous: []account.PreviousAddress{{Email: "earlier@example.org", Until: noon.Add(24 * time.Hour)}},
	}
	l := account.DefaultLimits
	u := l.Undo(start, "u", "hash", noon)
	moved, err := start.ChangeEmail(4, "b@example.org", noon)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		since  func(a account.Account) account.Account
		state  account.State
		reason account.BlockReason
		sealed string
		step   int64
	}{
		"nothing": {func(a account.Account) account.Account { return a }, account.Active, "", "own", 100},
		"a login": {func(a account.Account) account.Account { a.Factor.LastStep = 200; return a }, account.Active, "", "own", 200},
		"another app": {func(a account.Account) account.Account {
			a.Factor = account.Factor{Sealed: []byte("thief"), LastStep: 150}
			return a
		}, account.Active, "", "own", 150},
		"a second change": {func(a account.Account) account.Account {
			a, err = a.ChangeEmail(a.Epoch, "c@example.org", later)
			return a
		}, account.Active, "", "own", 100},
		"a password": {func(a account.Account) account.Account {
			a, err = a.SetPassword(a.Epoch, "thief", later)
			return a
		}, account.Blocked, account.AddressUndone, "own", 100},
		"a block": {func(a account.Account) account.Account {
			a, err = a.Block(0, account.Reported, "REF")
			return a
		}, account.Blocked, account.Reported, "own", 100},
		"a password and a block": {func(a account.Account) account.Account {
			a, _ = a.SetPassword(a.Epoch, "thief", later)
			a, err = a.Block(0, account.Reported, "REF")
			return a
		}, account.Blocked, account.AddressUndone, "own", 100},
		"another enrolment": {func(a account.Account) account.Account {
			a, _ = a.Block(0, account.Reported, "REF")
			a, _ = a.Unblock(0, "cancel", later)
			a, err = a.ShowQR(a.Epoch, []byte("thief"), later)
			a.State = account.Active
			return a
		}, account.Blocked, account.AddressUndone, "thief", 0}, // the secret of the second enrolment goes with the next unblock
		"a closing": {func(a account.Account) account.Account { a, err = a.Close(a.Epoch, later); return a }, account.Closed, "", "own", 100},
	} {
		now := c.since(moved)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := now.UndoAddress(u, "NEW-REF", later.Add(time.Hour))
		if err != nil || got.Email != start.Email || got.PasswordHash != "own" || got.State != c.state || got.BlockReason != c.reason || string(got.Factor.Sealed) != c.sealed ||
			got.Factor.LastStep != c.step || got.Epoch != now.Epoch+1 || got.Renewal != account.RenewalDue || len(got.Previous) != 1 || got.Previous[0].Email != "earlier@example.org" {
			t.Errorf("undo after %s = %+v, %v", name, got, err)
		}
	}
	used := u
	used.UsedAt = later
	other := moved
	other.ID = "b"
	for name, try := range map[string]func() (account.Account, error){
		"too late":        func() (account.Account, error) { return moved.UndoAddress(u, "REF", noon.Add(l.UndoTime)) },
		"used":            func() (account.Account, error) { return moved.UndoAddress(used, "REF", later) },
		"another account": func() (account.Account, error) { return other.UndoAddress(u, "REF", later) },
	} {
		if _, err := try(); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("%s: %v, want errs.ErrConflict", name, err)
		}
	}
}

// X12: a code is judged five times, then it is spent; the latest code of the mailbox is
// right too, and at a taken address no code is.
func TestX12_JudgeAddress(t *testing.T) {
	t.Parallel()
	latest := account.LatestCode{Hash: "latest", Tries: limit.MailboxTries}
	over := account.LatestCode{Hash: "latest", Tries: limit.MailboxTries + 1}
	for name, c := range map[string]struct {
		failures     int
		taken        bool
		hash         string
		latest       account.LatestCode
		own, mailbox string
		want         account.AddressVerdict
	}{
		"right":                {1, false, "own", latest, "own", "x", account.AddressRight},
		"the last try":         {5, false, "own", latest, "own", "x", account.AddressRight},
		"one more":             {6, false, "own", latest, "own", "latest", account.AddressSpent},
		"wrong":                {4, false, "own", latest, "x", "x", account.AddressWrong},
		"wrong, the last":      {5, false, "own", latest, "x", "x", account.AddressSpent},
		"latest":               {1, false, "", latest, "x", "latest", account.AddressRight},
		"latest, tried enough": {1, false, "", over, "x", "latest", account.AddressWrong},
		"taken":                {1, true, "own", latest, "own", "latest", account.AddressWrong},
		"none was mailed":      {1, false, "", account.LatestCode{}, "", "", account.AddressWrong},
	} {
		change := account.AddressChange{Failures: c.failures, Taken: c.taken, CodeHash: c.hash}
		if got := change.Judge(c.latest, c.own, c.mailbox); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// EN-22: the undo of a change of address restores the apps that the account had before it, and keeps
// none that was linked since.
func TestEN22_UndoAddressRestoresApps(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	own := account.App{Number: 2, Name: "tablet", Sealed: []byte("second"), LastStep: 90}
	before := account.Account{
		ID: "a", State: account.Active, Epoch: 4, Unblocks: 1, LastLoginAt: noon, Factor: account.Factor{Sealed: []byte("first"), LastStep: 100},
		Apps: account.Apps{Enrolment: 1, Given: 2, Second: own, New: account.NewApp{Number: 3, Epoch: 4}},
	}
	was := account.FactorsOf(before)
	thief := before
	thief.Epoch++
	thief.Factor = account.Factor{Sealed: []byte("thief"), LastStep: 150}
	thief.Apps = account.Apps{Enrolment: 1, Given: 5, Second: account.App{Number: 5, Sealed: []byte("thief too"), LastStep: 160}, New: account.NewApp{Number: 6, Epoch: 5}}
	got := was.Restore(thief)
	own.LastStep = 160 // no step that was used since is accepted again
	if string(got.Factor.Sealed) != "first" || got.Factor.LastStep != 160 || !reflect.DeepEqual(got.Apps.Second, own) || got.Apps.New.Number != 0 || got.Apps.Given != 5 {
		t.Errorf("Restore = %+v", got)
	}
	before.Apps = account.Apps{}
	if got := account.FactorsOf(before).Restore(thief); got.Apps.Second.Number != 0 || got.Apps.Given != 5 {
		t.Errorf("Restore of one app = %+v", got.Apps)
	}
}
