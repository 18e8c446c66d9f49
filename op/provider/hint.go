package provider

import (
	"encoding/json"

	"omgevingsloket-id/pkg/errs"
)

// hint is what we read of an ID token that comes back to us.
type hint struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	SID      string `json:"sid"`
}

// readHint accepts our own ID tokens, expired ones too: they live five
// minutes, and are hints, not proofs (OIDC RP-Initiated Logout §4).
func (p *Room) readHint(token string) (hint, error) {
	var raw json.RawMessage
	if err := p.Keys.Verify(token, typIDToken, &raw); err != nil {
		return hint{}, err
	}
	var h hint
	if err := json.Unmarshal(raw, &h); err != nil || h.Issuer != p.issuer || h.Subject == "" || h.Audience == "" {
		return hint{}, errs.ErrNotFound
	}
	return h, nil
}
