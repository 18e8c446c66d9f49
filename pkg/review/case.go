package review

import (
	"context"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/intake"
)

// Case is a sent application as officials see it.
type Case struct {
	application.Application
	Reviewer string // id of the official who has it; "" = nobody
	Proposal string // id of the official who approved first, where a second one has to
	Reminded int    // how many times the applicant was reminded of the open question
}

// Standing is how far a case is, as officials see it: its state, or what
// InReview does not tell.
type Standing string

// The standings that are no states.
const (
	Proposed Standing = "proposed" // waits for the second official
	Released Standing = "released" // waits for anyone: who had it let it go
)

// Standing tells how far the case is.
func (c Case) Standing() Standing {
	switch {
	case c.State == application.InReview && c.Proposal != "":
		return Proposed
	case c.State == application.InReview && c.Reviewer == "":
		return Released
	}
	return Standing(c.State)
}

// ActKind says what was done with a case.
type ActKind string

// The kinds. What an applicant does has no member, nor what happens by itself.
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

// Act is one thing done with a case. It stays for good.
type Act struct {
	Kind   ActKind
	Member string // staff id; "" = the applicant, or nobody (Automatic)
	Reason string // code of a rejection
	Text   string // own words: of a note, a rejection, a question or its answer
	At     time.Time
}

// Show says which cases a queue lists.
type Show string

// What can be shown. The first three give the nearest end of a term first,
// the others the newest.
const (
	ShowWaiting Show = "waiting" // nobody has it, and somebody should
	ShowMine    Show = "mine"    //
	ShowMore    Show = "more"    // waits for its applicant
	ShowDecided Show = "decided" // approved, rejected, withdrawn or expired
	ShowAll     Show = "all"     //
)

// Shows lists them all.
var Shows = []Show{ShowWaiting, ShowMine, ShowMore, ShowDecided, ShowAll}

// Query asks for a part of a queue.
type Query struct {
	Show   Show
	Member string // whose ShowMine is
	Search string // what somebody typed; "" = everything (SearchWords)
	After  Mark   // what follows this place; or
	Before Mark   // what is right before it
	Limit  int
}

// Mark is a place in one queue, made by the store. It stays right while
// others come and go around it. One that no store made counts as none.
type Mark string

// Part is a part of a queue, in its order.
type Part struct {
	Cases   []Case
	Earlier Mark // Before, of the part before this one; "" = this is the first
	Later   Mark // After, of the part behind this one; "" = this is the last
}

// Counts is how much waits.
type Counts struct {
	Waiting int // for anybody but those who approved them first
	Mine    int // taken by the member, to be decided
}

// Cases is the contract for deciding on applications. Each change names the
// state it leaves and, where it says so, the version it saw (c.Version); it
// is kept with its act and its record or not at all. errs.ErrConflict when
// the case is not (any more) as named, errs.ErrNotFound for what is unknown
// or was never sent, errs.ErrUnavailable when the store does not answer.
type Cases interface {
	Queue(ctx context.Context, q Query) (Part, error)
	// Lines gives a whole queue, whatever its marks and limit; ErrTooMany
	// when it has more lines than most.
	Lines(ctx context.Context, q Query, most int) ([]Line, error)
	Counts(ctx context.Context, member string) (Counts, error)
	Case(ctx context.Context, id string) (Case, error)
	// Acts lists what was done with a case, oldest first.
	Acts(ctx context.Context, id string) ([]Act, error)
	// Viewed keeps the record of somebody having looked.
	Viewed(ctx context.Context, id string, rec effect.Effects) error

	// Take gives a case that nobody has to act.Member: Submitted or InReview
	// to InReview.
	Take(ctx context.Context, c Case, act Act, rec effect.Effects) error
	// Release lets go of a case that act.Member has.
	Release(ctx context.Context, c Case, act Act, rec effect.Effects) error
	// Note adds a remark while the case is open, whatever the version.
	Note(ctx context.Context, c Case, act Act, rec effect.Effects) error

	// The decisions leave InReview, by act.Member who has the case, at the
	// version seen. Propose lets go of it, for a second official to take.
	Propose(ctx context.Context, c Case, act Act, rec effect.Effects) error
	// Approve makes the account; errs.ErrConflict also when its address has
	// one, or when act.Member proposed it.
	Approve(ctx context.Context, c Case, act Act, a account.Account, rec effect.Effects) error
	// Reject ends it and forgets the password.
	Reject(ctx context.Context, c Case, act Act, rec effect.Effects) error
	// AskMore waits for the applicant: MoreInformation, until AnswerBy of
	// act.At; a proposal is void.
	AskMore(ctx context.Context, c Case, act Act, rec effect.Effects) error

	// Answer is the applicant's, whatever the version, to the question asked
	// at c.AskedAt: MoreInformation back to InReview, with the official who
	// asked, and the term moved on (DueAfter).
	Answer(ctx context.Context, c Case, act Act, rec effect.Effects) error
	// ReplaceDocument puts a document instead of earlier ones, in
	// MoreInformation, with the record that proof makes of those: their Name
	// and Sealed are empty.
	ReplaceDocument(ctx context.Context, c Case, d application.Document, act Act, proof func(gone []application.Document) effect.Effects) error
	// Withdraw ends an open case for its applicant, whatever the version,
	// and forgets the password.
	Withdraw(ctx context.Context, c Case, act Act, rec effect.Effects) error

	StatusCodes
}

// StatusCodes is the part of Cases that lets applicants in again.
type StatusCodes interface {
	// SetStatusCode keeps the hash of a code that opens the status page.
	SetStatusCode(ctx context.Context, id, codeHash string, expires time.Time, rec effect.Effects) error
	// TryStatusCode counts a try and judges it on the locked row; on
	// CodeRight the code is spent and the application answers to handle from
	// then on, and to no other.
	TryStatusCode(ctx context.Context, id, codeHash, handleHash string, now time.Time, rec effect.Effects) (intake.CodeVerdict, error)
}
