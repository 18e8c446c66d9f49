package account_test

import (
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// DESIGN.md §3.7 and §8.4.
func TestDefaultLimits(t *testing.T) {
	t.Parallel()
	l := account.DefaultLimits
	if l.EnrolmentCodes != 5 || l.Codes < 5 || l.Codes > 16 || l.EnrolmentTime != 7*24*time.Hour {
		t.Errorf("%+v", l)
	}
	for state, want := range map[account.State]int{account.QRShown: l.EnrolmentCodes, account.Active: l.Codes} {
		if l.Limit(state, 1) != want {
			t.Errorf("%s: %d", state, l.Limit(state, 1))
		}
	}
}

// the first two wrong codes are free, then it never gets quicker.
func TestDelayGrows(t *testing.T) {
	t.Parallel()
	want := []time.Duration{0, 0, 0, 5 * time.Second, 5 * time.Second, 30 * time.Second, 30 * time.Second, 2 * time.Minute, 2 * time.Minute}
	for n, delay := range want {
		if account.Delay(n) != delay {
			t.Errorf("after %d: %s, want %s", n, account.Delay(n), delay)
		}
	}
	if account.Delay(1000) != 2*time.Minute {
		t.Error(account.Delay(1000))
	}
}

// EN-14: at seven days, of a QR that was shown and nothing else.
func TestEN14_EnrolmentLapsed(t *testing.T) {
	t.Parallel()
	l := account.DefaultLimits
	end := noon.Add(l.EnrolmentTime)
	for _, state := range []account.State{account.AwaitingEnrolment, account.QRShown, account.Active, account.Blocked, account.Closed} {
		a := account.Account{State: state, Factor: account.Factor{ShownAt: noon}}
		if l.EnrolmentLapsed(a, end.Add(-time.Nanosecond)) {
			t.Error(state, "before the end")
		}
		if l.EnrolmentLapsed(a, end) != (state == account.QRShown) {
			t.Error(state, "at the end")
		}
	}
}

// A secret belongs to one account and one enrolment of it.
func TestFactorAAD(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, id := range []string{"a", "a|1", "b"} {
		for enrolment := range 12 {
			aad := account.FactorAAD(id, enrolment)
			if seen[aad] {
				t.Error("twice:", aad)
			}
			seen[aad] = true
		}
	}
}

func TestNamesAndLines(t *testing.T) {
	t.Parallel()
	if got := (account.Profile{GivenName: "Anna", FamilyName: "Muster"}).FullName(); got != "Anna Muster" {
		t.Error(got)
	}
	if got := (account.Profile{FamilyName: "Muster"}).FullName(); got != "Muster" {
		t.Error(got)
	}
	if got := (account.Address{Line1: "a", Line3: "c"}).Lines(); len(got) != 2 || got[1] != "c" {
		t.Error(got)
	}
}
