package helpdesk

import (
	"context"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
)

// Store stores helpdesk requests and reads what the helpdesk needs. All
// methods return errs.ErrUnavailable when the database cannot be reached.
type Store interface {
	// Search returns at most max accounts, by name. Each word (SearchWords)
	// has to be a prefix of a term of the account.
	Search(ctx context.Context, words []string, max int) ([]account.Account, error)
	// Application returns the application of an account and its documents
	// without content. It returns errs.ErrNotFound when it no longer exists.
	Application(ctx context.Context, accountID string) (application.Application, []application.Document, error)
	// AccountOf returns the account of the application with this reference, or
	// errs.ErrNotFound.
	AccountOf(ctx context.Context, reference string) (account.Account, error)
	// Note writes the effects of an act that changes nothing else.
	Note(ctx context.Context, rec effect.Effects) error
	// Resend writes the effects, an "account.mail_resent", of a mail that is
	// sent to a again. It returns ErrMails when there are MailsAgain of them
	// within MailsWithin, also for concurrent calls, and errs.ErrConflict when
	// the account is closed or not of this epoch, since its address may be
	// another one then.
	Resend(ctx context.Context, a account.Account, now time.Time, rec effect.Effects) error
	// Reopen moves an account from Closed to Blocked. It returns
	// errs.ErrConflict when it is not closed, not of this epoch or was closed
	// longer than ReopenTime ago.
	Reopen(ctx context.Context, accountID string, epoch int64, reason account.BlockReason, ref string, now time.Time, rec effect.Effects) error

	// Moved reports whether the address of an account changed within
	// SecondWithin before now.
	Moved(ctx context.Context, accountID string, now time.Time) (bool, error)
	// Begin locks an account and calls judge with it and with its requests
	// that are under way or ended after since. It stores the request and the
	// ended requests that judge returns, with the effects, in one transaction.
	// A request that is Done changes the account as Move does. Begin returns
	// an error of judge, and errs.ErrConflict when there is no such account.
	Begin(ctx context.Context, accountID string, since time.Time, judge func(account.Account, []Request) (begun Request, ended []Request, rec effect.Effects, err error)) error
	// Request and ByReference return errs.ErrNotFound if there is no such
	// request.
	Request(ctx context.Context, id string) (Request, error)
	ByReference(ctx context.Context, reference string) (Request, error)
	// LiveChange returns the change of address or the closing of an account
	// that is under way, or errs.ErrNotFound.
	LiveChange(ctx context.Context, accountID string, now time.Time) (Request, error)
	// OpenedBy returns the open and proposed requests that an official began
	// and that are not over, oldest first.
	OpenedBy(ctx context.Context, official string, now time.Time) ([]Request, error)
	// Waiting returns the proposals that wait for a colleague, oldest first.
	Waiting(ctx context.Context, now time.Time) ([]Request, error)
	// Move reads a request and its account, calls judge, and writes the
	// request and effects that judge returns, provided that both are still as
	// read. Otherwise it tries again, three times in all, and then returns
	// errs.ErrUnavailable. It returns the stored request, an error of judge,
	// or errs.ErrNotFound. judge must not call Begin, Move or Try of the
	// store.
	//
	// A request that becomes Done changes the account in the same transaction:
	// it is unblocked, closed, or gets the new address, each with a new epoch.
	// A new address also changes the search terms and voids the codes that
	// were mailed to the previous one; if another account has it, Move returns
	// errs.ErrConflict.
	Move(ctx context.Context, id string, judge func(Request, account.Account) (Request, effect.Effects, error)) (Request, error)
	// Try counts a code that a holder typed, and then does the same as Move
	// with the request and the account locked.
	Try(ctx context.Context, id string, judge func(Request, account.Account) (Request, effect.Effects, error)) (Request, error)
}
