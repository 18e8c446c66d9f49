package storagetest

import (
	"fmt"
	"testing"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/mail"
)

// Mailboxes tests what an intake.Store and an outbox do with mails that strangers ask
// for: mail.Asked, limit.Space and the latest code of a mailbox.
func Mailboxes(t *testing.T, open func(*testing.T) Stores) {
	w := world{open(t), t}
	t.Run("X12: mails are spaced, one after another", func(t *testing.T) { mailboxSpaced(t, w.in(t)) })
	t.Run("X12: of many at once one is sent", func(t *testing.T) { mailboxAtOnce(t, w.in(t)) })
	t.Run("X12: a mail that cannot be written is not counted", func(t *testing.T) { mailboxWhole(t, w.in(t)) })
	t.Run("X7: the latest code is right in every draft of its mailbox", func(t *testing.T) { mailboxLatest(t, w.in(t)) })
	t.Run("X7: a draft that asks too early keeps its code", func(t *testing.T) { mailboxRenew(t, w.in(t)) })
	t.Run("X12: the latest code has so many tries in all", func(t *testing.T) { mailboxTries(t, w.in(t)) })
	w.unbroken()
}

// never is later than the clock of any store.
var never = noon.AddDate(1000, 0, 0)

// asked returns a draft of an address and the effects of its mail, whose code is the
// latest of the mailbox when it is sent.
func asked(address, code string, known bool, now time.Time) (application.Application, effect.Effects) {
	a := draft()
	a.Email, a.CodeHash, a.CodeExpires, a.ExpiresAt = address, "own "+code, never, never
	rec := note("application.started", a.ID)
	rec.Mails[0].To, rec.Mails[0].At, rec.Mails[0].Asked = address, now, &mail.Asked{Known: known, Code: code}
	return a, rec
}

// sent reports whether the mail of effects is in the outbox.
func (w world) sent(rec effect.Effects) bool {
	w.t.Helper()
	return len(w.mails(rec.Mails[0].ID)) == 1
}

// ask starts a draft and returns it, and whether its mail was sent.
func (w world) ask(address, code string, now time.Time) (application.Application, bool) {
	w.t.Helper()
	a, rec := asked(address, code, false, now)
	must(w.t, w.Applications.Start(ctx(w.t), a, rec))
	return a, w.sent(rec)
}

func (w world) tryLatest(a application.Application, own, latest string) intake.CodeVerdict {
	w.t.Helper()
	return ok[intake.CodeVerdict](w.t)(w.Applications.TryCode(ctx(w.t), a.ID, intake.Hashes(own, latest), noon))
}

func mailboxSpaced(t *testing.T, w world) {
	for _, known := range []bool{false, true} {
		name := fresh("jo")
		var tally limit.MailTally
		now := noon
		for i, wait := range []time.Duration{
			0, 0, time.Minute - time.Millisecond, time.Millisecond, 5 * time.Minute, 15*time.Minute - time.Millisecond, time.Millisecond,
			time.Hour, time.Hour, 4 * time.Hour, 24*time.Hour - time.Millisecond, time.Millisecond, limit.MailsForgotten, 0,
		} {
			now = now.Add(wait)
			var want bool
			want, tally = limit.Space(tally, known, now)
			a, rec := asked(fmt.Sprintf("%s+%d@example.org", name, i), fresh("code"), known, now) // all tags are one mailbox
			must(t, w.Applications.Start(ctx(t), a, rec))
			if got := w.sent(rec); got != want {
				t.Errorf("known=%t, mail %d after %v: sent=%t, the rule says %t", known, i, now.Sub(noon), got, want)
			}
		}
		if _, sent := w.ask(name+"@example.org", fresh("code"), now); !sent {
			t.Error("the address without a tag has the mailbox of those with one")
		}
	}
}

func mailboxAtOnce(t *testing.T, w world) {
	address := fresh("jo") + "@example.org"
	recs, drafts := make([]effect.Effects, crowd), make([]application.Application, crowd)
	for i := range recs {
		drafts[i], recs[i] = asked(address, fresh("code"), false, noon)
	}
	for _, err := range atOnce(func(i int) error { return w.Applications.Start(ctx(t), drafts[i], recs[i]) }) {
		must(t, err)
	}
	n := 0
	for _, a := range drafts {
		if w.application(a.Handle).CodeHash == a.CodeHash {
			n++
		} else {
			same(t, w.application(a.Handle).CodeHash, intake.Unmailed)
		}
	}
	mails := 0
	for _, item := range ok[[]mail.Item](t)(w.Outbox.Take(ctx(t), never, 0, 100_000)) {
		if item.To == address {
			mails++
		}
	}
	same(t, mails, n)
	if n != 1 {
		t.Errorf("%d mails at once, want 1", n)
	}
}

func mailboxWhole(t *testing.T, w world) {
	address := fresh("jo") + "@example.org"
	a, torn := asked(address, fresh("code"), false, noon)
	second := torn.Mails[0]
	second.Asked = nil // an id cannot be used twice
	torn.Mails = append(torn.Mails, second)
	if err := w.Applications.Start(ctx(t), a, torn); err == nil {
		t.Fatal("effects that cannot be written were written")
	}
	w.notWritten(torn)
	if _, sent := w.ask(address, fresh("code"), noon); !sent {
		t.Error("the mail that was not written is counted")
	}
}

func mailboxLatest(t *testing.T, w world) {
	address, first, second := fresh("jo")+"@example.org", fresh("code"), fresh("code")
	w.ask(address, first, noon)
	foreign := fresh("code")
	w.ask(fresh("jo")+"@example.org", foreign, noon)
	b, sent := w.ask(address, fresh("code"), noon)
	if sent {
		t.Fatal("two mails at once")
	}
	same(t, w.tryLatest(b, "wrong", foreign), intake.CodeWrong)
	c, sent := w.ask(address, second, noon.Add(time.Minute))
	if !sent {
		t.Fatal("no mail after a minute")
	}
	same(t, w.tryLatest(b, "wrong", first), intake.CodeWrong) // it is not the latest any more
	same(t, w.tryLatest(b, "wrong", second), intake.CodeRight)
	same(t, w.application(b.Handle).State, application.EmailConfirmed)

	// After the address was confirmed, the mails that strangers asked for do not delay the
	// next one, and their latest code is gone.
	d, _ := w.ask(fresh("jo")+"@example.org", fresh("code"), noon)
	same(t, w.tryLatest(d, "wrong", second), intake.CodeWrong)
	if _, sent := w.ask(address, fresh("code"), noon.Add(time.Minute)); !sent {
		t.Error("no mail at once after the address was confirmed")
	}
	same(t, w.tryLatest(c, "wrong", second), intake.CodeWrong)
	same(t, w.tryLatest(c, c.CodeHash, ""), intake.CodeRight) // a draft's own mailed code stays right
}

func mailboxRenew(t *testing.T, w world) {
	address := fresh("jo") + "@example.org"
	renew := func(a application.Application, code string, now time.Time) (sent bool) {
		t.Helper()
		_, rec := asked(address, code, false, now)
		must(t, w.Applications.Renew(ctx(t), a.ID, "own "+code, never, rec))
		if sent = w.sent(rec); !sent {
			w.notWritten(rec)
		}
		return sent
	}
	a, _ := w.ask(address, fresh("code"), noon)
	early := fresh("code")
	if renew(a, early, noon.Add(time.Minute-time.Millisecond)) {
		t.Error("a mail within a minute")
	}
	stored := w.application(a.Handle)
	same(t, []any{stored.CodeHash, stored.CodesSent}, []any{a.CodeHash, 2}) // it is counted as one that was sent
	same(t, w.tryLatest(a, "own "+early, early), intake.CodeWrong)
	late := fresh("code")
	if !renew(a, late, noon.Add(time.Minute)) {
		t.Error("no mail after a minute")
	}
	same(t, w.application(a.Handle).CodeHash, "own "+late)
	same(t, w.tryLatest(a, a.CodeHash, ""), intake.CodeWrong)
	same(t, w.tryLatest(a, "wrong", late), intake.CodeRight)
}

func mailboxTries(t *testing.T, w world) {
	address, code := fresh("jo")+"@example.org", fresh("code")
	w.ask(address, code, noon)
	// Wrong codes of one draft use up the tries of that draft only.
	greedy, _ := w.ask(address, fresh("code"), noon)
	guess := func(drafts []application.Application) {
		t.Helper()
		for i, err := range atOnce(func(i int) error {
			verdict, err := w.Applications.TryCode(ctx(t), drafts[i%len(drafts)].ID, intake.Hashes("wrong", "wrong"), noon)
			if verdict == intake.CodeRight {
				err = errs.ErrConflict
			}
			return err
		}) {
			if err != nil {
				t.Errorf("guess %d: %v", i, err)
			}
		}
	}
	for range limit.MailboxTries/crowd + 1 {
		guess([]application.Application{greedy})
	}
	same(t, w.tryLatest(greedy, "wrong", code), intake.CodeSpent)
	other, _ := w.ask(address, fresh("code"), noon)
	same(t, w.tryLatest(other, "wrong", code), intake.CodeRight)

	// Wrong codes of many drafts together use up the code of the mailbox.
	w.ask(address, code, noon)
	for made := 0; made <= limit.MailboxTries; {
		drafts := make([]application.Application, crowd)
		for i := range drafts {
			a, rec := asked(address, fresh("code"), false, noon)
			must(t, w.Applications.Start(ctx(t), a, rec))
			drafts[i] = a
		}
		for range intake.CodeTries {
			guess(drafts)
			made += crowd
		}
	}
	last, _ := w.ask(address, fresh("code"), noon)
	same(t, w.tryLatest(last, "wrong", code), intake.CodeWrong)
	next := fresh("code")
	if _, sent := w.ask(address, next, noon.Add(time.Hour)); !sent {
		t.Error("no mail an hour after the code was used up")
	}
	same(t, w.tryLatest(last, "wrong", next), intake.CodeRight)
}
