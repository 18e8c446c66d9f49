package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/grant"
)

// userinfo answers with the claims that the grant of an access token allows (OIDC Core
// §5.3), of the account as it is stored now. The gate has checked the request.
func (p *Room) userinfo(w http.ResponseWriter, r *http.Request) {
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	claims, err := p.userClaims(r.Context(), token)
	switch {
	case err == nil:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(claims) // fails only if the client has disconnected
	case unavailable(err):
		writeError(w, http.StatusServiceUnavailable, "server_error", unavailableText)
	default:
		w.Header().Set("WWW-Authenticate", bearerChallenge)
		writeError(w, http.StatusUnauthorized, "invalid_token", "the access token is not valid, or not any more")
	}
}

// userClaims returns the claims for the client of an access token.
func (p *Room) userClaims(ctx context.Context, token string) (map[string]any, error) {
	g, a, err := p.bearer(ctx, token)
	if err != nil {
		return nil, err
	}
	c, err := p.Clients.ByID(ctx, g.ClientID)
	if err != nil {
		return nil, err
	}
	return p.claims(c, g, a), nil
}

// claims returns the claims of an account that a grant allows.
func (p *Room) claims(c client.Client, g grant.Grant, a account.Account) map[string]any {
	wishes, err := claim.Parse(string(g.Claims))
	if err != nil {
		wishes = claim.Request{} // it was checked when it was stored
	}
	subject := p.subject(a, c)
	out := claim.Values(a, subject, claim.Wanted(c.Scopes, g.Scopes, wishes, claim.InUserInfo))
	if out["sub"] = subject.Person; p.typed(c) {
		out["sub_id_type"] = claim.SubIDType
	}
	return out
}
