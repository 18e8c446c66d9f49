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

// callback ends a login, in the browser in which it began. A login that has
// ended is answered in the same way again, since the answer may have been lost, until
// its code is redeemed or expires.
func (p *Room) callback(w http.ResponseWriter, r *http.Request) error {
	v, err := p.Flow.Load(r)
	if err != nil {
		return err
	}
	again := v.Request.Finished && !v.Request.Expired(p.Now()) && (v.Request.Refusal != "" || !v.Request.AuthTime.IsZero())
	if v.Step != authreq.StepFinish && !again {
		return p.Flow.Onward(w, r, v)
	}
	return p.finish(w, r, v, false)
}

// finish sends the browser back to the client, or to the list of portals when
// no client asked for the login. silent is whether no page may be shown.
func (p *Room) finish(w http.ResponseWriter, r *http.Request, v *flow.Login, silent bool) error {
	explainClient(r.Context(), v.Request.ClientID, true)
	end, err := settle(v, p.Subjects)
	if err != nil {
		return web.Restart(err)
	}
	if v.Request, err = p.end(r, v, end); err != nil {
		return err
	}
	switch {
	case end.portals:
		return p.Pages.SeeOther(w, "/portals")
	case end.refusal != "":
		return p.answer(w, v.Request.RedirectURI, refusal(end.refusal, v.Request.State))
	}
	code, err := p.issue(r, v)
	switch {
	case errors.Is(err, errs.ErrConflict) && silent:
		return p.answer(w, v.Request.RedirectURI, refusal("login_required", v.Request.State))
	case errors.Is(err, errs.ErrConflict):
		return p.proveAgain(w, r, v)
	case err != nil:
		return err
	}
	return p.answer(w, v.Request.RedirectURI, url.Values{"code": {code.Reveal()}, "state": {v.Request.State}})
}

// end marks the request as finished with an ending, and returns it, as it is stored
// if it is. Of several callbacks at once, one decides the ending (L4).
func (p *Room) end(r *http.Request, v *flow.Login, end ending) (authreq.Request, error) {
	req := v.Request
	if req.Finished {
		return req, nil
	}
	req.Refusal, req.Finished = end.refusal, true
	if !v.Stored() {
		return req, nil
	}
	kept, err := p.Flow.Requests.Save(r.Context(), req, req.TTL(p.Now()))
	if errors.Is(err, errs.ErrConflict) {
		kept, err = p.Flow.Requests.Get(r.Context(), req.Key)
		if err == nil && (!kept.Finished || kept.Refusal != req.Refusal || kept.Session != req.Session) {
			return kept, web.Restart(web.Rule("another tab finished the login, or changed it"))
		}
	}
	if errors.Is(err, errs.ErrNotFound) {
		err = web.Restart(err)
	}
	return kept, err
}

// proveAgain begins the login again at its first page: the account or the
// session changed at the last moment, so that no code was issued.
func (p *Room) proveAgain(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	if err := p.Sessions.Store.Delete(r.Context(), v.Request.Session); err != nil {
		return err
	}
	v.Request.Forget()
	v.Request.Finished = false
	v, err := p.Flow.Save(r.Context(), v)
	if err != nil {
		return err
	}
	return p.Flow.Onward(w, r, v)
}

// ending is the outcome of a login: at the list of portals, at the client with
// an error, or at the client with a code.
type ending struct {
	portals bool   // no client asked for the login
	refusal string // the OAuth error; "" = none
}

const errRedirectURI = web.Rule("the client's redirect URIs changed during the login")

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

// issue returns the code of a finished request, of which there is one: it is
// derived from the handle of the request and what the login proved. It stores
// the grant unless that was done before. The error is errs.ErrConflict if the
// account or the session has changed, and a restart if the code was redeemed,
// revoked or is too old.
func (p *Room) issue(r *http.Request, v *flow.Login) (secret.Text, error) {
	req, now := v.Request, p.Now()
	wishes, err := claim.Parse(string(req.Claims))
	if err != nil {
		return "", web.Restart(err) // it was checked at /authorize
	}
	code := secret.Derive(p.CodeKey, secret.KindCode, v.Handle.Reveal(), req.Session, req.AccountID)
	g := grant.Grant{
		ID: secret.NewID(p.Rand), CodeHash: code.Hash(), ClientID: req.ClientID, AccountID: req.AccountID, SID: req.SID, Epoch: req.Epoch,
		RedirectURI: req.RedirectURI, Scopes: req.Scopes, Claims: wishes.Narrow(v.Client.Scopes), Nonce: req.Nonce, Challenge: req.Challenge,
		AuthTime: req.AuthTime, ACR: req.ACR, IssuedAt: now, CodeExpires: now.Add(grant.CodeLifetime),
	}
	issued := effect.Of(audit.Holder(req.AccountID).At(p.Limits.Origin(r), web.RequestID(r)).Did(audit.GrantIssued, req.AccountID, now).
		With(map[string]string{"client": req.ClientID, "grant": g.ID}))
	conflict := p.Grants.Issue(r.Context(), g, issued)
	if !errors.Is(conflict, errs.ErrConflict) {
		return code, conflict
	}
	kept, err := p.Grants.Issued(r.Context(), g.CodeHash)
	switch {
	case errors.Is(err, errs.ErrNotFound):
		return "", conflict
	case err != nil:
		return "", err
	case !kept.Pending(now):
		return "", web.Restart(web.Rule("the code was redeemed, revoked or expired"))
	}
	return code, nil
}
