// Package provider owns OpenID Connect: /authorize and its callback, /par, /token,
// /userinfo, /revoke, /end_session, /jwks and the discovery documents. It is
// the only room that uses the zitadel library, which parses forms and client
// credentials here and decides nothing.
//
//	client ─► /par (pushed: the same checks) ─► request_uri ─┐
//	client ─► /authorize ─ gate ─ client and redirect URI proven ─ request checked
//	              │                                │ errors from here on go to the client
//	              ├─ single sign-on ───────────────┤
//	              ▼                                ▼
//	         login rooms ─► /authorize/callback ─► code (once) ─► client ─► /token (once)
//
// The discovery documents are made from the policy that is enforced (policy.go).
package provider

import (
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/grant"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/pkg/signkey"
)

// Room serves the provider's endpoints. Its fields are set before Mount.
type Room struct {
	Pages      *web.Renderer
	Cookies    *web.Cookies
	Limits     *web.Limits
	Log        *slog.Logger
	Flow       *flow.Dispatcher
	Clients    *client.Directory
	Grants     grant.Store
	Sessions   *session.Service[account.Account]
	Keys       *signkey.Manager
	Subjects   claim.Subjects
	Policy     Policy
	ClientKeys *KeyFetcher
	CodeKey    []byte              // authorization codes are derived with it
	Access     client.AccessTokens // of clients that have no format of their own
	Rand       io.Reader
	Now        func() time.Time
	// AuthorizePerMinute is the most authorization requests of one source in a
	// minute.
	AuthorizePerMinute int

	// Refused is called with the reason for which a client is refused; it may
	// be nil.
	Refused func(why string)

	issuer string
}

// The paths of the endpoints, below the issuer.
const (
	pathAuthorize  = "/authorize"
	pathCallback   = "/authorize/callback"
	pathPush       = "/par"
	pathToken      = "/token"
	pathUserinfo   = "/userinfo"
	pathRevoke     = "/revoke"
	pathEndSession = "/end_session"
	pathJWKS       = "/jwks"
)

const (
	// accessTokenLifetime suits public clients as well.
	accessTokenLifetime = 15 * time.Minute
	// idTokenLifetime is the longest that NL GOV allows.
	idTokenLifetime = 5 * time.Minute
)

// Mount adds the endpoints to t.
func (p *Room) Mount(t *web.Router) {
	p.issuer = p.Pages.Settings.Issuer
	t.Explains(explain)
	t.ClientPage(http.MethodGet, pathAuthorize, p.authorize)
	t.ClientPage(http.MethodPost, pathAuthorize, p.authorizePost)
	t.RawPage(http.MethodGet, pathCallback, p.callback)
	t.Post(flow.CancelPath, p.cancel)
	t.ClientPage(http.MethodGet, pathEndSession, p.endSession)
	t.ClientPage(http.MethodPost, pathEndSession, p.asGet(pathEndSession, logoutForm, "web.error.bad_request", badLogout))
	t.Post("/logout", p.logoutConfirmed, "id_token_hint", "post_logout_redirect_uri", "state", "client_id")

	library := op.RegisterServer(&server{room: p}, op.Endpoints{
		Token:      op.NewEndpoint(pathToken),
		Revocation: op.NewEndpoint(pathRevoke),
	}, op.WithServerCORSOptions(nil))
	t.Raw(http.MethodPost, pathToken, p.gate(tokenForm, library))
	t.Raw(http.MethodPost, pathRevoke, p.gate(revokeForm, library))
	t.Raw(http.MethodPost, pathPush, p.gate(pushForm, http.HandlerFunc(p.push)))
	t.Raw(http.MethodGet, pathUserinfo, p.gate(userinfoForm, http.HandlerFunc(p.userinfo)))
	t.Raw(http.MethodPost, pathUserinfo, p.gate(userinfoForm, http.HandlerFunc(p.userinfo)))
	for _, path := range []string{pathPush, pathToken, pathRevoke, pathUserinfo} {
		t.Raw(http.MethodOptions, path, http.HandlerFunc(p.preflight))
	}

	metadata := t.NewDocument("application/json", p.metadata(), p.cacheTime())
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"} {
		t.Publish(path, func() *web.Document { return metadata })
	}
	t.Publish(pathJWKS, p.keysDocument(t))
}
