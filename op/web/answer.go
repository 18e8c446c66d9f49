package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
)

// answer is the ResponseWriter of a Router. It keeps what an answer says of an error.
type answer struct {
	http.ResponseWriter
	status   int      // 0 = not written yet
	bare     bool     // of HEAD: no cookie is set
	location *url.URL // of an error that a client is told; nil if none
	body     []byte   // of a JSON error, its beginning
	json     bool
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	h := a.Header()
	if a.status == 0 {
		a.status = status
		a.json = status >= http.StatusBadRequest && strings.HasPrefix(h.Get("Content-Type"), "application/json")
		if onward := onward(h); onward != "" {
			if to, err := url.Parse(onward); err == nil && to.IsAbs() && to.Query().Has("error") {
				a.location = to
			}
		}
	}
	if a.bare {
		h.Del("Set-Cookie")
	}
	a.ResponseWriter.WriteHeader(status)
}

// onward returns where an answer takes the browser: with a redirect, or with the
// page of Renderer.Away.
func onward(h http.Header) string {
	_, refresh, _ := strings.Cut(h.Get("Refresh"), "url=")
	return cmp.Or(h.Get("Location"), refresh)
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	const most = 2 << 10
	if a.json && len(a.body) < most {
		a.body = append(a.body, p[:min(len(p), most-len(a.body))]...)
	}
	return a.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// refuses reports whether the request was refused.
func (a *answer) refuses() bool { return a.status >= http.StatusBadRequest || a.location != nil }
