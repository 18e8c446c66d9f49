package authreq

import (
	"time"

	"omgevingsloket-id/pkg/account"
)

// Step is what a person has to do next. Package op/web maps it to a page.
type Step string

// The steps.
const (
	StepPassword Step = "password" // e-mail address and password
	StepWait     Step = "wait"     // unblocked: from when the QR can be shown
	StepMailbox  Step = "mailbox"  // unblocked: a code that is mailed to the holder
	StepEnrol    Step = "enrol"    // explanation and the button 'Toon QR-code'
	StepCode     Step = "code"     // verification code
	StepBlocked  Step = "blocked"  // how to reach the helpdesk
	StepRenew    Step = "renew"    // another password
	StepMail     Step = "mail"     // a notice that mail to the holder is refused
	StepConsent  Step = "consent"  // consent to the claims for the client
	StepFinish   Step = "finish"   // back to the client
	StepRestart  Step = "restart"  // expired or already used: start again at the portal
)

// passwordLasts is how long after the right password a code is accepted.
const passwordLasts = 30 * time.Minute

// PasswordUntil returns when the password has to be given again.
func (r Request) PasswordUntil() time.Time {
	end, password := r.CreatedAt.Add(Lifetime), r.PasswordAt.Add(passwordLasts)
	if end.Before(password) {
		return end
	}
	return password
}

// Facts is the input of Next. Account is nil when the request has none yet or
// the account no longer exists.
type Facts struct {
	Now          time.Time
	Request      Request
	Account      *account.Account
	Limits       account.Limits
	NeedsConsent bool // third-party client without a stored consent for the claims
}

// Next returns the next step.
func Next(f Facts) Step {
	r := f.Request
	switch {
	case r.Finished || r.Expired(f.Now):
		return StepRestart
	case r.Refusal != "":
		return StepFinish
	case r.AccountID == "" || f.Account == nil || f.Account.ID != r.AccountID || f.Account.State == account.Closed:
		return StepPassword
	case f.Account.State == account.Blocked:
		// The block raised the epoch. The right password was given in the
		// previous one, so the page about the block may be shown.
		return blockedStep(f)
	case f.Account.Epoch != r.Epoch:
		return StepPassword
	case !r.AuthTime.IsZero() && f.Account.State == account.Active:
		if f.Account.Renewal == account.RenewalDue || r.Nudge {
			return StepRenew
		}
		if !r.Unreachable.IsZero() {
			return StepMail
		}
		if f.NeedsConsent && !r.Consented {
			return StepConsent
		}
		return StepFinish
	case !f.Now.Before(r.PasswordAt.Add(passwordLasts)):
		return StepPassword
	case f.Account.State == account.AwaitingEnrolment:
		ahead := f.Limits.Ahead(*f.Account, !r.MailboxAt.IsZero(), f.Now)
		if ahead == account.AheadQR && f.Account.Renewal == account.RenewalDue {
			return StepRenew
		}
		return enrolStep[ahead]
	default:
		return StepCode
	}
}

var enrolStep = map[account.Ahead]Step{account.AheadWait: StepWait, account.AheadMail: StepMailbox, account.AheadQR: StepEnrol}

func blockedStep(f Facts) Step {
	if f.Request.PasswordAt.IsZero() || !f.Now.Before(f.Request.PasswordAt.Add(passwordLasts)) {
		return StepPassword
	}
	return StepBlocked
}
