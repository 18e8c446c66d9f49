package staff

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
)

// Managed is what was done with a member; part of a mail.
type Managed string

// What can be done.
const (
	WasInvited   Managed = "invited" // also again
	WasChanged   Managed = "roles"
	WasRemoved   Managed = "removed"
	WasProposed  Managed = "renewal_proposed"
	WasRenewed   Managed = "renewed"
	WasRefused   Managed = "renewal_refused"
	WasCancelled Managed = "renewal_cancelled"
)

// Letters writes the mails to officials.
type Letters interface {
	StaffAlarm(to, member Member, files int, since, now time.Time) mail.Message
	// StaffManaged tells what was done with a member, by whom ("" = at the
	// command line).
	StaffManaged(to, member Member, what Managed, by string, now time.Time) mail.Message
	// StaffInvited has the link of an invitation, for the invited member.
	StaffInvited(m Member, link secret.Text, by string, now time.Time) mail.Message
	// StaffRenewed has the link for a member who is invited again, and the names
	// of the administrators who proposed and confirmed that.
	StaffRenewed(m Member, link secret.Text, proposer, confirmer string, now time.Time) mail.Message
}

// ErrDomain is returned for an address whose domain is not one of
// Service.Domains.
var ErrDomain = errors.New("staff: not a domain of officials")

// MayInvite returns nil for an address that may be invited, mail.ErrAddress for
// what is no address, and ErrDomain for an address at another domain. A
// subdomain is another domain.
func (r *Service) MayInvite(email string) error {
	address, err := mail.CanonicalAddress(email)
	if err != nil || len(r.Domains) == 0 {
		return err
	}
	_, domain, _ := strings.Cut(address, "@")
	if !slices.ContainsFunc(r.Domains, func(d string) bool {
		allowed, err := mail.CanonicalDomain(d)
		return err == nil && allowed == domain
	}) {
		return ErrDomain
	}
	return nil
}

// Invite makes an invitation and mails it. Only the invited person may see its
// handle: an administrator who saw it could act as that colleague. It returns the
// errors of MayInvite, ErrJoined where InvitedAs does, and errs.ErrConflict if by
// is no longer an administrator.
func (r *Service) Invite(ctx context.Context, name, email, lang string, roles []Role, by audit.Actor) (secret.Text, Member, error) {
	if err := r.MayInvite(email); err != nil {
		return "", Member{}, err
	}
	address, err := mail.CanonicalAddress(email)
	if err != nil {
		return "", Member{}, err
	}
	handle := secret.New(r.Rand, secret.KindInvite)
	fresh := Member{
		ID: secret.NewID(r.Rand), Name: name, Email: address, Lang: lang, Roles: roles, Epoch: 1,
		Invite: handle.Hash(), InviteExpires: r.Now().Add(InviteLifetime), CreatedAt: r.Now(),
	}
	actor, mails, err := r.tell(ctx, fresh, WasInvited, by)
	if err != nil {
		return "", Member{}, err
	}
	mails = append(mails, r.Letters.StaffInvited(fresh, r.Link(handle), actor, r.Now()))
	m, err := r.Store.Invite(ctx, member(by), fresh, func(m Member) effect.Effects { return effect.Of(by.Did(audit.StaffInvited, m.ID, r.Now()), mails...) })
	return handle, m, err
}

// SetRoles gives a member other roles. It returns errs.ErrConflict if the member
// was removed, or if by is no longer an administrator.
func (r *Service) SetRoles(ctx context.Context, m Member, roles []Role, by audit.Actor) error {
	m.Roles = roles
	actor, mails, err := r.tell(ctx, m, WasChanged, by)
	if err != nil {
		return err
	}
	mails = append(mails, r.Letters.StaffManaged(m, m, WasChanged, actor, r.Now()))
	e := by.Did(audit.StaffRoles, m.ID, r.Now()).Because(strings.Join(names(roles), " "))
	return r.Store.SetRoles(ctx, member(by), m.ID, roles, effect.Of(e, mails...))
}

// Remove removes a member. It returns errs.ErrConflict if the member was removed
// before, or if by is no longer an administrator.
func (r *Service) Remove(ctx context.Context, m Member, by audit.Actor) error {
	actor, mails, err := r.tell(ctx, m, WasRemoved, by)
	if err != nil {
		return err
	}
	mails = append(mails, r.Letters.StaffManaged(m, m, WasRemoved, actor, r.Now()))
	return r.Store.Remove(ctx, member(by), m.ID, effect.Of(by.Did(audit.StaffRemoved, m.ID, r.Now()), mails...))
}

// Left is something that a member had begun and that ended with the member's role
// for it: a case without an official again, or a void proposal.
type Left struct {
	Action   audit.Action
	ObjectID string
}

// Event returns the event about it. e is the one about the member: both were
// done by the same actor at the same moment.
func (l Left) Event(e audit.Event) audit.Event {
	return e.Actor().Did(l.Action, l.ObjectID, e.At).With(map[string]string{"member": e.ObjectID})
}

// tell returns the mails to every other active administrator and auditor about
// what by did with m, and the name of the member who did it ("" at the command
// line). So an administrator who invents a colleague, to be the second of two
// officials, is noticed by all others.
func (r *Service) tell(ctx context.Context, m Member, what Managed, by audit.Actor) (actor string, mails []mail.Message, err error) {
	all, err := r.Store.List(ctx)
	if err != nil {
		return "", nil, err
	}
	if i := slices.IndexFunc(all, func(o Member) bool { return by.Kind == audit.ActorStaff && o.ID == by.ID }); i >= 0 {
		actor = all[i].Name
	}
	for _, to := range all {
		if to.State == Active && to.Has(Administrator, Auditor) && to.Email != m.Email {
			mails = append(mails, r.Letters.StaffManaged(to, m, what, actor, r.Now()))
		}
	}
	return actor, mails, nil
}

// member returns the id of the member who acts; "" at the command line.
func member(by audit.Actor) string {
	if by.Kind == audit.ActorStaff {
		return by.ID
	}
	return ""
}

func names(roles []Role) []string {
	var out []string
	for _, r := range roles {
		out = append(out, string(r))
	}
	return out
}
