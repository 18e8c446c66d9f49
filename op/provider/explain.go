package provider

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"omgevingsloket-id/op/web"
)

// rules are the parameter and the rule of the errors that are pages of ours.
var rules = map[string][2]string{
	"provider.error.client":       {"client_id", "no client has this id"},
	"provider.error.request_uri":  {"request_uri", "no request of this client has this reference, or it has expired or was used"},
	"provider.error.redirect_uri": {"redirect_uri", "it is not registered for this client; it is compared byte for byte"},
}

// parameters matches the names of parameters in our descriptions of errors.
var parameters = func() *regexp.Regexp {
	names := map[string]bool{"Authorization": true}
	for _, form := range []web.Form{pushForm, logoutForm, tokenForm, revokeForm, userinfoForm} {
		for name := range form.Fields {
			names[name] = true
		}
	}
	// The longest first, since Go takes the first alternative.
	sorted := slices.SortedFunc(maps.Keys(names), func(a, b string) int { return len(b) - len(a) })
	return regexp.MustCompile(`\b(` + strings.Join(sorted, "|") + `)\b`)
}()

// explain adds the parameter and the rule to the line of a refused request.
func explain(f *web.Refusal) {
	if rule, ok := rules[f.Error]; ok {
		f.Parameter, f.Rule = rule[0], rule[1]
	}
	if f.Parameter == "" {
		f.Parameter = parameters.FindString(f.Rule)
	}
}

// longestLoggedID is how much of the id of an unknown client is logged, in bytes.
const longestLoggedID = 64

// loggedID returns a client_id for the log: as it is if a client has it, and
// otherwise quoted and cut, since a stranger typed it.
func loggedID(id string, known bool) string {
	if !known && id != "" {
		id = strconv.QuoteToASCII(id[:min(len(id), longestLoggedID)])
	}
	return id
}

// explainClient adds a client to the line of this request, if it is refused.
func explainClient(ctx context.Context, id string, known bool) {
	web.Explain(ctx, func(f *web.Refusal) { f.Client = loggedID(id, known) })
}

// explainNamed adds the client that named returns, which a request names without
// proof, to the line of this request, if that has none.
func (p *Room) explainNamed(ctx context.Context, named func() string) {
	web.Explain(ctx, func(f *web.Refusal) {
		if id := named(); f.Client == "" && id != "" {
			_, err := p.Clients.ByID(context.WithoutCancel(ctx), id)
			f.Client = loggedID(id, err == nil)
		}
	})
}

// explainCause adds why a request failed to its line, if the answer is a failure of
// ours (status 500 and beyond).
func explainCause(ctx context.Context, err error) {
	web.Explain(ctx, func(f *web.Refusal) { f.Cause = err.Error() })
}
