package provider

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/grant"
	"omgevingsloket-id/pkg/secret"
)

// server is our side of the library: what it does not implement does not
// exist.
type server struct {
	op.UnimplementedServer
	room *Room
}

// told turns an error into what a client may hear: a fixed sentence, and
// "unavailable" is never "invalid".
func told(err error, otherwise *oidc.Error, status int) error {
	if errors.Is(err, errs.ErrUnavailable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return op.NewStatusError(oidc.ErrServerError().WithDescription("the service is not available at the moment"), http.StatusServiceUnavailable)
	}
	return op.NewStatusError(otherwise, status)
}

// CodeExchange redeems a code: once, by the client it was issued to, with
// the redirect URI and the verifier that belong to it.
func (s *server) CodeExchange(ctx context.Context, r *op.ClientRequest[oidc.AccessTokenRequest]) (*op.Response, error) {
	c := r.Client.(relyingParty).Client
	now := s.room.Now()
	code, _ := secret.Parse(secret.KindCode, r.Data.Code)
	replay := effect.Of(audit.ClientActor(c.ID).Did(audit.GrantCodeReplayed, c.ID, now).Refused().Because("everything it gave is revoked"))
	g, a, refused, err := s.room.Grants.Redeem(ctx, grant.Redemption{
		CodeHash: code.Hash(), ClientID: c.ID, RedirectURI: r.Data.RedirectURI, Challenge: challengeOf(r.Data.CodeVerifier),
		Now: now, Expires: now.Add(accessTokenLifetime),
	}, replay)
	if err == nil && refused != "" {
		s.room.Log.InfoContext(ctx, "code refused", "client", c.ID, "reason", string(refused))
		err = errs.ErrNotFound
	}
	if err != nil {
		return nil, told(err, oidc.ErrInvalidGrant().WithDescription("the code is not valid, or not any more"), http.StatusBadRequest)
	}
	tokens, err := s.room.tokens(c, g, a, now)
	if err != nil {
		return nil, told(err, oidc.ErrServerError().WithDescription("the tokens could not be made"), http.StatusInternalServerError)
	}
	return op.NewResponse(tokens), nil
}

// challengeOf computes the S256 challenge of a verifier; one that RFC 7636
// §4.1 does not allow gives a text that no challenge equals.
func challengeOf(verifier string) string {
	if verifier == "" {
		return ""
	}
	if len(verifier) < 43 || len(verifier) > 128 || strings.ContainsFunc(verifier, func(r rune) bool { return notBase64URL(r) && r != '.' && r != '~' }) {
		return "not a verifier"
	}
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// UserInfo tells what the grant allows (OIDC Core §5.3), from the account as
// it is now.
func (s *server) UserInfo(ctx context.Context, r *op.Request[oidc.UserInfoRequest]) (*op.Response, error) {
	g, a, err := s.room.bearer(ctx, r.Data.AccessToken)
	if err != nil {
		return nil, told(err, invalidToken(), http.StatusUnauthorized)
	}
	c, err := s.room.Clients.ByID(ctx, g.ClientID)
	if err != nil {
		return nil, told(err, invalidToken(), http.StatusUnauthorized)
	}
	return op.NewResponse(s.room.userinfo(c, g, a)), nil
}

func invalidToken() *oidc.Error {
	e := oidc.ErrInvalidRequest().WithDescription("the access token is not valid, or not any more")
	e.ErrorType = "invalid_token"
	return e
}

// Revocation ends a token of this client; any other token is no business of
// its, and looks the same (RFC 7009 §2.2).
func (s *server) Revocation(ctx context.Context, r *op.ClientRequest[oidc.RevocationRequest]) (*op.Response, error) {
	c := r.Client.(relyingParty).Client
	claims, err := s.room.readAccessToken(r.Data.Token)
	if err != nil {
		return op.NewResponse(struct{}{}), nil
	}
	rec := effect.Of(audit.ClientActor(c.ID).Did(audit.GrantRevoked, c.ID, s.room.Now()).With(map[string]string{"grant": claims.ID}))
	if err := s.room.Grants.Revoke(ctx, claims.ID, c.ID, s.room.Now(), rec); err != nil && !errors.Is(err, errs.ErrNotFound) {
		return nil, told(err, oidc.ErrServerError().WithDescription("the token could not be revoked"), http.StatusInternalServerError)
	}
	return op.NewResponse(struct{}{}), nil
}
