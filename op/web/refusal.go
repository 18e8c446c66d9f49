package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Refusal is what the log says of a refused request, so that an operator who reads
// it alone can say why a relying party fails. All of it is our own words, but for
// Client and the name of a scope.
type Refusal struct {
	Message   string // of the line; "" = "request refused", or "request failed" from status 500 on
	Client    string // client_id
	Error     string // the code that a client is sent, or the text key of a page
	Parameter string
	Rule      string
	Reason    string // a word that metrics count too
	Cause     string // of a failure, from status 500 on

	status  int
	explain []func(*Refusal)
}

type refusalKey struct{}

// Explain registers a function that adds to the line of a request, if that is
// refused. It runs after the answer.
func Explain(ctx context.Context, add func(*Refusal)) {
	if r, ok := ctx.Value(refusalKey{}).(*Refusal); ok {
		r.explain = append(r.explain, add)
	}
}

// Explains registers a function that adds to the line of every refused request,
// after those of Explain.
func (t *Router) Explains(add func(*Refusal)) { t.explain = append(t.explain, add) }

// log writes the line of a refused request.
func (f *Refusal) log(log *slog.Logger, r *http.Request) {
	level, message, cause := slog.LevelInfo, "request refused", ""
	if f.status >= http.StatusInternalServerError {
		level, message, cause = slog.LevelError, "request failed", f.Cause
	}
	all := []any{"request", RequestID(r), "status", f.status}
	for _, one := range []struct{ name, value string }{
		{"client", f.Client}, {"error", f.Error}, {"parameter", f.Parameter}, {"rule", f.Rule}, {"reason", f.Reason}, {"cause", cause},
	} {
		if one.value != "" {
			all = append(all, one.name, one.value)
		}
	}
	log.Log(r.Context(), level, cmp.Or(f.Message, message), all...)
}

// told runs next and writes one line to the log if it refuses the request: with a
// page, with the JSON of OAuth, or with an error that the browser takes to a client
// (RFC 6749 §4.1.2.1).
func (t *Router) told(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := &Refusal{}
		r = r.WithContext(context.WithValue(r.Context(), refusalKey{}, f))
		look := &refusalWriter{ResponseWriter: w}
		next.ServeHTTP(look, r)
		if !look.refuses() {
			return
		}
		f.status = look.status
		look.read(f)
		for _, add := range slices.Concat(f.explain, t.explain) {
			add(f)
		}
		f.log(t.pages.Log, r)
	})
}

// refusalWriter keeps what an answer says of an error.
type refusalWriter struct {
	http.ResponseWriter
	status   int
	location *url.URL // of an error that a client is told; nil if none
	body     []byte   // of a JSON error, its beginning
	json     bool
}

// WriteHeader implements http.ResponseWriter.
func (w *refusalWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		w.json = status >= http.StatusBadRequest && strings.HasPrefix(w.Header().Get("Content-Type"), "application/json")
		if to, err := url.Parse(onward(w.Header())); err == nil && to.IsAbs() && to.Query().Has("error") {
			w.location = to
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// onward returns where an answer takes the browser: with a redirect, or with the
// page of Renderer.Away.
func onward(h http.Header) string {
	_, refresh, _ := strings.Cut(h.Get("Refresh"), "url=")
	return cmp.Or(h.Get("Location"), refresh)
}

// Write implements http.ResponseWriter.
func (w *refusalWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	const most = 2 << 10
	if w.json && len(w.body) < most {
		w.body = append(w.body, p[:min(len(p), most-len(w.body))]...)
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *refusalWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *refusalWriter) refuses() bool { return w.status >= http.StatusBadRequest || w.location != nil }

// read takes error and rule from the answer, where no page has set them.
func (w *refusalWriter) read(f *Refusal) {
	var said struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	switch {
	case w.location != nil:
		q := w.location.Query()
		said.Error, said.Description = q.Get("error"), q.Get("error_description")
	case w.json:
		_ = json.NewDecoder(bytes.NewReader(w.body)).Decode(&said) // what is no JSON says nothing
	default:
		// RFC 6750 §3: error="invalid_token".
		_, after, _ := strings.Cut(w.Header().Get("WWW-Authenticate"), `error="`)
		said.Error, _, _ = strings.Cut(after, `"`)
	}
	if f.Error == "" {
		f.Error, f.Rule = said.Error, said.Description
	}
}
