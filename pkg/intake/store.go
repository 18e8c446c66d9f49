// Package intake holds the rules of applying: what an applicant fills in, in
// which order, the code that confirms the e-mail address, and the contract of
// the store that keeps a draft until it is sent.
//
//	draft ─► code ─► password ─► person ─► company ─► address ─► document ─► check ─► sent
//
// Nothing about a person is stored before the e-mail address is confirmed. What
// officials do with a sent application is package review.
package intake

import (
	"context"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
)

// Store is the application contract. errs.ErrUnavailable when it does not
// answer; errs.ErrNotFound for unknown handles and ids.
type Store interface {
	// Start keeps a new draft, with the mail that confirms its address.
	Start(ctx context.Context, a application.Application, rec effect.Effects) error
	// ByHandle gives the application of an applicant's cookie.
	ByHandle(ctx context.Context, handleHash string) (application.Application, error)
	// ByReference finds a submitted application.
	ByReference(ctx context.Context, reference string) (application.Application, error)

	// Renew replaces the code of a draft, at most CodesPerDraft times;
	// errs.ErrConflict beyond that or when it is no draft.
	Renew(ctx context.Context, id, codeHash string, expires time.Time, rec effect.Effects) error
	// TryCode counts a try, judges it on the locked row, and on CodeRight
	// moves Draft to EmailConfirmed: once, of any number of callers.
	TryCode(ctx context.Context, id, codeHash string, now time.Time) (CodeVerdict, error)

	// Save writes answers and password hash while EmailConfirmed, if the
	// version is still a.Version; errs.ErrConflict otherwise.
	Save(ctx context.Context, a application.Application) (application.Application, error)

	// PutDocument keeps the document of an open application, instead of an
	// earlier one; errs.ErrConflict when it is no longer open.
	PutDocument(ctx context.Context, d application.Document) error
	// Documents lists the documents of an application, without content.
	Documents(ctx context.Context, applicationID string) ([]application.Document, error)
	// DocumentContent gives one document with its sealed content.
	DocumentContent(ctx context.Context, documentID string) (application.Document, error)

	// Submit moves EmailConfirmed to Submitted under a reference, once, and
	// sets its term (DecideBy). With
	// an account it goes on to Approved in the same transaction and makes
	// that account. errs.ErrConflict when it was submitted before, changed
	// meanwhile, or when the address has an account by now.
	Submit(ctx context.Context, a application.Application, approve *account.Account, rec effect.Effects) error

	// Expire closes what nobody finished in time, wipes its answers and
	// documents, and tells how many.
	Expire(ctx context.Context, now time.Time) (int, error)
}
