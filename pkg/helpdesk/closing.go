package helpdesk

import (
	"context"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/signin"
)

// Close ends an account, or proposes it where a colleague has to confirm.
// errs.ErrConflict as Changes.Begin and Changes.Close have it.
func (r *Service) Close(ctx context.Context, a account.Account, reason Reason, number string, by audit.Actor) (Change, error) {
	number, err := Justified(CloseReasons, reason, number)
	if err != nil {
		return Change{}, err
	}
	c := r.change(a, Closing, Proposed, by)
	c.Second, c.Reason, c.Ticket = r.NeedsSecond(a), reason, number
	rec := effect.Of(r.ofChange(by, c, audit.ClosingProposed))
	if !c.Second {
		rec = r.closed(c, a, by)
	}
	return c, r.Changes.Begin(ctx, c, rec)
}

// FinishClosing is a colleague's yes: everything of before dead, a mail that
// says until when it can be undone.
func (r *Service) FinishClosing(ctx context.Context, c Change, a account.Account, by audit.Actor) error {
	return r.Changes.Close(ctx, c.ID, by.ID, r.Now(), r.closed(c, a, by))
}

func (r *Service) closed(c Change, a account.Account, by audit.Actor) effect.Effects {
	return effect.Of(r.ofChange(by, c, audit.AccountClosed), r.Letters.AccountClosed(a, c.Reference, r.Now().Add(ReopenTime), r.Now()))
}

// MayReopen tells whether a closing can still be undone.
func (r *Service) MayReopen(a account.Account) bool {
	return a.State == account.Closed && r.Now().Before(a.ClosedAt.Add(ReopenTime))
}

// Reopen undoes a closing. The account is blocked then: who gets it is
// decided by an unblock, with its questions and its second member.
func (r *Service) Reopen(ctx context.Context, a account.Account, reason Reason, number string, by audit.Actor) error {
	number, err := Justified(ReopenReasons, reason, number)
	if err != nil {
		return err
	}
	if !r.MayReopen(a) {
		return errs.ErrConflict
	}
	e := by.Did(audit.AccountReopened, a.ID, r.Now()).Because(string(reason)).With(map[string]string{"ticket": number})
	return signin.WithReference(ctx, r.Accounts, a, r.Rand, func(ref string) error {
		return r.Changes.Reopen(ctx, a.ID, a.Epoch, account.Reopened, ref, r.Now(), effect.Of(e, r.Letters.AccountBlocked(a, account.Reopened, ref, r.Now())))
	})
}
