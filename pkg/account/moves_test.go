package account

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"omgevingsloket-id/pkg/errs"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// in returns an account of epoch 7 in a state, with every field set that the
// state may have.
func in(s State) Account {
	a := Account{ID: "a", State: s, Epoch: 7, Unblocks: 1, UnblockedAt: noon.Add(-time.Hour), Email: "old@example.org"}
	if s != Blocked && s != Closed {
		a.CancelHash = "link 1"
	}
	if s != AwaitingEnrolment {
		a.Factor = Factor{Sealed: []byte("old"), LastStep: 100, Failures: 2, NextTryAt: noon, ShownAt: noon.Add(-time.Minute)}
	}
	switch s {
	case Blocked:
		a.BlockReason, a.BlockRef = TooManyCodes, "OLD"
	case Closed:
		a.ClosedAt = noon.Add(-time.Hour)
	}
	return a
}

func TestMoves(t *testing.T) {
	t.Parallel()
	moves := map[string]struct {
		move   func(Account, int64) (Account, error)
		leaves []State
		any    bool // epoch 0 is any
		after  func(*Account)
	}{
		"ShowQR": {
			func(a Account, epoch int64) (Account, error) { return a.ShowQR(epoch, []byte("new"), noon) },
			[]State{AwaitingEnrolment}, false,
			func(a *Account) { a.State, a.Factor = QRShown, Factor{Sealed: []byte("new"), ShownAt: noon} },
		},
		"Block": {
			func(a Account, epoch int64) (Account, error) { return a.Block(epoch, Reported, "REF") },
			[]State{AwaitingEnrolment, QRShown, Active}, true,
			func(a *Account) {
				a.State, a.BlockReason, a.BlockRef, a.Epoch, a.CancelHash = Blocked, Reported, "REF", 8, ""
			},
		},
		"Unblock": {
			func(a Account, epoch int64) (Account, error) { return a.Unblock(epoch, "link 2", noon) },
			[]State{Blocked}, true,
			func(a *Account) {
				*a = Account{ID: "a", State: AwaitingEnrolment, Epoch: 8, Unblocks: 2, UnblockedAt: noon, CancelHash: "link 2", Email: "old@example.org"}
			},
		},
		"ChangeLang": {
			func(a Account, epoch int64) (Account, error) { return a.ChangeLang(epoch, "en") },
			[]State{AwaitingEnrolment, QRShown, Active, Blocked}, false,
			func(a *Account) { a.Lang = "en" },
		},
		"ChangeLang(no other language)": {
			func(a Account, epoch int64) (Account, error) { return a.ChangeLang(epoch, a.Lang) }, nil, false, nil,
		},
		"ChangeLang(an unknown language)": {
			func(a Account, epoch int64) (Account, error) { return a.ChangeLang(epoch, "de") }, nil, false, nil,
		},
		"Close": {
			func(a Account, epoch int64) (Account, error) { return a.Close(epoch, noon) },
			[]State{AwaitingEnrolment, QRShown, Active, Blocked}, false,
			func(a *Account) {
				a.State, a.BlockReason, a.BlockRef, a.Epoch, a.ClosedAt, a.CancelHash = Closed, "", "", 8, noon, ""
			},
		},
		"ChangeEmail": {
			func(a Account, epoch int64) (Account, error) { return a.ChangeEmail(epoch, "new@example.org", noon) },
			[]State{AwaitingEnrolment, QRShown, Active, Blocked}, false,
			func(a *Account) {
				a.Email, a.Epoch = "new@example.org", 8
				a.Previous = []PreviousAddress{{Email: "old@example.org", Until: noon.Add(PreviousTime)}}
			},
		},
		"Cancel": {
			func(a Account, epoch int64) (Account, error) {
				if epoch != 7 {
					return Account{}, errs.ErrConflict // Cancel is called with the locked row only
				}
				return a.Cancel("link 1", "REF", noon)
			},
			[]State{AwaitingEnrolment, QRShown, Active}, false,
			func(a *Account) {
				a.State, a.BlockReason, a.BlockRef, a.Epoch, a.CancelHash = Blocked, Cancelled, "REF", 8, ""
			},
		},
		"Reopen": {
			func(a Account, epoch int64) (Account, error) {
				return a.Reopen(epoch, Reopened, "REF", time.Hour+time.Millisecond, noon)
			},
			[]State{Closed}, false,
			func(a *Account) {
				a.State, a.BlockReason, a.BlockRef, a.Epoch, a.ClosedAt = Blocked, Reopened, "REF", 8, time.Time{}
			},
		},
	}
	for name, m := range moves {
		for _, s := range []State{AwaitingEnrolment, QRShown, Active, Blocked, Closed} {
			for _, epoch := range []int64{0, 6, 7, 8} {
				want, wantErr := Account{}, errs.ErrConflict
				for _, from := range m.leaves {
					if s == from && (epoch == 7 || m.any && epoch == 0) {
						want, wantErr = in(s), nil
						m.after(&want)
					}
				}
				got, err := m.move(in(s), epoch)
				if !errors.Is(err, wantErr) || !reflect.DeepEqual(got, want) {
					t.Errorf("%s(%s, epoch %d) = %+v, %v, want %+v, %v", name, s, epoch, got, err, want, wantErr)
				}
			}
		}
	}
	if got, err := in(Closed).Reopen(7, Reopened, "REF", time.Hour, noon); !errors.Is(err, errs.ErrConflict) {
		t.Errorf("Reopen(exactly within after closing) = %+v, %v, want %v", got, err, errs.ErrConflict)
	}
}

func TestTry(t *testing.T) {
	t.Parallel()
	for s, has := range map[State]bool{AwaitingEnrolment: false, QRShown: true, Active: true, Blocked: false, Closed: false} {
		a := in(s)
		want, wantErr := CodeTry{}, errs.ErrConflict
		if has {
			want, wantErr = CodeTry{State: s, Enrolment: 1, Factor: a.Factor}, nil
		}
		if got, err := a.Try(); !errors.Is(err, wantErr) || !reflect.DeepEqual(got, want) {
			t.Errorf("Try(%s) = %+v, %v, want %+v, %v", s, got, err, want, wantErr)
		}
	}
}

// What two officials established holds for the enrolment that it was about: the
// next one, and a reset after this one, need the rule from its start.
func TestPW_LostBothEndsWithItsEnrolment(t *testing.T) {
	t.Parallel()
	for renewal, want := range map[Renewal]Renewal{RenewalLost: NoRenewal, RenewalDue: RenewalDue, NoRenewal: NoRenewal} {
		for name, move := range map[string]func() (Account, error){
			"Unblock": func() (Account, error) {
				a := in(Blocked)
				a.Renewal = renewal
				return a.Unblock(a.Epoch, "hash", noon)
			},
			"Judged(right)": func() (Account, error) {
				a := in(QRShown)
				a.Renewal = renewal
				return a.Judged(Verdict{Outcome: Accepted, Step: 101}, noon)
			},
		} {
			if got, err := move(); err != nil || got.Renewal != want {
				t.Errorf("%s of an account with renewal %q: renewal %q, %v, want %q", name, renewal, got.Renewal, err, want)
			}
		}
	}
	a := in(QRShown)
	a.Renewal = RenewalLost
	if got, err := a.Judged(Verdict{Outcome: Wrong}, noon); err != nil || got.Renewal != RenewalLost {
		t.Errorf("Judged(wrong): renewal %q, %v, want %q", got.Renewal, err, RenewalLost)
	}
}

func TestJudged(t *testing.T) {
	t.Parallel()
	later := noon.Add(5 * time.Second)
	for name, test := range map[string]struct {
		verdict Verdict
		after   func(*Account) // nil = errs.ErrConflict
	}{
		"right": {Verdict{Outcome: Accepted, Step: 101}, func(a *Account) {
			a.State, a.LastLoginAt, a.Factor.LastStep, a.Factor.Failures, a.Factor.NextTryAt = Active, noon, 101, 0, time.Time{}
		}},
		"a spent step": {Verdict{Outcome: Accepted, Step: 100}, nil},
		"wrong":        {Verdict{Outcome: Wrong, NextTryAt: later}, func(a *Account) { a.Factor.NextTryAt = later }},
		"replayed":     {Verdict{Outcome: Replayed}, func(a *Account) { a.Factor.Failures = 1 }},
		"too soon":     {Verdict{Outcome: TooSoon}, func(a *Account) { a.Factor.Failures = 1 }},
		"blocked": {Verdict{Outcome: BlockedNow, Reason: EnrolmentCodes, BlockRef: "REF"}, func(a *Account) {
			a.State, a.BlockReason, a.BlockRef, a.Epoch, a.CancelHash = Blocked, EnrolmentCodes, "REF", 8, ""
		}},
	} {
		want, wantErr := Account{}, errs.ErrConflict
		if test.after != nil {
			want, wantErr = in(QRShown), nil
			test.after(&want)
		}
		got, err := in(QRShown).Judged(test.verdict, noon)
		if !errors.Is(err, wantErr) || !reflect.DeepEqual(got, want) {
			t.Errorf("Judged(%s) = %+v, %v, want %+v, %v", name, got, err, want, wantErr)
		}
	}
}
