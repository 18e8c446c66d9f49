// Package staff owns the officials: who they are, what each may do, and how
// one becomes one. They hold no Omgevingsloket-ID by this and never log in
// as an account holder.
//
//	invited (by an administrator, or `staff add`) ──link: password, QR──► active ──► removed
//	    ▲                                                                  │  │        │
//	    │                                             too many wrong codes │  │        │
//	    │                                                      blocked ◄───┘  │        │
//	    └── renewed: new password, new secret, new epoch ◄────────────────────┴────────┘
//	        (proposed by one administrator and confirmed by another, or `staff renew`)
//
// Roles are few, and each page of the console names those that may see it;
// what is not named is refused. Every request reads the member again, so
// that a removal or another role counts at once on every server.
package staff

import (
	"context"
	"slices"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/secret"
)

// Role is what a member may do.
type Role string

// The roles.
const (
	Helpdesk      Role = "helpdesk"      // finds accounts, unblocks and blocks them
	Reviewer      Role = "reviewer"      // decides on applications
	Administrator Role = "administrator" // invites and removes staff
	Auditor       Role = "auditor"       // reads the audit log and changes nothing
)

// Roles lists them all.
var Roles = []Role{Helpdesk, Reviewer, Administrator, Auditor}

// State of a member.
type State string

// The states.
const (
	Invited State = "invited"
	Active  State = "active"
	Blocked State = "blocked" // too many wrong codes: needs a renewal
	Removed State = "removed"
)

const (
	// InviteLifetime is how long an invitation may be used.
	InviteLifetime = 72 * time.Hour
	// WrongCodes is how many wrong codes in a row block a member.
	WrongCodes = 10
)

// Member is one official.
type Member struct {
	ID            string
	Name          string
	Email         string // canonical, unique
	Lang          string
	Roles         []Role
	State         State
	PasswordHash  secret.Text
	Epoch         int64 // grows with each invitation, change of roles, block and removal
	Factor        account.Factor
	Invite        string // hash of the invitation's handle; "" once used
	InviteExpires time.Time
	CreatedAt     time.Time
	LastLoginAt   time.Time
	Renewal       Renewal // as proposed; see Proposed
}

// Has tells whether the member has one of the roles.
func (m Member) Has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(m.Roles, r) })
}

// FactorAAD binds a sealed TOTP secret to its member.
func FactorAAD(memberID string) string { return "staff|totp|" + memberID }

// Store is the staff contract. errs.ErrUnavailable when it does not answer.
type Store interface {
	// Invite keeps a member as Invited under m.Invite. An address that is
	// known is invited again (InvitedAs): same ID, next epoch, password and secret
	// gone; ErrJoined if that takes two administrators. It gives the member as
	// kept. by and what the member has no role for any more are as in SetRoles.
	Invite(ctx context.Context, by string, m Member, rec func(Member) effect.Effects) (Member, error)
	// ByID, ByEmail and ByInvite (a handle's hash) answer errs.ErrNotFound.
	ByID(ctx context.Context, id string) (Member, error)
	ByEmail(ctx context.Context, email string) (Member, error)
	ByInvite(ctx context.Context, hash string) (Member, error)
	// InSession is ByID for a session with this sid. It returns errs.ErrNotFound after
	// EndSession, which records the end of the session until then.
	InSession(ctx context.Context, id, sid string) (Member, error)
	EndSession(ctx context.Context, sid string, until time.Time) error
	// List gives all but the removed, by name.
	List(ctx context.Context) ([]Member, error)
	// Everyone gives the removed as well, for those who read what they did.
	Everyone(ctx context.Context) ([]Member, error)
	// Accept spends an invitation: once, of any number of callers, and not
	// after it expired; errs.ErrConflict otherwise.
	Accept(ctx context.Context, inviteHash string, password secret.Text, sealed []byte, now time.Time, rec effect.Effects) error
	// TryCode is account.Store's, for members that are Active and of epoch.
	TryCode(ctx context.Context, id string, epoch int64, now time.Time, judge func(account.CodeTry) account.Verdict) (account.Verdict, error)
	// Rehash replaces a password hash by one of the same password under newer
	// parameters, unless it has changed since.
	Rehash(ctx context.Context, id string, old, fresh secret.Text) error
	// SetRoles gives a member that is not removed other roles and a new epoch.
	// by is the member who does it and has to be an active administrator at
	// that very moment, so that two who remove each other leave one; "" is the
	// operator. errs.ErrConflict otherwise. What the member began and has no
	// role for now ends by it (Left): cases are free again, proposals void.
	SetRoles(ctx context.Context, by, id string, roles []Role, rec effect.Effects) error
	// Remove ends a member, as SetRoles; errs.ErrConflict also when that was
	// done before.
	Remove(ctx context.Context, by, id string, rec effect.Effects) error
	// Propose keeps the proposal of by to renew a member (Member.Propose).
	Propose(ctx context.Context, by, id string, r Renewal, now time.Time, rec effect.Effects) error
	// Confirm renews a member (Member.Confirm) with the invitation of fresh, when
	// the proposal has the ID renewal. by, the member and who proposed it are
	// judged as they are at that very moment.
	Confirm(ctx context.Context, by, id, renewal string, fresh Member, now time.Time, rec effect.Effects) error
	// EndProposal ends a proposal as judge decides, which gets the member and by.
	EndProposal(ctx context.Context, by, id string, rec effect.Effects, judge func(m, by Member) (Member, error)) error
}
