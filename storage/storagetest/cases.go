package storagetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/review"
)

// caseWorld is a world with officials who review cases.
type caseWorld struct {
	world
	cases review.Cases
}

func (d caseWorld) in(t *testing.T) caseWorld { return caseWorld{d.world.in(t), d.cases} }

// Cases tests a review.Cases.
func Cases(t *testing.T, open func(*testing.T) (Stores, review.Cases)) {
	s, cases := open(t)
	d := caseWorld{world{s, t}, cases}
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
	t.Run("change requests", func(t *testing.T) { caseChanges(t, d.in(t)) })
	t.Run("silence", func(t *testing.T) { caseSilence(t, cases) })
	d.unbroken()
}

func caseSilence(t *testing.T, cases review.Cases) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	eachMethod(struct{ Cases review.Cases }{cases}, func(name string, call func(context.Context) error) {
		if err := call(over); !errors.Is(err, errs.ErrUnavailable) {
			t.Errorf("%s: got %v, want unavailable", name, err)
		}
	})
}

// sent returns a case that waits for an official.
func (d caseWorld) sent() review.Case {
	d.t.Helper()
	a := d.ready(draft())
	must(d.t, d.Applications.Submit(ctx(d.t), a, nil, effect.Effects{}))
	return d.reload(a.ID)
}

func (d caseWorld) reload(id string) review.Case {
	d.t.Helper()
	return ok[review.Case](d.t)(d.cases.Case(ctx(d.t), id))
}

func act(kind review.ActKind, member string) review.Act {
	return review.Act{Kind: kind, Member: member, Reason: "else", Text: "wörds\n<b>&", At: noon.Add(time.Hour)}
}

// taken returns a case that member has taken.
func (d caseWorld) taken(member string) review.Case {
	d.t.Helper()
	c := d.sent()
	must(d.t, d.cases.Take(ctx(d.t), c, act(review.ActTake, member), effect.Effects{}))
	return d.reload(c.ID)
}

// asked returns a case that waits for its applicant.
func (d caseWorld) asked(member string) review.Case {
	d.t.Helper()
	c := d.taken(member)
	must(d.t, d.cases.AskMore(ctx(d.t), c, act(review.ActMore, member), effect.Effects{}))
	return d.reload(c.ID)
}

// do does an act, by its kind.
func (d caseWorld) do(t *testing.T, kind review.ActKind, member string, c review.Case, rec effect.Effects) error {
	a := act(kind, member)
	switch kind {
	case review.ActTake:
		return d.cases.Take(ctx(t), c, a, rec)
	case review.ActRelease:
		return d.cases.Release(ctx(t), c, a, rec)
	case review.ActNote:
		return d.cases.Note(ctx(t), c, a, rec)
	case review.ActPropose:
		return d.cases.Propose(ctx(t), c, a, rec)
	case review.ActApprove:
		return d.cases.Approve(ctx(t), c, a, approved(c.Application), rec)
	case review.ActReject:
		return d.cases.Reject(ctx(t), c, a, rec)
	case review.ActMore:
		return d.cases.AskMore(ctx(t), c, a, rec)
	case review.ActAnswer:
		return d.cases.Answer(ctx(t), c, a, rec)
	default:
		return d.cases.Withdraw(ctx(t), c, a, rec)
	}
}

// moves lists, for each kind of act, the states that it may leave and the state
// that follows; "" means the same state. From any other state it is a conflict.
var moves = map[review.ActKind]map[application.State]application.State{
	review.ActTake:     {application.Submitted: application.InReview},
	review.ActRelease:  {application.InReview: "", application.MoreInformation: ""},
	review.ActNote:     {application.Submitted: "", application.InReview: "", application.MoreInformation: ""},
	review.ActPropose:  {application.InReview: ""},
	review.ActApprove:  {application.InReview: application.Approved},
	review.ActReject:   {application.InReview: application.Rejected},
	review.ActMore:     {application.InReview: application.MoreInformation},
	review.ActAnswer:   {application.MoreInformation: application.InReview},
	review.ActWithdraw: {application.Submitted: application.Withdrawn, application.InReview: application.Withdrawn, application.MoreInformation: application.Withdrawn},
}

func caseMoves(t *testing.T, d caseWorld) {
	states := map[application.State]func(caseWorld) review.Case{
		application.Submitted:       caseWorld.sent,
		application.InReview:        func(d caseWorld) review.Case { return d.taken("olga") },
		application.MoreInformation: func(d caseWorld) review.Case { return d.asked("olga") },
	}
	for _, end := range []review.ActKind{review.ActApprove, review.ActReject, review.ActWithdraw} {
		states[moves[end][application.InReview]] = func(d caseWorld) review.Case {
			c := d.taken("olga")
			must(d.t, d.do(d.t, end, who(end), c, effect.Effects{}))
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
				acts := ok[[]review.Act](t)(d.cases.Acts(ctx(t), c.ID))
				same(t, acts[len(acts)-1], act(kind, who(kind)))
				if over := !got.Undecided(); over != (got.PasswordHash == "") || over == got.DecidedAt.IsZero() {
					t.Errorf("%s: password kept %v, decided at %v", got.State, got.PasswordHash != "", got.DecidedAt)
				}
				// An act on an earlier version of the case is a conflict.
				if kind != review.ActNote {
					stale := note("application.stale", c.ID)
					d.refused(d.do(t, review.ActReject, "olga", c, stale), errs.ErrConflict, stale)
				}
			})
		}
	}
	t.Run("only who has it decides", func(t *testing.T) {
		d := d.in(t)
		c := d.taken("olga")
		for _, kind := range []review.ActKind{review.ActTake, review.ActRelease, review.ActPropose, review.ActApprove, review.ActReject, review.ActMore} {
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

// who returns the member who does an act in these tests.
func who(kind review.ActKind) string {
	if kind == review.ActAnswer || kind == review.ActWithdraw {
		return ""
	}
	return "olga"
}

func caseCrowds(t *testing.T, d caseWorld) {
	crowds := map[string]func(d caseWorld) (review.Case, func(c review.Case, i int) error){
		"take": func(d caseWorld) (review.Case, func(review.Case, int) error) {
			return d.sent(), func(c review.Case, i int) error {
				return d.do(d.t, review.ActTake, fresh("member"), c, effect.Effects{})
			}
		},
		"approve, reject, ask and withdraw": func(d caseWorld) (review.Case, func(review.Case, int) error) {
			kinds := []review.ActKind{review.ActApprove, review.ActReject, review.ActMore, review.ActPropose}
			return d.taken("olga"), func(c review.Case, i int) error {
				return d.do(d.t, kinds[i%len(kinds)], "olga", c, effect.Effects{})
			}
		},
		"approve and withdraw": func(d caseWorld) (review.Case, func(review.Case, int) error) {
			kinds := []review.ActKind{review.ActApprove, review.ActWithdraw}
			return d.taken("olga"), func(c review.Case, i int) error {
				kind := kinds[i%2]
				return d.do(d.t, kind, who(kind), c, effect.Effects{})
			}
		},
		"answer": func(d caseWorld) (review.Case, func(review.Case, int) error) {
			return d.asked("olga"), func(c review.Case, i int) error {
				return d.do(d.t, review.ActAnswer, "", c, effect.Effects{})
			}
		},
	}
	for name, make := range crowds {
		t.Run(name, func(t *testing.T) {
			d := d.in(t)
			c, do := make(d)
			before := len(ok[[]review.Act](t)(d.cases.Acts(ctx(t), c.ID)))
			exactlyOne(t, atOnce(func(i int) error { return do(c, i) }), errs.ErrConflict)
			got := d.reload(c.ID)
			same(t, got.Version, c.Version+1)
			same(t, len(ok[[]review.Act](t)(d.cases.Acts(ctx(t), c.ID))), before+1)
			_, err := d.Accounts.ByEmail(ctx(t), c.Email)
			if (err == nil) != (got.State == application.Approved) {
				t.Errorf("%s, and the account: %v", got.State, err)
			}
		})
	}
}

func caseSecond(t *testing.T, d caseWorld) {
	c := d.taken("olga")
	must(t, d.do(t, review.ActPropose, "olga", c, effect.Effects{}))
	c = d.reload(c.ID)
	if c.State != application.InReview || c.Proposal != "olga" || c.Reviewer != "" {
		t.Errorf("proposed: %s by %q, with %q", c.State, c.Proposal, c.Reviewer)
	}
	must(t, d.do(t, review.ActTake, "olga", c, effect.Effects{})) // forbidden by the rules, not by the store
	mine := d.reload(c.ID)
	for _, kind := range []review.ActKind{review.ActApprove, review.ActPropose} {
		rec := note("application.twice", c.ID)
		d.refused(d.do(t, kind, "olga", mine, rec), errs.ErrConflict, rec)
	}
	must(t, d.do(t, review.ActRelease, "olga", mine, effect.Effects{}))
	must(t, d.do(t, review.ActTake, "otto", d.reload(c.ID), effect.Effects{}))
	must(t, d.do(t, review.ActApprove, "otto", d.reload(c.ID), effect.Effects{}))
	same(t, d.account(d.reload(c.ID).AccountID).State, account.AwaitingEnrolment)

	t.Run("asking for more voids a proposal", func(t *testing.T) {
		d := d.in(t)
		c := d.taken("olga")
		must(t, d.do(t, review.ActPropose, "olga", c, effect.Effects{}))
		must(t, d.do(t, review.ActTake, "otto", d.reload(c.ID), effect.Effects{}))
		must(t, d.do(t, review.ActMore, "otto", d.reload(c.ID), effect.Effects{}))
		if c = d.reload(c.ID); c.Proposal != "" || c.Reviewer != "otto" {
			t.Errorf("asked: proposal of %q, with %q", c.Proposal, c.Reviewer)
		}
	})
}

func caseAddressTaken(t *testing.T, d caseWorld) {
	c := d.taken("olga")
	other := d.ready(func() application.Application {
		a := draft()
		a.Email = c.Email
		return a
	}())
	holder := approved(other)
	must(t, d.Applications.Submit(ctx(t), other, &holder, effect.Effects{}))
	rec := note("application.approved", c.ID)
	d.refused(d.do(t, review.ActApprove, "olga", c, rec), errs.ErrConflict, rec)
	same(t, d.reload(c.ID), c)
}
