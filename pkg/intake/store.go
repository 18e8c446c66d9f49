// Package intake defines how a person applies: what is filled in, in which
// order, the code that confirms the e-mail address, and the contract of the
// store of drafts.
//
//	draft ─► code ─► password ─► person ─► company ─► address ─► document ─► check ─► sent
//
// Before the e-mail address is confirmed, nothing else about the person is
// stored. What officials do with a submitted application is in package review.
package intake

import (
	"context"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
)

// Store stores applications. All methods return errs.ErrUnavailable when the
// database cannot be reached, and errs.ErrNotFound for unknown handles and
// ids.
type Store interface {
	// Start stores a new draft, with the mail that confirms its address.
	Start(ctx context.Context, a application.Application, rec effect.Effects) error
	// ByHandle returns the application with this hash of a handle.
	ByHandle(ctx context.Context, handleHash string) (application.Application, error)
	// OfAccount returns the ids of the applications from which an account was made.
	OfAccount(ctx context.Context, accountID string) ([]string, error)
	// ByReference returns the submitted application with this reference.
	ByReference(ctx context.Context, reference string) (application.Application, error)

	// Renew replaces the code of a draft. It returns errs.ErrConflict after
	// CodesPerDraft times, or when it is not a draft.
	Renew(ctx context.Context, id, codeHash string, expires time.Time, rec effect.Effects) error
	// TryCode counts a try, judges it on the locked row, and on CodeRight
	// moves Draft to EmailConfirmed. One of several concurrent calls succeeds.
	TryCode(ctx context.Context, id, codeHash string, now time.Time) (CodeVerdict, error)

	// Save writes answers and password hash while EmailConfirmed, if the
	// version is still a.Version, and returns the application with its new
	// version. Otherwise it returns errs.ErrConflict.
	Save(ctx context.Context, a application.Application) (application.Application, error)

	// PutDocument stores the document of an open application in place of the
	// previous one. It returns errs.ErrConflict when the application is not
	// open.
	PutDocument(ctx context.Context, d application.Document) error
	// Documents returns the documents of an application, without content.
	Documents(ctx context.Context, applicationID string) ([]application.Document, error)
	// DocumentContent returns a document with its sealed content.
	DocumentContent(ctx context.Context, documentID string) (application.Document, error)

	// StartChange stores the draft of a change request, in place of any other draft
	// of its account. It returns application.Obstructed when the account cannot be
	// changed as the draft asks (Application.Obstacle), and errs.ErrConflict when the
	// account has a change request that is not decided on.
	StartChange(ctx context.Context, a application.Application, rec effect.Effects) error
	// LastChange returns the change request of an account that was submitted last.
	LastChange(ctx context.Context, accountID string) (application.Application, error)

	// Submit moves EmailConfirmed to Submitted with a.Reference and sets the
	// deadline (application.DecideBy). If approve is not nil, the same
	// transaction approves the application and creates that account or, for a
	// change request, changes the account as application.Change does. Submit
	// returns errs.ErrConflict when the application was submitted before or
	// changed meanwhile, when its address has an account, or when a change request
	// changes nothing; and application.Obstructed when the account cannot be changed
	// as the change request asks.
	Submit(ctx context.Context, a application.Application, approve *account.Account, rec effect.Effects) error

	// Expire expires the applications that were not submitted in time, deletes
	// their answers and documents, and returns their number.
	Expire(ctx context.Context, now time.Time) (int, error)
}
