package provider

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/client"
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

// relyingParty shows a client to the library, which asks for little once
// UnimplementedServer stands under everything.
type relyingParty struct{ client.Client }

func (c relyingParty) GetID() string { return c.ID }

func (c relyingParty) RedirectURIs() []string { return c.Client.RedirectURIs }

func (c relyingParty) PostLogoutRedirectURIs() []string { return c.Client.PostLogoutRedirectURIs }

func (c relyingParty) ApplicationType() op.ApplicationType {
	if c.Public() {
		return op.ApplicationTypeNative
	}
	return op.ApplicationTypeWeb
}

func (c relyingParty) AuthMethod() oidc.AuthMethod { return oidc.AuthMethod(c.Client.AuthMethod) }

func (c relyingParty) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}

func (c relyingParty) GrantTypes() []oidc.GrantType { return []oidc.GrantType{oidc.GrantTypeCode} }

func (c relyingParty) LoginURL(string) string { return "" }

func (c relyingParty) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }

func (c relyingParty) IDTokenLifetime() time.Duration { return idTokenLifetime }

func (c relyingParty) DevMode() bool { return false }

func (c relyingParty) RestrictAdditionalIdTokenScopes() func([]string) []string { return nil }

func (c relyingParty) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return nil
}

func (c relyingParty) IsScopeAllowed(string) bool { return false }

func (c relyingParty) IDTokenUserinfoClaimsAssertion() bool { return false }

func (c relyingParty) ClockSkew() time.Duration { return 0 }

// told turns an error into what a client may hear: a fixed sentence, and
// "unavailable" is never "invalid".
func told(err error, otherwise *oidc.Error, status int) error {
	if errors.Is(err, errs.ErrUnavailable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return op.NewStatusError(oidc.ErrServerError().WithDescription("the service is not available at the moment"), http.StatusServiceUnavailable)
	}
	return op.NewStatusError(otherwise, status)
}

var errClient = errors.New("client authentication failed")

// VerifyClient authenticates a client, by its registered method and no other;
// the gate has seen to it that there is one at most.
// An unknown client and a wrong proof get one answer.
func (s *server) VerifyClient(ctx context.Context, r *op.Request[op.ClientCredentials]) (op.Client, error) {
	c, err := s.verifyClient(ctx, r)
	if err != nil {
		s.room.Log.InfoContext(ctx, "client refused", "error", err.Error())
		return nil, told(err, oidc.ErrInvalidClient().WithDescription("client authentication failed"), http.StatusUnauthorized)
	}
	return relyingParty{c}, nil
}

func (s *server) verifyClient(ctx context.Context, r *op.Request[op.ClientCredentials]) (client.Client, error) {
	method := client.None
	switch {
	case r.Header.Get("Authorization") != "":
		method = client.ClientSecretBasic
	case r.Data.ClientAssertion != "":
		method = client.PrivateKeyJWT
		id, err := assertedClient(r.Data.ClientAssertion)
		if err != nil || r.Data.ClientID != "" && r.Data.ClientID != id {
			return client.Client{}, errClient
		}
		r.Data.ClientID = id
	case r.Data.ClientSecret != "":
		method = client.ClientSecretPost
	}
	c, err := s.room.Clients.ByID(ctx, r.Data.ClientID)
	if err != nil {
		return client.Client{}, err
	}
	if c.AuthMethod != method || !s.room.Policy.For(c).Allows(method) {
		return client.Client{}, errClient
	}
	switch method {
	case client.ClientSecretBasic, client.ClientSecretPost:
		if !secretFits(c, r.Data.ClientSecret) {
			return client.Client{}, errClient
		}
	case client.PrivateKeyJWT:
		if err := s.room.verifyAssertion(ctx, c, r.Data.ClientAssertion); err != nil {
			return client.Client{}, err
		}
	}
	return c, nil
}

// secretFits compares with every secret of a client, so that two may be valid
// while one is being replaced. Secrets are ours, 256 bits: SHA-256 is enough.
func secretFits(c client.Client, given string) bool {
	sum := sha256.Sum256([]byte(given))
	got, fits := hex.EncodeToString(sum[:]), 0
	for _, want := range c.SecretHashes {
		fits |= subtle.ConstantTimeCompare([]byte(strings.ToLower(want)), []byte(got))
	}
	return fits == 1
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
