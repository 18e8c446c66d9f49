package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
)

// TestPostedToBrowserEndpoints: a form at an endpoint for browsers becomes the
// same GET, if it is a form, whole, in the body, and each parameter once.
func TestPostedToBrowserEndpoints(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	b := s.Browser()
	for _, path := range []string{"/authorize", "/end_session"} {
		for name, c := range map[string]struct {
			query, kind, body string
			status            int
			location          string
		}{
			"a form":         {"", site.FormType, "state=a%26b&client_id=web", http.StatusSeeOther, path + "?client_id=web&state=a%26b"},
			"unknown names":  {"", site.FormType, "lang=en&x=%00", http.StatusSeeOther, path + "?lang=en&x=%00"},
			"no form":        {"", "application/json", "{}", http.StatusUnsupportedMediaType, ""},
			"not a form":     {"", site.FormType, "state=%zz", http.StatusBadRequest, ""},
			"too long":       {"", site.FormType, "x=" + strings.Repeat("x", 8<<10), http.StatusBadRequest, ""},
			"with a query":   {"?client_id=web", site.FormType, "state=a", http.StatusBadRequest, ""},
			"twice":          {"", site.FormType, "state=a&state=b", http.StatusBadRequest, ""},
			"a long value":   {"", site.FormType, "client_id=" + strings.Repeat("x", 129), http.StatusBadRequest, ""},
			"a NUL":          {"", site.FormType, "state=%00", http.StatusBadRequest, ""},
			"many names":     {"", site.FormType, manyNames(41), http.StatusBadRequest, ""},
			"type and query": {"?client_id=web", "text/plain", "state=a", http.StatusUnsupportedMediaType, ""},
		} {
			req := b.Request(http.MethodPost, path+c.query, strings.NewReader(c.body))
			req.Header.Set("Content-Type", c.kind)
			if a := b.Send(req); a.Status != c.status || a.Header.Get("Location") != c.location {
				t.Errorf("%s, %s: POST = %d %q, want %d %q", path, name, a.Status, a.Header.Get("Location"), c.status, c.location)
			}
		}
	}
}

// What an endpoint for clients does not read it ignores, also in its address (RFC 6749
// §3.2); what it reads does not belong there.
func TestUnknownInTheAddress(t *testing.T) {
	t.Parallel()
	s, r, code := withCode(t, nil)
	for _, name := range []string{"scope", "state", "login_hint", "prompt"} {
		query := "?" + name + "=x"
		if status, out, _ := s.Call(http.MethodPost, "/par"+query, r.Values, s.Basic()); status != http.StatusBadRequest {
			t.Errorf("/par%s: %d %v", query, status, out)
		}
		if status, out, _ := s.Call(http.MethodPost, "/revoke"+query, url.Values{"token": {"x"}}, s.Basic()); status != http.StatusOK {
			t.Errorf("/revoke%s: %d %v", query, status, out)
		}
	}
	if status, out, _ := s.Call(http.MethodPost, "/token?scope=x&state=y", r.Exchange(code), s.Basic()); status != http.StatusOK {
		t.Errorf("/token: %d %v", status, out)
	}
}
