package account

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/errs"
)

const day = 24 * time.Hour

// history makes accounts by the moves of people, so that no test sets a state that
// cannot exist.
type history struct {
	t   *testing.T
	a   Account
	now time.Time
}

func (h *history) move(a Account, err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
	h.a = a
}

func (h *history) wait(d time.Duration) { h.now = h.now.Add(d) }
func (h *history) block()               { h.move(h.a.Block(0, Reported, "REF")) }
func (h *history) unblock()             { h.move(h.a.Unblock(h.a.Epoch, "link", h.now)) }
func (h *history) changeAddress(to string) {
	h.move(h.a.ChangeEmail(h.a.Epoch, to, h.now))
}
func (h *history) show() { h.move(h.a.ShowQR(h.a.Epoch, []byte("sealed"), h.now)) }
func (h *history) enrol() {
	h.show()
	h.move(h.a.Judged(Verdict{Outcome: Accepted, Step: 1}, h.now))
}
func (h *history) close()  { h.move(h.a.Close(h.a.Epoch, h.now)) }
func (h *history) reopen() { h.move(h.a.Reopen(h.a.Epoch, Reopened, "REF", 30*day, h.now)) }
func (h *history) cancel() { h.move(h.a.Cancel("link", "REF", h.now)) }

// X4: who may see the QR when, after every order of steps. The rules here follow
// DESIGN.md §3.7, not the code: the first enrolment needs the password only; after
// an unblock it takes a mailed code, and for an account that was ever active a day
// since the last unblock or change of address.
func TestX4_WhoMaySeeTheQR(t *testing.T) {
	t.Parallel()
	limits := DefaultLimits
	limits.RecoveryDelay = day
	for name, c := range map[string]struct {
		steps func(*history)
		wait  time.Duration // from the last step until the mailed code is enough; < 0: the password is
	}{
		"approved":                  {func(*history) {}, -1},
		"approved, address changed": {func(h *history) { h.changeAddress("b") }, -1},
		"QR clicked away":           {func(h *history) { h.show(); h.block(); h.unblock() }, 0},
		"never shown":               {func(h *history) { h.block(); h.unblock() }, 0},
		"clicked away twice": {func(h *history) {
			h.show()
			h.block()
			h.unblock()
			h.show()
			h.block()
			h.unblock()
		}, 0},
		"clicked away, address changed": {func(h *history) { h.show(); h.block(); h.unblock(); h.changeAddress("b") }, 0},
		"phone lost":                    {func(h *history) { h.enrol(); h.block(); h.unblock() }, day},
		"phone lost long ago":           {func(h *history) { h.enrol(); h.wait(700 * day); h.block(); h.unblock() }, day},
		"blocked long before":           {func(h *history) { h.enrol(); h.block(); h.wait(90 * day); h.unblock() }, day},
		"half a day later":              {func(h *history) { h.enrol(); h.block(); h.unblock(); h.wait(day / 2) }, day / 2},
		"a day later":                   {func(h *history) { h.enrol(); h.block(); h.unblock(); h.wait(day) }, 0},
		"a new phone's QR clicked away": {func(h *history) {
			h.enrol()
			h.block()
			h.unblock()
			h.wait(day)
			h.show()
			h.block()
			h.unblock()
		}, day},
		"unblocked twice": {func(h *history) {
			h.enrol()
			h.block()
			h.unblock()
			h.wait(day / 2)
			h.block()
			h.unblock()
		}, day},
		"address, then unblocked":  {func(h *history) { h.enrol(); h.changeAddress("b"); h.wait(day / 2); h.block(); h.unblock() }, day},
		"address while blocked":    {func(h *history) { h.enrol(); h.block(); h.changeAddress("b"); h.wait(day / 2); h.unblock() }, day},
		"address during the delay": {func(h *history) { h.enrol(); h.block(); h.unblock(); h.wait(day - 1); h.changeAddress("b") }, day},
		"address after the delay":  {func(h *history) { h.enrol(); h.block(); h.unblock(); h.wait(2 * day); h.changeAddress("b") }, day},
		"two addresses": {func(h *history) {
			h.enrol()
			h.block()
			h.unblock()
			h.changeAddress("b")
			h.wait(day / 2)
			h.changeAddress("c")
		}, day},
		"address there and back": {func(h *history) {
			h.enrol()
			h.block()
			h.unblock()
			h.changeAddress("b")
			h.wait(day / 2)
			h.changeAddress("a")
		}, day},
		"address long ago": {func(h *history) {
			h.enrol()
			h.changeAddress("b")
			h.wait(30 * day)
			h.block()
			h.unblock()
			h.wait(day / 2)
		}, day / 2},
		"cancelled, unblocked": {func(h *history) {
			h.enrol()
			h.block()
			h.unblock()
			h.wait(day / 2)
			h.cancel()
			h.unblock()
		}, day},
		"cancelled after the QR": {func(h *history) {
			h.enrol()
			h.block()
			h.unblock()
			h.wait(day)
			h.show()
			h.cancel()
			h.unblock()
		}, day},
		"cancelled after the login": {func(h *history) {
			h.enrol()
			h.block()
			h.unblock()
			h.wait(day)
			h.enrol()
			h.cancel()
			h.unblock()
		}, day},
		"closed, reopened":        {func(h *history) { h.enrol(); h.close(); h.wait(day); h.reopen(); h.unblock() }, day},
		"closed, reopened, first": {func(h *history) { h.close(); h.wait(day); h.reopen(); h.unblock() }, 0},
		"unblocked, closed, reopened": {func(h *history) {
			h.enrol()
			h.block()
			h.unblock()
			h.wait(day / 2)
			h.close()
			h.reopen()
			h.unblock()
		}, day},
	} {
		h := &history{t: t, now: noon, a: Account{ID: "a", Email: "a", State: AwaitingEnrolment, Epoch: 1}}
		c.steps(h)
		for at, over := range map[time.Duration]bool{0: c.wait <= 0, c.wait - time.Millisecond: c.wait <= 0, c.wait: true, 30 * day: true} {
			if at < 0 {
				continue
			}
			for _, mailbox := range []bool{false, true} {
				want := AheadQR
				switch {
				case c.wait < 0:
				case !over:
					want = AheadWait
				case !mailbox:
					want = AheadMail
				}
				if got := limits.Ahead(h.a, mailbox, h.now.Add(at)); got != want {
					t.Errorf("%s, %v later, mailbox %t: %s is ahead, want %s", name, at, mailbox, got, want)
				}
			}
		}
		if c.wait > 0 {
			practice := DefaultLimits // without a delay
			if got := practice.Ahead(h.a, false, h.now); got != AheadMail {
				t.Errorf("%s, on practice: %s is ahead, want %s", name, got, AheadMail)
			}
		}
	}
}

// X4: for seven days after a change mails go to the previous address too, and to
// each of several; then it is erased.
func TestX4_Mailboxes(t *testing.T) {
	t.Parallel()
	h := &history{t: t, now: noon, a: Account{ID: "a", Email: "a", State: AwaitingEnrolment, Epoch: 1}}
	at := func(d time.Duration) []string { return h.a.Mailboxes(noon.Add(d)) }
	h.changeAddress("b")
	h.wait(3 * day)
	h.changeAddress("c")
	for d, want := range map[time.Duration][]string{
		3 * day: {"c", "a", "b"}, 7*day - 1: {"c", "a", "b"}, 7 * day: {"c", "b"}, 10*day - 1: {"c", "b"}, 10 * day: {"c"},
	} {
		if got := at(d); !slices.Equal(got, want) {
			t.Errorf("after %v mails go to %v, want %v", d, got, want)
		}
	}
	if kept := h.a.Forget(noon.Add(8 * day)).Previous; len(kept) != 1 || kept[0].Email != "b" {
		t.Errorf("Forget() keeps %v, want b", kept)
	}
	if moved := h.a.MovedAt(); !moved.Equal(noon.Add(3 * day)) {
		t.Errorf("MovedAt() = %v, want that of the last change", moved)
	}
	h.wait(day)
	h.changeAddress("a")
	if got := at(4 * day); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("there and back: mails go to %v, want each address once", got)
	}
	h.wait(10 * day)
	h.changeAddress("d")
	if want := []PreviousAddress{{"a", h.now.Add(PreviousTime)}}; !reflect.DeepEqual(h.a.Previous, want) {
		t.Errorf("a later change keeps %v, want %v", h.a.Previous, want)
	}
}

// X4: the link cancels while its enrolment lasts, and seven days after the QR.
func TestX4_Cancel(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps func(*history)
		may   bool
	}{
		"never unblocked":      {func(h *history) { h.enrol() }, false},
		"waits":                {func(h *history) { h.block(); h.unblock() }, true},
		"waits for months":     {func(h *history) { h.block(); h.unblock(); h.wait(100 * day) }, true},
		"address changed":      {func(h *history) { h.block(); h.unblock(); h.changeAddress("b") }, true},
		"QR shown":             {func(h *history) { h.block(); h.unblock(); h.show() }, true},
		"enrolled":             {func(h *history) { h.block(); h.unblock(); h.enrol(); h.wait(CancelTime - 1) }, true},
		"enrolled a week ago":  {func(h *history) { h.block(); h.unblock(); h.enrol(); h.wait(CancelTime) }, false},
		"cancelled":            {func(h *history) { h.block(); h.unblock(); h.cancel() }, false},
		"blocked in other way": {func(h *history) { h.block(); h.unblock(); h.show(); h.block() }, false},
		"closed":               {func(h *history) { h.block(); h.unblock(); h.close() }, false},
	} {
		h := &history{t: t, now: noon, a: Account{ID: "a", Email: "a", State: AwaitingEnrolment, Epoch: 1}}
		c.steps(h)
		next, err := h.a.Cancel("link", "REF", h.now)
		if may := err == nil; may != c.may || may && (next.State != Blocked || next.BlockReason != Cancelled || next.Epoch != h.a.Epoch+1) {
			t.Errorf("%s: Cancel() = %+v, %v, want it to succeed: %t", name, next, err, c.may)
		}
		if _, err := h.a.Cancel("other", "REF", h.now); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("%s: Cancel(another link) = %v, want %v", name, err, errs.ErrConflict)
		}
		if _, err := h.a.Cancel("", "REF", h.now); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("%s: Cancel(no link) = %v, want %v", name, err, errs.ErrConflict)
		}
	}
}

// X4: mails with codes are spaced, the last code is valid until there can be
// another, and there is no last mail.
func TestX4_CodesAreSpaced(t *testing.T) {
	t.Parallel()
	a := Account{ID: "a", State: AwaitingEnrolment, Epoch: 3, Unblocks: 1}
	now, m := noon, Mailed{}
	var sent []time.Duration
	for range 8 {
		for {
			next, err := DefaultLimits.Send(m, a, 3, "hash", now)
			if err == nil {
				m = next
				break
			}
			if !errors.Is(err, ErrSpaced) || now.Sub(m.SentAt) > MailedTime || !m.Valid(now) {
				t.Fatalf("after %v and %d mails: %v, valid %t", now.Sub(noon), m.Sent, err, m.Valid(now))
			}
			now = now.Add(30 * time.Second)
		}
		sent = append(sent, now.Sub(noon))
	}
	min := time.Minute
	if want := []time.Duration{0, min, 6 * min, 21 * min, 51 * min, 111 * min, 171 * min, 231 * min}; !slices.Equal(sent, want) {
		t.Errorf("mails at %v, want %v", sent, want)
	}
	for name, refused := range map[string]Account{
		"another epoch": {State: AwaitingEnrolment, Epoch: 4, Unblocks: 1}, "never unblocked": {State: AwaitingEnrolment, Epoch: 3},
		"blocked": {State: Blocked, Epoch: 3, Unblocks: 1}, "shown": {State: QRShown, Epoch: 3, Unblocks: 1}, "active": {State: Active, Epoch: 3, Unblocks: 1},
	} {
		if _, err := DefaultLimits.Send(Mailed{}, refused, 3, "hash", noon); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("%s: Send() = %v, want %v", name, err, errs.ErrConflict)
		}
	}
}

// X4: a mailed code is right once, for its login, account, epoch and time; wrong
// ones add up over all mails of one enrolment.
func TestX4_MailedCode(t *testing.T) {
	t.Parallel()
	a := Account{ID: "a", State: AwaitingEnrolment, Epoch: 3, Unblocks: 1}
	code := Mailed{Enrolment: 1, Epoch: 3, Hash: "right", Expires: noon.Add(time.Minute), Sent: 1, SentAt: noon, Failures: 1}
	with := func(change func(*Mailed)) Mailed {
		m := code
		change(&m)
		return m
	}
	for name, c := range map[string]struct {
		m        Mailed // the try is counted
		hash     string
		login    string
		want     MailedVerdict
		failures int
		usedBy   string
	}{
		"right":                      {code, "right", "l", MailedRight, 0, "l"},
		"right after wrong ones":     {with(func(m *Mailed) { m.Failures = 10 }), "right", "l", MailedRight, 0, "l"},
		"wrong":                      {code, "wrong", "l", MailedWrong, 1, ""},
		"the ninth wrong one":        {with(func(m *Mailed) { m.Failures = 9 }), "wrong", "l", MailedWrong, 9, ""},
		"the tenth wrong one":        {with(func(m *Mailed) { m.Failures = 10 }), "wrong", "l", MailedOver, 10, ""},
		"again in the same login":    {with(func(m *Mailed) { m.UsedBy = "l" }), "right", "l", MailedRight, 0, "l"},
		"again in another login":     {with(func(m *Mailed) { m.UsedBy = "k" }), "right", "l", MailedVoid, 0, "k"},
		"wrong after the right one":  {with(func(m *Mailed) { m.UsedBy = "l" }), "wrong", "l", MailedVoid, 0, "l"},
		"expired":                    {with(func(m *Mailed) { m.Expires = noon }), "right", "l", MailedVoid, 0, ""},
		"none mailed":                {Mailed{}, "right", "l", MailedVoid, 0, ""},
		"none mailed, empty":         {Mailed{}, "", "l", MailedVoid, 0, ""},
		"of the previous epoch":      {with(func(m *Mailed) { m.Epoch = 2 }), "right", "l", MailedVoid, 0, ""},
		"of the previous enrolment":  {with(func(m *Mailed) { m.Enrolment = 0 }), "right", "l", MailedVoid, 0, ""},
		"used, of an earlier epoch":  {with(func(m *Mailed) { m.Epoch, m.UsedBy = 2, "l" }), "right", "l", MailedVoid, 0, ""},
		"the address changed, wrong": {with(func(m *Mailed) { m.Epoch, m.Failures = 2, 9 }), "wrong", "l", MailedVoid, 8, ""},
	} {
		got, verdict, err := DefaultLimits.Judge(c.m, a, 3, c.hash, c.login, noon)
		if err != nil || verdict != c.want || got.Failures != c.failures || got.UsedBy != c.usedBy {
			t.Errorf("%s: Judge() = %+v, %s, %v, want %s with %d failures, used by %q", name, got, verdict, err, c.want, c.failures, c.usedBy)
		}
	}
	for name, refused := range map[string]Account{
		"another epoch": {State: AwaitingEnrolment, Epoch: 4, Unblocks: 1}, "never unblocked": {State: AwaitingEnrolment, Epoch: 3},
		"blocked": {State: Blocked, Epoch: 3, Unblocks: 1}, "shown": {State: QRShown, Epoch: 3, Unblocks: 1},
	} {
		if _, verdict, err := DefaultLimits.Judge(code, refused, 3, "right", "l", noon); !errors.Is(err, errs.ErrConflict) || verdict != "" {
			t.Errorf("%s: Judge() = %s, %v, want %v", name, verdict, err, errs.ErrConflict)
		}
	}
	// No code before its time, either.
	limits := DefaultLimits
	limits.RecoveryDelay = day
	early := a
	early.LastLoginAt, early.UnblockedAt = noon.Add(-day), noon.Add(-time.Hour)
	if _, _, err := limits.Judge(code, early, 3, "right", "l", noon); !errors.Is(err, errs.ErrConflict) {
		t.Errorf("during the delay: Judge() = %v, want %v", err, errs.ErrConflict)
	}
	if _, err := limits.Send(Mailed{}, early, 3, "hash", noon); !errors.Is(err, errs.ErrConflict) {
		t.Errorf("during the delay: Send() = %v, want %v", err, errs.ErrConflict)
	}
}
