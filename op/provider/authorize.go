package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
)

// authorizeForm lists the parameters that are read of an authorization request.
var authorizeForm = web.Form{Size: longestBody, Ignore: true, Fields: map[string]int{
	"client_id": 128, "redirect_uri": 2048, "response_type": 64, "response_mode": 32, "scope": 1024, "state": longestState, "nonce": 512,
	"code_challenge": 128, "code_challenge_method": 16, "prompt": 64, "max_age": 16, "acr_values": 1024, "claims": 4096,
	"ui_locales": 1024, "login_hint": 1024, "id_token_hint": 6000, "display": 32, "claims_locales": 128,
	"request": 1 << 16, "request_uri": 2048, "registration": 1 << 16,
}}

// responseModes are the values of response_mode.
var responseModes = []string{"query", string(authreq.FormPost)}

// longestState is the longest state, in bytes: brokers and deep links put much in
// it. The limit of an address is reached first if the rest is long.
const longestState = 8 << 10

func (p *Room) authorize(w http.ResponseWriter, r *http.Request) error {
	if err := p.Limits.Spend(r, limit.AuthorizeRequests.UpTo(p.AuthorizePerMinute), 1); err != nil {
		return err
	}
	q, err := p.asked(r)
	if err != nil {
		return err
	}
	web.Prefer(r, web.Locale(q.Get("ui_locales")))
	c, err := p.proven(r, q.Parameters)
	if err != nil {
		return err
	}
	if q.Fault() != "" {
		return p.faulty(w, r, q.Parameters)
	}
	v, silent, err := p.begin(w, r, c, q)
	if errors.Is(err, errCreate) {
		return p.Pages.SeeOther(w, pathApply)
	}
	if oauth, ok := errors.AsType[*oauthError](err); ok {
		return p.answer(w, r, q.Get("redirect_uri"), responseMode(q.Values), errorAnswer(oauth, q.Get("state")))
	}
	if err != nil {
		return err
	}
	switch {
	case v.Step == authreq.StepFinish:
		return p.finish(w, r, v, silent)
	case !silent:
		return p.Flow.Onward(w, r, v)
	}
	// prompt=none: no page is shown.
	code := "login_required"
	if v.Step == authreq.StepConsent {
		code = "consent_required"
	}
	v.Request.Refusal = code
	return p.finish(w, r, v, silent)
}

// proven returns the client of an authorization request, whose redirect URI it
// is. Only errors up to and including this check are pages of ours; those after it
// are sent to the client (RFC 6749 §4.1.2.1), since no client registers itself here
// (RFC 9700 §4.11.2, R-107).
func (p *Room) proven(r *http.Request, q web.Parameters) (client.Client, error) {
	_, badID := q.Faults["client_id"]
	_, badURI := q.Faults["redirect_uri"]
	if q.Flood || badID || badURI {
		return client.Client{}, web.Fail(http.StatusBadRequest, "provider.error.authorize", web.Rule(q.Fault()))
	}
	c, err := p.Clients.ByID(r.Context(), q.Get("client_id"))
	explainClient(r.Context(), q.Get("client_id"), err == nil)
	if errors.Is(err, errs.ErrNotFound) {
		return c, web.Fail(http.StatusBadRequest, "provider.error.client", err)
	}
	if err == nil && !c.AllowsRedirect(q.Get("redirect_uri")) {
		err = web.Fail(http.StatusBadRequest, "provider.error.redirect_uri", nil)
	}
	return c, err
}

// faulty tells a proven client that a parameter cannot be read.
func (p *Room) faulty(w http.ResponseWriter, r *http.Request, q web.Parameters) error {
	return p.answer(w, r, q.Get("redirect_uri"), responseMode(q.Values), errorAnswer(&oauthError{"invalid_request", q.Fault()}, q.Get("state")))
}

// authorizePost answers a posted authorization request with a redirect to the same
// request as a GET: a POST from another site comes without our cookies.
func (p *Room) authorizePost(w http.ResponseWriter, r *http.Request) error {
	return p.asGet(pathAuthorize, authorizeForm, "provider.error.authorize", func(q web.Parameters) error {
		if err := p.Limits.Spend(r, limit.AuthorizeRequests.UpTo(p.AuthorizePerMinute), 1); err != nil {
			return err
		}
		if _, err := p.proven(r, q); err != nil {
			return err
		}
		return p.faulty(w, r, q)
	})(w, r)
}

// begin checks the authorization request and stores it. silent reports whether
// it has prompt=none. An *oauthError is sent to the client.
func (p *Room) begin(w http.ResponseWriter, r *http.Request, c client.Client, query asked) (v *flow.Login, silent bool, err error) {
	if c.RequirePushed && query.pushed == "" {
		return nil, false, refuse("invalid_request", "this client pushes its authorization requests: send request_uri")
	}
	req, prompts, err := p.check(c, query.Values)
	if err != nil {
		return nil, false, err
	}
	if req.Sent = query.sent; query.pushed != "" {
		req.Pushed = authreq.Begins(query.pushed, secret.NewID(p.Rand))
	}
	if slices.Contains(prompts, "create") {
		return nil, false, errCreate
	}
	silent = slices.Contains(prompts, "none")
	req.Lang = web.Locale(query.Get("ui_locales"))
	var known *account.Account
	if !req.ForceLogin {
		if known, err = p.reuse(r, &req, query.Get("max_age")); err != nil {
			return nil, false, err
		}
		if err := p.countSession(r, &req, silent); err != nil {
			return nil, silent, err
		}
	}
	if silent && req.AccountID == "" {
		return nil, silent, refuse("login_required", "nobody is logged in, or not recently enough")
	}
	v, err = p.Flow.Begin(w, r, req, known)
	if errors.Is(err, flow.ErrTooLarge) {
		err = refuse("invalid_request", "the authorization request is too large, or not encoded as a query")
	}
	return v, silent, err
}

// pathApply is where people apply for an account.
const pathApply = "/apply"

// errCreate is the error of begin for prompt=create: the person comes to the application
// (OpenID Connect Prompt Create 1.0 §4). It may take days to decide, so the client gets no
// answer; the person logs in from the portal when there is an account.
var errCreate = errors.New("the person has no account yet")

// countSession counts a login that a session is reused for, each of which makes a
// grant. Beyond the budget the person logs in again: pages elsewhere that send the
// browser here again and again shut nobody out.
func (p *Room) countSession(r *http.Request, req *authreq.Request, silent bool) error {
	if req.AccountID == "" {
		return nil
	}
	err := p.Limits.SpendFor(r, req.SID, 1, limit.SessionCodes.UpTo(max(p.AuthorizePerMinute/4, 1)), limit.SessionCodesDay.UpTo(max(p.AuthorizePerMinute*8, 1)))
	_, over := errors.AsType[*web.Error](err)
	switch {
	case over && silent:
		return refuse("temporarily_unavailable", "too many codes of one session")
	case over:
		req.Forget()
		return nil
	}
	return err
}

// check returns the checked authorization request and its prompt values. It makes
// every check that does not need the browser.
func (p *Room) check(c client.Client, q url.Values) (authreq.Request, []string, error) {
	policy := p.Policy.For(c)
	for name, code := range map[string]string{"request": "request_not_supported", "request_uri": "request_uri_not_supported", "registration": "registration_not_supported"} {
		if q.Get(name) != "" {
			return authreq.Request{}, nil, refuse(code, name+" is not supported")
		}
	}
	switch q.Get("response_type") {
	case "code":
	case "":
		return authreq.Request{}, nil, refuse("invalid_request", "response_type is missing")
	default:
		return authreq.Request{}, nil, refuse("unsupported_response_type", "code is the only response type")
	}
	if m := q.Get("response_mode"); m != "" && !slices.Contains(responseModes, m) {
		return authreq.Request{}, nil, refuse("invalid_request", "response_mode has a value that does not exist here")
	}
	req := authreq.Request{ClientID: c.ID, RedirectURI: q.Get("redirect_uri"), State: q.Get("state"), ResponseMode: responseMode(q), Nonce: q.Get("nonce"), ACR: policy.ACR}
	var err error
	if req.Scopes, err = checkScopes(policy, c, q.Get("scope")); err != nil {
		return req, nil, err
	}
	if err := checkStateAndNonce(policy, req); err != nil {
		return req, nil, err
	}
	if req.Challenge, err = checkPKCE(c, q); err != nil {
		return req, nil, err
	}
	prompts, err := checkPrompt(q.Get("prompt"))
	if err != nil {
		return req, nil, err
	}
	age, err := maxAge(q.Get("max_age"))
	if err != nil {
		return req, nil, err
	}
	req.ForceLogin = slices.Contains(prompts, "login") || slices.Contains(prompts, "select_account") || age == 0
	// With offline_access, consent is only the condition for a refresh token (OIDC Core
	// §11), and there are none.
	req.ForceConsent = slices.Contains(prompts, "consent") && !slices.Contains(strings.Fields(q.Get("scope")), "offline_access")
	if err := p.checkClaims(policy, &req, q); err != nil {
		return req, nil, err
	}
	if err := p.checkHints(c, &req, q); err != nil {
		return req, nil, err
	}
	return req, prompts, nil
}

func checkScopes(policy Policy, c client.Client, raw string) ([]string, error) {
	exist := claim.Scopes()
	var granted []string
	for _, s := range strings.Fields(raw) {
		switch {
		case slices.Contains(granted, s):
		case !slices.Contains(exist, s):
			if !policy.UnknownScopes {
				return nil, refuse("invalid_scope", "scope "+shownScope(s)+"does not exist here: scopes_supported in our metadata has those that do")
			}
		case s != "openid" && !slices.Contains(c.Scopes, s), slices.Contains(policy.RefusedScopes, s):
			return nil, refuse("invalid_scope", "scope "+s+" is not open to this client: it is not registered, or refused by the policy")
		default:
			granted = append(granted, s)
		}
	}
	if !slices.Contains(granted, "openid") {
		return nil, refuse("invalid_scope", "scope must contain openid")
	}
	return granted, nil
}

// shownScope returns the name of a scope and a space, for a description, or "" if
// it is long or not written as scopes are: a stranger sent it.
func shownScope(s string) string {
	const longest = 64
	if len(s) > longest || strings.ContainsFunc(s, func(r rune) bool { return notBase64URL(r) && !strings.ContainsRune(".:/", r) }) {
		return ""
	}
	return s + " "
}

const longestSubject = 64

// shortestState is the shortest state and nonce of the nlgov policy: 128 bits in
// base64.
const shortestState = 22

func checkStateAndNonce(policy Policy, req authreq.Request) error {
	for name, value := range map[string]string{"state": req.State, "nonce": req.Nonce} {
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError }) {
			return refuse("invalid_request", name+" holds control characters")
		}
		if policy.StateAndNonce && len(value) < shortestState {
			return refuse("invalid_request", fmt.Sprintf("%s is required, with at least %d characters (128 bits): it has %d", name, shortestState, len(value)))
		}
	}
	return nil
}

// checkPKCE returns the code challenge. S256 is the only method; an absent one
// would mean plain (RFC 7636 §4.3).
func checkPKCE(c client.Client, q url.Values) (string, error) {
	challenge, method := q.Get("code_challenge"), q.Get("code_challenge_method")
	if challenge == "" && method == "" && c.PKCEOptional {
		return "", nil
	}
	const challengeLength = 43 // SHA-256 in base64url without padding
	if method != "S256" || len(challenge) != challengeLength || strings.ContainsFunc(challenge, notBase64URL) {
		return "", refuse("invalid_request", "PKCE is required: code_challenge of 43 characters with code_challenge_method S256")
	}
	return challenge, nil
}

func notBase64URL(r rune) bool {
	return !(r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_')
}

// promptValues are the values of prompt.
var promptValues = []string{"none", "login", "consent", "select_account", "create"}

func checkPrompt(raw string) ([]string, error) {
	prompts := strings.Fields(raw)
	for _, s := range prompts {
		if !slices.Contains(promptValues, s) {
			return nil, refuse("invalid_request", "prompt has a value that does not exist here")
		}
	}
	if slices.Contains(prompts, "none") && len(prompts) > 1 {
		return nil, refuse("invalid_request", "prompt none stands alone")
	}
	return prompts, nil
}

// maxAge parses max_age, a number of seconds; it returns -1 if raw is empty.
func maxAge(raw string) (time.Duration, error) {
	if raw == "" {
		return -1, nil
	}
	n, err := strconv.ParseUint(raw, 10, 31)
	if err != nil {
		return 0, refuse("invalid_request", "max_age is a number of seconds")
	}
	return time.Duration(n) * time.Second, nil
}

// checkClaims parses the claims parameter and checks the level of assurance: a
// level that we cannot state is refused, not lowered.
func (p *Room) checkClaims(policy Policy, req *authreq.Request, q url.Values) error {
	wishes, err := claim.Parse(q.Get("claims"))
	if err != nil {
		return refuse("invalid_request", "claims cannot be read")
	}
	if raw := q.Get("claims"); raw != "" {
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(raw)); err != nil {
			return refuse("invalid_request", "claims cannot be read")
		}
		req.Claims = compact.Bytes()
	}
	const unmet = "unmet_authentication_requirements"
	if !policy.meets(strings.Fields(q.Get("acr_values")), false) {
		return refuse(unmet, "this provider cannot give the level asked for")
	}
	if wish := wishes.IDToken["acr"]; wish != nil {
		if !policy.meets(wish.Texts(), wish.Essential) {
			return refuse(unmet, "this provider cannot give the level asked for")
		}
	}
	if wish := wishes.IDToken["sub"]; wish != nil && len(wish.Texts()) > 0 {
		// No subject of ours is longer; the hash of a longer value fits none.
		if req.Hinted = wish.Texts()[0]; len(req.Hinted) > longestSubject {
			req.Hinted = secret.Text(req.Hinted).Hash()
		}
	}
	return nil
}

// checkHints sets the hints of req. login_hint fills a field of the login page;
// id_token_hint must be an ID token of ours for this client, and only its subject
// may finish the login.
func (p *Room) checkHints(c client.Client, req *authreq.Request, q url.Values) error {
	if h := q.Get("login_hint"); len(h) <= 254 && utf8.ValidString(h) && !strings.ContainsFunc(h, func(r rune) bool { return r < ' ' }) {
		req.LoginHint = h
	}
	raw := q.Get("id_token_hint")
	if raw == "" {
		return nil
	}
	hint, err := p.readHint(raw)
	if err != nil || hint.Audience != c.ID {
		return refuse("invalid_request", "id_token_hint is not an ID token of this provider for this client")
	}
	if req.Hinted != "" && req.Hinted != hint.Subject {
		return refuse("login_required", "claims and id_token_hint name different people")
	}
	req.Hinted = hint.Subject
	return nil
}
