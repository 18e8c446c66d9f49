package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
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

// Explain registers a function that adds to the line of a request, if that is
// refused. It runs after the answer.
func Explain(ctx context.Context, add func(*Refusal)) {
	if v := visitOf(ctx); v != nil {
		v.refusal.explain = append(v.refusal.explain, add)
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

// tell writes one line to the log about a request that was refused: with a page, with
// the JSON of OAuth, or with an error that the browser takes to a client (RFC 6749
// §4.1.2.1).
func (t *Router) tell(v *visit, r *http.Request) {
	f := &v.refusal
	f.status = v.status
	v.read(f)
	for _, add := range slices.Concat(f.explain, t.explain) {
		add(f)
	}
	f.log(t.pages.Log, r)
}

// read takes error and rule from the answer, where no page has set them.
func (a *answer) read(f *Refusal) {
	var said struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	switch {
	case a.location != nil:
		q := a.location.Query()
		said.Error, said.Description = q.Get("error"), q.Get("error_description")
	case a.json:
		_ = json.NewDecoder(bytes.NewReader(a.body)).Decode(&said) // what is no JSON says nothing
	default:
		// RFC 6750 §3: error="invalid_token".
		_, after, _ := strings.Cut(a.Header().Get("WWW-Authenticate"), `error="`)
		said.Error, _, _ = strings.Cut(after, `"`)
	}
	if f.Error == "" {
		f.Error, f.Rule = said.Error, said.Description
	}
}
