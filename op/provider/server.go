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

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/grant"
	"omgevingsloket-id/pkg/secret"
)

// server implements the endpoints that the library calls. UnimplementedServer
// answers all others.
type server struct {
	op.UnimplementedServer
	room *Room
}

// told returns the OAuth error that a client is sent for err: otherwise with
// status, or 503 if a store did not answer or the request was cancelled.
func told(err error, otherwise *oidc.Error, status int) error {
	if unavailable(err) {
		return op.NewStatusError(oidc.ErrServerError().WithDescription(unavailableText), http.StatusServiceUnavailable)
	}
	return op.NewStatusError(otherwise, status)
}

// unavailable reports whether a store did not answer, or the request was cancelled.
func unavailable(err error) bool {
	return errors.Is(err, errs.ErrUnavailable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

const unavailableText = "the service is not available at the moment"

// CodeExchange redeems a code: once, for the client that it was issued to, with
// the redirect URI and the code verifier of the authorization request.
func (s *server) CodeExchange(ctx context.Context, r *op.ClientRequest[oidc.AccessTokenRequest]) (*op.Response, error) {
	c := r.Client.(relyingParty).Client
	now := s.room.Now()
	code, _ := secret.Parse(secret.KindCode, r.Data.Code)
	handle, accessHash := s.room.newAccess(c)
	replay := effect.Of(audit.ClientActor(c.ID).Did(audit.GrantCodeReplayed, c.ID, now).Refused().Because("everything it gave is revoked"))
	g, a, refused, err := s.room.Grants.Redeem(ctx, grant.Redemption{
		CodeHash: code.Hash(), ClientID: c.ID, RedirectURI: r.Data.RedirectURI, Challenge: challengeOf(r.Data.CodeVerifier),
		Now: now, Expires: now.Add(accessTokenLifetime), AccessHash: accessHash, Consent: c.NeedsConsent(),
	}, replay)
	if err == nil && refused != "" {
		web.Explain(ctx, func(f *web.Refusal) { f.Reason = string(refused) })
		err = errs.ErrNotFound
	}
	if err != nil {
		explainCause(ctx, err)
		return nil, told(err, oidc.ErrInvalidGrant().WithDescription("the code is not valid, or not any more"), http.StatusBadRequest)
	}
	tokens, err := s.room.tokens(c, g, a, handle, now)
	if err != nil {
		explainCause(ctx, err)
		return nil, told(err, oidc.ErrServerError().WithDescription("the tokens could not be made"), http.StatusInternalServerError)
	}
	return op.NewResponse(tokens), nil
}

// challengeOf returns the S256 challenge of a code verifier. For a verifier that
// RFC 7636 §4.1 does not allow, it returns a text that equals no challenge.
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

// Revocation revokes a token of this client. For any other token the answer is the
// same, and nothing is revoked (RFC 7009 §2.2).
func (s *server) Revocation(ctx context.Context, r *op.ClientRequest[oidc.RevocationRequest]) (*op.Response, error) {
	c := r.Client.(relyingParty).Client
	token, err := s.room.readAccessToken(r.Data.Token)
	if err == nil && token.hash != "" {
		var g grant.Grant
		if g, err = s.room.Grants.ByID(ctx, token.grant); err == nil && !token.of(g) {
			err = errToken
		}
	}
	if err == nil {
		rec := effect.Of(audit.ClientActor(c.ID).Did(audit.GrantRevoked, c.ID, s.room.Now()).With(map[string]string{"grant": token.grant}))
		err = s.room.Grants.Revoke(ctx, token.grant, c.ID, s.room.Now(), rec)
	}
	if err != nil && !errors.Is(err, errToken) && !errors.Is(err, errs.ErrNotFound) {
		explainCause(ctx, err)
		return nil, told(err, oidc.ErrServerError().WithDescription("the token could not be revoked"), http.StatusInternalServerError)
	}
	return op.NewResponse(struct{}{}), nil
}
