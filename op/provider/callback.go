package provider

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"

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

// callback ends a login, in the browser in which it began.
func (p *Room) callback(w http.ResponseWriter, r *http.Request) error {
	v, err := p.Flow.Load(r)
	switch {
	case err != nil:
		return err
	case v.Request.Finished:
		return p.again(w, r, v)
	case v.Step != authreq.StepFinish:
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
	if !end.portals {
		err := v.Request.Spend(r.Context(), p.Flow.Requests, p.Now())
		if errors.Is(err, errs.ErrConflict) {
			end.refusal, err = "invalid_request_uri", nil
		}
		if err != nil {
			return err
		}
	}
	var code secret.Text
	if !end.portals && end.refusal == "" {
		code, err = p.issue(r, v)
	}
	switch {
	case errors.Is(err, errs.ErrConflict) && silent:
		end.refusal = "login_required"
	case errors.Is(err, errs.ErrConflict):
		return p.proveAgain(w, r, v)
	case err != nil:
		return err
	}
	if err := p.end(r, v, end.refusal, code); err != nil {
		return err
	}
	switch {
	case end.portals:
		return p.Pages.SeeOther(w, cmp.Or(v.Request.To, flow.Portals))
	case end.refusal != "":
		return p.answer(w, r, v.Request.RedirectURI, v.Request.ResponseMode, refusal(end.refusal, v.Request.State))
	}
	return p.answerCode(w, r, v.Request.RedirectURI, v.Request, code)
}

func (p *Room) answerCode(w http.ResponseWriter, r *http.Request, redirectURI string, req authreq.Request, code secret.Text) error {
	return p.answer(w, r, redirectURI, req.ResponseMode, url.Values{"code": {code.Reveal()}, "state": {req.State}})
}

// end replaces a stored request by what it takes to answer it again, once. Of
// several callbacks at once, one decides the ending (L4): the error is a restart if
// that was another one.
func (p *Room) end(r *http.Request, v *flow.Login, refusal string, code secret.Text) error {
	if !v.Stored() {
		return nil
	}
	hash, keep := "", authreq.Answered
	if code != "" {
		hash = code.Hash()
	}
	if refusal != "" {
		// Until then the first page, which carries the request, could go on with it.
		keep = max(keep, v.Request.TTL(p.Now()))
	}
	_, err := p.Flow.Requests.Save(r.Context(), v.Request.Ended(refusal, hash), keep)
	if errors.Is(err, errs.ErrConflict) {
		var kept authreq.Request
		kept, err = p.Flow.Requests.Get(r.Context(), v.Request.Key)
		if err == nil && !kept.EndsWith(refusal, hash) {
			return web.Restart(web.Rule("another tab finished the login, or changed it"))
		}
	}
	if errors.Is(err, errs.ErrNotFound) {
		err = web.Restart(err)
	}
	return err
}

// again answers a login that has ended as it was answered before, since the answer
// may have been lost, until its code is redeemed or expires. A code is given to the
// session that it was issued for.
func (p *Room) again(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	req := v.Request
	switch {
	case v.Client == nil:
		return p.Pages.SeeOther(w, cmp.Or(req.To, flow.Portals))
	case req.Refusal != "" && !v.Client.AllowsRedirect(req.RedirectURI):
		return web.Restart(errRedirectURI)
	case req.Refusal != "":
		return p.answer(w, r, req.RedirectURI, req.ResponseMode, refusal(req.Refusal, req.State))
	}
	in, err := p.Flow.Holder(r)
	if errors.Is(err, errs.ErrNotFound) {
		return p.Flow.Onward(w, r, v)
	}
	if err != nil {
		return err
	}
	code := p.code(v.Handle, in.Session.Key, in.Account.ID)
	g, err := p.pending(r, code)
	switch {
	case errors.Is(err, errs.ErrNotFound):
		return p.Flow.Onward(w, r, v)
	case err != nil:
		return err
	case !v.Client.AllowsRedirect(g.RedirectURI):
		return web.Restart(errRedirectURI)
	}
	return p.answerCode(w, r, g.RedirectURI, req, code)
}

// proveAgain begins the login again at its first page: the account or the
// session changed at the last moment, so that no code was issued.
func (p *Room) proveAgain(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	if err := p.Sessions.Store.Delete(r.Context(), v.Request.Session); err != nil {
		return err
	}
	v.Request.Forget()
	v.Account = nil
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

// code returns the code of a request, of which there is one for what the login
// proved.
func (p *Room) code(handle secret.Text, sessionKey, accountID string) secret.Text {
	return secret.Derive(p.CodeKey, secret.KindCode, handle.Reveal(), sessionKey, accountID)
}

// issue stores the grant of a login, unless that was done before, and returns its
// code. The error is errs.ErrConflict if the account or the session has changed,
// and a restart if the code was redeemed, revoked or is too old.
func (p *Room) issue(r *http.Request, v *flow.Login) (secret.Text, error) {
	req, now := v.Request, p.Now()
	wishes, err := claim.Parse(string(req.Claims))
	if err != nil {
		return "", web.Restart(err) // it was checked at /authorize
	}
	code := p.code(v.Handle, req.Session, req.AccountID)
	g := grant.Grant{
		ID: secret.NewID(p.Rand), CodeHash: code.Hash(), ClientID: req.ClientID, AccountID: req.AccountID, SID: req.SID, Epoch: req.Epoch,
		RedirectURI: req.RedirectURI, Scopes: req.Scopes, Claims: wishes.Narrow(v.Client.Scopes), Nonce: req.Nonce, Challenge: req.Challenge,
		AuthTime: req.AuthTime, ACR: req.ACR, IssuedAt: now, CodeExpires: now.Add(grant.CodeLifetime),
	}
	issued := effect.Of(audit.Holder(req.AccountID).At(p.Limits.Origin(r), web.RequestID(r)).Did(audit.GrantIssued, req.AccountID, now).
		With(map[string]string{audit.DetailClient: req.ClientID, "grant": g.ID, audit.DetailClaims: strings.Join(v.Asked(), " ")}))
	conflict := p.Grants.Issue(r.Context(), g, issued)
	if !errors.Is(conflict, errs.ErrConflict) {
		return code, conflict
	}
	_, err = p.pending(r, code)
	if errors.Is(err, errs.ErrNotFound) {
		err = conflict
	}
	return code, err
}

// pending returns the grant of a code that can still be redeemed. The error is
// errs.ErrNotFound if there is no grant, and a restart if the code was redeemed,
// revoked or is too old.
func (p *Room) pending(r *http.Request, code secret.Text) (grant.Grant, error) {
	g, err := p.Grants.Issued(r.Context(), code.Hash())
	if err == nil && !g.Pending(p.Now()) {
		err = web.Restart(web.Rule("the code was redeemed, revoked or expired"))
	}
	return g, err
}
