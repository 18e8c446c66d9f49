package authreq

import (
	"time"

	"omgevingsloket-id/pkg/account"
)

// Step is what a person has to do next. op/web knows its address.
type Step string

// The steps.
const (
	StepPassword Step = "password" // e-mail address and password
	StepEnrol    Step = "enrol"    // explanation and the button 'Toon QR-code'
	StepCode     Step = "code"     // verification code
	StepBlocked  Step = "blocked"  // the way to the helpdesk
	StepConsent  Step = "consent"  // may this client see this?
	StepFinish   Step = "finish"   // back to the client
	StepRestart  Step = "restart"  // too late or already used: begin again at the portal
)

// passwordLasts is how long a right password waits for its code.
const passwordLasts = 30 * time.Minute

// Facts are everything Next looks at. Account is nil when the request has
// none yet, or when it does not exist any more.
type Facts struct {
	Now          time.Time
	Request      Request
	Account      *account.Account
	NeedsConsent bool // third-party client without a remembered yes that covers the claims
}

// Next tells the step from the stored facts alone.
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
		// The epoch moved on with the block; the right password was given
		// under it or just before it, so the way out may be shown.
		return blockedStep(f)
	case f.Account.Epoch != r.Epoch:
		return StepPassword
	case !r.AuthTime.IsZero() && f.Account.State == account.Active:
		if f.NeedsConsent && !r.Consented {
			return StepConsent
		}
		return StepFinish
	case !f.Now.Before(r.PasswordAt.Add(passwordLasts)):
		return StepPassword
	case f.Account.State == account.AwaitingEnrolment:
		return StepEnrol
	default:
		return StepCode
	}
}

func blockedStep(f Facts) Step {
	if f.Request.PasswordAt.IsZero() || !f.Now.Before(f.Request.PasswordAt.Add(passwordLasts)) {
		return StepPassword
	}
	return StepBlocked
}
