package staff

import (
	"context"
	"errors"
	"io"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/realm"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/totp"
)

// Service signs in members, and manages them.
type Service struct {
	Store   Store
	Lanes   limit.Lanes
	Hasher  signin.Hasher
	Ring    *secret.KeyRing
	LaneKey []byte // for limit.Key
	Letters Letters
	Link    func(invite secret.Text) secret.Text // where an invitation is accepted
	Domains []string                             // of addresses that may be invited; none: all
	Rand    io.Reader
	Now     func() time.Time
	Watch   signin.Watch

	Locks limit.Locks // nil: no lock can be removed
}

// Accept uses up an invitation with a chosen password and returns the secret for
// the authenticator app, once. The error is errs.ErrNotFound if the invitation
// is unknown, used or too old.
func (r *Service) Accept(ctx context.Context, invite secret.Text, password string, from signin.From) (Member, secret.Text, error) {
	m, err := r.Invited(ctx, invite)
	if err != nil {
		return Member{}, "", err
	}
	hash, err := r.Hasher.Hash(ctx, password)
	if err != nil {
		return Member{}, "", err
	}
	key, err := totp.NewSecret(r.Rand)
	if err != nil {
		return Member{}, "", err
	}
	sealed, err := r.Ring.Seal([]byte(key.Reveal()), FactorAAD(m.ID))
	if err != nil {
		return Member{}, "", err
	}
	err = r.Store.Accept(ctx, invite.Hash(), secret.Text(hash), sealed, r.Now(), effect.Of(r.event(m, audit.StaffJoined, from)))
	if errors.Is(err, errs.ErrConflict) {
		err = errs.ErrNotFound
	}
	return m, key, err
}

// Invited returns the member of a live invitation, or errs.ErrNotFound.
func (r *Service) Invited(ctx context.Context, invite secret.Text) (Member, error) {
	m, err := r.Store.ByInvite(ctx, invite.Hash())
	if err == nil && !m.MayAccept(r.Now()) {
		return Member{}, errs.ErrNotFound
	}
	return m, err
}

func (r *Service) verifier() signin.Verifier[Member] {
	return signin.Verifier[Member]{
		Realm: realm.Official, People: r.Store, Lanes: r.Lanes, Hasher: r.Hasher, Ring: r.Ring, LaneKey: r.LaneKey, Now: r.Now, Watch: r.Watch, Locks: r.Locks,
		Subject: func(m Member) signin.Subject {
			return signin.Subject{ID: m.ID, Email: m.Email, Epoch: m.Epoch, PasswordHash: m.PasswordHash, Admitted: m.State == Active}
		},
	}
}

// Password returns the active member with this address and password: see
// signin.Verifier.Password.
func (r *Service) Password(ctx context.Context, email, password string, from signin.From) (Member, error) {
	return r.verifier().Password(ctx, email, password, from)
}

// Remember makes a browser known for a member: see signin.Verifier.Remember.
func (r *Service) Remember(ctx context.Context, m Member, device secret.Text) error {
	return r.verifier().Remember(ctx, m, device)
}

// OpenLanes removes the locks that wrong passwords made for a member, with an event.
func (r *Service) OpenLanes(ctx context.Context, m Member, by audit.Actor) error {
	return r.verifier().OpenLanes(ctx, m, by.Did(audit.StaffLanesOpened, m.ID, r.Now()))
}

// Code judges the verification code of a login; each step counts once.
func (r *Service) Code(ctx context.Context, m Member, code string, from signin.From) (signin.CodeResult, error) {
	return r.code(ctx, m, code, audit.StaffLogin, from)
}

// Again judges a code of a member who is logged in, before a critical act.
func (r *Service) Again(ctx context.Context, m Member, code string, from signin.From) (signin.CodeResult, error) {
	return r.code(ctx, m, code, audit.StaffProven, from)
}

func (r *Service) code(ctx context.Context, m Member, code string, accepted audit.Action, from signin.From) (signin.CodeResult, error) {
	return r.verifier().Code(ctx, m, code, from.Device, signin.Codes{
		AAD:  func(account.CodeTry, int) string { return FactorAAD(m.ID) },
		Most: func(account.CodeTry) int { return WrongCodes },
		Accepted: func(_ account.CodeTry, browser map[string]string) effect.Effects {
			if m.LastLoginAt.IsZero() {
				browser = nil // the browser in which the invitation was accepted
			}
			return effect.Of(r.event(m, accepted, from).With(browser))
		},
		Wrong: func(account.CodeTry) effect.Effects { return effect.Of(r.event(m, audit.StaffCodeWrong, from)) },
		Block: func(account.CodeTry) (account.BlockReason, string, effect.Effects) {
			return "", "", effect.Of(r.event(m, audit.StaffBlocked, from).Because("wrong codes"))
		},
	})
}

// Owner returns what the sessions of a member depend on.
func (m Member) Owner() session.Owner {
	return session.Owner{Active: m.State == Active, Epoch: m.Epoch}
}

func (r *Service) event(m Member, action audit.Action, from signin.From) audit.Event {
	return audit.Official(m.ID).At(from.Origin, from.RequestID).Did(action, m.ID, r.Now())
}
