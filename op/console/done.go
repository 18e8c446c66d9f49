package console

import (
	"net/http"
	"net/url"
	"slices"

	"omgevingsloket-id/op/web"
)

// doneParam is the query parameter with the act that was just done.
const doneParam = "done"

// doneActs are the acts with a text console.done.X for the next page.
var doneActs = []string{
	"take", "release", "note", "propose", "approve", "reject", "more", // an application
	"block", "lane", "mail", "lang", "closing", "reopen", // an account
	"invited", "roles", "remove", "renewal_proposed", "renewal_confirmed", "renewal_refused", "renewal_cancelled", // an official
}

// DoneURL adds to an address of the console the act that was just done.
func DoneURL(target, act string) string {
	u, err := url.Parse(target)
	if err != nil {
		return target
	}
	q := u.Query()
	q.Set(doneParam, act)
	u.RawQuery = q.Encode()
	return u.String()
}

// doneText returns the text for the act in the address, or "". Only a GET shows it:
// the answer to a form has something newer to show.
func doneText(r *http.Request, p *web.Page) string {
	act := r.URL.Query().Get(doneParam)
	if r.Method != http.MethodGet || !slices.Contains(doneActs, act) {
		return ""
	}
	return p.T("console.done." + act)
}
