package storagetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/record"
)

// desk is a world with officials in it.
type desk struct {
	world
	cases application.Cases
}

func (d desk) in(t *testing.T) desk { return desk{d.world.in(t), d.cases} }

// Cases is the contract of application.Cases.
func Cases(t *testing.T, open func(*testing.T) (Stores, application.Cases)) {
	s, cases := open(t)
	d := desk{world{s, t}, cases}
	t.Run("moves", func(t *testing.T) { caseMoves(t, d.in(t)) })
	t.Run("one wins", func(t *testing.T) { caseCrowds(t, d.in(t)) })
	t.Run("two pairs of eyes", func(t *testing.T) { caseSecond(t, d.in(t)) })
	t.Run("address taken", func(t *testing.T) { caseAddressTaken(t, d.in(t)) })
	t.Run("document", func(t *testing.T) { caseDocument(t, d.in(t)) })
	t.Run("status code", func(t *testing.T) { caseStatusCode(t, d.in(t)) })
	t.Run("queue", func(t *testing.T) { caseQueue(t, d.in(t)) })
	t.Run("parts of a queue", func(t *testing.T) { caseParts(t, d.in(t)) })
	t.Run("lines", func(t *testing.T) { caseLines(t, d.in(t)) })
	t.Run("search", func(t *testing.T) { caseSearch(t, d.in(t)) })
	t.Run("silence", func(t *testing.T) { caseSilence(t, cases) })
	d.unbroken()
}

func caseSilence(t *testing.T, cases application.Cases) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	eachMethod(struct{ Cases application.Cases }{cases}, func(name string, call func(context.Context) error) {
		if err := call(over); !errors.Is(err, errs.ErrUnavailable) {
			t.Errorf("%s: got %v, want unavailable", name, err)
		}
	})
}

// sent is a case that waits.
func (d desk) sent() application.Case {
	d.t.Helper()
	a := d.ready(draft())
	must(d.t, d.Applications.Submit(ctx(d.t), a, nil, record.Record{}))
	return d.reload(a.ID)
}

func (d desk) reload(id string) application.Case {
	d.t.Helper()
	return ok[application.Case](d.t)(d.cases.Case(ctx(d.t), id))
}

func act(kind application.ActKind, member string) application.Act {
	return application.Act{Kind: kind, Member: member, Reason: "else", Text: "wörds\n<b>&", At: noon.Add(time.Hour)}
}

// taken is a case that member has.
func (d desk) taken(member string) application.Case {
	d.t.Helper()
	c := d.sent()
	must(d.t, d.cases.Take(ctx(d.t), c, act(application.ActTake, member), record.Record{}))
	return d.reload(c.ID)
}

// asked is a case that waits for its applicant.
func (d desk) asked(member string) application.Case {
	d.t.Helper()
	c := d.taken(member)
	must(d.t, d.cases.AskMore(ctx(d.t), c, act(application.ActMore, member), record.Record{}))
	return d.reload(c.ID)
}

// do makes a move by its kind.
func (d desk) do(t *testing.T, kind application.ActKind, member string, c application.Case, rec record.Record) error {
	a := act(kind, member)
	switch kind {
	case application.ActTake:
		return d.cases.Take(ctx(t), c, a, rec)
	case application.ActRelease:
		return d.cases.Release(ctx(t), c, a, rec)
	case application.ActNote:
		return d.cases.Note(ctx(t), c, a, rec)
	case application.ActPropose:
		return d.cases.Propose(ctx(t), c, a, rec)
	case application.ActApprove:
		return d.cases.Approve(ctx(t), c, a, approved(c.Application), rec)
	case application.ActReject:
		return d.cases.Reject(ctx(t), c, a, rec)
	case application.ActMore:
		return d.cases.AskMore(ctx(t), c, a, rec)
	case application.ActAnswer:
		return d.cases.Answer(ctx(t), c, a, rec)
	default:
		return d.cases.Withdraw(ctx(t), c, a, rec)
	}
}

// moves lists, for each kind of act, the states it leaves and where it leads;
// "" = it stays. Everything that is not here is a conflict.
var moves = map[application.ActKind]map[application.State]application.State{
	application.ActTake:     {application.Submitted: application.InReview},
	application.ActRelease:  {application.InReview: "", application.MoreInformation: ""},
	application.ActNote:     {application.Submitted: "", application.InReview: "", application.MoreInformation: ""},
	application.ActPropose:  {application.InReview: ""},
	application.ActApprove:  {application.InReview: application.Approved},
	application.ActReject:   {application.InReview: application.Rejected},
	application.ActMore:     {application.InReview: application.MoreInformation},
	application.ActAnswer:   {application.MoreInformation: application.InReview},
	application.ActWithdraw: {application.Submitted: application.Withdrawn, application.InReview: application.Withdrawn, application.MoreInformation: application.Withdrawn},
}

func caseMoves(t *testing.T, d desk) {
	states := map[application.State]func(desk) application.Case{
		application.Submitted:       desk.sent,
		application.InReview:        func(d desk) application.Case { return d.taken("olga") },
		application.MoreInformation: func(d desk) application.Case { return d.asked("olga") },
	}
	for _, end := range []application.ActKind{application.ActApprove, application.ActReject, application.ActWithdraw} {
		states[moves[end][application.InReview]] = func(d desk) application.Case {
			c := d.taken("olga")
			must(d.t, d.do(d.t, end, who(end), c, record.Record{}))
			return d.reload(c.ID)
		}
	}
	for state, make := range states {
		for kind, leads := range moves {
			t.Run(string(state)+" "+string(kind), func(t *testing.T) {
				d := d.in(t)
				c := make(d)
				rec := note(audit.Action("application."+string(kind)), c.ID)
				err := d.do(t, kind, who(kind), c, rec)
				next, allowed := leads[state]
				if !allowed {
					d.refused(err, errs.ErrConflict, rec)
					same(t, d.reload(c.ID), c)
					return
				}
				d.happened(err, rec)
				got := d.reload(c.ID)
				if next == "" {
					next = state
				}
				same(t, got.State, next)
				same(t, got.Version, c.Version+1)
				acts := ok[[]application.Act](t)(d.cases.Acts(ctx(t), c.ID))
				same(t, acts[len(acts)-1], act(kind, who(kind)))
				if over := !got.Undecided(); over != (got.PasswordHash == "") || over == got.DecidedAt.IsZero() {
					t.Errorf("%s: password kept %v, decided at %v", got.State, got.PasswordHash != "", got.DecidedAt)
				}
				// Whoever still sees the case as it was comes too late.
				if kind != application.ActNote {
					stale := note("application.stale", c.ID)
					d.refused(d.do(t, application.ActReject, "olga", c, stale), errs.ErrConflict, stale)
				}
			})
		}
	}
	t.Run("only who has it decides", func(t *testing.T) {
		d := d.in(t)
		c := d.taken("olga")
		for _, kind := range []application.ActKind{application.ActTake, application.ActRelease, application.ActPropose, application.ActApprove, application.ActReject, application.ActMore} {
			rec := note("application.other", c.ID)
			d.refused(d.do(t, kind, "otto", c, rec), errs.ErrConflict, rec)
		}
		same(t, d.reload(c.ID), c)
	})
	t.Run("drafts and strangers are not there", func(t *testing.T) {
		d := d.in(t)
		for _, id := range []string{d.confirmed(draft()).ID, fresh("nobody"), ""} {
			_, err := d.cases.Case(ctx(t), id)
			is(t, err, errs.ErrNotFound)
			rec := note("application.viewed", id)
			d.refused(d.cases.Viewed(ctx(t), id, rec), errs.ErrNotFound, rec)
		}
		c, rec := d.sent(), note("application.viewed", "x")
		d.happened(d.cases.Viewed(ctx(t), c.ID, rec), rec)
		same(t, d.reload(c.ID), c)
	})
}

// who does an act in these tests.
func who(kind application.ActKind) string {
	if kind == application.ActAnswer || kind == application.ActWithdraw {
		return ""
	}
	return "olga"
}

func caseCrowds(t *testing.T, d desk) {
	crowds := map[string]func(d desk) (application.Case, func(c application.Case, i int) error){
		"take": func(d desk) (application.Case, func(application.Case, int) error) {
			return d.sent(), func(c application.Case, i int) error {
				return d.do(d.t, application.ActTake, fresh("member"), c, record.Record{})
			}
		},
		"approve, reject, ask and withdraw": func(d desk) (application.Case, func(application.Case, int) error) {
			kinds := []application.ActKind{application.ActApprove, application.ActReject, application.ActMore, application.ActPropose}
			return d.taken("olga"), func(c application.Case, i int) error {
				return d.do(d.t, kinds[i%len(kinds)], "olga", c, record.Record{})
			}
		},
		"approve and withdraw": func(d desk) (application.Case, func(application.Case, int) error) {
			kinds := []application.ActKind{application.ActApprove, application.ActWithdraw}
			return d.taken("olga"), func(c application.Case, i int) error {
				kind := kinds[i%2]
				return d.do(d.t, kind, who(kind), c, record.Record{})
			}
		},
		"answer": func(d desk) (application.Case, func(application.Case, int) error) {
			return d.asked("olga"), func(c application.Case, i int) error {
				return d.do(d.t, application.ActAnswer, "", c, record.Record{})
			}
		},
	}
	for name, make := range crowds {
		t.Run(name, func(t *testing.T) {
			d := d.in(t)
			c, do := make(d)
			before := len(ok[[]application.Act](t)(d.cases.Acts(ctx(t), c.ID)))
			exactlyOne(t, atOnce(func(i int) error { return do(c, i) }), errs.ErrConflict)
			got := d.reload(c.ID)
			same(t, got.Version, c.Version+1)
			same(t, len(ok[[]application.Act](t)(d.cases.Acts(ctx(t), c.ID))), before+1)
			_, err := d.Accounts.ByEmail(ctx(t), c.Email)
			if (err == nil) != (got.State == application.Approved) {
				t.Errorf("%s, and the account: %v", got.State, err)
			}
		})
	}
}

func caseSecond(t *testing.T, d desk) {
	c := d.taken("olga")
	must(t, d.do(t, application.ActPropose, "olga", c, record.Record{}))
	c = d.reload(c.ID)
	if c.State != application.InReview || c.Proposal != "olga" || c.Reviewer != "" {
		t.Errorf("proposed: %s by %q, with %q", c.State, c.Proposal, c.Reviewer)
	}
	must(t, d.do(t, application.ActTake, "olga", c, record.Record{})) // the rules forbid it; the store the rest
	mine := d.reload(c.ID)
	for _, kind := range []application.ActKind{application.ActApprove, application.ActPropose} {
		rec := note("application.twice", c.ID)
		d.refused(d.do(t, kind, "olga", mine, rec), errs.ErrConflict, rec)
	}
	must(t, d.do(t, application.ActRelease, "olga", mine, record.Record{}))
	must(t, d.do(t, application.ActTake, "otto", d.reload(c.ID), record.Record{}))
	must(t, d.do(t, application.ActApprove, "otto", d.reload(c.ID), record.Record{}))
	same(t, d.account(d.reload(c.ID).AccountID).State, account.AwaitingEnrolment)

	t.Run("asking for more voids a proposal", func(t *testing.T) {
		d := d.in(t)
		c := d.taken("olga")
		must(t, d.do(t, application.ActPropose, "olga", c, record.Record{}))
		must(t, d.do(t, application.ActTake, "otto", d.reload(c.ID), record.Record{}))
		must(t, d.do(t, application.ActMore, "otto", d.reload(c.ID), record.Record{}))
		if c = d.reload(c.ID); c.Proposal != "" || c.Reviewer != "otto" {
			t.Errorf("asked: proposal of %q, with %q", c.Proposal, c.Reviewer)
		}
	})
}

func caseAddressTaken(t *testing.T, d desk) {
	c := d.taken("olga")
	other := d.ready(func() application.Application {
		a := draft()
		a.Email = c.Email
		return a
	}())
	holder := approved(other)
	must(t, d.Applications.Submit(ctx(t), other, &holder, record.Record{}))
	rec := note("application.approved", c.ID)
	d.refused(d.do(t, application.ActApprove, "olga", c, rec), errs.ErrConflict, rec)
	same(t, d.reload(c.ID), c)
}
