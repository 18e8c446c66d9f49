package provider

import (
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"omgevingsloket-id/op/web"
)

// longestBody bounds the body of each endpoint, in bytes.
const longestBody = 8 << 10

// The parameters that the endpoints for clients read, each once. Other parameters
// are ignored (RFC 6749 §3.2). userinfo takes its token from the Authorization
// header alone, and knows access_token to refuse it.
var (
	tokenForm = web.Form{Size: longestBody, Ignore: true, Fields: map[string]int{
		"grant_type": 64, "code": 256, "redirect_uri": 2048, "code_verifier": 256, "client_id": 128, "client_secret": 1024,
		"client_assertion": 6000, "client_assertion_type": 128,
	}}
	revokeForm = web.Form{Size: longestBody, Ignore: true, Fields: map[string]int{
		"token": 6000, "token_type_hint": 64, "client_id": 128, "client_secret": 1024, "client_assertion": 6000, "client_assertion_type": 128,
	}}
	pushForm     = web.Form{Size: 2 * longestBody, Ignore: true, Fields: pushed()}
	userinfoForm = web.Form{Size: longestBody, Ignore: true, Fields: map[string]int{"access_token": 6000}}
)

// pushed returns the parameters of a pushed request: those of an authorization
// request, and the client's credentials (RFC 9126 §2.1).
func pushed() map[string]int {
	fields := maps.Clone(authorizeForm.Fields)
	for _, name := range []string{"client_secret", "client_assertion", "client_assertion_type"} {
		fields[name] = tokenForm.Fields[name]
	}
	return fields
}

// bearer reports whether the endpoint of a form takes an access token.
func bearer(form web.Form) bool { return form.Fields["access_token"] > 0 }

// inAddress reports whether a query holds what belongs in the body or in a header:
// addresses are logged. own is the form of the endpoint.
func inAddress(query string, own web.Form) bool {
	if query == "" {
		return false
	}
	for _, form := range []web.Form{tokenForm, revokeForm, userinfoForm, own} {
		if len(form.Parameters(query).Values) > 0 {
			return true
		}
	}
	return false
}

// asGet answers a form that is posted to an endpoint for browsers with a
// redirect to the same parameters in a GET: a POST from another site comes
// without our cookies. faulty answers for parameters that cannot be read.
func (p *Room) asGet(path string, form web.Form, key string, faulty func(web.Parameters) error) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		body, err := form.Body(w, r)
		if err != nil {
			if err.Status == http.StatusUnsupportedMediaType {
				return web.Fail(err.Status, key, err)
			}
			return web.Fail(http.StatusBadRequest, key, err)
		}
		if len(form.Parameters(r.URL.RawQuery).Values) > 0 {
			return web.Fail(http.StatusBadRequest, key, web.Rule("parameters in the body and in the query"))
		}
		if q := form.Parameters(body); q.Fault() != "" {
			p.explainNamed(r.Context(), func() string { return q.Get("client_id") })
			return faulty(q)
		}
		all, _ := url.ParseQuery(strings.ReplaceAll(body, ";", "%3B")) // what is left out cannot be read and is not known
		return p.Pages.SeeOther(w, path+"?"+all.Encode())
	}
}

const longestHeader = 4 << 10 // of Authorization

// gate runs next only for a request of the right type and size,
// with each known parameter once and none in the query; unknown ones are dropped.
func (p *Room) gate(form web.Form, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.cors(w, r)
		p.explainNamed(r.Context(), func() string { return namedClient(r) })
		w.Header().Set("Pragma", "no-cache")
		if inAddress(r.URL.RawQuery, form) {
			writeError(w, http.StatusBadRequest, "invalid_request", "parameters belong in the body or in a header, never in the address")
			return
		}
		r.URL.RawQuery = ""
		if len(r.Header.Get("Authorization")) > longestHeader || len(r.Header.Values("Authorization")) > 1 {
			writeError(w, http.StatusBadRequest, "invalid_request", "one Authorization header of at most 4096 bytes")
			return
		}
		if r.Header.Get("Content-Encoding") != "" {
			writeError(w, http.StatusUnsupportedMediaType, "invalid_request", "no content encoding is accepted")
			return
		}
		if r.Method == http.MethodPost && !gateBody(w, r, form) {
			return
		}
		challenge := basicChallenge
		if bearer(form) {
			challenge = bearerChallenge
			if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); !strings.EqualFold(scheme, "Bearer") || token == "" {
				// Without a token the challenge has no error (RFC 6750 §3.1).
				web.Explain(r.Context(), func(f *web.Refusal) { f.Rule = "the Authorization header must hold a Bearer token" })
				w.Header().Set("WWW-Authenticate", "Bearer "+realm)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
		} else if !p.gateCredentials(w, r) {
			return
		}
		next.ServeHTTP(&oauthWriter{ResponseWriter: w, challenge: challenge}, r)
	})
}

// gateBody reads the body, and keeps what the endpoint knows. It reports
// whether the request may go on; otherwise it has been answered.
func gateBody(w http.ResponseWriter, r *http.Request, form web.Form) bool {
	if bearer(form) && r.ContentLength == 0 {
		return true // a POST to userinfo without a body
	}
	if err := form.Read(w, r); err != nil {
		writeError(w, err.Status, "invalid_request", err.Reason)
		return false
	}
	if bearer(form) && r.PostForm.Has("access_token") {
		writeError(w, http.StatusBadRequest, "invalid_request", "send the access token in the Authorization header")
		return false
	}
	if _, token := form.Fields["grant_type"]; token {
		if g := r.PostForm.Get("grant_type"); g == "" {
			writeError(w, http.StatusBadRequest, "invalid_request", "grant_type is missing")
			return false
		} else if g != "authorization_code" {
			writeError(w, http.StatusBadRequest, "unsupported_grant_type", "authorization_code is the only grant type")
			return false
		}
	}
	return true
}

// gateCredentials reports whether the request uses at most one method of client
// authentication, in a form that can be parsed; otherwise it has been
// answered.
func (p *Room) gateCredentials(w http.ResponseWriter, r *http.Request) bool {
	header := r.Header.Get("Authorization")
	assertion, kind := r.PostForm.Get("client_assertion"), r.PostForm.Get("client_assertion_type")
	ways := 0
	for _, used := range []bool{header != "", r.PostForm.Get("client_secret") != "", assertion != "" || kind != ""} {
		if used {
			ways++
		}
	}
	refused := func() { p.clientRefused(r.Context(), namedClient(r), false, refusedMalformed, "") }
	switch {
	case ways > 1:
		refused()
		writeError(w, http.StatusBadRequest, "invalid_request", "authenticate in one way, not in several")
		return false
	case (assertion != "" || kind != "") && (assertion == "" || kind != oidc.ClientAssertionTypeJWTAssertion):
		refused()
		writeError(w, http.StatusBadRequest, "invalid_request", "client_assertion goes with client_assertion_type "+oidc.ClientAssertionTypeJWTAssertion)
		return false
	case header != "" && !basicReads(r):
		refused()
		writeError(w, http.StatusUnauthorized, "invalid_client", "client authentication failed")
		return false
	}
	return true
}

// namedClient returns the client id that a request gives, unchecked.
func namedClient(r *http.Request) string {
	if id := r.PostForm.Get("client_id"); id != "" {
		return id
	}
	id, _, _ := r.BasicAuth()
	return id
}

// basicReads reports whether the header holds form-encoded credentials (RFC
// 6749 §2.3.1) of the client that the body names, if it names one.
func basicReads(r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	id, err1 := url.QueryUnescape(user)
	_, err2 := url.QueryUnescape(password)
	named := r.PostForm.Get("client_id")
	return ok && err1 == nil && err2 == nil && id != "" && (named == "" || named == id)
}
