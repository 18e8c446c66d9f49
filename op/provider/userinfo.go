package provider

import (
	"context"
	"encoding/json"
	"io"
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
	claims, c, err := p.userClaims(r.Context(), token)
	var signed string
	if err == nil && c.UserinfoAlg != "" {
		claims["iss"], claims["aud"] = p.issuer, c.ID
		if signed, err = p.Keys.Sign(c.UserinfoAlg, typUserinfo, claims); err != nil {
			explainCause(r.Context(), err)
			writeError(w, http.StatusInternalServerError, "server_error", "the answer could not be signed")
			return
		}
	}
	switch {
	case signed != "":
		w.Header().Set("Content-Type", "application/jwt") // OIDC Core §5.3.2
		_, _ = io.WriteString(w, signed)
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

// userClaims returns the claims for the client of an access token, and the client.
func (p *Room) userClaims(ctx context.Context, token string) (map[string]any, client.Client, error) {
	g, a, err := p.bearer(ctx, token)
	if err != nil {
		return nil, client.Client{}, err
	}
	c, err := p.Clients.ByID(ctx, g.ClientID)
	if err != nil {
		return nil, client.Client{}, err
	}
	return p.claims(c, g, a), c, nil
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
