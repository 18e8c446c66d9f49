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
	AddressAnnounced(a account.Account, c Change, now time.Time) mail.Message
	AddressConfirm(a account.Account, c Change, code secret.Text, now time.Time) mail.Message
	AddressChanged(a account.Account, c Change, now time.Time) mail.Message
	AddressNew(a account.Account, c Change, now time.Time) mail.Message
	Receipt(app application.Application, a *account.Account, documents []application.Document, now time.Time) mail.Message
}

// Service are the helpdesk's acts. Each is given the member who acts.
type Service struct {
	Store        Store
	Changes      Changes
	Accounts     account.Store
	Callback     signin.Callback
	AddressKey   []byte        // makes the codes that confirm a new address
	AddressDelay time.Duration // how long the address of before may object
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
	// it is the one of before, or another account has it.
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
// application or of a change, or by words.
func (r *Service) Search(ctx context.Context, typed string) ([]account.Account, error) {
	typed = strings.ToValidUTF8(strings.Map(printable, typed), "")
	reference := strings.ToUpper(strings.TrimSpace(typed))
	for _, find := range []func(context.Context, string) (account.Account, error){r.Accounts.ByBlockRef, r.Store.AccountOf, r.accountOfChange} {
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
	return r.Store.Search(ctx, words, Most)
}

// printable leaves out what no database takes and nobody types.
func printable(r rune) rune {
	if unicode.IsControl(r) {
		return -1
	}
	return r
}

// View gives an account and writes down who looked at it.
func (r *Service) View(ctx context.Context, id string, by audit.Actor) (account.Account, error) {
	a, err := r.Accounts.ByID(ctx, id)
	if err != nil {
		return a, err
	}
	return a, r.Store.Note(ctx, effect.Of(by.Did(audit.AccountViewed, a.ID, r.Now())))
}

// NeedsSecond tells whether a colleague has to confirm an unblock.
func (r *Service) NeedsSecond(a account.Account) bool {
	return a.Kind == account.LegalPerson || !a.UnblockedAt.IsZero() && r.Now().Before(a.UnblockedAt.Add(SecondWithin))
}

// Begin opens a case. errs.ErrConflict as Store.Begin has it.
func (r *Service) Begin(ctx context.Context, a account.Account, by audit.Actor) (Case, error) {
	c := Case{
		ID: secret.NewID(r.Rand), AccountID: a.ID, Epoch: a.Epoch, State: Open, Second: r.NeedsSecond(a),
		OpenedBy: by.ID, OpenedAt: r.Now(), Version: 1,
	}
	return c, r.Store.Begin(ctx, c, effect.Of(r.of(by, c, audit.UnblockBegun)))
}

// Load gives a case with its account; errs.ErrConflict when it is over or
// the account has moved on.
func (r *Service) Load(ctx context.Context, id string) (Case, account.Account, error) {
	c, err := r.Store.Case(ctx, id)
	if err != nil {
		return c, account.Account{}, err
	}
	a, err := r.Accounts.ByID(ctx, c.AccountID)
	if err == nil && (c.Over(r.Now()) || a.State != account.Blocked || a.Epoch != c.Epoch) {
		err = errs.ErrConflict
	}
	return c, a, err
}

// Identify judges the code and the answers a caller gave. What was right
// before stays; an empty text was not asked. Too much wrong refuses the case.
func (r *Service) Identify(ctx context.Context, c Case, a account.Account, code string, said map[Question]string, by audit.Actor) (Case, error) {
	c.Caller = c.hear(a, r.Callback, code, said, r.Now())
	action := audit.UnblockAnswers
	switch {
	case c.Wrong >= WrongAnswers: // also when others were right: whoever guesses stops here
		action, c.State, c.DecidedBy, c.DecidedAt = audit.UnblockRefused, Refused, by.ID, r.Now()
	case c.Identified():
		action = audit.UnblockIdentified
	}
	return r.Store.Save(ctx, c, effect.Of(r.of(by, c, action)))
}

// Justify gives an identified case its reason; one that needs a colleague
// becomes a proposal by it.
func (r *Service) Justify(ctx context.Context, c Case, reason Reason, number string, by audit.Actor) (Case, error) {
	number, err := Justified(UnblockReasons, reason, number)
	if err != nil {
		return c, err
	}
	if !c.Identified() {
		return c, errs.ErrConflict
	}
	c.Reason, c.Ticket = reason, number
	action := audit.UnblockReason
	if c.Second {
		c.State, action = Proposed, audit.UnblockProposed
	}
	return r.Store.Save(ctx, c, effect.Of(r.of(by, c, action)))
}

// Finish unblocks: a fresh enrolment, everything of before dead, a mail.
func (r *Service) Finish(ctx context.Context, c Case, a account.Account, by audit.Actor) error {
	e := r.of(by, c, audit.AccountUnblocked)
	return r.Store.Finish(ctx, c.ID, by.ID, r.Now(), effect.Of(e, r.Letters.AccountUnblocked(a, r.Now())))
}

// End refuses a proposal (a colleague) or gives a case up (who opened it).
func (r *Service) End(ctx context.Context, c Case, by audit.Actor) error {
	state, action := Cancelled, audit.UnblockCancelled
	if by.ID != c.OpenedBy {
		state, action = Refused, audit.UnblockRefused
	}
	return r.Store.End(ctx, c.ID, state, by.ID, r.Now(), effect.Of(r.of(by, c, action)))
}

// Block blocks on request or suspicion. errs.ErrConflict when it is blocked
// already, or closed.
func (r *Service) Block(ctx context.Context, a account.Account, reason Reason, number string, by audit.Actor) error {
	number, err := Justified(BlockReasons, reason, number)
	if err != nil {
		return err
	}
	e := by.Did(audit.AccountBlocked, a.ID, r.Now()).Because(string(reason)).With(map[string]string{"ticket": number})
	return signin.WithReference(ctx, r.Accounts, a, r.Rand, func(ref string) error {
		return r.Accounts.Block(ctx, a.ID, a.Epoch, account.Reported, ref, r.Now(), effect.Of(e, r.Letters.AccountBlocked(a, account.Reported, ref, r.Now())))
	})
}

// of is an event about the account of a case.
func (r *Service) of(by audit.Actor, c Case, action audit.Action) audit.Event {
	details := map[string]string{"case": c.ID}
	if c.Ticket != "" {
		details["ticket"] = c.Ticket
	}
	if c.OpenedBy != by.ID {
		details["proposed_by"] = c.OpenedBy
	}
	c.Caller.tell(details)
	return by.Did(action, c.AccountID, r.Now()).Because(string(c.Reason)).With(details)
}
