package provider

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/errs"
)

var errClient = errors.New("client authentication failed")

// Why a client is refused; the label of a metric.
const (
	refusedUnknown     = "unknown_client"
	refusedMethod      = "wrong_method"
	refusedSecret      = "wrong_secret"
	refusedAssertion   = "wrong_assertion"
	refusedMalformed   = "malformed" // several methods at once, or unreadable
	refusedUnavailable = "unavailable"
)

// clientRefused counts a client that did not authenticate, and has the line of the
// request say so.
func (p *Room) clientRefused(ctx context.Context, id string, known bool, why, rule string) {
	if p.Refused != nil {
		p.Refused(why)
	}
	web.Explain(ctx, func(f *web.Refusal) {
		f.Message, f.Client, f.Rule, f.Reason = "client refused", loggedID(id, known), cmp.Or(rule, f.Rule), why
	})
}

// VerifyClient authenticates a client by its registered method and no other; the
// gate has checked that the request uses one at most. An unknown client and a
// wrong proof get the same answer; who signed an assertion is told what is wrong with it.
func (s *server) VerifyClient(ctx context.Context, r *op.Request[op.ClientCredentials]) (op.Client, error) {
	c, why, err := s.verifyClient(ctx, r)
	if err != nil {
		if errors.Is(err, errs.ErrUnavailable) {
			why = refusedUnavailable
			explainCause(ctx, err)
		}
		s.room.clientRefused(ctx, r.Data.ClientID, c.ID != "", why, err.Error())
		description := "client authentication failed"
		if proven, ok := errors.AsType[*wrongAssertion](err); ok {
			description = proven.reason
		}
		return nil, told(err, oidc.ErrInvalidClient().WithDescription("%s", description), http.StatusUnauthorized)
	}
	explainClient(ctx, c.ID, true)
	return relyingParty{c}, nil
}

// verifyClient returns the client, and if it is refused the reason; a zero Client if
// there is none.
func (s *server) verifyClient(ctx context.Context, r *op.Request[op.ClientCredentials]) (c client.Client, why string, err error) {
	method := client.None
	switch {
	case r.Header.Get("Authorization") != "":
		method = client.ClientSecretBasic
	case r.Data.ClientAssertion != "":
		method = client.PrivateKeyJWT
		id, err := assertedClient(r.Data.ClientAssertion)
		if err != nil || r.Data.ClientID != "" && r.Data.ClientID != id {
			return client.Client{}, refusedMalformed, errClient
		}
		r.Data.ClientID = id
	case r.Data.ClientSecret != "":
		method = client.ClientSecretPost
	}
	c, err = s.room.Clients.ByID(ctx, r.Data.ClientID)
	if err != nil {
		return client.Client{}, refusedUnknown, err
	}
	if c.AuthMethod != method || !s.room.Policy.For(c).Allows(method) {
		return c, refusedMethod, errClient
	}
	switch method {
	case client.ClientSecretBasic, client.ClientSecretPost:
		if !secretFits(c, r.Data.ClientSecret) {
			return c, refusedSecret, errClient
		}
	case client.PrivateKeyJWT:
		if err := s.room.verifyAssertion(ctx, c, r.Data.ClientAssertion); err != nil {
			return c, refusedAssertion, err
		}
	}
	return c, "", nil
}

// secretFits reports whether given is a secret of the client. Two secrets may be
// valid while one replaces the other. We generate them, of 256 bits, so SHA-256
// suffices.
func secretFits(c client.Client, given string) bool {
	sum := sha256.Sum256([]byte(given))
	got, fits := hex.EncodeToString(sum[:]), 0
	for _, want := range c.SecretHashes {
		fits |= subtle.ConstantTimeCompare([]byte(strings.ToLower(want)), []byte(got))
	}
	return fits == 1
}

// relyingParty is a client as an op.Client of the library. The endpoints that we
// serve use few of its methods.
type relyingParty struct{ client.Client }

func (c relyingParty) GetID() string { return c.ID }

func (c relyingParty) RedirectURIs() []string { return c.Client.RedirectURIs }

func (c relyingParty) PostLogoutRedirectURIs() []string { return c.Client.PostLogoutRedirectURIs }

func (c relyingParty) ApplicationType() op.ApplicationType {
	if c.Native() {
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
