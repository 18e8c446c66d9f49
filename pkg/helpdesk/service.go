package helpdesk

import (
	"context"
	"errors"
	"io"
	"regexp"
	"slices"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/typed"
)

// Letters composes the mails of the helpdesk's acts.
type Letters interface {
	AccountBlocked(a account.Account, reason account.BlockReason, ref string, now time.Time) mail.Message
	AccountUnblocked(a account.Account, link secret.Text, from, now time.Time) mail.Message
	AccountClosed(a account.Account, ref string, until, now time.Time) mail.Message
	AddressAnnounced(a account.Account, r Request, now time.Time) mail.Message
	AddressConfirm(a account.Account, r Request, code secret.Text, now time.Time) mail.Message
	AddressChanged(a account.Account, r Request, now time.Time) mail.Message
	AddressNew(a account.Account, r Request, now time.Time) mail.Message
	LangChanged(a account.Account, now time.Time) mail.Message
	Receipt(app application.Application, a *account.Account, documents []application.Document, now time.Time) mail.Message
}

// Service has a method for each act of the helpdesk. The parameter by is the
// official who acts.
type Service struct {
	Store        Store
	Accounts     account.Store
	Bounces      mail.Bounces
	Callback     signin.Callback
	RecoveryKey  signin.RecoveryKey
	Limits       account.Limits
	AddressKey   []byte        // key of the codes for new addresses
	AddressDelay time.Duration // how long the holder may object at the present address
	Letters      Letters
	Rand         io.Reader
	Now          func() time.Time

	Lanes func(ctx context.Context, a account.Account, e audit.Event) error // signin.Service.OpenLanes
}

// Errors of the acts, besides those of the stores.
var (
	ErrReason = errors.New("helpdesk: the reason is not on the list")
	ErrTicket = errors.New("helpdesk: not a ticket number")
	ErrMail   = errors.New("helpdesk: there is no such mail for this account now")
	ErrMails  = errors.New("helpdesk: enough mails were sent again")
	// ErrAddress is returned for an address that cannot be used: it is
	// invalid, the present one, or that of another account.
	ErrAddress = errors.New("helpdesk: the address cannot be used")
)

// ticket matches a number of the helpdesk's own system. It allows no text, so
// that no personal data ends up in the audit log.
var ticket = regexp.MustCompile(`^[A-Za-z]{0,8}[-_#. ]?[0-9][0-9-]{0,19}$`)

// Justified returns the ticket number folded, or ErrReason,
// ErrTicket or both, joined.
func Justified(list []Reason, reason Reason, number string) (string, error) {
	number = typed.Line(number)
	var wrong []error
	if !slices.Contains(list, reason) {
		wrong = append(wrong, ErrReason)
	}
	if !ticket.MatchString(number) {
		wrong = append(wrong, ErrTicket)
	}
	return number, errors.Join(wrong...)
}

// Search returns the account of a block reference, or of the reference of an
// application or a helpdesk request, or otherwise at most Most accounts that
// match the words.
func (s *Service) Search(ctx context.Context, text string) ([]account.Account, error) {
	if reference := typed.Reference(text); reference != "" {
		for _, find := range []func(context.Context, string) (account.Account, error){s.Accounts.ByBlockRef, s.accountOfApplication, s.accountOfRequest} {
			a, err := find(ctx, reference)
			if err == nil {
				return []account.Account{a}, nil
			}
			if !errors.Is(err, errs.ErrNotFound) {
				return nil, err
			}
		}
	}
	words := SearchWords(text)
	if len(words) == 0 {
		return nil, nil
	}
	return s.Store.Search(ctx, words, Most)
}

func (s *Service) accountOfApplication(ctx context.Context, reference string) (account.Account, error) {
	return s.Store.AccountOf(ctx, application.TypedReference(reference))
}

func (s *Service) accountOfRequest(ctx context.Context, reference string) (account.Account, error) {
	r, err := s.Store.ByReference(ctx, reference)
	if err != nil {
		return account.Account{}, err
	}
	return s.Accounts.ByID(ctx, r.AccountID)
}

// View returns an account and adds an event about the official who viewed it.
func (s *Service) View(ctx context.Context, id string, by audit.Actor) (account.Account, error) {
	a, err := s.Accounts.ByID(ctx, id)
	if err != nil {
		return a, err
	}
	return a, s.Store.Note(ctx, effect.Of(by.Did(audit.AccountViewed, a.ID, s.Now())))
}

// OpenLanes removes the locks that wrong passwords made for an account. It returns
// errs.ErrConflict when the account is closed.
func (s *Service) OpenLanes(ctx context.Context, a account.Account, reason Reason, number string, by audit.Actor) error {
	number, err := Justified(LaneReasons, reason, number)
	if err != nil {
		return err
	}
	if a.State == account.Closed {
		return errs.ErrConflict
	}
	e := by.Did(audit.AccountLanesOpened, a.ID, s.Now()).Because(string(reason)).With(map[string]string{"ticket": number})
	return s.Lanes(ctx, a, e)
}

// ChangeLang changes the language of an account's mails, and sends a mail about it
// in the new one. It returns errs.ErrConflict for the language that it has, for an
// unknown one, and when the account is closed or changed since it was read.
func (s *Service) ChangeLang(ctx context.Context, a account.Account, lang string, reason Reason, number string, by audit.Actor) error {
	number, err := Justified(LangReasons, reason, number)
	if err != nil {
		return err
	}
	return s.Accounts.Change(ctx, a.ID, func(was account.Account) (account.Account, effect.Effects, error) {
		next, err := was.ChangeLang(a.Epoch, lang)
		if err != nil {
			return was, effect.Effects{}, err
		}
		e := by.Did(audit.AccountLangChanged, a.ID, s.Now()).Because(string(reason)).With(map[string]string{"ticket": number, "lang": lang})
		return next, effect.Of(e, s.Letters.LangChanged(next, s.Now())), nil
	})
}

// Block blocks an account. It returns errs.ErrConflict when the account is
// blocked or closed.
func (s *Service) Block(ctx context.Context, a account.Account, reason Reason, number string, by audit.Actor) error {
	number, err := Justified(BlockReasons, reason, number)
	if err != nil {
		return err
	}
	e := by.Did(audit.AccountBlocked, a.ID, s.Now()).Because(string(reason)).With(map[string]string{"ticket": number})
	return signin.WithReference(ctx, s.Accounts, a, s.Rand, func(ref string) error {
		return s.Accounts.Change(ctx, a.ID, func(locked account.Account) (account.Account, effect.Effects, error) {
			next, err := locked.Block(a.Epoch, account.Reported, ref)
			if reason == PasswordKnown {
				next.Renewal = account.RenewalDue
			}
			return next, effect.Of(e, s.Letters.AccountBlocked(a, account.Reported, ref, s.Now())), err
		})
	})
}
