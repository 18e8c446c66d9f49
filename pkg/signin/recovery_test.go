package signin_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/signin"
)

// desk stores one mailed code.
type desk struct {
	account.Recoveries
	account account.Account
	mailed  account.Mailed
	rec     effect.Effects
}

func (d *desk) Send(_ context.Context, _ string, judge func(account.Account, account.Mailed) (account.Account, account.Mailed, effect.Effects, error)) error {
	a, m, rec, err := judge(d.account, d.mailed)
	if err == nil {
		d.account, d.mailed, d.rec = a, m, rec
	}
	return err
}

func (d *desk) Try(ctx context.Context, id string, judge func(account.Account, account.Mailed) (account.Account, account.Mailed, effect.Effects, error)) error {
	d.mailed.Failures++
	return d.Send(ctx, id, judge)
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
