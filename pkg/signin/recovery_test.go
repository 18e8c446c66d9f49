package signin_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
)

// desk stores one mailed code.
type desk struct {
	account.Recoveries
	row     sync.Mutex
	account account.Account
	mailed  account.Mailed
	rec     effect.Effects
	taken   int   // references of blocks that another account has
	err     error // of all calls
}

func (d *desk) Send(_ context.Context, _ string, judge func(account.Account, account.Mailed) (account.Account, account.Mailed, effect.Effects, error)) error {
	return d.change(0, judge)
}

// change judges the code after a number of tries, which are counted if judge returns no
// error.
func (d *desk) change(tries int, judge func(account.Account, account.Mailed) (account.Account, account.Mailed, effect.Effects, error)) error {
	if d.err != nil {
		return d.err
	}
	d.row.Lock()
	defer d.row.Unlock()
	counted := d.mailed
	counted.Failures += tries
	a, m, rec, err := judge(d.account, counted)
	if err == nil && a.BlockRef != "" && d.taken > 0 {
		d.taken--
		err = errs.ErrConflict
	}
	if err == nil {
		d.account, d.mailed, d.rec = a, m, rec
	}
	return err
}

func (d *desk) Try(_ context.Context, _ string, judge func(account.Account, account.Mailed) (account.Account, account.Mailed, effect.Effects, error)) error {
	return d.change(1, judge)
}

func (d *desk) ByCancelHash(_ context.Context, hash string) (account.Account, error) {
	if d.err != nil {
		return account.Account{}, d.err
	}
	d.row.Lock()
	defer d.row.Unlock()
	if hash != d.account.CancelHash {
		return account.Account{}, errs.ErrNotFound
	}
	return d.account, nil
}

func recovering(t *testing.T) (*signin.Service, *desk) {
	t.Helper()
	d := &desk{account: account.Account{ID: "a", State: account.AwaitingEnrolment, Epoch: 3, Unblocks: 1}}
	s := codeService(t, &codeHouse{})
	s.Recoveries, s.RecoveryKey = d, signin.RecoveryKey("key")
	return s, d
}

// X4: a mailed code is typed in many ways. What cannot be one is not counted.
func TestX4_TypedCode(t *testing.T) {
	t.Parallel()
	s, d := recovering(t)
	if err := s.MailCode(t.Context(), d.account, signin.From{}); err != nil || said(d.rec, "") != "recovery.code_sent, code" {
		t.Fatalf("MailCode() = %v, with the effects %q, want recovery.code_sent and the mail", err, said(d.rec, ""))
	}
	code := d.rec.Mails[0].Text.Reveal()
	if !d.rec.Mails[0].Expires.Equal(noon.Add(account.MailedTime)) || d.account.CancelHash != s.RecoveryKey.Link("a", 1).Hash() {
		t.Errorf("MailCode() mails %+v and stores %+v, want an expiry in an hour and the link", d.rec.Mails[0], d.account)
	}
	script := func(zero rune) string {
		var out []rune
		for _, c := range code {
			out = append(out, zero+c-'0')
		}
		return string(out)
	}
	for _, typed := range []string{
		code, " " + code + "\r\n", code[:3] + " " + code[3:], code[:3] + "-" + code[3:], code[:3] + "\u2013" + code[3:], "\u200e" + code, code[:2] + "\u00a0" + code[2:] + "\ufeff",
		script('\u0660'), script('\u06f0'), script('\u0966'), script('\uff10'), script('\U0001d7ce'), script('\U0001d7d8'),
	} {
		result, err := s.TakeMailed(t.Context(), d.account, "login", typed, signin.From{})
		if err != nil || result.Verdict != account.MailedRight || d.mailed.Failures != 0 {
			t.Errorf("TakeMailed(%q for %s) = %+v, %v and %d failures, want right", typed, code, result, err, d.mailed.Failures)
		}
	}
	for _, typed := range []string{"", " ", code[:5], code + "0", code[:5] + "a", "\u4e00\u4e8c\u4e09\u56db\u4e94\u516d", code[:5] + "\x00", "\xff" + code, code[:5] + "\u00bd"} {
		if result, err := s.TakeMailed(t.Context(), d.account, "login", typed, signin.From{}); !errors.Is(err, signin.ErrNoCode) || result.Verdict != "" || d.mailed.Failures != 0 {
			t.Errorf("TakeMailed(%q) = %+v, %v and %d failures, want %v", typed, result, err, d.mailed.Failures, signin.ErrNoCode)
		}
	}
}

// X4: wrong codes are events; the last one blocks, with the mail about it.
func TestX4_WrongMailedCodes(t *testing.T) {
	t.Parallel()
	s, d := recovering(t)
	if err := s.MailCode(t.Context(), d.account, signin.From{}); err != nil {
		t.Fatal(err)
	}
	wrong := "000000"
	if d.rec.Mails[0].Text.Equal(wrong) {
		wrong = "111111"
	}
	read := d.account
	for left := account.DefaultLimits.Codes - 1; left > 0; left-- {
		result, err := s.TakeMailed(t.Context(), read, "login", wrong, signin.From{})
		if err != nil || result != (signin.MailedResult{Verdict: account.MailedWrong, Left: left}) || said(d.rec, "") != "recovery.code_wrong" {
			t.Fatalf("TakeMailed() = %+v, %v, with the effects %q, want wrong and %d left", result, err, said(d.rec, ""), left)
		}
	}
	result, err := s.TakeMailed(t.Context(), read, "login", wrong, signin.From{})
	if err != nil || result.Verdict != account.MailedOver || said(d.rec, d.account.BlockRef) != "account.blocked, blocked recovery_codes" || d.account.State != account.Blocked {
		t.Errorf("TakeMailed() = %+v, %v, with the effects %q and %+v, want a block", result, err, said(d.rec, d.account.BlockRef), d.account)
	}
}

// X4: each unblock of each account has a link of its own, the same in every mail.
func TestX4_Link(t *testing.T) {
	t.Parallel()
	k, limits := signin.RecoveryKey("key"), account.Limits{RecoveryDelay: time.Hour}
	a := account.Account{ID: "a", State: account.Blocked, Unblocks: 1, LastLoginAt: noon}
	link, from := k.Unblocking(a, limits, noon)
	if !from.Equal(noon.Add(time.Hour)) {
		t.Errorf("Unblocking() = from %v, want an hour later", from)
	}
	for name, other := range map[string]string{
		"another unblock": k.Link("a", 1).Reveal(), "another account": k.Link("b", 2).Reveal(), "another installation": signin.RecoveryKey("other").Link("a", 2).Reveal(),
	} {
		if link.Equal(other) {
			t.Errorf("%s has the same link", name)
		}
	}
	next, err := a.Unblock(0, link.Hash(), noon)
	if err != nil || !k.LinkOf(next).Equal(link.Reveal()) {
		t.Errorf("LinkOf(unblocked, %v) is not the link of the unblock", err)
	}
	next.CancelHash = ""
	if got := k.LinkOf(next); got != "" {
		t.Error("LinkOf() returns a link that cannot be used")
	}
	a.LastLoginAt = time.Time{}
	if _, from := k.Unblocking(a, limits, noon); !from.IsZero() {
		t.Errorf("Unblocking(never active) = from %v, want at once", from)
	}
}

// X4: there is no second mail within the pause, and none for an account that has moved
// on. A store that does not answer has an error of its own.
func TestX4_MailCodeRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*signin.Service, *desk)
		want   error
	}{
		"a moment ago": {func(_ *signin.Service, d *desk) {
			d.mailed = account.Mailed{Enrolment: 1, Sent: 1, SentAt: noon}
		}, account.ErrSpaced},
		"an epoch later":    {func(_ *signin.Service, d *desk) { d.account.Epoch++ }, errs.ErrConflict},
		"the QR was shown":  {func(_ *signin.Service, d *desk) { d.account.State = account.QRShown }, errs.ErrConflict},
		"never unblocked":   {func(_ *signin.Service, d *desk) { d.account.Unblocks = 0 }, errs.ErrConflict},
		"the store is away": {func(_ *signin.Service, d *desk) { d.err = errs.ErrUnavailable }, errs.ErrUnavailable},
		"no randomness":     {func(s *signin.Service, _ *desk) { s.Rand = strings.NewReader("") }, io.EOF},
	} {
		s, d := recovering(t)
		read := d.account
		c.change(s, d)
		was := d.mailed
		if err := s.MailCode(t.Context(), read, signin.From{}); !errors.Is(err, c.want) || len(d.rec.Mails) > 0 || d.mailed != was {
			t.Errorf("%s: MailCode() = %v with the effects %q, want %v and none", name, err, said(d.rec, ""), c.want)
		}
	}
	s, d := recovering(t)
	read := d.account
	if n := atOnce(t, account.ErrSpaced, func(int) error { return s.MailCode(t.Context(), read, signin.From{}) }); n != 1 || d.mailed.Sent != 1 {
		t.Errorf("%d of 16 calls of MailCode() at once succeed, with %d mails, want 1 and 1", n, d.mailed.Sent)
	}
}

// X4: each of many wrong codes at once is counted, and the account is blocked once.
func TestX4_WrongMailedCodesAtOnce(t *testing.T) {
	t.Parallel()
	s, d := recovering(t)
	s.Limits.Codes = 10
	if err := s.MailCode(t.Context(), d.account, signin.From{}); err != nil {
		t.Fatal(err)
	}
	wrong := "000000"
	if d.rec.Mails[0].Text.Equal(wrong) {
		wrong = "111111"
	}
	read := d.account
	var verdicts [16]account.MailedVerdict
	if n := atOnce(t, errs.ErrConflict, func(i int) error {
		result, err := s.TakeMailed(t.Context(), read, "login", wrong, signin.From{})
		verdicts[i] = result.Verdict
		return err
	}); n != 10 || d.account.Epoch != read.Epoch+1 || d.mailed.Failures != 10 {
		t.Errorf("%d of 16 wrong codes at once are judged, with %d counted, want 10 and 10", n, d.mailed.Failures)
	}
	counts := map[account.MailedVerdict]int{}
	for _, v := range verdicts {
		counts[v]++
	}
	if counts[account.MailedWrong] != 9 || counts[account.MailedOver] != 1 {
		t.Errorf("the verdicts on 16 wrong codes at once are %v, want 9 wrong and 1 that blocks", counts)
	}
}

// X4: a code that is judged again, because another account has the reference, counts
// once; a code that is not judged does not count.
func TestX4_MailedCodeCountsOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change   func(*desk)
		verdict  account.MailedVerdict
		want     error
		failures int
	}{
		"reference taken":   {func(d *desk) { d.taken = 2 }, account.MailedOver, nil, 10},
		"taken three times": {func(d *desk) { d.taken = 3 }, "", errs.ErrConflict, 9},
		"an epoch later":    {func(d *desk) { d.account.Epoch++ }, "", errs.ErrConflict, 9},
		"the code is over":  {func(d *desk) { d.mailed.Expires = noon }, account.MailedVoid, nil, 9},
		"the store is away": {func(d *desk) { d.err = errs.ErrUnavailable }, "", errs.ErrUnavailable, 9},
	} {
		s, d := recovering(t)
		read := d.account
		s.Accounts, s.Limits.Codes = &codeHouse{now: read}, 10
		d.mailed = account.Mailed{Enrolment: 1, Epoch: 3, Hash: "that of another code", Expires: noon.Add(time.Minute), Failures: 9}
		c.change(d)
		result, err := s.TakeMailed(t.Context(), read, "login", "000000", signin.From{})
		if result.Verdict != c.verdict || !errors.Is(err, c.want) || d.mailed.Failures != c.failures {
			t.Errorf("%s: TakeMailed() = %q, %v with %d counted, want %q, %v with %d",
				name, result.Verdict, err, d.mailed.Failures, c.verdict, c.want, c.failures)
		}
		if (d.account.State == account.Blocked) != (c.verdict == account.MailedOver) {
			t.Errorf("%s: TakeMailed() leaves the account %s after %q", name, d.account.State, c.verdict)
		}
	}
}

// unblocked returns a home whose account can be cancelled by a link. Its desk reads what
// the house writes.
func unblocked(t *testing.T, state account.State) (*home, *desk) {
	t.Helper()
	o, d := newHome(t, state), &desk{}
	o.RecoveryKey, o.Recoveries = signin.RecoveryKey("key"), d
	a := &o.house.account
	a.Unblocks = 1
	a.CancelHash = o.RecoveryKey.Link(a.ID, 1).Hash()
	a.Factor.ShownAt = noon
	d.account = *a
	return o, d
}

// X4: the link in the mail about an unblock cancels it until CancelTime is over. Another
// link does not, even if its hash is stored.
func TestX4_CancelRecovery(t *testing.T) {
	t.Parallel()
	const foreign = secret.Text("olid_rcv_foreign")
	for name, c := range map[string]struct {
		state  account.State
		change func(*home)
		link   int // of the unblock with this number; 0 is a foreign link
		want   error
	}{
		"before the QR":        {account.AwaitingEnrolment, asIs, 1, nil},
		"the QR was shown":     {account.QRShown, asIs, 1, nil},
		"enrolled":             {account.Active, asIs, 1, nil},
		"seven days later":     {account.Active, after(account.CancelTime), 1, errs.ErrNotFound},
		"a moment before":      {account.Active, after(account.CancelTime - 1), 1, nil},
		"blocked":              {account.Blocked, asIs, 1, errs.ErrNotFound},
		"the next unblock's":   {account.Active, asIs, 2, errs.ErrNotFound},
		"a hash of another":    {account.Active, func(o *home) { o.house.account.CancelHash = foreign.Hash() }, 0, errs.ErrNotFound},
		"an earlier unblock's": {account.Active, func(o *home) { o.house.account.Unblocks = 2 }, 1, errs.ErrNotFound},
	} {
		o, d := unblocked(t, c.state)
		link := o.RecoveryKey.Link(o.house.account.ID, c.link)
		if c.link == 0 {
			link = foreign
		}
		c.change(o)
		d.account = o.house.account
		if a, err := o.Cancellable(t.Context(), link); !errors.Is(err, c.want) || c.want == nil && a.ID != o.house.account.ID {
			t.Errorf("%s: Cancellable() = %s, %v, want %v", name, a.ID, err, c.want)
		}
		err, done := o.CancelRecovery(t.Context(), link, signin.From{}), c.want == nil
		if !errors.Is(err, c.want) || (o.house.account.BlockReason == account.Cancelled) != done {
			t.Errorf("%s: CancelRecovery() = %v with the block %q, want %v", name, err, o.house.account.BlockReason, c.want)
		}
		if wrote := o.wrote(); (wrote == "recovery.cancelled, account.blocked, blocked cancelled") != done || !done && wrote != "" {
			t.Errorf("%s: CancelRecovery() writes %q, want both events and the mail: %t", name, wrote, done)
		}
	}
}

// X4: of many calls at once one cancels, also if other accounts have the first references.
func TestX4_CancelRecoveryOnce(t *testing.T) {
	t.Parallel()
	o, _ := unblocked(t, account.Active)
	o.house.taken = 2
	link := o.RecoveryKey.Link(o.house.account.ID, 1)
	n := atOnce(t, errs.ErrNotFound, func(int) error { return o.CancelRecovery(t.Context(), link, signin.From{}) })
	if n != 1 || o.house.account.Epoch != 2 {
		t.Errorf("%d of 16 calls of CancelRecovery() at once succeed, in epoch %d, want 1 in epoch 2", n, o.house.account.Epoch)
	}
	if got := o.wrote(); got != "recovery.cancelled, account.blocked, blocked cancelled" {
		t.Errorf("CancelRecovery() at once writes %q, want it once", got)
	}
	for _, call := range []string{"codes", "change"} {
		o, d := unblocked(t, account.Active)
		away(call)(o)
		if call == "codes" {
			d.err = errs.ErrUnavailable
		}
		err := o.CancelRecovery(t.Context(), link, signin.From{})
		if !errors.Is(err, errs.ErrUnavailable) || o.house.account.State != account.Active {
			t.Errorf("%s away: CancelRecovery() = %v, want errs.ErrUnavailable", call, err)
		}
	}
}
