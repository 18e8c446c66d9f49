// Package staff defines the officials: who they are, what each may do, and how
// a person becomes an official. An official has no Omgevingsloket-ID as such and
// never logs in as an account holder.
//
//	invited (by an administrator, or `staff add`) ──link: password, QR──► active ──► removed
//	    ▲                                                                  │  │        │
//	    │                                             too many wrong codes │  │        │
//	    │                                                      blocked ◄───┘  │        │
//	    └── renewed: new password, new secret, new epoch ◄────────────────────┴────────┘
//	        (proposed by one administrator and confirmed by another, or `staff renew`)
//
// Each page of the console names the roles that may see it; others are refused.
// Every request reads the member again, so that a removal or another role takes
// effect at once on every server.
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

// Roles lists all roles.
var Roles = []Role{Helpdesk, Reviewer, Administrator, Auditor}

// State is the state of a member.
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

// Has reports whether the member has one of the roles.
func (m Member) Has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(m.Roles, r) })
}

// FactorAAD returns the associated data that binds a sealed TOTP secret to its member.
func FactorAAD(memberID string) string { return "staff|totp|" + memberID }

// Store stores members. All methods return errs.ErrUnavailable when the database
// cannot be reached.
type Store interface {
	// Invite stores a member as Invited under m.Invite and returns the stored
	// member. A member with a known address is invited again (InvitedAs): with the
	// same ID, the next epoch, and without password and secret; the error is
	// ErrJoined if that takes two administrators. by, and the work that ends, are
	// as in SetRoles.
	Invite(ctx context.Context, by string, m Member, rec func(Member) effect.Effects) (Member, error)
	// ByID, ByEmail and ByInvite (hash of the handle) return errs.ErrNotFound if
	// there is no such member.
	ByID(ctx context.Context, id string) (Member, error)
	ByEmail(ctx context.Context, email string) (Member, error)
	ByInvite(ctx context.Context, hash string) (Member, error)
	// InSession is ByID for a session with this sid. It returns errs.ErrNotFound after
	// EndSession, which records the end of the session until then.
	InSession(ctx context.Context, id, sid string) (Member, error)
	EndSession(ctx context.Context, sid string, until time.Time) error
	// List returns the members that are not removed, by name.
	List(ctx context.Context) ([]Member, error)
	// Everyone returns the removed members as well, for readers of the audit log.
	Everyone(ctx context.Context) ([]Member, error)
	// Accept uses up an invitation that has not expired. One of several concurrent
	// calls succeeds; otherwise it returns errs.ErrConflict.
	Accept(ctx context.Context, inviteHash string, password secret.Text, sealed []byte, now time.Time, rec effect.Effects) error
	// TryCode is account.Store.TryCode for members that are Active and of epoch.
	TryCode(ctx context.Context, id string, epoch int64, now time.Time, judge func(account.CodeTry) account.Verdict) (account.Verdict, error)
	// Rehash replaces a password hash by one of the same password under newer
	// parameters, unless it has changed since.
	Rehash(ctx context.Context, id string, old, fresh secret.Text) error
	// SetRoles gives a member that is not removed other roles and a new epoch.
	// by is the id of the member who does it, who has to be an active
	// administrator in the same transaction, so that of two who remove each other
	// one stays; "" is the operator. Otherwise it returns errs.ErrConflict. Work of
	// the member without a role for it (Member.Ends) ends in the same transaction
	// (Left): cases have no official any more, and proposals are void.
	SetRoles(ctx context.Context, by, id string, roles []Role, rec effect.Effects) error
	// Remove removes a member, with by and work that ends as in SetRoles. It
	// returns errs.ErrConflict also when the member was removed before.
	Remove(ctx context.Context, by, id string, rec effect.Effects) error
	// Propose stores the proposal of by to renew a member (Member.Propose).
	Propose(ctx context.Context, by, id string, r Renewal, now time.Time, rec effect.Effects) error
	// Confirm renews a member (Member.Confirm) with the invitation of fresh, if
	// the proposal has the ID renewal. by, the member and the proposer are judged
	// as they are stored in the same transaction.
	Confirm(ctx context.Context, by, id, renewal string, fresh Member, now time.Time, rec effect.Effects) error
	// EndProposal stores the member that judge returns for the member and by.
	EndProposal(ctx context.Context, by, id string, rec effect.Effects, judge func(m, by Member) (Member, error)) error
}
