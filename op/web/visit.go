package web

import (
	"context"
	"net/http"
	"net/url"
)

// visit is what the kit keeps of one request. It is the context of the request, which
// has no deadline (timed adds one), and the writer of its answer.
type visit struct {
	context.Context
	answer

	id        string
	preferred string // language that a client asked for; "" = none
	head      bool   // the method, which handlers see as GET, is HEAD
	holder    bool   // the page is of an account holder who is logged in
	refusal   Refusal

	rawQuery string // of which query is parsed
	query    url.Values
}

type visitKey struct{}

// Value implements context.Context.
func (v *visit) Value(key any) any {
	if key == (visitKey{}) {
		return v
	}
	return v.Context.Value(key)
}

// visitOf returns what the kit keeps of a request, by its context; nil outside of a
// Router.
func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

// IsHead reports whether a request is a HEAD, whose method handlers see as GET.
func IsHead(r *http.Request) bool {
	v := visitOf(r.Context())
	return v != nil && v.head
}

// Prefer sets the language of the pages of this request, of a person who chose
// none: what a client asked for. "" changes nothing.
func Prefer(r *http.Request, lang string) {
	if v := visitOf(r.Context()); v != nil && Supported(lang) != "" {
		v.preferred = Supported(lang)
	}
}

// OfHolder makes the pages of this request those of an account holder who is logged in:
// their header has the links of a holder.
func OfHolder(r *http.Request) {
	if v := visitOf(r.Context()); v != nil {
		v.holder = true
	}
}

func preferred(r *http.Request) string {
	if v := visitOf(r.Context()); v != nil {
		return v.preferred
	}
	return ""
}

// RequestID returns the reference that error pages and the log show.
func RequestID(r *http.Request) string {
	if v := visitOf(r.Context()); v != nil {
		return v.id
	}
	return ""
}

// Query returns the query of a request, as URL.Query does, but parses it once. The
// caller does not change it.
func Query(r *http.Request) url.Values {
	v := visitOf(r.Context())
	if v == nil {
		return r.URL.Query()
	}
	if v.query == nil || v.rawQuery != r.URL.RawQuery {
		v.rawQuery, v.query = r.URL.RawQuery, r.URL.Query()
	}
	return v.query
}
