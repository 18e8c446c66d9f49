package helpdesk

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
)

// BeginAddress opens a change of address. errs.ErrConflict as Changes.Begin
// has it.
func (r *Service) BeginAddress(ctx context.Context, a account.Account, by audit.Actor) (Change, error) {
	c := r.change(a, Address, Open, by)
	c.Second, c.CodeAsked = true, a.State == account.Blocked
	return c, r.Changes.Begin(ctx, c, effect.Of(r.ofChange(by, c, audit.AddressBegun)))
}

func (r *Service) change(a account.Account, kind Kind, state State, by audit.Actor) Change {
	return Change{
		ID: secret.NewID(r.Rand), Reference: signin.Reference(r.Rand), AccountID: a.ID, Epoch: a.Epoch, Kind: kind, State: state,
		OpenedBy: by.ID, OpenedAt: r.Now(), Version: 1,
	}
}

// LoadChange gives a change with its account; errs.ErrConflict when it is
// over or the account has moved on.
func (r *Service) LoadChange(ctx context.Context, id string) (Change, account.Account, error) {
	c, err := r.Changes.Change(ctx, id)
	if err != nil {
		return c, account.Account{}, err
	}
	a, err := r.Accounts.ByID(ctx, c.AccountID)
	if err == nil && (c.Over(r.Now()) || a.State == account.Closed || a.Epoch != c.Epoch) {
		err = errs.ErrConflict
	}
	return c, a, err
}

func (r *Service) accountOfChange(ctx context.Context, reference string) (account.Account, error) {
	c, err := r.Changes.ByReference(ctx, reference)
	if err != nil {
		return account.Account{}, err
	}
	return r.Accounts.ByID(ctx, c.AccountID)
}

// IdentifyForAddress is Identify for a change of address.
func (r *Service) IdentifyForAddress(ctx context.Context, c Change, a account.Account, code string, said map[Question]string, by audit.Actor) (Change, error) {
	if !c.CodeAsked {
		code = ""
	}
	c.Caller = c.hear(a, r.Callback, code, said, r.Now())
	action := audit.AddressAnswers
	switch {
	case c.Wrong >= WrongAnswers:
		action, c.State, c.DecidedBy, c.DecidedAt = audit.AddressRefused, Refused, by.ID, r.Now()
	case c.Identified():
		action = audit.AddressIdentified
	}
	return r.Changes.Save(ctx, c, effect.Of(r.ofChange(by, c, action)))
}

// NewAddress notes reason and address of an identified change; the address is
// judged as that of an application is. Nothing is proposed yet: what was
// heard is shown back first.
func (r *Service) NewAddress(ctx context.Context, c Change, reason Reason, number, typed string, by audit.Actor) (Change, error) {
	number, err := Justified(AddressReasons, reason, number)
	address, bad := mail.CanonicalAddress(typed)
	if bad != nil {
		err = errors.Join(err, ErrAddress)
	}
	if err != nil {
		return c, err
	}
	if !c.Identified() {
		return c, errs.ErrConflict
	}
	if _, err := r.Accounts.ByEmail(ctx, address); err == nil {
		return c, ErrAddress
	} else if !errors.Is(err, errs.ErrNotFound) {
		return c, err
	}
	c.Reason, c.Ticket, c.Email = reason, number, address
	return r.Changes.Save(ctx, c, effect.Of(r.ofChange(by, c, audit.AddressReason)))
}

// ForgetAddress takes an address back that was heard wrong.
func (r *Service) ForgetAddress(ctx context.Context, c Change) (Change, error) {
	c.Email = ""
	return r.Changes.Save(ctx, c, effect.Effects{})
}

// ProposeAddress hands the change to a colleague.
func (r *Service) ProposeAddress(ctx context.Context, c Change, by audit.Actor) (Change, error) {
	if !c.Identified() || c.Reason == "" || c.Email == "" {
		return c, errs.ErrConflict
	}
	c.State = Proposed
	return r.Changes.Save(ctx, c, effect.Of(r.ofChange(by, c, audit.AddressProposed)))
}

// ConfirmAddress is the colleague's yes: from now on the new address can be
// confirmed with the code that is mailed to it, after the delay.
func (r *Service) ConfirmAddress(ctx context.Context, c Change, a account.Account, by audit.Actor) error {
	now := r.Now()
	c.From = now.Add(r.AddressDelay)
	c.Until = c.From.Add(HolderTime)
	return r.Changes.Confirm(ctx, c, by.ID, now, effect.Of(r.ofChange(by, c, audit.AddressConfirmed),
		r.Letters.AddressAnnounced(a, c, now), r.Letters.AddressConfirm(a, c, r.addressCode(c), now)))
}

// addressCode is what the mail to the new address holds: derived, never
// stored, and good for this change and address alone.
func (r *Service) addressCode(c Change) secret.Text {
	mac, err := base64.RawURLEncoding.DecodeString(secret.MAC(r.AddressKey, "address", c.ID, c.Email))
	if err != nil {
		panic("helpdesk: a MAC does not decode: " + err.Error())
	}
	return secret.Text(fmt.Sprintf("%06d", binary.BigEndian.Uint64(mac)%1_000_000))
}

// TakeAddress judges the code for a new address, and changes the address when
// it is right. errs.ErrNotFound when the reference names no change that can be
// confirmed; errs.ErrConflict when the code is right and it cannot be done (any
// more).
func (r *Service) TakeAddress(ctx context.Context, reference, typed string, from signin.From) (HolderVerdict, Change, error) {
	c, err := r.Changes.ByReference(ctx, strings.ToUpper(strings.TrimSpace(reference)))
	if err == nil && (c.Kind != Address || c.State != Confirmed || c.Over(r.Now())) {
		err = errs.ErrNotFound
	}
	if err != nil {
		return "", c, err
	}
	a, err := r.Accounts.ByID(ctx, c.AccountID)
	if err != nil {
		return "", c, err
	}
	by := audit.Holder(a.ID).At(from.Origin, from.RequestID)
	typed = strings.Join(strings.Fields(typed), "")
	right := subtle.ConstantTimeCompare([]byte(r.addressCode(c).Reveal()), []byte(typed)) == 1 // the change keeps its address
	verdict, err := r.Changes.TryCode(ctx, c.ID, r.Now(), func(now Change) (HolderVerdict, effect.Effects) {
		switch {
		case right && r.Now().Before(now.From):
			return CodeEarly, effect.Effects{}
		case right:
			return CodeRight, effect.Of(r.ofChange(by, now, audit.AccountAddressChanged),
				r.Letters.AddressChanged(a, now, r.Now()), r.Letters.AddressNew(a, now, r.Now()))
		case now.Tries >= HolderTries:
			return CodeOver, effect.Of(r.ofChange(by, now, audit.AddressCodesWrong))
		}
		return CodeWrong, effect.Effects{}
	})
	if errors.Is(err, errs.ErrConflict) && !right {
		err = errs.ErrNotFound // whoever has no code is told nothing of the account
	}
	return verdict, c, err
}

// CancelActions are the actions of giving up a request of each kind.
var CancelActions = map[Kind]audit.Action{Unblock: audit.UnblockCancelled, Address: audit.AddressCancelled, Closing: audit.ClosingCancelled}

var refuseActions = map[Kind]audit.Action{Address: audit.AddressRefused, Closing: audit.ClosingRefused}

// EndChange refuses a proposal (a colleague), or gives a change up: whoever
// began it, and anybody once the holder has objected.
func (r *Service) EndChange(ctx context.Context, c Change, by audit.Actor) error {
	state, actions := Cancelled, CancelActions
	if c.State == Proposed && by.ID != c.OpenedBy {
		state, actions = Refused, refuseActions
	}
	return r.Changes.End(ctx, c, state, by.ID, r.Now(), effect.Of(r.ofChange(by, c, actions[c.Kind])))
}

// ofChange is an event about the account of a change. It holds no address.
func (r *Service) ofChange(by audit.Actor, c Change, action audit.Action) audit.Event {
	details := map[string]string{"change": c.ID}
	if c.Ticket != "" {
		details["ticket"] = c.Ticket
	}
	if c.OpenedBy != by.ID {
		details["proposed_by"] = c.OpenedBy
	}
	if c.ConfirmedBy != "" && c.ConfirmedBy != by.ID {
		details["confirmed_by"] = c.ConfirmedBy
	}
	c.Caller.tell(details)
	return by.Did(action, c.AccountID, r.Now()).Because(string(c.Reason)).With(details)
}
