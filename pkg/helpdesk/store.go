package helpdesk

import (
	"context"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
)

// Store is the helpdesk's contract. errs.ErrUnavailable when it does not
// answer.
type Store interface {
	// Search gives accounts whose terms begin with all of the words
	// (SearchWords), by name, at most max.
	Search(ctx context.Context, words []string, max int) ([]account.Account, error)
	// Application gives the application an account came from, and its
	// documents without content; errs.ErrNotFound when it is gone.
	Application(ctx context.Context, accountID string) (application.Application, []application.Document, error)
	// AccountOf gives the account of a reference; errs.ErrNotFound.
	AccountOf(ctx context.Context, reference string) (account.Account, error)
	// Note writes the effects of something that changes nothing else.
	Note(ctx context.Context, rec effect.Effects) error
	// Resend writes the effects, an "account.mail_resent", of a mail that goes
	// to a again. ErrMails when it has MailsAgain of them in the last time
	// (MailsWithin); of any number of callers at once no more get through.
	// errs.ErrConflict when the account is closed or not of this epoch: then
	// the address may be another one too.
	Resend(ctx context.Context, a account.Account, now time.Time, rec effect.Effects) error
	// Reopen moves an account from Closed to Blocked, within ReopenTime.
	Reopen(ctx context.Context, accountID string, epoch int64, reason account.BlockReason, ref string, now time.Time, rec effect.Effects) error

	// Moved reports whether the address of an account changed in the last time
	// (Moved).
	Moved(ctx context.Context, accountID string, now time.Time) (bool, error)
	// Begin locks an account, lets judge decide on it and on those of its
	// requests that are under way or ended after since, and keeps the one that
	// judge returns and the ends of others, with its effects. A request that
	// judge returns as Done acts on the account as Move has it. An error of
	// judge ends it; errs.ErrConflict when there is no such account.
	Begin(ctx context.Context, accountID string, since time.Time, judge func(account.Account, []Request) (begun Request, ended []Request, rec effect.Effects, err error)) error
	// Request answers errs.ErrNotFound, and so does ByReference.
	Request(ctx context.Context, id string) (Request, error)
	ByReference(ctx context.Context, reference string) (Request, error)
	// LiveChange gives the change of address, or the closing, that an account
	// is under; errs.ErrNotFound.
	LiveChange(ctx context.Context, accountID string, now time.Time) (Request, error)
	// OpenedBy lists what an official began and what is not over, nor with
	// the holder, oldest first.
	OpenedBy(ctx context.Context, official string, now time.Time) ([]Request, error)
	// Waiting lists what waits for a colleague, oldest first.
	Waiting(ctx context.Context, now time.Time) ([]Request, error)
	// Move reads a request and its account, lets judge decide, and writes the
	// request that judge returns, with its effects, when both still are as they
	// were judged. Otherwise it reads and judges again, three times in all, and
	// is errs.ErrUnavailable then. It gives the request as kept. An error of
	// judge ends it; errs.ErrNotFound. judge must not call the store's Begin,
	// Move or Try.
	//
	// A request that becomes Done acts on the account in the same write: it is
	// unblocked, closed, or has its new address. Each gives it a new epoch. A
	// new address also changes what the account is found by, and makes void the
	// codes that were mailed to the previous one; errs.ErrConflict when another
	// account has it.
	Move(ctx context.Context, id string, judge func(Request, account.Account) (Request, effect.Effects, error)) (Request, error)
	// Try counts a code that a holder typed, and then does as Move does with the
	// request and account locked.
	Try(ctx context.Context, id string, judge func(Request, account.Account) (Request, effect.Effects, error)) (Request, error)
}
