package web

import (
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/password"
	"omgevingsloket-id/pkg/signin"
)

// WrongCode says at the field "code" why a verification code was not accepted. The
// outcomes account.Accepted and account.BlockedNow are the caller's.
func (p *Page) WrongCode(result signin.CodeResult) {
	switch {
	case result.Outcome == account.Replayed:
		p.Wrong("code", "web.code.replayed", "Seconds", Seconds(result.Wait))
	case result.Outcome == account.TooSoon:
		p.Wrong("code", "web.code.too_soon", "Seconds", Seconds(result.Wait))
	case result.Wait > 0:
		p.Wrong("code", "web.code.wrong_wait", "Count", result.Left, "Seconds", Seconds(result.Wait))
	default:
		p.Wrong("code", "web.code.wrong", "Count", result.Left)
	}
}

// NewPassword returns the field in which a password is chosen.
func NewPassword(p *Page, policy password.Policy, label string) Field {
	return Field{Page: p, Name: "password", Type: "password", Label: label, Hint: p.T("web.password.hint", "Min", policy.Least()), Autocomplete: "new-password"}
}

// WrongPassword says at the field "password" why a password cannot be chosen; nothing if
// it can.
func (p *Page) WrongPassword(policy password.Policy, typed string, about password.Context) {
	for _, problem := range policy.Check(typed, about) {
		p.Wrong("password", "web.password."+string(problem), "Min", policy.Least(), "Max", password.MaxLength)
	}
}

// About returns the words of a person of which a password may not be made.
func About(email string, of account.Profile) password.Context {
	c := password.Context{Email: email, GivenName: of.GivenName, FamilyName: of.FamilyName}
	if o := of.Organization; o != nil {
		c.Organisation = o.Name
	}
	return c
}
