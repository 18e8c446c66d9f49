package staff

import (
	"slices"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

// The functions below are the arrows of the drawing in the package comment. Each
// returns the member as it is afterwards, or errs.ErrConflict when the arrow does
// not leave the member's state. A store reads the row, calls one of them, and
// writes the result, provided that state and epoch are still those that it read.

// InvitedAs returns the member of an invitation by one administrator or by the
// operator: fresh, or one who was invited before (m.ID is not ""). It returns
// ErrJoined for one who has joined, unless the operator does it.
func (m Member) InvitedAs(fresh Member, operator bool) (Member, error) {
	switch {
	case m.ID == "":
		fresh.State = Invited
		return fresh, nil
	case m.Joined() && !operator:
		return Member{}, ErrJoined
	}
	return m.renewed(fresh), nil
}

// MayAccept reports whether the invitation can be used at now.
func (m Member) MayAccept(now time.Time) bool {
	return m.State == Invited && now.Before(m.InviteExpires)
}

// Accept makes an invited member active and uses up the invitation.
func (m Member) Accept(password secret.Text, sealed []byte, now time.Time) (Member, error) {
	if !m.MayAccept(now) {
		return Member{}, errs.ErrConflict
	}
	m.State, m.PasswordHash, m.Factor.Sealed, m.Invite, m.Renewal = Active, password, sealed, "", Renewal{}
	return m, nil
}

// SetRoles gives a member other roles.
func (m Member) SetRoles(roles []Role) (Member, error) {
	if m.State == Removed {
		return Member{}, errs.ErrConflict
	}
	m.Roles, m.Renewal = roles, Renewal{}
	m.Epoch++
	return m, nil
}

// Remove makes a member Removed. The roles stay, for readers of the audit log.
func (m Member) Remove() (Member, error) {
	if m.State == Removed {
		return Member{}, errs.ErrConflict
	}
	m.State, m.Invite, m.PasswordHash, m.Factor.Sealed, m.Renewal = Removed, "", "", nil, Renewal{}
	m.Epoch++
	return m, nil
}

// Works reports whether the member is active and has one of the roles.
func (m Member) Works(roles ...Role) bool { return m.State == Active && m.Has(roles...) }

// Manages reports whether the member may invite and change others.
func (m Member) Manages() bool { return m.Works(Administrator) }

// Try returns the input of a rule that judges a code, after the store counted the
// try. It returns errs.ErrConflict when the member is not active.
func (m Member) Try() (account.CodeTry, error) {
	if m.State != Active {
		return account.CodeTry{}, errs.ErrConflict
	}
	return account.CodeTry{State: account.Active, Factor: m.Factor}, nil
}

// Judged returns the member of a counted try after the verdict on its code.
func (m Member) Judged(v account.Verdict, now time.Time) (Member, error) {
	var err error
	if m.Factor, err = m.Factor.Judged(v); err != nil {
		return Member{}, err
	}
	switch v.Outcome {
	case account.Accepted:
		m.LastLoginAt = now
	case account.BlockedNow:
		if m.Renewal.Epoch == m.Epoch {
			m.Renewal.Epoch++ // wrong codes are a reason to renew; they do not void a proposal
		}
		m.State = Blocked
		m.Epoch++
	}
	return m, nil
}

// Work is a kind of work that an official begins and finishes with a role for it.
type Work string

// The kinds of work.
const (
	Cases    Work = "cases"    // applications that the official has, and approvals that wait for a second one
	Requests Work = "requests" // of the helpdesk, not decided on
	Renewals Work = "renewals" // of colleagues, proposed
)

// work lists which role each kind is for.
var work = []struct {
	Work
	role Role
}{{Cases, Reviewer}, {Requests, Helpdesk}, {Renewals, Administrator}}

// Ends lists the work of a member that ends, because the member has no role
// for it or was removed: nothing waits for an official who left, and the first
// approval of one who left does not count for a later decision. What a member
// proposed about colleagues ends when the member is invited again, too.
func (m Member) Ends() []Work {
	var ends []Work
	for _, w := range work {
		if m.State == Removed || !slices.Contains(m.Roles, w.role) || w.Work == Renewals && m.State == Invited {
			ends = append(ends, w.Work)
		}
	}
	return ends
}
