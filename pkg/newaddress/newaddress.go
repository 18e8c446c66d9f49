// Package newaddress defines the change of the e-mail address of an account by its
// holder: the code that confirms the new address, and the link, mailed to the previous
// address, that undoes the change. Changes by the helpdesk are in package helpdesk; the
// rules about one account are in package account.
//
//	ask ─► code to the new address ─► confirm ─► changed ─► notice to both, with the link to the old one
//	                                                │
//	                                     undo, for seven days ─► as it was before the change
//
// A new address that another account or application has is answered as one that is
// free: as many statements and mails, the same text and the same status. The mail to it
// says that it is taken, and every code is wrong.
package newaddress

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/realm"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/typed"
)

// ErrTaken is returned for a right code when another account has got the address since
// the code was mailed.
var ErrTaken = errors.New("newaddress: somebody else has the address")

// Letters writes the mails.
type Letters interface {
	// OwnAddressCode has the code for a new address. It holds no data of the account.
	OwnAddressCode(to, lang string, code secret.Text, until, now time.Time) mail.Message
	// OwnAddressTaken is sent instead of OwnAddressCode to an address that another
	// account or application has.
	OwnAddressTaken(to, lang string, until, now time.Time) mail.Message
	// OwnAddressNew is the first mail to the new address.
	OwnAddressNew(a account.Account, now time.Time) mail.Message
	// OwnAddressChanged is the notice to an address that the account had, with the
	// link that restores it before until; "" for none.
	OwnAddressChanged(a account.Account, to string, link secret.Text, until, now time.Time) mail.Message
	// OwnAddressUndone says that a change was undone. ref is the reference for the
	// helpdesk if the account is blocked, and "" in the mail to an address that it
	// no longer has.
	OwnAddressUndone(a account.Account, to, ref string, now time.Time) mail.Message
}

// Service changes addresses.
type Service struct {
	Store    account.Addresses
	Accounts account.Store
	Letters  Letters
	CodeKey  []byte // of codes that are mailed to addresses to confirm them
	UndoKey  []byte // of the links
	LaneKey  []byte // for limit.Key
	Limits   account.Limits
	Rand     io.Reader
	Now      func() time.Time
}

// link returns the handle of the link of an undo. It is derived, so that a later notice
// to the same address can have it again.
func (s *Service) link(accountID, id string) secret.Text {
	return secret.Derive(s.UndoKey, secret.KindUndo, accountID, id)
}

func (s *Service) codeHash(a account.Account, sid, email, code string) string {
	return secret.MAC(s.CodeKey, "code of a new address", a.ID, sid, email, code)
}

func event(a account.Account, action audit.Action, from signin.From, now time.Time) audit.Event {
	return audit.Holder(a.ID).At(from.Origin, from.RequestID).Did(action, a.ID, now)
}

// Ask mails a code to the address email (canonical), for a session of the account. The
// error is errs.ErrConflict if the account has changed since it was read.
func (s *Service) Ask(ctx context.Context, read account.Account, sid, email string, from signin.From) error {
	code, err := secret.NewCode(s.Rand)
	if err != nil {
		return err
	}
	return s.Store.Ask(ctx, read.ID, email, s.Now(), func(a account.Account, by account.AddressTaken) (account.AddressChange, effect.Effects, error) {
		now := s.Now()
		if a.State != account.Active || a.Epoch != read.Epoch {
			return account.AddressChange{}, effect.Effects{}, errs.ErrConflict
		}
		c := account.AddressChange{
			AccountID: a.ID, SID: sid, Epoch: a.Epoch, Email: email, Taken: by.Taken, CodeHash: s.codeHash(a, sid, email, code.Reveal()), AskedAt: now,
		}
		m := s.Letters.OwnAddressCode(email, a.Lang, code, c.Expires(), now)
		m.Asked = &mail.Asked{Code: limit.MailboxCode(s.CodeKey, email, code.Reveal())}
		if by.Taken {
			m = s.Letters.OwnAddressTaken(email, cmp.Or(by.Lang, a.Lang), c.Expires(), now)
			m.Asked = &mail.Asked{} // spaced as for a free address, so that the gaps reveal nothing
		}
		return c, effect.Of(event(a, audit.AddressAsked, from, now), m), nil
	})
}

// Asked returns the change that can be confirmed in a session of the account, or
// errs.ErrNotFound.
func (s *Service) Asked(ctx context.Context, a account.Account, sid string) (account.AddressChange, error) {
	c, err := s.Store.Asked(ctx, a.ID)
	if err == nil && !c.Of(a, sid, s.Now()) {
		err = errs.ErrNotFound
	}
	return c, err
}

// Result is the result of a typed code.
type Result struct {
	Verdict account.AddressVerdict
	Left    int             // AddressWrong: tries before the next mail is needed
	Account account.Account // AddressRight: as it is now
}

// Take judges a code for the new address, and changes the address if it is right. It
// returns signin.ErrNoCode when text cannot be a code, errs.ErrConflict when no change
// can be confirmed in this session, and ErrTaken.
func (s *Service) Take(ctx context.Context, read account.Account, sid, text string, from signin.From) (Result, error) {
	code := typed.Code(text, secret.CodeDigits)
	if code == "" {
		return Result{}, signin.ErrNoCode
	}
	var result Result
	id := secret.NewID(s.Rand)
	err := s.Store.Try(ctx, read.ID, s.Now(), func(a account.Account, c account.AddressChange, latest account.LatestCode, undos []account.AddressUndo) (account.AddressTry, error) {
		now := s.Now()
		result = Result{}
		if a.Epoch != read.Epoch || !c.Of(a, sid, now) {
			return account.AddressTry{}, errs.ErrConflict
		}
		result.Verdict = c.Judge(latest, s.codeHash(a, sid, c.Email, code), limit.MailboxCode(s.CodeKey, c.Email, code))
		result.Left = account.AddressCodeTries - c.Failures
		if result.Verdict != account.AddressRight {
			return account.AddressTry{Effects: effect.Of(event(a, audit.AddressCodeWrong, from, now))}, nil
		}
		next, err := a.ChangeEmail(a.Epoch, c.Email, now)
		if err != nil {
			return account.AddressTry{}, err
		}
		result.Account = next
		v := account.AddressTry{Account: next, Done: true}
		// A change back to an address that a live link restores needs no link.
		if !slices.ContainsFunc(undos, func(u account.AddressUndo) bool { return u.Email == next.Email }) {
			u := s.Limits.Undo(a, id, s.link(a.ID, id).Hash(), now)
			v.Undo = &u
			undos = append([]account.AddressUndo{u}, undos...)
		}
		v.Effects = effect.Of(event(a, audit.AccountAddressChanged, from, now), s.changed(a, next, undos, now)...)
		return v, nil
	})
	if errors.Is(err, errs.ErrConflict) && result.Verdict == account.AddressRight {
		err = ErrTaken
	}
	if err != nil {
		return Result{}, err
	}
	return result, nil
}

// changed returns the mails about a change: to the new address, and to each address to
// which mails to the holder also go, with the link that restores that address.
func (s *Service) changed(a, next account.Account, undos []account.AddressUndo, now time.Time) []mail.Message {
	mails := []mail.Message{s.Letters.OwnAddressNew(next, now)}
	for _, to := range a.Mailboxes(now) {
		if to == next.Email {
			continue
		}
		var link secret.Text
		var until time.Time
		for _, u := range undos {
			if u.Email == to {
				link, until = s.link(u.AccountID, u.ID), u.Until
				break
			}
		}
		mails = append(mails, s.Letters.OwnAddressChanged(a, to, link, until, now))
	}
	return mails
}

// Undoable returns the undo of a link that can be used now, and its account. The error
// is errs.ErrNotFound if there is none.
func (s *Service) Undoable(ctx context.Context, link secret.Text) (account.AddressUndo, account.Account, error) {
	u, a, err := s.Store.ByUndo(ctx, link.Hash())
	if err == nil && (!u.Live(s.Now()) || !s.link(u.AccountID, u.ID).Equal(link.Reveal())) {
		err = errs.ErrNotFound
	}
	return u, a, err
}

// Undo undoes the change of address of a link, once. It returns the account as it is
// then, or errs.ErrNotFound if the link cannot be used.
func (s *Service) Undo(ctx context.Context, link secret.Text, from signin.From) (account.Account, error) {
	_, read, err := s.Undoable(ctx, link)
	if err != nil {
		return account.Account{}, err
	}
	var next account.Account
	err = signin.WithReference(ctx, s.Accounts, read, s.Rand, func(ref string) error {
		return s.Store.Undo(ctx, link.Hash(), s.Now(), func(u account.AddressUndo, a account.Account) (account.Account, []string, effect.Effects, error) {
			now := s.Now()
			var err error
			if next, err = a.UndoAddress(u, ref, now); err != nil {
				return a, nil, effect.Effects{}, err
			}
			rec := effect.Of(event(a, audit.AddressUndone, from, now))
			if next.State == account.Blocked && next.BlockReason != a.BlockReason {
				rec.Events = append(rec.Events, event(a, audit.AccountBlocked, from, now).Because(string(next.BlockReason)))
			}
			rec.Mails = append(rec.Mails, s.Letters.OwnAddressUndone(next, next.Email, next.BlockRef, now))
			keys := []string{limit.Key(s.LaneKey, realm.Holder, next.Email)}
			for _, to := range a.Mailboxes(now) {
				if to == next.Email {
					continue
				}
				rec.Mails = append(rec.Mails, s.Letters.OwnAddressUndone(next, to, "", now))
				keys = append(keys, limit.Key(s.LaneKey, realm.Holder, to))
			}
			return next, keys, rec, nil
		})
	})
	if errors.Is(err, errs.ErrConflict) {
		err = errs.ErrNotFound
	}
	return next, err
}
