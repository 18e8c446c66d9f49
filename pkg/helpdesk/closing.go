package helpdesk

import (
	"context"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/signin"
)

// MayReopen reports whether a closing can still be undone.
func (s *Service) MayReopen(a account.Account) bool {
	return a.State == account.Closed && s.Now().Before(a.ClosedAt.Add(ReopenTime))
}

// Reopen makes a closed account a blocked one. A caller then gets it back by an
// unblock, with its questions and its second official. It returns
// errs.ErrConflict after ReopenTime.
func (s *Service) Reopen(ctx context.Context, a account.Account, reason Reason, number string, by audit.Actor) error {
	number, err := Justified(ReopenReasons, reason, number)
	if err != nil {
		return err
	}
	if !s.MayReopen(a) {
		return errs.ErrConflict
	}
	e := by.Did(audit.AccountReopened, a.ID, s.Now()).Because(string(reason)).With(map[string]string{"ticket": number})
	return signin.WithReference(ctx, s.Accounts, a, s.Rand, func(ref string) error {
		return s.Store.Reopen(ctx, a.ID, a.Epoch, account.Reopened, ref, s.Now(), effect.Of(e, s.Letters.AccountBlocked(a, account.Reopened, ref, s.Now())))
	})
}
