package review

import (
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/errs"
)

// After returns the case after an act, or errs.ErrConflict when the act is not
// possible. c is the stored case, seen the case on which the act was decided.
// What After refuses is impossible for everyone; Service.May refuses more, by
// earlier acts. The caller sets the account of an approval; reminders are
// judged by Remind.
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
	case ActNote, ActDocument: // change only the version
	}
	c.Version++
	return c, nil
}

// allows reports whether an act is possible. Acts of officials, except notes,
// need the version that they saw; those of applicants and automatic ones
// accept any later version.
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

// asks reports whether the question that was seen is still open, for acts
// without a member.
func (c Case) asks(seen Case, act Act) bool {
	return c.Version >= seen.Version && act.Member == "" && c.State == application.MoreInformation && c.AskedAt.Equal(seen.AskedAt)
}

// Remind returns the case after the nth reminder, from 1. It returns
// errs.ErrConflict for a reminder that was sent before or that a later one
// preceded, and after the deadline.
func (c Case) Remind(seen Case, n int, act Act) (Case, error) {
	if !c.asks(seen, act) || c.Reminded >= n || !act.At.Before(c.AnswerBy) {
		return Case{}, errs.ErrConflict
	}
	c.Reminded = n
	c.Version++
	return c, nil
}

// decided returns the case in a final state, without the open question and the
// password hash; an approval has copied that to the account.
func (c Case) decided(s application.State, act Act) Case {
	c.State, c.DecidedAt, c.PasswordHash = s, act.At, ""
	c.AskedAt, c.AnswerBy = time.Time{}, time.Time{}
	return c
}

// Left returns an undecided case without an official who lost the role for it;
// ok is false when the case does not refer to that official.
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

// Reachable reports whether the applicant can get mail, such as a code for the
// status page.
func (c Case) Reachable() bool { return c.Email != "" }
