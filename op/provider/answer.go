package provider

import (
	"encoding/json"
	"net/http"
	"net/url"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/authreq"
)

// oauthError is an error that the client is sent with a redirect (RFC 6749
// §4.1.2.1).
type oauthError struct{ code, description string }

func (e *oauthError) Error() string { return e.code + ": " + e.description }

func refuse(code, description string) error { return &oauthError{code, description} }

// refusals are the descriptions of the errors that end a login.
var refusals = map[string]string{
	"access_denied":       "the person cancelled the login or did not allow this, or the account may not be used",
	"login_required":      "the person asked for is not the one who is logged in",
	"invalid_request_uri": "another login has used the pushed request",
	"consent_required":    "the person has to be asked first",
}

// errorAnswer returns the parameters of an error response.
func errorAnswer(e *oauthError, state string) url.Values {
	return url.Values{"error": {e.code}, "error_description": {e.description}, "state": {state}}
}

// refusal returns the error response of a login that ends with code, one of
// refusals.
func refusal(code, state string) url.Values {
	return errorAnswer(&oauthError{code, refusals[code]}, state)
}

// answer sends a response to a proven redirect URI through the browser: a redirect with
// 303, or a page that posts it. iss is in every response (RFC 9207 §2).
func (p *Room) answer(w http.ResponseWriter, r *http.Request, redirectURI string, mode authreq.ResponseMode, parameters url.Values) error {
	if mode == authreq.FormPost {
		return p.Pages.Post(w, r, redirectURI, p.response(parameters))
	}
	return p.Pages.SeeOther(w, p.answerURI(redirectURI, parameters))
}

// answerURI returns the address of a response.
func (p *Room) answerURI(redirectURI string, parameters url.Values) string {
	return web.AddQuery(redirectURI, p.response(parameters))
}

// response adds iss to the parameters of a response, and returns them.
func (p *Room) response(parameters url.Values) url.Values {
	parameters.Set("iss", p.issuer)
	return parameters
}

// responseMode returns the mode of the response to a request that cannot be read
// otherwise.
func responseMode(q url.Values) authreq.ResponseMode {
	if mode := authreq.ResponseMode(q.Get("response_mode")); mode == authreq.FormPost {
		return mode
	}
	return authreq.Query
}

// writeError writes an OAuth error (RFC 6749 §5.2). The description is always
// one of our own sentences.
func writeError(w http.ResponseWriter, status int, code, description string) {
	o := &oauthWriter{ResponseWriter: w, challenge: basicChallenge}
	o.Header().Set("Content-Type", "application/json")
	o.WriteHeader(status)
	_ = json.NewEncoder(o).Encode(map[string]string{"error": code, "error_description": description})
}

// oauthWriter adds the headers that RFC 6749 §5.2 and RFC 6750 §3 require for
// a status, which the library leaves out.
type oauthWriter struct {
	http.ResponseWriter
	challenge string // WWW-Authenticate of a 401
}

const (
	realm           = `realm="Omgevingsloket-ID"`
	basicChallenge  = "Basic " + realm
	bearerChallenge = "Bearer " + realm + `, error="invalid_token"`
)

func (o *oauthWriter) WriteHeader(status int) {
	switch h := o.Header(); {
	case status == http.StatusUnauthorized && h.Get("WWW-Authenticate") == "":
		h.Set("WWW-Authenticate", o.challenge)
	case status == http.StatusServiceUnavailable && h.Get("Retry-After") == "":
		h.Set("Retry-After", "5")
	}
	o.ResponseWriter.WriteHeader(status)
}
