package review

import (
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/errs"
)

// After returns the case as an act leaves it, or errs.ErrConflict when the act
// is not possible now. c is the case as it is stored, seen the case that the
// act was decided on. Service.May refuses more than this, by what was done with the case
// before; what is refused here is impossible for everyone. The account of an
// approval is the caller's to add, and a reminder is Remind's.
func (c Case) After(seen Case, act Act) (Case, error) {
	if !c.allows(seen, act) {
		return Case{}, errs.ErrConflict
	}
	switch act.Kind {
	case ActTake:
		c.State, c.Reviewer = application.InReview, act.Member
	case ActRelease:
		c.Reviewer = ""
	case ActPropose:
		c.Proposal, c.Reviewer = act.Member, ""
	case ActMore:
		c.State, c.Proposal, c.Reminded = application.MoreInformation, "", 0
		c.AskedAt, c.AnswerBy = act.At, application.AnswerBy(act.At)
	case ActAnswer:
		c.DueAt = c.DueAfter(act.At)
		c.State, c.AskedAt, c.AnswerBy = application.InReview, time.Time{}, time.Time{}
	case ActApprove:
		c = c.decided(application.Approved, act)
	case ActReject:
		c = c.decided(application.Rejected, act)
	case ActWithdraw:
		c = c.decided(application.Withdrawn, act)
	case ActExpire:
		c = c.decided(application.Expired, act)
	case ActNote, ActDocument: // change nothing but the version
	}
	c.Version++
	return c, nil
}

// allows reports whether an act is possible. Officials act on the version that
// they saw, but for a note; applicants, and time, on any version since.
func (c Case) allows(seen Case, act Act) bool {
	same := c.Version == seen.Version
	decides := same && c.State == application.InReview && c.Reviewer == act.Member && act.Member != ""
	nobody := c.Version >= seen.Version && act.Member == ""
	question := c.asks(seen, act)
	switch act.Kind {
	case ActTake:
		return same && act.Member != "" && c.Reviewer == "" && (c.State == application.Submitted || c.State == application.InReview)
	case ActRelease:
		return same && act.Member != "" && c.Reviewer == act.Member && (c.State == application.InReview || c.State == application.MoreInformation)
	case ActNote:
		return c.Version >= seen.Version && act.Member != "" && c.Undecided()
	case ActPropose:
		return decides && c.Proposal == ""
	case ActApprove:
		return decides && c.Proposal != act.Member
	case ActReject, ActMore:
		return decides
	case ActAnswer:
		return question
	case ActDocument:
		return nobody && c.State == application.MoreInformation
	case ActWithdraw:
		return nobody && c.Undecided()
	case ActExpire:
		return question && !c.AnswerBy.IsZero() && !act.At.Before(c.AnswerBy)
	}
	return false
}

// asks reports whether the question that was seen is still open, for what no
// official does.
func (c Case) asks(seen Case, act Act) bool {
	return c.Version >= seen.Version && act.Member == "" && c.State == application.MoreInformation && c.AskedAt.Equal(seen.AskedAt)
}

// Remind returns the case after its applicant was reminded of the question the
// nth time, 1 and up: no time twice, none after a later one, and only while
// there is time to answer.
func (c Case) Remind(seen Case, n int, act Act) (Case, error) {
	if !c.asks(seen, act) || c.Reminded >= n || !act.At.Before(c.AnswerBy) {
		return Case{}, errs.ErrConflict
	}
	c.Reminded = n
	c.Version++
	return c, nil
}

// decided ends the case: the question is closed and the password forgotten,
// which an approval has given to the account.
func (c Case) decided(s application.State, act Act) Case {
	c.State, c.DecidedAt, c.PasswordHash = s, act.At, ""
	c.AskedAt, c.AnswerBy = time.Time{}, time.Time{}
	return c
}

// Left returns an undecided case without an official who has no role for it
// any more; ok is false when the case does not wait for that official.
func (c Case) Left(member string) (left Case, ok bool) {
	if member == "" || !c.Undecided() || c.Reviewer != member && c.Proposal != member {
		return Case{}, false
	}
	if c.Reviewer == member {
		c.Reviewer = ""
	}
	if c.Proposal == member {
		c.Proposal = ""
	}
	c.Version++
	return c, true
}

// Reachable reports whether a code that opens the status page can be mailed.
func (c Case) Reachable() bool { return c.Email != "" }
