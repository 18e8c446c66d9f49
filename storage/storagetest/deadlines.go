package storagetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

// deadlineWorld is a caseWorld with deadlines.
type deadlineWorld struct {
	caseWorld
	deadlines review.DeadlineStore
	staff     staff.Store
}

func (d deadlineWorld) in(t *testing.T) deadlineWorld {
	return deadlineWorld{d.caseWorld.in(t), d.deadlines, d.staff}
}

// Deadlines tests a review.DeadlineStore, and the deadlines that a review.Cases
// sets.
func Deadlines(t *testing.T, open func(*testing.T) (Stores, review.Cases, review.DeadlineStore, staff.Store)) {
	s, cases, deadlines, members := open(t)
	d := deadlineWorld{caseWorld{world{s, t}, cases}, deadlines, members}
	t.Run("suspended", func(t *testing.T) { deadlineSuspended(t, d.in(t)) })
	t.Run("queue", func(t *testing.T) { deadlineQueue(t, d.in(t)) })
	t.Run("reminders", func(t *testing.T) { deadlineReminders(t, d.in(t)) })
	t.Run("expiry", func(t *testing.T) { deadlineExpiry(t, d.in(t)) })
	t.Run("OF-25: expiry against the answer", func(t *testing.T) { deadlineRace(t, d.in(t)) })
	t.Run("lists", func(t *testing.T) { deadlineLists(t, d.in(t)) })
	t.Run("officials", func(t *testing.T) { deadlineOfficials(t, d.in(t)) })
	t.Run("silence", func(t *testing.T) {
		over, cancel := context.WithCancel(t.Context())
		cancel()
		eachMethod(struct{ Deadlines review.DeadlineStore }{deadlines}, func(name string, call func(context.Context) error) {
			if err := call(over); !errors.Is(err, errs.ErrUnavailable) {
				t.Errorf("%s: got %v, want unavailable", name, err)
			}
		})
	})
	d.unbroken()
}

func by(kind review.ActKind, member string, at time.Time) review.Act {
	return review.Act{Kind: kind, Member: member, Text: "text", At: at}
}

// notes returns different effects for each caller of a crowd.
func notes(action audit.Action, object string) (out [crowd]effect.Effects) {
	for i := range out {
		out[i] = note(action, object)
	}
	return out
}

// wonBy requires one success with all of its effects, and no trace of the others.
func (w world) wonBy(recs [crowd]effect.Effects, results []error) (winner int) {
	w.t.Helper()
	exactlyOne(w.t, results, errs.ErrConflict)
	winner = slices.Index(results, nil)
	events, mails := map[string]bool{}, 0
	for _, rec := range recs {
		events[rec.Events[0].RequestID] = true
	}
	for _, e := range w.events() {
		if events[e.RequestID] && e.RequestID != recs[winner].Events[0].RequestID {
			w.t.Errorf("an event of one who lost: %+v", e)
		}
	}
	for _, item := range ok[[]mail.Item](w.t)(w.Outbox.Take(ctx(w.t), noon.AddDate(1, 0, 0), 0, 100_000)) {
		if events[item.ID] {
			mails++
		}
	}
	same(w.t, mails, 1)
	w.written(recs[winner])
	return winner
}

func deadlineSuspended(t *testing.T, d deadlineWorld) {
	c := d.taken("olga")
	due := application.DecideBy(c.SubmittedAt)
	same(t, [3]time.Time{c.DueAt, c.AskedAt, c.AnswerBy}, [3]time.Time{due, {}, {}})
	asked := noon.Add(24 * time.Hour)
	must(t, d.cases.AskMore(ctx(t), c, by(review.ActMore, "olga", asked), effect.Effects{}))
	first := d.reload(c.ID)
	same(t, [3]time.Time{first.DueAt, first.AskedAt, first.AnswerBy}, [3]time.Time{due, asked, application.AnswerBy(asked)})
	must(t, d.cases.Answer(ctx(t), first, by(review.ActAnswer, "", asked.Add(10*24*time.Hour)), effect.Effects{}))
	c = d.reload(c.ID)
	same(t, [3]time.Time{c.DueAt, c.AskedAt, c.AnswerBy}, [3]time.Time{first.DueAfter(asked.Add(10 * 24 * time.Hour)), {}, {}})
	if !c.DueAt.Equal(due.Add(9 * 24 * time.Hour)) {
		t.Errorf("due %v, want nine days behind %v", c.DueAt, due)
	}
	// An answer to the first question does not answer the second.
	must(t, d.cases.AskMore(ctx(t), c, by(review.ActMore, "olga", asked.Add(11*24*time.Hour)), effect.Effects{}))
	rec := note("application.answered", c.ID)
	d.refused(d.cases.Answer(ctx(t), first, by(review.ActAnswer, "", asked.Add(12*24*time.Hour)), rec), errs.ErrConflict, rec)
	same(t, d.reload(c.ID).DueAt, c.DueAt)
	must(t, d.cases.Withdraw(ctx(t), d.reload(c.ID), by(review.ActWithdraw, "", asked), effect.Effects{}))
	c = d.reload(c.ID)
	same(t, [2]time.Time{c.AskedAt, c.AnswerBy}, [2]time.Time{})
}

// A case that was sent later may be due sooner; cases that wait for their
// applicant come last.
func deadlineQueue(t *testing.T, d deadlineWorld) {
	me := fresh("me")
	first, asked := d.asked(me), d.asked(me)
	must(t, d.cases.Answer(ctx(t), first, by(review.ActAnswer, "", first.AskedAt.Add(10*24*time.Hour)), effect.Effects{}))
	a := d.ready(draft())
	a.SubmittedAt = noon.Add(48 * time.Hour)
	must(t, d.Applications.Submit(ctx(t), a, nil, effect.Effects{}))
	order := func(show review.Show) (found []string) {
		for _, c := range ok[review.Part](t)(d.cases.Queue(ctx(t), review.Query{Show: show, Member: me, Limit: 10_000})).Cases {
			if c.ID == first.ID || c.ID == asked.ID || c.ID == a.ID {
				found = append(found, c.ID)
			}
		}
		return found
	}
	same(t, order(review.ShowMine), []string{first.ID, asked.ID})
	must(t, d.cases.Release(ctx(t), d.reload(first.ID), by(review.ActRelease, me, noon), effect.Effects{}))
	same(t, order(review.ShowWaiting), []string{a.ID, first.ID})
}

func deadlineReminders(t *testing.T, d deadlineWorld) {
	c := d.asked("olga")
	remind := func(c review.Case, n int, at time.Time, rec effect.Effects) error {
		return d.deadlines.Remind(ctx(t), c, n, by(review.ActRemind, "", at), rec)
	}
	exactlyOne(t, atOnce(func(int) error { return remind(c, 1, noon, effect.Effects{}) }), errs.ErrConflict)
	got := d.reload(c.ID)
	same(t, [2]int{got.Reminded, len(ok[[]review.Act](t)(d.cases.Acts(ctx(t), c.ID)))}, [2]int{1, 3})
	rec := note("application.reminded", c.ID)
	d.happened(remind(c, 2, c.AnswerBy.Add(-time.Millisecond), rec), rec)
	for n, c := range map[int]review.Case{1: c, 2: d.reload(c.ID)} { // neither again nor backwards
		rec := note("application.reminded", c.ID)
		d.refused(remind(c, n, noon, rec), errs.ErrConflict, rec)
	}
	rec = note("application.reminded", c.ID)
	d.refused(remind(c, 3, c.AnswerBy, rec), errs.ErrConflict, rec) // too late

	// After an answer or a withdrawal there is no reminder; each question starts anew.
	must(t, d.do(t, review.ActAnswer, "", c, effect.Effects{}))
	rec = note("application.reminded", c.ID)
	d.refused(remind(c, 3, noon, rec), errs.ErrConflict, rec)
	later := act(review.ActMore, "olga")
	later.At = later.At.Add(time.Hour)
	must(t, d.cases.AskMore(ctx(t), d.reload(c.ID), later, effect.Effects{}))
	same(t, d.reload(c.ID).Reminded, 0)
	d.refused(remind(c, 1, noon, rec), errs.ErrConflict, rec) // about the previous question
	must(t, d.do(t, review.ActWithdraw, "", c, effect.Effects{}))
	d.refused(remind(d.reload(c.ID), 1, noon, rec), errs.ErrConflict, rec)
}

func deadlineExpiry(t *testing.T, d deadlineWorld) {
	c := d.asked("olga")
	expire := func(c review.Case, at time.Time, rec effect.Effects) error {
		return d.deadlines.Expire(ctx(t), c, by(review.ActExpire, "", at), rec)
	}
	rec := note("application.expired", c.ID)
	d.refused(expire(c, c.AnswerBy.Add(-time.Millisecond), rec), errs.ErrConflict, rec)
	for _, other := range []review.Case{d.sent(), d.taken("olga")} {
		d.refused(expire(other, c.AnswerBy, rec), errs.ErrConflict, rec)
	}
	must(t, d.cases.Note(ctx(t), c, act(review.ActNote, "otto"), effect.Effects{})) // a note does not stop it
	d.happened(expire(c, c.AnswerBy, rec), rec)
	got := d.reload(c.ID)
	if got.State != application.Expired || got.PasswordHash != "" || !got.DecidedAt.Equal(c.AnswerBy) || !got.Sent() || got.Undecided() || !got.AnswerBy.IsZero() {
		t.Errorf("expired: %+v", got)
	}
	same(t, got.Answers, c.Answers) // kept, for an objection
	acts := ok[[]review.Act](t)(d.cases.Acts(ctx(t), c.ID))
	same(t, acts[len(acts)-1], by(review.ActExpire, "", c.AnswerBy))
	for kind := range moves {
		rec := note("application.late", c.ID)
		d.refused(d.do(t, kind, who(kind), got, rec), errs.ErrConflict, rec)
	}
	rec = note("application.expired", c.ID)
	d.refused(expire(got, c.AnswerBy, rec), errs.ErrConflict, rec)
}

func deadlineRace(t *testing.T, d deadlineWorld) {
	for name, against := range map[string]review.ActKind{"answer": review.ActAnswer, "withdraw": review.ActWithdraw} {
		t.Run(name, func(t *testing.T) {
			d := d.in(t)
			c := d.asked("olga")
			recs := notes("application.raced", c.ID)
			winner := d.wonBy(recs, atOnce(func(i int) error {
				if i%2 == 0 {
					return d.deadlines.Expire(ctx(t), c, by(review.ActExpire, "", c.AnswerBy), recs[i])
				}
				return d.do(t, against, "", c, recs[i])
			}))
			if got := d.reload(c.ID).State; (got == application.Expired) != (winner%2 == 0) {
				t.Errorf("%d won, and it is %s", winner, got)
			}
		})
	}
}

// deadlineLists sees everything in a store, so it opens stores of its own.
func deadlineLists(t *testing.T, d deadlineWorld) {
	asked, reminded, sent, taken := d.asked("olga"), d.asked("olga"), d.sent(), d.taken("olga")
	must(t, d.deadlines.Remind(ctx(t), reminded, 1, by(review.ActRemind, "", noon), effect.Effects{}))
	names := map[string]string{asked.ID: "asked", reminded.ID: "reminded", sent.ID: "sent", taken.ID: "taken"}
	which := func(found []review.Case, err error) map[string]bool {
		t.Helper()
		must(t, err)
		out := map[string]bool{}
		for _, c := range found {
			same(t, c, d.reload(c.ID))
			if name := names[c.ID]; name != "" {
				out[name] = true
			}
		}
		return out
	}
	const all = 10_000
	end, due := asked.AnswerBy, sent.DueAt
	same(t, which(d.deadlines.Unanswered(ctx(t), end.Add(-time.Millisecond), 9, all)), map[string]bool{})
	same(t, which(d.deadlines.Unanswered(ctx(t), end, 9, all)), map[string]bool{"asked": true, "reminded": true})
	same(t, which(d.deadlines.Unanswered(ctx(t), end, 1, all)), map[string]bool{"asked": true})
	same(t, len(ok[[]review.Case](t)(d.deadlines.Unanswered(ctx(t), end, 9, 1))), 1)
	same(t, which(d.deadlines.Urgent(ctx(t), due.Add(-time.Millisecond), all)), map[string]bool{})
	same(t, which(d.deadlines.Urgent(ctx(t), due, all)), map[string]bool{"sent": true, "taken": true})
	same(t, len(ok[[]review.Case](t)(d.deadlines.Urgent(ctx(t), due, 1))), 1)
}

// member returns an official; without joined, one who has not accepted the invitation.
func (d deadlineWorld) member(joined bool, roles ...staff.Role) staff.Member {
	d.t.Helper()
	m := staff.Member{ID: fresh("m"), Name: "Olga", Email: fresh("o") + "@gov.example", Lang: "en", Roles: roles, Epoch: 1, Invite: key(), InviteExpires: noon.Add(time.Hour), CreatedAt: noon}
	m = ok[staff.Member](d.t)(d.staff.Invite(ctx(d.t), "", m, func(staff.Member) effect.Effects { return effect.Effects{} }))
	if joined {
		must(d.t, d.staff.Accept(ctx(d.t), m.Invite, secret.Text("hash"), []byte("sealed"), noon, effect.Effects{}))
	}
	return ok[staff.Member](d.t)(d.staff.ByID(ctx(d.t), m.ID))
}

func deadlineOfficials(t *testing.T, d deadlineWorld) {
	olga := d.member(true, staff.Helpdesk, staff.Reviewer)
	d.member(true, staff.Helpdesk, staff.Auditor)
	invited, gone := d.member(false, staff.Reviewer), d.member(true, staff.Reviewer)
	must(t, d.staff.Remove(ctx(t), "", gone.ID, effect.Effects{}))
	blocked := d.member(true, staff.Reviewer)
	_, err := d.staff.TryCode(ctx(t), blocked.ID, blocked.Epoch, noon, func(account.CodeTry) account.Verdict { return account.Verdict{Outcome: account.BlockedNow} })
	must(t, err)
	untold := func(day string) (found []string) {
		for _, o := range ok[[]review.Official](t)(d.deadlines.Untold(ctx(t), day)) {
			found = append(found, o.ID)
			same(t, o, review.Official{ID: olga.ID, Email: olga.Email, Lang: "en", Epoch: olga.Epoch})
		}
		return found
	}
	same(t, untold("2026-03-02"), []string{olga.ID})
	o := review.Official{ID: olga.ID, Epoch: olga.Epoch}
	recs := notes("staff.told", olga.ID)
	d.wonBy(recs, atOnce(func(i int) error { return d.deadlines.Told(ctx(t), o, "2026-03-02", recs[i]) }))
	same(t, untold("2026-03-02"), []string(nil))
	same(t, untold("2026-03-03"), []string{olga.ID})
	for _, other := range []review.Official{{ID: olga.ID, Epoch: olga.Epoch + 1}, {ID: invited.ID, Epoch: invited.Epoch}, {ID: gone.ID, Epoch: gone.Epoch + 1}, {ID: blocked.ID, Epoch: blocked.Epoch + 1}, {ID: fresh("nobody")}} {
		rec := note("staff.told", other.ID)
		d.refused(d.deadlines.Told(ctx(t), other, "2026-03-03", rec), errs.ErrConflict, rec)
	}
	must(t, d.staff.SetRoles(ctx(t), "", olga.ID, []staff.Role{staff.Helpdesk}, effect.Effects{}))
	same(t, untold("2026-03-03"), []string(nil))

}
