package helpdesk

import (
	"cmp"
	"context"
	"errors"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
)

// Mail names a mail that can be sent again.
type Mail string

// The mails.
const (
	MailReceipt   Mail = "receipt"
	MailBlocked   Mail = "blocked"
	MailUnblocked Mail = "unblocked"
)

// Mails returns the mails that apply to an account now. held reports that the
// receipt is left out because the address is new (SecondWithin): it has the
// answers that a caller is asked for, and a person who had the address changed
// by deceit must not learn them.
func (s *Service) Mails(ctx context.Context, a account.Account) (out []Mail, held bool, err error) {
	switch {
	case a.State == account.Closed:
		return nil, false, nil // none of them applies any more
	case a.State == account.Blocked:
		out = append(out, MailBlocked)
	case a.State == account.AwaitingEnrolment && a.Unblocks > 0:
		out = append(out, MailUnblocked)
	}
	_, _, err = s.Store.Application(ctx, a.ID)
	if errors.Is(err, errs.ErrNotFound) {
		return out, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if held, err = s.moved(ctx, a); !held {
		out = append(out, MailReceipt)
	}
	return out, held, err
}

// Resend sends a mail again, to the address of the account. It returns ErrMail
// if Mails does not include it, ErrMails after too many of them, and
// errs.ErrConflict when the account changed since it was read.
func (s *Service) Resend(ctx context.Context, a account.Account, kind Mail, reason Reason, number string, by audit.Actor) error {
	number, err := Justified(MailReasons, reason, number)
	if err != nil {
		return err
	}
	m, err := s.again(ctx, a, kind)
	if err != nil {
		return err
	}
	e := by.Did(audit.AccountMailResent, a.ID, s.Now()).Because(string(reason)).With(map[string]string{"ticket": number, "mail": string(kind)})
	return s.Store.Resend(ctx, a, e.At, effect.Of(e, m))
}

// Subject returns the subject of a mail as Resend would send it, which an official
// may tell a caller. It returns ErrMail if Mails does not include it.
func (s *Service) Subject(ctx context.Context, a account.Account, kind Mail) (string, error) {
	m, err := s.again(ctx, a, kind)
	return m.Subject, err
}

func (s *Service) again(ctx context.Context, a account.Account, kind Mail) (mail.Message, error) {
	now := s.Now()
	switch {
	case kind == MailBlocked && a.State == account.Blocked:
		return s.Letters.AccountBlocked(a, a.BlockReason, a.BlockRef, now), nil
	case kind == MailUnblocked && a.State == account.AwaitingEnrolment && a.Unblocks > 0:
		return s.Letters.AccountUnblocked(a, s.RecoveryKey.LinkOf(a), s.Limits.QRFrom(a), now), nil
	case kind != MailReceipt:
		return mail.Message{}, ErrMail
	}
	if moved, err := s.moved(ctx, a); err != nil || moved {
		return mail.Message{}, cmp.Or(err, ErrMail)
	}
	app, documents, err := s.Store.Application(ctx, a.ID)
	if errors.Is(err, errs.ErrNotFound) {
		return mail.Message{}, ErrMail
	}
	if err != nil {
		return mail.Message{}, err
	}
	app.Email = a.Email // the address may have changed since
	return s.Letters.Receipt(app, &a, documents, now), nil
}

// moved reports whether the address of an account is new: an official changed it within
// SecondWithin, or its holder within account.PreviousTime.
func (s *Service) moved(ctx context.Context, a account.Account) (bool, error) {
	now := s.Now()
	moved, err := s.Store.Moved(ctx, a.ID, now)
	return moved || a.Moved(now), err
}
