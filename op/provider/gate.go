package provider

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// What the endpoints for clients read, and how long it may be. Other
// parameters are passed over (RFC 6749 §3.2), but none may come twice.
var (
	tokenParameters = map[string]int{
		"grant_type": 64, "code": 256, "redirect_uri": 2048, "code_verifier": 256, "client_id": 128, "client_secret": 1024,
		"client_assertion": 6000, "client_assertion_type": 128,
	}
	revokeParameters = map[string]int{
		"token": 6000, "token_type_hint": 64, "client_id": 128, "client_secret": 1024, "client_assertion": 6000, "client_assertion_type": 128,
	}
)

const (
	longestBody   = 8 << 10
	mostNames     = 40
	longestHeader = 4 << 10 // of Authorization
)

// gate stands before the library: what gets past it has the right type and
// size, everything once, and nothing in the address. parameters nil: the
// endpoint takes its token from the Authorization header alone.
func (p *Room) gate(parameters map[string]int, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.cors(w, r)
		w.Header().Set("Pragma", "no-cache")
		if r.URL.RawQuery != "" {
			writeError(w, http.StatusBadRequest, "invalid_request", "parameters belong in the body or in a header, never in the address")
			return
		}
		if len(r.Header.Get("Authorization")) > longestHeader || len(r.Header.Values("Authorization")) > 1 {
			writeError(w, http.StatusBadRequest, "invalid_request", "one Authorization header of at most 4096 bytes")
			return
		}
		if r.Header.Get("Content-Encoding") != "" {
			writeError(w, http.StatusUnsupportedMediaType, "invalid_request", "no content encoding is accepted")
			return
		}
		if r.Method == http.MethodPost && !p.gateBody(w, r, parameters) {
			return
		}
		challenge := basicChallenge
		if parameters == nil {
			challenge = bearerChallenge
			if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); !strings.EqualFold(scheme, "Bearer") || token == "" {
				// Nothing was tried: no error is named (RFC 6750 §3.1).
				w.Header().Set("WWW-Authenticate", "Bearer "+realm)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
		} else if !gateCredentials(w, r) {
			return
		}
		next.ServeHTTP(&oauthWriter{ResponseWriter: w, challenge: challenge}, r)
	})
}

func (p *Room) gateBody(w http.ResponseWriter, r *http.Request, parameters map[string]int) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if parameters == nil && r.ContentLength == 0 {
		return true // a POST to userinfo with nothing in it
	}
	if err != nil || kind != "application/x-www-form-urlencoded" {
		writeError(w, http.StatusUnsupportedMediaType, "invalid_request", "content type must be application/x-www-form-urlencoded")
		return false
	}
	r.Body = http.MaxBytesReader(w, r.Body, longestBody)
	if err := r.ParseForm(); err != nil {
		status := http.StatusBadRequest
		if _, big := errors.AsType[*http.MaxBytesError](err); big {
			status = http.StatusRequestEntityTooLarge
		}
		writeError(w, status, "invalid_request", "the body cannot be read as a form of at most 8192 bytes")
		return false
	}
	if why := singles(r.PostForm, parameters); why != "" {
		writeError(w, http.StatusBadRequest, "invalid_request", why)
		return false
	}
	if parameters == nil && r.PostForm.Has("access_token") {
		writeError(w, http.StatusBadRequest, "invalid_request", "send the access token in the Authorization header")
		return false
	}
	if parameters["grant_type"] > 0 {
		if g := r.PostForm.Get("grant_type"); g == "" {
			writeError(w, http.StatusBadRequest, "invalid_request", "grant_type is missing")
			return false
		} else if g != "authorization_code" {
			writeError(w, http.StatusBadRequest, "unsupported_grant_type", "authorization_code is the only grant type")
			return false
		}
	}
	for name := range r.PostForm {
		if parameters[name] == 0 {
			r.PostForm.Del(name)
			r.Form.Del(name)
		}
	}
	return true
}

// gateCredentials demands one way of authentication at most, written
// so that it can be read.
func gateCredentials(w http.ResponseWriter, r *http.Request) bool {
	header := r.Header.Get("Authorization")
	assertion, kind := r.PostForm.Get("client_assertion"), r.PostForm.Get("client_assertion_type")
	ways := 0
	for _, used := range []bool{header != "", r.PostForm.Get("client_secret") != "", assertion != "" || kind != ""} {
		if used {
			ways++
		}
	}
	switch {
	case ways > 1:
		writeError(w, http.StatusBadRequest, "invalid_request", "authenticate in one way, not in several")
		return false
	case (assertion != "" || kind != "") && (assertion == "" || kind != oidc.ClientAssertionTypeJWTAssertion):
		writeError(w, http.StatusBadRequest, "invalid_request", "client_assertion goes with client_assertion_type "+oidc.ClientAssertionTypeJWTAssertion)
		return false
	case header != "" && !basicReads(r):
		writeError(w, http.StatusUnauthorized, "invalid_client", "client authentication failed")
		return false
	}
	return true
}

// basicReads tells whether the header holds form-encoded credentials (RFC
// 6749 §2.3.1) of the client that the body names, if it names one.
func basicReads(r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	id, err1 := url.QueryUnescape(user)
	_, err2 := url.QueryUnescape(password)
	named := r.PostForm.Get("client_id")
	return ok && err1 == nil && err2 == nil && id != "" && (named == "" || named == id)
}

// singles demands each parameter once, as text, no longer than allowed.
func singles(form url.Values, parameters map[string]int) string {
	if len(form) > mostNames {
		return "too many parameters"
	}
	for name, values := range form {
		longest, known := parameters[name]
		switch {
		case len(values) != 1:
			return "a parameter is repeated"
		case known && len(values[0]) > longest:
			return name + " is too long"
		case known && (!utf8.ValidString(values[0]) || strings.ContainsRune(values[0], 0)):
			return name + " is not text"
		}
	}
	return ""
}
