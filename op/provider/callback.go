package provider

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/grant"
	"omgevingsloket-id/pkg/secret"
)

// callback is where every login ends. It runs at its own step only, in the
// browser that began, once.
func (p *Room) callback(w http.ResponseWriter, r *http.Request) error {
	return p.Flow.At(authreq.StepFinish, p.finish)(w, r)
}

func (p *Room) finish(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	req := v.Request
	if req.Refusal == "" {
		// The session may have ended in another tab meanwhile.
		s, err := p.Sessions.Get(r.Context(), req.Session)
		if err != nil && !errors.Is(err, errs.ErrNotFound) {
			return err
		}
		if err != nil || s.SID != req.SID || p.SessionLimits.Over(s, p.Now()) {
			v.Request.Forget()
			if v, err = p.Flow.Save(r.Context(), v); err != nil {
				return err
			}
			return p.Flow.Onward(w, r, v)
		}
		// The browser's secret may be older than the login and known to
		// somebody who sat here before; the session is not (LG-20).
		if handle, ok := p.Cookies.Session(r); !ok || handle.Hash() != req.Session {
			return web.Restart(errors.New("another browser's session"))
		}
	}
	if v.Client != nil && !v.Client.AllowsRedirect(req.RedirectURI) {
		return web.Restart(errors.New("the client's redirect URIs changed during the login")) // AZ-23
	}
	if v.Client != nil && v.Account != nil && req.Hinted != "" && p.Subjects.For(*v.Account, *v.Client).Person != req.Hinted {
		req.Refusal = "login_required"
	}
	// Of any number of callbacks, one gets past this line (L4).
	req.Finished = true
	if _, err := p.Flow.Requests.Save(r.Context(), req, req.TTL(p.Now())); errors.Is(err, errs.ErrConflict) || errors.Is(err, errs.ErrNotFound) {
		return web.Restart(err)
	} else if err != nil {
		return err
	}
	if v.Client == nil {
		return p.Pages.SeeOther(w, "/portals")
	}
	if req.Refusal != "" {
		return p.answer(w, req.RedirectURI, errorAnswer(&oauthError{req.Refusal, refusals[req.Refusal]}, req.State))
	}
	code, err := p.issue(r, v)
	if errors.Is(err, errs.ErrConflict) {
		// Blocked or changed in this very moment.
		return p.answer(w, req.RedirectURI, errorAnswer(&oauthError{"access_denied", refusals["access_denied"]}, req.State))
	}
	if err != nil {
		return err
	}
	return p.answer(w, req.RedirectURI, url.Values{"code": {code.Reveal()}, "state": {req.State}})
}

// refusals are the descriptions of errors that end a login.
var refusals = map[string]string{
	"access_denied":    "the person did not allow this, or the account may not be used",
	"login_required":   "the person asked for is not the one who is logged in",
	"consent_required": "the person has to be asked first",
}

// issue makes the grant, if the account is active at that very moment.
func (p *Room) issue(r *http.Request, v *flow.Login) (secret.Text, error) {
	now := p.Now()
	code := secret.New(p.Rand, secret.KindCode)
	req := v.Request
	g := grant.Grant{
		ID: secret.NewID(p.Rand), CodeHash: code.Hash(), ClientID: req.ClientID, AccountID: req.AccountID, SID: req.SID, Epoch: req.Epoch,
		RedirectURI: req.RedirectURI, Scopes: req.Scopes, Claims: req.Claims, Nonce: req.Nonce, Challenge: req.Challenge,
		AuthTime: req.AuthTime, ACR: req.ACR, IssuedAt: now, CodeExpires: now.Add(grant.CodeLifetime),
	}
	rec := effect.Of(audit.Holder(req.AccountID).At(p.Limits.Origin(r), web.RequestID(r)).Did(audit.GrantIssued, req.AccountID, now).
		With(map[string]string{"client": req.ClientID, "grant": g.ID}))
	return code, p.Grants.Issue(r.Context(), g, rec)
}

func errorAnswer(e *oauthError, state string) url.Values {
	return url.Values{"error": {e.code}, "error_description": {e.description}, "state": {state}}
}

// answer sends the browser to a proven redirect URI: 303, and iss in every
// answer (RFC 9207 §2).
func (p *Room) answer(w http.ResponseWriter, redirectURI string, values url.Values) error {
	if values.Get("state") == "" {
		values.Del("state")
	}
	values.Set("iss", p.issuer)
	separator := "?"
	if strings.Contains(redirectURI, "?") {
		separator = "&"
	}
	return p.Pages.SeeOther(w, redirectURI+separator+values.Encode())
}
