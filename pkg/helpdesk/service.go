package helpdesk

import (
	"context"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
)

// Letters writes the mails of the helpdesk's acts.
type Letters interface {
	AccountBlocked(a account.Account, reason account.BlockReason, ref string, now time.Time) mail.Message
	AccountUnblocked(a account.Account, now time.Time) mail.Message
	AccountClosed(a account.Account, ref string, until, now time.Time) mail.Message
	AddressAnnounced(a account.Account, r Request, now time.Time) mail.Message
	AddressConfirm(a account.Account, r Request, code secret.Text, now time.Time) mail.Message
	AddressChanged(a account.Account, r Request, now time.Time) mail.Message
	AddressNew(a account.Account, r Request, now time.Time) mail.Message
	Receipt(app application.Application, a *account.Account, documents []application.Document, now time.Time) mail.Message
}

// Service are the helpdesk's acts. Each is given the official who acts.
type Service struct {
	Store        Store
	Accounts     account.Store
	Callback     signin.Callback
	AddressKey   []byte        // makes the codes that confirm a new address
	AddressDelay time.Duration // how long the present address may object
	Letters      Letters
	Rand         io.Reader
	Now          func() time.Time
}

// Errors of the acts, besides those of the stores.
var (
	ErrReason = errors.New("helpdesk: the reason is not on the list")
	ErrTicket = errors.New("helpdesk: not a ticket number")
	ErrMail   = errors.New("helpdesk: there is no such mail for this account now")
	ErrMails  = errors.New("helpdesk: enough mails were sent again")
	// ErrAddress is every way in which an address cannot be used: it is none,
	// it is the present one, or another account has it.
	ErrAddress = errors.New("helpdesk: the address cannot be used")
)

// ticket is a number of the helpdesk's own system: no text, so that nothing
// about a person ends up in the audit log.
var ticket = regexp.MustCompile(`^[A-Za-z]{0,8}[-_#. ]?[0-9][0-9-]{0,19}$`)

// Justified gives the ticket number as it is kept, or all that is wrong with a
// reason and a number: ErrReason and ErrTicket, joined.
func Justified(list []Reason, reason Reason, number string) (string, error) {
	number = strings.TrimSpace(number)
	var wrong []error
	if !slices.Contains(list, reason) {
		wrong = append(wrong, ErrReason)
	}
	if !ticket.MatchString(number) {
		wrong = append(wrong, ErrTicket)
	}
	return number, errors.Join(wrong...)
}

// Search finds accounts by a block reference, the reference of an
// application or of a helpdesk request, or by words.
func (s *Service) Search(ctx context.Context, typed string) ([]account.Account, error) {
	typed = strings.ToValidUTF8(strings.Map(printable, typed), "")
	reference := strings.ToUpper(strings.TrimSpace(typed))
	for _, find := range []func(context.Context, string) (account.Account, error){s.Accounts.ByBlockRef, s.Store.AccountOf, s.accountOfRequest} {
		a, err := find(ctx, reference)
		if err == nil {
			return []account.Account{a}, nil
		}
		if !errors.Is(err, errs.ErrNotFound) {
			return nil, err
		}
	}
	words := SearchWords(typed)
	if len(words) == 0 {
		return nil, nil
	}
	return s.Store.Search(ctx, words, Most)
}

func (s *Service) accountOfRequest(ctx context.Context, reference string) (account.Account, error) {
	r, err := s.Store.ByReference(ctx, reference)
	if err != nil {
		return account.Account{}, err
	}
	return s.Accounts.ByID(ctx, r.AccountID)
}

// printable leaves out what no database takes and nobody types.
func printable(r rune) rune {
	if unicode.IsControl(r) {
		return -1
	}
	return r
}

// View gives an account and writes down who looked at it.
func (s *Service) View(ctx context.Context, id string, by audit.Actor) (account.Account, error) {
	a, err := s.Accounts.ByID(ctx, id)
	if err != nil {
		return a, err
	}
	return a, s.Store.Note(ctx, effect.Of(by.Did(audit.AccountViewed, a.ID, s.Now())))
}

// Block blocks on request or suspicion. errs.ErrConflict when it is blocked
// already, or closed.
func (s *Service) Block(ctx context.Context, a account.Account, reason Reason, number string, by audit.Actor) error {
	number, err := Justified(BlockReasons, reason, number)
	if err != nil {
		return err
	}
	e := by.Did(audit.AccountBlocked, a.ID, s.Now()).Because(string(reason)).With(map[string]string{"ticket": number})
	return signin.WithReference(ctx, s.Accounts, a, s.Rand, func(ref string) error {
		return s.Accounts.Block(ctx, a.ID, a.Epoch, account.Reported, ref, s.Now(), effect.Of(e, s.Letters.AccountBlocked(a, account.Reported, ref, s.Now())))
	})
}
