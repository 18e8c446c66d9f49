package console

import (
	"net/http"
	"net/url"
	"slices"

	"omgevingsloket-id/op/web"
)

// doneParam is where an address carries what was just done.
const doneParam = "done"

// acts that the page after them tells about, each with a text console.done.X.
var doneActs = []string{
	"take", "release", "note", "propose", "approve", "reject", "more", // an application
	"block", "mail", "closing", "reopen", // an account
	"invited", "roles", "remove", // an employee
}

// DoneURL is an address of the console, with a query or without, that also
// says what was just done.
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

// doneText says what the address claims was just done. Only a page that was
// opened tells it: an answer to a form has something newer to say.
func doneText(r *http.Request, p *web.Page) string {
	act := r.URL.Query().Get(doneParam)
	if r.Method != http.MethodGet || !slices.Contains(doneActs, act) {
		return ""
	}
	return p.T("console.done." + act)
}
