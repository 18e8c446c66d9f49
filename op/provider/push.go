package provider

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
)

// requestURIPrefix begins the request_uri of a pushed request (RFC 9126 §2.2).
const requestURIPrefix = "urn:ietf:params:oauth:request_uri:"

// asked is the parameters of an authorization request: those of the address, or those
// that the client pushed, to which the address adds nothing (RFC 9126 §4).
type asked struct {
	web.Parameters
	pushed string // key of the pushed request; "" for none
	sent   int    // bytes that they were sent in
}

// asked returns the parameters of an authorization request. Its error is a page of
// ours: a request_uri that names nothing leads to no redirect URI.
func (p *Room) asked(r *http.Request) (asked, error) {
	q := asked{authorizeForm.Parameters(r.URL.RawQuery), "", len(r.URL.RawQuery)}
	reference, isPushed := strings.CutPrefix(q.Get("request_uri"), requestURIPrefix)
	if !isPushed || q.Flood {
		return q, nil
	}
	handle, ok := secret.Parse(secret.KindPushed, reference)
	err := errs.ErrNotFound
	var req authreq.Request
	if ok {
		req, err = authreq.Pushed(r.Context(), p.Flow.Requests, handle.Hash(), q.Get("client_id"), p.Now())
	}
	if errors.Is(err, errs.ErrNotFound) {
		explainClient(r.Context(), q.Get("client_id"), false)
		err = web.Fail(http.StatusBadRequest, "provider.error.request_uri", err)
	}
	return asked{authorizeForm.Parameters(req.Parameters), req.Key, len(req.Parameters)}, err
}

type pushAnswer struct {
	RequestURI string `json:"request_uri"`
	ExpiresIn  int    `json:"expires_in"`
}

// push stores an authorization request of a client for a login that begins soon
// (RFC 9126 §2). It is judged as one in an address is.
func (p *Room) push(w http.ResponseWriter, r *http.Request) {
	c, err := p.authenticated(r)
	if err != nil {
		op.WriteError(w, r, err, p.Log)
		return
	}
	handle, err := p.pushed(r, c)
	if oauth, ok := errors.AsType[*oauthError](err); ok {
		web.Explain(r.Context(), func(f *web.Refusal) { f.Error, f.Rule = oauth.code, oauth.description })
		writeError(w, http.StatusBadRequest, oauth.code, oauth.description)
		return
	}
	if limited, ok := errors.AsType[*web.Error](err); ok {
		limited.RetryAfter(w.Header())
		writeError(w, limited.Status, "temporarily_unavailable", "too many requests from one address")
		return
	}
	if err != nil {
		explainCause(r.Context(), err)
		writeError(w, http.StatusServiceUnavailable, "temporarily_unavailable", unavailableText)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(pushAnswer{requestURIPrefix + handle.Reveal(), int(authreq.PushedLifetime / time.Second)})
}

func (p *Room) pushed(r *http.Request, c client.Client) (secret.Text, error) {
	if c.Public() {
		if err := p.Limits.Spend(r, limit.AuthorizeRequests.UpTo(p.AuthorizePerMinute), 1); err != nil {
			return "", err
		}
	}
	query := url.Values{}
	for name, values := range r.PostForm {
		if _, known := authorizeForm.Fields[name]; known {
			query[name] = values
		}
	}
	switch {
	case query.Has("request_uri"):
		return "", refuse("invalid_request", "request_uri cannot be pushed") // RFC 9126 §2.1
	case !c.AllowsRedirect(query.Get("redirect_uri")):
		return "", refuse("invalid_request", "redirect_uri is not registered for this client")
	}
	query.Set("client_id", c.ID)
	if _, _, err := p.check(c, query); err != nil {
		return "", err
	}
	handle := secret.New(p.Rand, secret.KindPushed)
	text := query.Encode()
	req := authreq.Push(handle.Hash(), c.ID, text, p.Now())
	req.Sent = max(int(r.ContentLength), 0)
	err := p.Flow.Push(r, req, c.Public())
	if errors.Is(err, flow.ErrTooLarge) {
		err = refuse("invalid_request", "the authorization request is too large")
	}
	return handle, err
}

// authenticated returns the client that made a request to an endpoint for clients, as
// the library does for those that it serves.
func (p *Room) authenticated(r *http.Request) (client.Client, error) {
	credentials := &op.ClientCredentials{
		ClientID: r.PostForm.Get("client_id"), ClientSecret: r.PostForm.Get("client_secret"),
		ClientAssertion: r.PostForm.Get("client_assertion"), ClientAssertionType: r.PostForm.Get("client_assertion_type"),
	}
	if id, password, ok := r.BasicAuth(); ok {
		credentials.ClientID, _ = url.QueryUnescape(id) // the gate has read both
		credentials.ClientSecret, _ = url.QueryUnescape(password)
	}
	c, err := (&server{room: p}).VerifyClient(r.Context(), &op.Request[op.ClientCredentials]{Method: r.Method, URL: r.URL, Header: r.Header, Form: r.Form, PostForm: r.PostForm, Data: credentials})
	if err != nil {
		return client.Client{}, err
	}
	return c.(relyingParty).Client, nil
}
