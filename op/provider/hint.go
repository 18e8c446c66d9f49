package provider

import (
	"encoding/json"

	"omgevingsloket-id/pkg/errs"
)

// hint holds the claims that are read of an ID token that we issued.
type hint struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	SID      string `json:"sid"`
	ID       string `json:"jti"`
}

// readHint returns the claims of an ID token of ours. Expired tokens are accepted:
// they live five minutes, and a hint proves nothing (OIDC RP-Initiated Logout §4).
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
