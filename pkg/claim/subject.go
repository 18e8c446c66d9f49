package claim

import (
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/secret"
)

// Subjects computes subject identifiers. Pairwise ones differ per sector (OIDC
// Core §8.1), so that two organizations cannot match them. The salt never
// changes.
type Subjects struct {
	Salt   []byte
	Issuer string
}

// Session returns the identifier of a session at a client (OIDC Front-Channel
// Logout §3, sid): pairwise in each case, so that no identifier is equal at two
// sectors.
func (s Subjects) Session(sid string, c client.Client) string {
	return secret.MAC(s.Salt, "session", c.Sector(), sid)
}

// For returns the subject of an account at a client.
func (s Subjects) For(a account.Account, c client.Client) Subject {
	sector := "pairwise:" + c.Sector()
	if c.PublicSubject {
		sector = "public"
	}
	return Subject{
		Person:  secret.MAC(s.Salt, "person", sector, a.ID),
		Company: secret.MAC(s.Salt, "company", sector, a.ID),
		Issuer:  s.Issuer,
		Dutch:   c.DutchClaims,
	}
}
