package helpdesk

import (
	"context"
	"errors"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
)

// Begin opens an unblock or a change of address. It returns errs.ErrConflict
// as Admit does.
func (s *Service) Begin(ctx context.Context, kind Kind, a account.Account, by audit.Actor) (Request, error) {
	r := s.request(kind, a, by)
	return s.begin(ctx, r, func(r Request, _ account.Account) effect.Effects {
		return effect.Of(s.event(by, r, actions[kind].begun))
	})
}

// Close closes an account, or proposes it where a colleague has to confirm. It
// returns errs.ErrConflict as Admit does.
func (s *Service) Close(ctx context.Context, a account.Account, reason Reason, number string, by audit.Actor) (Request, error) {
	number, err := Justified(CloseReasons, reason, number)
	if err != nil {
		return Request{}, err
	}
	r := s.request(Closing, a, by)
	r.State, r.Reason, r.Ticket = Proposed, reason, number
	return s.begin(ctx, r, func(r Request, a account.Account) effect.Effects {
		if r.State == Done {
			return s.confirmed(r, a, by)
		}
		return effect.Of(s.event(by, r, audit.ClosingProposed))
	})
}

// request returns a new request.
func (s *Service) request(kind Kind, a account.Account, by audit.Actor) Request {
	r := Request{
		ID: secret.NewID(s.Rand), AccountID: a.ID, Epoch: a.Epoch, Kind: kind, State: Open, CodeAsked: kind != Closing && a.State == account.Blocked,
		OpenedBy: by.ID, OpenedAt: s.Now(), Version: 1,
	}
	if kind != Unblock {
		r.Reference = signin.Reference(s.Rand)
	}
	return r
}

// begin stores a new request if Admit admits it, with its effects.
func (s *Service) begin(ctx context.Context, r Request, effects func(Request, account.Account) effect.Effects) (Request, error) {
	begun := r
	err := s.Store.Begin(ctx, r.AccountID, r.OpenedAt.Add(-SecondWithin), func(a account.Account, requests []Request) (Request, []Request, effect.Effects, error) {
		admitted, ended, err := Admit(r, a, requests)
		if err != nil {
			return r, nil, effect.Effects{}, err
		}
		begun = admitted
		return admitted, ended, effects(admitted, a), nil
	})
	return begun, err
}

// Load returns a request with its account. It returns errs.ErrConflict, with
// both, when the request cannot go on (Request.Live).
func (s *Service) Load(ctx context.Context, id string) (Request, account.Account, error) {
	r, err := s.Store.Request(ctx, id)
	if err != nil {
		return r, account.Account{}, err
	}
	a, err := s.Accounts.ByID(ctx, r.AccountID)
	if err == nil && !r.Live(a, s.Now()) {
		err = errs.ErrConflict
	}
	return r, a, err
}

// at applies act to a request that is at this step for the official. It
// returns errs.ErrConflict when the request is at another step.
func (s *Service) at(ctx context.Context, step Step, id string, by audit.Actor, act func(Request, account.Account) (Request, effect.Effects)) (Request, error) {
	return s.Store.Move(ctx, id, func(r Request, a account.Account) (Request, effect.Effects, error) {
		if Next(r, r.Live(a, s.Now()), by.ID) != step {
			return r, effect.Effects{}, errs.ErrConflict
		}
		next, rec := act(r, a)
		return next, rec, nil
	})
}

// Identify judges the caller's code and answers. What was right before stays
// right; an empty text, and what cannot be a code, count as not asked. Too many
// wrong ones refuse the request, even if the others are right.
func (s *Service) Identify(ctx context.Context, id, code string, said map[Question]string, by audit.Actor) (Request, error) {
	return s.at(ctx, StepIdentify, id, by, func(r Request, a account.Account) (Request, effect.Effects) {
		asked := ""
		if r.CodeAsked {
			asked = code
		}
		r.Caller = r.check(a, s.Callback, asked, said, s.Now())
		// A mailed code does not prove the password, so two officials decide.
		r.Second = r.Second || r.CodeRight && s.Callback.Mailed(a, asked, s.Now())
		action := actions[r.Kind].answers
		switch {
		case r.Wrong >= WrongAnswers:
			action, r = actions[r.Kind].refused, r.end(Refused, by.ID, s.Now())
		case r.Identified():
			action = actions[r.Kind].identified
		}
		return r, effect.Of(s.event(by, r, action))
	})
}

// Justify adds the reason to an unblock with an identified caller. One that
// needs a colleague becomes a proposal.
func (s *Service) Justify(ctx context.Context, id string, reason Reason, number string, by audit.Actor) (Request, error) {
	number, err := Justified(UnblockReasons, reason, number)
	if err != nil {
		return Request{}, err
	}
	return s.at(ctx, StepReason, id, by, func(r Request, _ account.Account) (Request, effect.Effects) {
		r.Reason, r.Ticket = reason, number
		r.Second = r.Second || reason == LostBoth
		action := audit.UnblockReason
		if r.Second {
			r.State, action = Proposed, audit.UnblockProposed
		}
		return r, effect.Of(s.event(by, r, action))
	})
}

// NewAddress adds the reason and the new address to a change of address with
// an identified caller. It does not propose it yet: the official first checks
// the address on the next page. It returns ErrAddress for an address that
// cannot be used.
func (s *Service) NewAddress(ctx context.Context, id string, reason Reason, number, typed string, by audit.Actor) (Request, error) {
	number, err := Justified(AddressReasons, reason, number)
	address, bad := mail.CanonicalAddress(typed)
	if bad != nil {
		err = errors.Join(err, ErrAddress)
	}
	if err != nil {
		return Request{}, err
	}
	if err := s.freeFor(ctx, id, address); err != nil {
		return Request{}, err
	}
	return s.at(ctx, StepDetails, id, by, func(r Request, _ account.Account) (Request, effect.Effects) {
		r.Reason, r.Ticket, r.Email = reason, number, address
		return r, effect.Of(s.event(by, r, audit.AddressReason))
	})
}

// freeFor returns ErrAddress unless the account of a request can get an address: it is
// free, or one that the account had a short time ago.
func (s *Service) freeFor(ctx context.Context, id, address string) error {
	owner, err := s.Accounts.Owner(ctx, address, s.Now())
	switch {
	case errors.Is(err, errs.ErrNotFound):
		return nil
	case err != nil:
		return err
	case owner.Email == address:
		return ErrAddress
	}
	r, err := s.Store.Request(ctx, id)
	if err == nil && r.AccountID != owner.ID {
		err = ErrAddress
	}
	return err
}

// ForgetAddress removes a new address that was misheard.
func (s *Service) ForgetAddress(ctx context.Context, id string, by audit.Actor) (Request, error) {
	return s.at(ctx, StepCheck, id, by, func(r Request, _ account.Account) (Request, effect.Effects) {
		r.Email = ""
		return r, effect.Effects{}
	})
}

// Propose proposes a change of address to a colleague.
func (s *Service) Propose(ctx context.Context, id string, by audit.Actor) (Request, error) {
	return s.at(ctx, StepCheck, id, by, func(r Request, _ account.Account) (Request, effect.Effects) {
		r.State = Proposed
		return r, effect.Of(s.event(by, r, audit.AddressProposed))
	})
}

// Confirm confirms a request for an official, as the function Confirm allows.
// That makes an unblock or a closing done. After the delay, a new address can be
// confirmed with the code that is mailed to it.
func (s *Service) Confirm(ctx context.Context, id string, by audit.Actor) (Request, error) {
	return s.Store.Move(ctx, id, func(r Request, a account.Account) (Request, effect.Effects, error) {
		next, err := Confirm(r, a, by.ID, s.Now(), s.AddressDelay)
		if err != nil {
			return r, effect.Effects{}, err
		}
		if next.Kind == Unblock {
			next.CancelHash = s.RecoveryKey.Link(a.ID, a.Unblocks+1).Hash()
		}
		return next, s.confirmed(next, a, by), nil
	})
}

// confirmed returns the effects of a confirmation; a is the account before it.
func (s *Service) confirmed(r Request, a account.Account, by audit.Actor) effect.Effects {
	e, now := s.event(by, r, actions[r.Kind].confirmed), s.Now()
	switch r.Kind {
	case Unblock:
		link, from := s.RecoveryKey.Unblocking(a, s.Limits, r.DecidedAt)
		a.Renewal = r.Renewal(a)
		return effect.Of(e, s.Letters.AccountUnblocked(a, link, from, now))
	case Closing:
		return effect.Of(e, s.Letters.AccountClosed(a, r.Reference, now.Add(ReopenTime), now))
	}
	return effect.Of(e, s.Letters.AddressAnnounced(a, r, now), s.Letters.AddressConfirm(a, r, s.addressCode(r), now))
}

// End refuses or cancels a request, as the function End decides. It returns
// errs.ErrConflict if the request is no longer in the state that the official
// read, so that refusing a proposal does not end what a colleague has
// confirmed meanwhile.
func (s *Service) End(ctx context.Context, read Request, by audit.Actor) (Request, error) {
	return s.Store.Move(ctx, read.ID, func(r Request, a account.Account) (Request, effect.Effects, error) {
		if r.State != read.State {
			return r, effect.Effects{}, errs.ErrConflict
		}
		next, err := End(r, a, by.ID, s.Now())
		if err != nil {
			return r, effect.Effects{}, err
		}
		action := CancelActions[r.Kind]
		if next.State == Refused {
			action = actions[r.Kind].refused
		}
		return next, effect.Of(s.event(by, next, action)), nil
	})
}

// actions maps kinds to the actions of their events.
var actions = map[Kind]struct{ begun, answers, identified, refused, confirmed audit.Action }{
	Unblock: {audit.UnblockBegun, audit.UnblockAnswers, audit.UnblockIdentified, audit.UnblockRefused, audit.AccountUnblocked},
	Address: {audit.AddressBegun, audit.AddressAnswers, audit.AddressIdentified, audit.AddressRefused, audit.AddressConfirmed},
	Closing: {refused: audit.ClosingRefused, confirmed: audit.AccountClosed},
}

// CancelActions maps kinds to the action of a cancelled request.
var CancelActions = map[Kind]audit.Action{Unblock: audit.UnblockCancelled, Address: audit.AddressCancelled, Closing: audit.ClosingCancelled}

// event returns an event about the account of a request, without addresses and
// answers.
func (s *Service) event(by audit.Actor, r Request, action audit.Action) audit.Event {
	object := "change"
	if r.Kind == Unblock {
		object = "case"
	}
	details := map[string]string{object: r.ID}
	if r.Ticket != "" {
		details["ticket"] = r.Ticket
	}
	if r.OpenedBy != by.ID {
		details["proposed_by"] = r.OpenedBy
	}
	if r.ConfirmedBy != "" && r.ConfirmedBy != by.ID {
		details["confirmed_by"] = r.ConfirmedBy
	}
	r.Caller.addDetails(details)
	return by.Did(action, r.AccountID, s.Now()).Because(string(r.Reason)).With(details)
}
