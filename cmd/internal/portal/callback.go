package portal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"omgevingsloket-id/pkg/secret"
)

// session is a login at one entry.
type session struct {
	entry    *entry
	raw      secret.Text // the ID token, which is sent at logout (id_token_hint)
	idToken  json.RawMessage
	userinfo json.RawMessage // "null" when the provider has no userinfo endpoint
}

// The ways in which a login can fail after the callback.
var (
	errUsedCode  = errors.New("the provider refused the code: used before, too old, or not for us")
	errRefused   = errors.New("not accepted")
	errNoContact = errors.New("the provider did not answer")
)

// errorCode matches an error code (RFC 6749 §4.1.2.1).
var errorCode = regexp.MustCompile(`^[a-z_]{1,64}$`)

// callback ends a login attempt: GET /callback, the redirect_uri. The order of the
// checks matters: first whether this browser started the attempt, then the issuer,
// then the response.
func (p *Portal) callback(w http.ResponseWriter, r *http.Request, e *entry) {
	q, wellFormed := once(r)
	state := q.Get("state")
	a, known := p.attempts.get(state)
	if !wellFormed || !known || a.entry != e || !a.browser.Equal(p.cookie(r, loginCookie(state))) {
		p.refused(w, r, e, http.StatusBadRequest, "unknown_state", "state is unknown, too old, used, or from another browser")
		return
	}
	p.dropCookie(w, loginCookie(state))
	if _, first := p.attempts.take(state); !first {
		p.refused(w, r, e, http.StatusBadRequest, "unknown_state", "state was used at this moment by another request")
		return
	}
	m, err := p.idp.metadata(r.Context())
	if err != nil {
		p.unreachable(w, r, e, err)
		return
	}
	// RFC 9207 §2.4: a response of another issuer must be refused.
	if iss := q.Get("iss"); iss != p.cfg.Issuer && (iss != "" || m.SendsIss) {
		p.refused(w, r, e, http.StatusBadRequest, "wrong_issuer", "the response does not carry iss="+p.cfg.Issuer)
		return
	}
	if code := q.Get("error"); code != "" {
		if !errorCode.MatchString(code) {
			code = "invalid_response"
		}
		p.refused(w, r, e, statusOf(code), code, q.Get("error_description"))
		return
	}
	s, err := p.redeem(r.Context(), m, a, q.Get("code"))
	switch {
	case errors.Is(err, errNoContact):
		p.unreachable(w, r, e, err)
	case errors.Is(err, errUsedCode):
		p.refused(w, r, e, http.StatusBadRequest, "invalid_grant", err.Error())
	case err != nil:
		p.refused(w, r, e, http.StatusBadGateway, "invalid_response", err.Error())
	default:
		p.sessions.take(p.cookie(r, cookieSession+e.suffix)) // a login never continues an old session
		handle := p.random()
		p.sessions.put(handle, *s)
		p.setCookie(w, cookieSession+e.suffix, handle, sessionLife)
		p.log.Info("logged in", "client", e.ClientID)
		http.Redirect(w, r, p.base.String()+a.target, http.StatusSeeOther)
	}
}

// redeem exchanges the code and verifies what it gets.
func (p *Portal) redeem(ctx context.Context, m *metadata, a attempt, code string) (*session, error) {
	ctx = oidc.ClientContext(ctx, p.idp.client)
	proof, err := p.assertion(a.entry)
	if err != nil {
		return nil, fmt.Errorf("signing with the private key of client %q failed: %w", a.entry.ClientID, err)
	}
	token, err := m.oauth(a.entry).Exchange(ctx, code, append(proof, oauth2.VerifierOption(a.verifier.Reveal()))...)
	if err != nil {
		return nil, exchangeError(a.entry, err)
	}
	raw, _ := token.Extra("id_token").(string)
	verifier := m.Verifier(&oidc.Config{ClientID: a.entry.ClientID, Now: p.now})
	idToken, err := verifier.Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("ID token: %w: %s", errRefused, clip(err.Error()))
	}
	s := &session{entry: a.entry, raw: secret.Text(raw), userinfo: json.RawMessage("null")}
	if err := idToken.Claims(&s.idToken); err != nil {
		return nil, err
	}
	if err := p.checkIDToken(idToken, a, token.AccessToken); err != nil {
		return nil, fmt.Errorf("ID token: %w: %w", errRefused, err)
	}
	if m.UserInfoEndpoint() == "" {
		return s, nil
	}
	info, err := m.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, fmt.Errorf("userinfo: %w: %s", errNoContact, clip(err.Error()))
	}
	if info.Subject != idToken.Subject { // OIDC Core §5.3.2
		return nil, fmt.Errorf("userinfo: %w: it is about another subject than the ID token", errRefused)
	}
	return s, info.Claims(&s.userinfo)
}

// checkIDToken checks what go-oidc leaves to its caller (OIDC Core §3.1.3.7). The
// signature, the issuer, the expiry and that the audience includes us are checked
// already.
func (p *Portal) checkIDToken(t *oidc.IDToken, a attempt, accessToken string) error {
	var more struct {
		AuthorizedParty string `json:"azp"`
		AuthTime        int64  `json:"auth_time"`
	}
	if err := t.Claims(&more); err != nil {
		return err
	}
	switch {
	case t.Subject == "":
		return errors.New("it has no sub")
	case len(t.Audience) != 1: // no other audience is trusted (step 3)
		return errors.New("it is meant for others too")
	case more.AuthorizedParty != "" && more.AuthorizedParty != a.entry.ClientID:
		return errors.New("its azp is another client")
	case !secret.Text(a.nonce).Equal(t.Nonce):
		return errors.New("its nonce is not the one of this login")
	case t.IssuedAt.After(p.now().Add(clockSkew)):
		return errors.New("it was issued in the future; compare the clocks")
	case !a.notBefore.IsZero() && time.Unix(more.AuthTime, 0).Before(a.notBefore):
		return errors.New("auth_time is older than prompt=login or max_age allowed")
	case t.AccessTokenHash != "":
		return t.VerifyAccessToken(accessToken)
	}
	return nil
}

// exchangeError distinguishes the errors of the token endpoint. It leaves out the
// body of the response, which must not be shown or logged.
func exchangeError(e *entry, err error) error {
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) {
		return fmt.Errorf("token endpoint: %w: %s", errNoContact, clip(err.Error()))
	}
	switch {
	case answer.ErrorCode == "invalid_grant":
		return errUsedCode
	case answer.ErrorCode == "invalid_client" || answer.ErrorCode == "unauthorized_client":
		return fmt.Errorf("token endpoint: %s: compare client id, secret or key of %q with its registration at the provider", answer.ErrorCode, e.ClientID)
	case answer.Response != nil && answer.Response.StatusCode >= 500:
		return fmt.Errorf("token endpoint: %w: %s", errNoContact, answer.Response.Status)
	case errorCode.MatchString(answer.ErrorCode):
		return fmt.Errorf("token endpoint: %w: %s", errRefused, answer.ErrorCode)
	}
	return fmt.Errorf("token endpoint: %w: its answer cannot be understood", errRefused)
}

// statusOf returns the status of the page for an error code of the provider.
func statusOf(code string) int {
	switch code {
	case "server_error", "temporarily_unavailable":
		return http.StatusServiceUnavailable
	case "access_denied", "login_required", "consent_required", "interaction_required", "account_selection_required", "unmet_authentication_requirements":
		return http.StatusForbidden
	}
	return http.StatusBadGateway
}
