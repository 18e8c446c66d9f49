package provider

import (
	"slices"
	"time"

	"omgevingsloket-id/pkg/client"
)

// Policy is what the provider enforces; the published metadata is made from it.
type Policy struct {
	Name              client.Policy
	AuthMethods       []client.AuthMethod
	SubjectTypes      []string
	StateAndNonce     bool     // required
	RefusedScopes     []string
	UnknownScopes     bool     // ignored (OIDC Core §3.1.2.1) instead of refused
	UnknownACR        bool     // an unknown acr value is ignored instead of refused
	ACR               string   // the level of assurance that tokens state
	AssertionLifetime int      // seconds
	AssertionIssuedAt bool     // iat is required
	OneAudience       bool     // aud of an assertion is one value
	Dutch             bool     // tokens have sub_id_type, and addresses the code of the country
	// Behind is how far the clock of a client may be behind ours for nbf.
	Behind time.Duration
	Secure bool // production: keys are fetched from public addresses only
}

// NewPolicy returns the policy of an issuer.
func NewPolicy(name client.Policy, acr string, secure bool) Policy {
	p := Policy{
		Name: name, ACR: acr, Secure: secure, AssertionLifetime: 300,
		AuthMethods:   []client.AuthMethod{client.PrivateKeyJWT},
		SubjectTypes:  []string{"pairwise"},
		StateAndNonce: true,
	}
	if name == client.General {
		p.AuthMethods = []client.AuthMethod{client.ClientSecretBasic, client.ClientSecretPost, client.PrivateKeyJWT, client.None}
		p.SubjectTypes = []string{"pairwise", "public"}
		p.StateAndNonce = false
		p.UnknownScopes, p.UnknownACR = true, true
		p.Behind = time.Minute
		return p
	}
	p.AuthMethods = append(p.AuthMethods, client.None) // public clients: browser and native (NLGOV OIDC §4.1)
	p.RefusedScopes = []string{"profile"}
	p.AssertionIssuedAt, p.OneAudience, p.Dutch = true, true, true
	return p
}

// For returns the policy that applies to a client: that of the issuer, or a
// stricter one.
func (p Policy) For(c client.Client) Policy {
	if c.Policy == client.NLGov && p.Name == client.General {
		return NewPolicy(client.NLGov, p.ACR, p.Secure)
	}
	return p
}

// Allows reports whether clients may authenticate with m.
func (p Policy) Allows(m client.AuthMethod) bool { return slices.Contains(p.AuthMethods, m) }
