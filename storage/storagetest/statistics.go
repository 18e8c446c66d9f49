package storagetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/statistics"
)

// counted is an application as the suite made it, to compare with the store.
type counted struct {
	kind             account.Kind
	sent, due, ended time.Time
	state            application.State
	asked            []time.Time
	reason           string
}

// Statistics tests a statistics.Store: it does random work, and compares the
// figures with a slow count of what was done.
func Statistics(t *testing.T, s Stores, cases review.Cases, deadlines review.DeadlineStore, calls helpdesk.Store, store statistics.Store) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.Count(over, statistics.Query{}); !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("silence: %v", err)
	}
	w := statisticsWorld{deadlineWorld: deadlineWorld{caseWorld: caseWorld{world{s, t}, cases}, deadlines: deadlines}, r: rand.New(rand.NewPCG(5, 6))}
	var all []counted
	for i := range 90 {
		all = append(all, w.something(i))
	}
	w.confirmed(draft()) // not sent, so not counted
	all = append(all, w.changes(calls)...)
	for range 4 {
		all = append(all, w.unblocks(calls)...)
	}
	for range 40 {
		from := noon.Add(-time.Duration(w.r.IntN(300*24)) * time.Hour)
		q := statistics.Query{From: from, To: from.Add(time.Duration(w.r.IntN(200*24)) * time.Hour), Now: noon.Add(-time.Duration(w.r.IntN(200*24)) * time.Hour)}
		rows := ok[[]statistics.Row](t)(store.Count(ctx(t), q))
		for _, kinds := range [][]account.Kind{{account.NaturalPerson}, {account.LegalPerson}, {account.NaturalPerson, account.LegalPerson}} {
			got := statistics.Report(rows, kinds...)
			got.Changes = statistics.ChangeFigures{}
			slow := w.slowly(all, q, kinds)
			same(t, got, statistics.Report(slow, kinds...))
		}
	}
	period := statistics.Query{From: noon.Add(-time.Hour), To: noon.AddDate(1, 0, 0), Now: noon}
	wantChanges := statistics.ChangeFigures{Received: 4, Open: 1, Approved: 1, Rejected: 1, Stopped: 1}
	same(t, statistics.Report(ok[[]statistics.Row](t)(store.Count(ctx(t), period)), account.NaturalPerson, account.LegalPerson).Changes, wantChanges)
	if f := statistics.Report(ok[[]statistics.Row](t)(store.Count(ctx(t), statistics.Query{From: noon.AddDate(1, 0, 0), To: noon.AddDate(2, 0, 0), Now: noon.AddDate(1, 0, 0)})), account.NaturalPerson, account.LegalPerson); f.Received+f.Decided()+f.Withdrawn+f.Expired+f.Asked+len(f.Reasons)+len(f.Unblocked)+len(f.Refused) != 0 || f.Open() == 0 {
		t.Errorf("a period without work: %+v", f)
	}
}

// changes makes change requests in each state, which only Figures.Changes counts. It
// returns the applications of their accounts.
func (w *statisticsWorld) changes(calls helpdesk.Store) (from []counted) {
	w.t.Helper()
	var seen [4]review.Case
	for i := range seen {
		a := w.awaiting()
		w.enrolled(a.ID)
		seen[i] = w.takenChange(w.account(a.ID), "olga")
		app, _, err := calls.Application(ctx(w.t), a.ID)
		must(w.t, err)
		from = append(from, counted{kind: app.Kind, sent: app.SubmittedAt, due: app.DueAt, ended: app.DecidedAt, state: app.State})
	}
	must(w.t, w.cases.ApproveChange(ctx(w.t), seen[0], act(review.ActApprove, "olga"), effect.Effects{}))
	must(w.t, w.cases.Reject(ctx(w.t), seen[1], act(review.ActReject, "olga"), effect.Effects{}))
	must(w.t, w.cases.Withdraw(ctx(w.t), seen[2], review.Act{Kind: review.ActWithdraw, At: noon.Add(time.Hour)}, effect.Effects{}))
	must(w.t, w.cases.AskMore(ctx(w.t), seen[3], act(review.ActMore, "olga"), effect.Effects{}))
	return from
}

type statisticsWorld struct {
	deadlineWorld
	r    *rand.Rand
	done []unblocked
}

type unblocked struct {
	at    time.Time
	state helpdesk.State
	kind  account.Kind
}

// something makes one application and brings it to some state.
func (w *statisticsWorld) something(i int) counted {
	w.t.Helper()
	c := counted{kind: account.LegalPerson, sent: noon.Add(-time.Duration(w.r.IntN(250*24*60)) * time.Minute), state: application.Submitted}
	a := draft()
	if i%3 == 0 {
		c.kind, a.Kind = account.NaturalPerson, account.NaturalPerson
	}
	a.ExpiresAt = noon.AddDate(1, 0, 0)
	a = w.ready(a)
	a.SubmittedAt = c.sent
	must(w.t, w.Applications.Submit(ctx(w.t), a, nil, effect.Effects{}))
	at := c.sent
	later := func(kind review.ActKind) review.Act {
		at = at.Add(time.Duration(w.r.IntN(50*24*60)) * time.Minute)
		act := by(kind, "olga", at)
		act.Reason = review.Reasons[w.r.IntN(3)]
		return act
	}
	if i%6 > 0 {
		must(w.t, w.cases.Take(ctx(w.t), w.reload(a.ID), later(review.ActTake), effect.Effects{}))
		c.state = application.InReview
	}
	if i%6 > 0 && w.r.IntN(3) == 0 {
		must(w.t, w.cases.AskMore(ctx(w.t), w.reload(a.ID), later(review.ActMore), effect.Effects{}))
		c.asked, c.state = append(c.asked, at), application.MoreInformation
	}
	if c.state == application.MoreInformation && i%6 > 2 {
		act := later(review.ActAnswer)
		act.Member = ""
		must(w.t, w.cases.Answer(ctx(w.t), w.reload(a.ID), act, effect.Effects{}))
		c.state = application.InReview
	}
	w.end(&c, a.ID, i, later, &at)
	c.due = w.reload(a.ID).DueAt
	return c
}

// end ends some of the applications.
func (w *statisticsWorld) end(c *counted, id string, i int, later func(review.ActKind) review.Act, at *time.Time) {
	seen := w.reload(id)
	switch {
	case c.state == application.InReview && i%6 >= 4:
		act := later(review.ActReject)
		must(w.t, w.cases.Reject(ctx(w.t), seen, act, effect.Effects{}))
		c.state, c.reason = application.Rejected, act.Reason
	case c.state == application.InReview && i%6 >= 2:
		must(w.t, w.cases.Approve(ctx(w.t), seen, later(review.ActApprove), approved(seen.Application), effect.Effects{}))
		c.state = application.Approved
	case c.state == application.MoreInformation && i%6 == 2:
		act := later(review.ActExpire)
		*at = seen.AnswerBy
		act.At, act.Member = *at, ""
		must(w.t, w.deadlines.Expire(ctx(w.t), seen, act, effect.Effects{}))
		c.state = application.Expired
	case i%5 == 0:
		act := later(review.ActWithdraw)
		act.Member = ""
		must(w.t, w.cases.Withdraw(ctx(w.t), seen, act, effect.Effects{}))
		c.state = application.Withdrawn
	default:
		return
	}
	c.ended = *at
}

// unblocks ends one request to unblock as done and one as refused, at noon; a
// third stays open. It returns the applications of their accounts.
func (w *statisticsWorld) unblocks(calls helpdesk.Store) (from []counted) {
	h := helpdeskWorld{w.world, calls}
	for _, state := range []helpdesk.State{helpdesk.Done, helpdesk.Refused, helpdesk.Open} {
		a := w.blocked()
		c := h.identified(a, "olga", true)
		switch state {
		case helpdesk.Done:
			must(w.t, h.confirm(c.ID, "piet", noon, effect.Effects{}))
		case helpdesk.Refused:
			must(w.t, h.end(c, helpdesk.Refused, "olga", noon, effect.Effects{}))
		}
		if state == helpdesk.Open { // a closed one is no unblock
			closing := h.begun(changing(a, helpdesk.Closing, "olga"))
			must(w.t, h.confirm(closing.ID, "piet", noon, effect.Effects{}))
		}
		if state != helpdesk.Open {
			w.done = append(w.done, unblocked{noon, state, a.Kind})
		}
		app, _, err := calls.Application(ctx(w.t), a.ID)
		must(w.t, err)
		from = append(from, counted{kind: app.Kind, sent: app.SubmittedAt, due: app.DueAt, ended: app.DecidedAt, state: app.State})
	}
	return from
}

// slowly counts one application at a time.
func (w *statisticsWorld) slowly(all []counted, q statistics.Query, kinds []account.Kind) []statistics.Row {
	in := func(t time.Time) bool { return !t.IsZero() && !t.Before(q.From) && t.Before(q.To) }
	var rows []statistics.Row
	for _, c := range all {
		row := statistics.Row{Kind: c.kind, State: string(c.state), N: 1}
		if in(c.sent) {
			row.What = statistics.Received
			rows = append(rows, row)
		}
		if c.ended.IsZero() {
			row.What, row.Late = statistics.Open, !q.Now.Before(c.due)
			rows = append(rows, row)
		}
		if in(c.ended) {
			row.What, row.Late, row.Days = statistics.Ended, !c.ended.Before(c.due), int(c.ended.Sub(c.sent)/(24*time.Hour))
			rows = append(rows, row)
			if c.reason != "" {
				rows = append(rows, statistics.Row{What: statistics.Rejected, Kind: c.kind, Key: c.reason, N: 1})
			}
		}
		for _, asked := range c.asked {
			if in(asked) {
				rows = append(rows, statistics.Row{What: statistics.Asked, Kind: c.kind, N: 1})
			}
		}
	}
	for _, u := range w.done {
		if in(u.at) {
			rows = append(rows, statistics.Row{What: statistics.Unblock, Kind: u.kind, Key: "lost_phone", State: string(u.state), N: 1})
		}
	}
	return rows
}
