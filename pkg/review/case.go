package review

import (
	"context"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/intake"
)

// Case is a submitted application as officials work on it.
type Case struct {
	application.Application
	Reviewer string // id of the official who works on it; "" = none
	Proposal string // id of the first official to approve, where two have to
	Reminded int    // number of the last reminder of the open question
}

// Standing is the status of a case for officials: its state, or a refinement
// of InReview.
type Standing string

// The refinements of InReview.
const (
	Proposed Standing = "proposed" // waits for a second official
	Released Standing = "released" // released by its official; waits for another
)

// Standing returns the standing of the case.
func (c Case) Standing() Standing {
	switch {
	case c.State == application.InReview && c.Proposal != "":
		return Proposed
	case c.State == application.InReview && c.Reviewer == "":
		return Released
	}
	return Standing(c.State)
}

// ActKind is the kind of an act.
type ActKind string

// The kinds. Acts of applicants and automatic acts have no member.
const (
	ActTake     ActKind = "take"
	ActRelease  ActKind = "release"
	ActNote     ActKind = "note"
	ActPropose  ActKind = "propose" // approved by the first of two
	ActApprove  ActKind = "approve"
	ActReject   ActKind = "reject"
	ActMore     ActKind = "more"     // asked the applicant for more information
	ActAnswer   ActKind = "answer"   // the applicant's answer to that
	ActDocument ActKind = "document" // the applicant sent another document
	ActWithdraw ActKind = "withdraw"
	ActRemind   ActKind = "remind" // the applicant was reminded of the question
	ActExpire   ActKind = "expire" // the question stayed unanswered
)

// Act is something that was done with a case. Acts are never removed.
type Act struct {
	Kind   ActKind
	Member string // staff id; "" = the applicant, or automatic (Automatic)
	Reason string // code of a rejection
	Text   string // text of a note, a rejection, a question or its answer
	At     time.Time
	Unread bool // the official approves although not every document was opened; not stored
}

// Show selects the cases of a queue.
type Show string

// The selections. The first three list the nearest deadline first, the others the
// newest case.
const (
	ShowWaiting Show = "waiting" // without an official
	ShowMine    Show = "mine"    //
	ShowMore    Show = "more"    // waits for its applicant
	ShowDecided Show = "decided" // approved, rejected, withdrawn or expired
	ShowAll     Show = "all"     //
)

// Shows lists all selections.
var Shows = []Show{ShowWaiting, ShowMine, ShowMore, ShowDecided, ShowAll}

// Query selects a part of a queue.
type Query struct {
	Show   Show
	Member string // the official of ShowMine
	Search string // typed text (application.SearchWords); "" = everything
	After  Mark   // cases after this position; or
	Before Mark   // cases right before it
	Limit  int
}

// Mark is a position in a queue, made by the store. It stays valid when cases
// are added or removed. A mark that no store made counts as "".
type Mark string

// Part is a part of a queue, in its order.
type Part struct {
	Cases   []Case
	Earlier Mark // Query.Before for the previous part; "" = this is the first
	Later   Mark // Query.After for the next part; "" = this is the last
}

// Counts holds numbers of cases.
type Counts struct {
	Waiting int // without an official, except those that the member approved first
	Mine    int // taken by the member and in review
}

// Cases stores cases. Each change names the state that it leaves and, where it
// says so, the version that the official saw (c.Version). The case, its act
// and its effects are written in one transaction. Methods return
// errs.ErrConflict when the case is not as named, errs.ErrNotFound when it is
// unknown or was never submitted, and errs.ErrUnavailable when the database
// cannot be reached.
type Cases interface {
	Queue(ctx context.Context, q Query) (Part, error)
	// Lines returns a whole queue and ignores marks and limit. It returns
	// ErrTooMany when the queue has more than most lines.
	Lines(ctx context.Context, q Query, most int) ([]Line, error)
	Counts(ctx context.Context, member string) (Counts, error)
	Case(ctx context.Context, id string) (Case, error)
	// Acts returns the acts on a case, oldest first.
	Acts(ctx context.Context, id string) ([]Act, error)
	// Viewed writes the effects of viewing a case.
	Viewed(ctx context.Context, id string, rec effect.Effects) error

	// Take assigns a case without an official to act.Member: Submitted or
	// InReview to InReview.
	Take(ctx context.Context, c Case, act Act, rec effect.Effects) error
	// Release removes act.Member as the official of a case.
	Release(ctx context.Context, c Case, act Act, rec effect.Effects) error
	// Note adds a remark to an undecided case of any version.
	Note(ctx context.Context, c Case, act Act, rec effect.Effects) error

	// The decisions leave InReview, by act.Member, the official of the case,
	// at the version seen. Propose also releases it, for a second official to
	// take.
	Propose(ctx context.Context, c Case, act Act, rec effect.Effects) error
	// Approve creates the account. It returns errs.ErrConflict also when the
	// address has an account, when act.Member proposed the approval, or for a
	// change request.
	Approve(ctx context.Context, c Case, act Act, a account.Account, rec effect.Effects) error
	// ApproveChange changes the account of a change request (application.Change). It
	// returns application.Obstructed when the account cannot be changed, and
	// errs.ErrConflict also when act.Member proposed the approval.
	ApproveChange(ctx context.Context, c Case, act Act, rec effect.Effects) error
	// Reject also deletes the password hash.
	Reject(ctx context.Context, c Case, act Act, rec effect.Effects) error
	// AskMore moves to MoreInformation, with AnswerBy(act.At) as the deadline
	// for the answer, and clears the proposal.
	AskMore(ctx context.Context, c Case, act Act, rec effect.Effects) error

	// Answer moves MoreInformation back to InReview with the applicant's
	// answer to the question asked at c.AskedAt, at any version. The official
	// stays, and the deadline for the decision moves (DueAfter).
	Answer(ctx context.Context, c Case, act Act, rec effect.Effects) error
	// ReplaceDocument replaces the documents by another one in
	// MoreInformation, with the effects that proof returns for those replaced.
	// Their Name and Sealed are empty.
	ReplaceDocument(ctx context.Context, c Case, d application.Document, act Act, proof func(gone []application.Document) effect.Effects) error
	// Withdraw withdraws an undecided case of any version for its applicant,
	// and deletes the password hash.
	Withdraw(ctx context.Context, c Case, act Act, rec effect.Effects) error

	StatusCodes

	// HandOver makes handleHash the only handle of a submitted change request of this
	// account.
	HandOver(ctx context.Context, id, accountID, handleHash string, rec effect.Effects) error
}

// StatusCodes is the part of Cases with the codes for the status page.
type StatusCodes interface {
	// SetStatusCode stores the hash of a code for the status page.
	SetStatusCode(ctx context.Context, id, codeHash string, expires time.Time, rec effect.Effects) error
	// TryStatusCode counts a try and judges it on the locked row. CodeRight
	// uses up the code, and handleHash becomes the only handle of the
	// application.
	TryStatusCode(ctx context.Context, id, codeHash, handleHash string, now time.Time, rec effect.Effects) (intake.CodeVerdict, error)
}
