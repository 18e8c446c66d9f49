package provider

import (
	"errors"
	"net/http"
	"net/url"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/grant"
	"omgevingsloket-id/pkg/secret"
)

// callback ends a login. It runs at its own step only, in the browser in
// which the login began, once.
func (p *Room) callback(w http.ResponseWriter, r *http.Request) error {
	return p.Flow.At(authreq.StepFinish, p.finish)(w, r)
}

// finish sends the browser back to the client, or to the list of portals when
// no client asked for the login.
func (p *Room) finish(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	end, err := settle(v, p.Subjects)
	if err != nil {
		return web.Restart(err)
	}
	parameters, err := p.issue(r, v.Request, end)
	if err != nil {
		return err
	}
	if end.portals {
		return p.Pages.SeeOther(w, "/portals")
	}
	return p.answer(w, v.Request.RedirectURI, parameters)
}

// ending is the outcome of a login: at the list of portals, at the client with
// an error, or at the client with a code.
type ending struct {
	portals bool   // no client asked for the login
	refusal string // the OAuth error; "" = none
}

var errRedirectURI = errors.New("the client's redirect URIs changed during the login")

// settle returns how a login ends. The error is errRedirectURI if the client
// may no longer be answered at the redirect URI of the request (AZ-23).
func settle(v *flow.Login, subjects claim.Subjects) (ending, error) {
	req := v.Request
	switch {
	case v.Client == nil:
		return ending{portals: true, refusal: req.Refusal}, nil
	case !v.Client.AllowsRedirect(req.RedirectURI):
		return ending{}, errRedirectURI
	case v.Account != nil && req.Hinted != "" && subjects.For(*v.Account, *v.Client).Person != req.Hinted:
		return ending{refusal: "login_required"}, nil
	}
	return ending{refusal: req.Refusal}, nil
}

// issue finishes the request, which succeeds once, and returns what the client
// is sent: a code with its grant, or an error. The account must be active at
// that moment. When no client asked, there is nothing to send.
func (p *Room) issue(r *http.Request, req authreq.Request, end ending) (url.Values, error) {
	now := p.Now()
	req.Refusal, req.Finished = end.refusal, true
	// Of any number of callbacks, one gets past this line (L4).
	if _, err := p.Flow.Requests.Save(r.Context(), req, req.TTL(now)); errors.Is(err, errs.ErrConflict) || errors.Is(err, errs.ErrNotFound) {
		return nil, web.Restart(err)
	} else if err != nil {
		return nil, err
	}
	switch {
	case end.portals:
		return nil, nil
	case end.refusal != "":
		return refusal(end.refusal, req.State), nil
	}
	code := secret.New(p.Rand, secret.KindCode)
	g := grant.Grant{
		ID: secret.NewID(p.Rand), CodeHash: code.Hash(), ClientID: req.ClientID, AccountID: req.AccountID, SID: req.SID, Epoch: req.Epoch,
		RedirectURI: req.RedirectURI, Scopes: req.Scopes, Claims: req.Claims, Nonce: req.Nonce, Challenge: req.Challenge,
		AuthTime: req.AuthTime, ACR: req.ACR, IssuedAt: now, CodeExpires: now.Add(grant.CodeLifetime),
	}
	issued := effect.Of(audit.Holder(req.AccountID).At(p.Limits.Origin(r), web.RequestID(r)).Did(audit.GrantIssued, req.AccountID, now).
		With(map[string]string{"client": req.ClientID, "grant": g.ID}))
	err := p.Grants.Issue(r.Context(), g, issued)
	if errors.Is(err, errs.ErrConflict) {
		// The account was blocked or changed since the step was judged.
		return refusal("access_denied", req.State), nil
	}
	if err != nil {
		return nil, err
	}
	return url.Values{"code": {code.Reveal()}, "state": {req.State}}, nil
}
