package staff

import (
	"context"
	"errors"
	"fmt"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

// RenewalLifetime is how long a proposed renewal may be confirmed.
const RenewalLifetime = 72 * time.Hour

// Reason is why a member is to be invited again.
type Reason string

// The reasons.
const (
	Forgotten  Reason = "password_forgotten"
	NewPhone   Reason = "new_phone"
	WrongCode  Reason = "wrong_codes"
	LinkUnused Reason = "link_unused" // of an earlier renewal
	Returns    Reason = "returns"     // removed before
)

// RenewalReasons lists the reasons for a member who was not removed.
var RenewalReasons = []Reason{Forgotten, NewPhone, WrongCode, LinkUnused}

// Renewal is the proposal of one administrator to invite a member again who has
// joined before. Another administrator confirms it. The zero value is none.
type Renewal struct {
	ID     string    `json:"id,omitempty"`
	By     string    `json:"-"` // id of the administrator
	At     time.Time `json:"at"`
	Epoch  int64     `json:"epoch"` // of the member; with another one the proposal is void
	Reason Reason    `json:"reason"`
	// The member as it will be invited.
	Name  string `json:"name"`
	Lang  string `json:"lang"`
	Roles []Role `json:"roles"`
}

// ErrJoined is returned when one administrator invites a member who has joined
// before. It wraps errs.ErrConflict.
var ErrJoined = fmt.Errorf("staff: a member who has joined is invited again by two administrators: %w", errs.ErrConflict)

// Joined reports whether the member is or was active. An invitation of such a
// member lets its reader act under the name of a colleague, so it takes two
// administrators or the operator.
func (m Member) Joined() bool {
	return m.State == Active || m.State == Blocked || !m.LastLoginAt.IsZero()
}

// Proposed returns the proposed renewal of a member, and whether it can be
// confirmed at now as far as the member is concerned.
func (m Member) Proposed(now time.Time) (Renewal, bool) {
	r := m.Renewal
	return r, r.ID != "" && r.Epoch == m.Epoch && now.Before(r.At.Add(RenewalLifetime))
}

// Propose adds the proposal r of an administrator to a member. It returns
// errs.ErrConflict if the member has not joined, is by, or has another proposal
// that can be confirmed, and if by is not an active administrator.
func (m Member) Propose(r Renewal, by Member, now time.Time) (Member, error) {
	if _, live := m.Proposed(now); live || !m.Joined() || by.ID == m.ID || !by.Manages() {
		return Member{}, errs.ErrConflict
	}
	r.By, r.At, r.Epoch = by.ID, now, m.Epoch
	m.Renewal = r
	return m, nil
}

// Confirm invites a member again, as the proposal with this ID says, with the
// invitation of fresh. by is another administrator than proposer, and both are
// administrators at this moment.
func (m Member) Confirm(id string, by, proposer Member, fresh Member, now time.Time) (Member, error) {
	r, live := m.Proposed(now)
	if !live || r.ID != id || by.ID == m.ID || by.ID == r.By || !by.Manages() || proposer.ID != r.By || !proposer.Manages() {
		return Member{}, errs.ErrConflict
	}
	fresh.Name, fresh.Lang, fresh.Roles = r.Name, r.Lang, r.Roles
	return m.renewed(fresh), nil
}

// Refuse ends a proposal for an administrator other than the one who made it. by
// may be the member.
func (m Member) Refuse(id string, by Member, now time.Time) (Member, error) {
	if by.ID == m.Renewal.By || !by.Manages() {
		return Member{}, errs.ErrConflict
	}
	return m.endProposal(id, now)
}

// Cancel ends a proposal for the administrator who made it.
func (m Member) Cancel(id string, by Member, now time.Time) (Member, error) {
	if by.ID != m.Renewal.By || !by.Manages() {
		return Member{}, errs.ErrConflict
	}
	return m.endProposal(id, now)
}

func (m Member) endProposal(id string, now time.Time) (Member, error) {
	if r, live := m.Proposed(now); !live || r.ID != id {
		return Member{}, errs.ErrConflict
	}
	m.Renewal = Renewal{}
	return m, nil
}

// renewed returns a known member with the invitation of fresh, and without the old
// password and secret.
func (m Member) renewed(fresh Member) Member {
	m.Name, m.Lang, m.Roles = fresh.Name, fresh.Lang, fresh.Roles
	m.State, m.Invite, m.InviteExpires = Invited, fresh.Invite, fresh.InviteExpires
	m.PasswordHash, m.Factor, m.Renewal = "", account.Factor{}, Renewal{}
	m.Epoch++
	return m
}

// Propose proposes to invite a member again, with the name, language and roles of
// fresh; the rest stays as it is. It returns ErrDomain as MayInvite does, and
// errs.ErrConflict where Member.Propose does.
func (r *Service) Propose(ctx context.Context, m Member, fresh Renewal, by audit.Actor) error {
	if err := r.MayInvite(m.Email); err != nil {
		return err
	}
	fresh.ID = secret.NewID(r.Rand)
	shown := m
	shown.Name, shown.Roles = fresh.Name, fresh.Roles
	rec, err := r.aboutRenewal(ctx, shown, WasProposed, audit.StaffRenewalProposed, by)
	if err != nil {
		return err
	}
	rec.Events[0] = rec.Events[0].Because(string(fresh.Reason))
	return r.Store.Propose(ctx, by.ID, m.ID, fresh, r.Now(), rec)
}

// Confirm carries out the proposal with this ID and mails the invitation to the
// member alone: neither administrator sees its link. It returns errs.ErrConflict
// where Member.Confirm does.
func (r *Service) Confirm(ctx context.Context, m Member, id string, by audit.Actor) error {
	if err := r.MayInvite(m.Email); err != nil {
		return err
	}
	if m.Renewal.ID != id {
		return errs.ErrConflict
	}
	handle := secret.New(r.Rand, secret.KindInvite)
	fresh := Member{Invite: handle.Hash(), InviteExpires: r.Now().Add(InviteLifetime)}
	shown := m
	shown.Name, shown.Lang, shown.Roles, shown.InviteExpires = m.Renewal.Name, m.Renewal.Lang, m.Renewal.Roles, fresh.InviteExpires
	actor, mails, err := r.tell(ctx, shown, WasRenewed, by)
	if err != nil {
		return err
	}
	proposer, err := r.Store.ByID(ctx, m.Renewal.By)
	if errors.Is(err, errs.ErrNotFound) {
		return errs.ErrConflict
	}
	if err != nil {
		return err
	}
	mails = append(mails, r.Letters.StaffRenewed(shown, r.Link(handle), proposer.Name, actor, r.Now()))
	e := by.Did(audit.StaffRenewalConfirmed, m.ID, r.Now()).Because(string(m.Renewal.Reason)).With(map[string]string{"proposed_by": proposer.ID})
	return r.Store.Confirm(ctx, by.ID, m.ID, id, fresh, r.Now(), effect.Of(e, mails...))
}

// Refuse ends the proposal with this ID. It returns errs.ErrConflict where
// Member.Refuse does.
func (r *Service) Refuse(ctx context.Context, m Member, id string, by audit.Actor) error {
	rec, err := r.aboutRenewal(ctx, m, WasRefused, audit.StaffRenewalRefused, by)
	if err != nil {
		return err
	}
	return r.Store.EndProposal(ctx, by.ID, m.ID, rec, func(m, by Member) (Member, error) { return m.Refuse(id, by, r.Now()) })
}

// Cancel withdraws the proposal with this ID. It returns errs.ErrConflict where
// Member.Cancel does.
func (r *Service) Cancel(ctx context.Context, m Member, id string, by audit.Actor) error {
	rec, err := r.aboutRenewal(ctx, m, WasCancelled, audit.StaffRenewalCancelled, by)
	if err != nil {
		return err
	}
	return r.Store.EndProposal(ctx, by.ID, m.ID, rec, func(m, by Member) (Member, error) { return m.Cancel(id, by, r.Now()) })
}

// Renew invites a member again for the operator, with the same name and roles. It
// is for the last administrator: two administrators use Propose and Confirm.
func (r *Service) Renew(ctx context.Context, m Member, by audit.Actor) (secret.Text, Member, error) {
	return r.Invite(ctx, m.Name, m.Email, m.Lang, m.Roles, by)
}

// aboutRenewal returns the event about a renewal, and the mails to the member
// and to all administrators and auditors.
func (r *Service) aboutRenewal(ctx context.Context, m Member, what Managed, action audit.Action, by audit.Actor) (effect.Effects, error) {
	actor, mails, err := r.tell(ctx, m, what, by)
	if err != nil {
		return effect.Effects{}, err
	}
	return effect.Of(by.Did(action, m.ID, r.Now()), append(mails, r.Letters.StaffManaged(m, m, what, actor, r.Now()))...), nil
}
