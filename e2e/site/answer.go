package site

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
)

// Answer is one response. Its methods fail the test of the browser that got it.
type Answer struct {
	Status int
	Header http.Header
	Body   string

	site *Site
}

// requestReference is the reference on an error page.
var requestReference = regexp.MustCompile(`<code dir="ltr">[0-9a-f]{12}</code>`)

// sealedCookie matches the cookies whose values are sealed.
var sealedCookie = regexp.MustCompile(`^(__Host-)?olid-(note|said|kept)-[0-9a-f]+=[\w-]`)

// Plain returns the answer without what differs between any two: the date,
// the reference on an error page, and the bytes of what is sealed in a cookie.
func (a Answer) Plain() Answer {
	a.Header = a.Header.Clone()
	a.Header.Del("Date")
	for i, c := range a.Header["Set-Cookie"] {
		if sealedCookie.MatchString(c) {
			name, value, _ := strings.Cut(c, "=")
			value, attributes, _ := strings.Cut(value, ";")
			a.Header["Set-Cookie"][i] = fmt.Sprintf("%s=%d bytes;%s", name, len(value), attributes)
		}
	}
	a.Body = requestReference.ReplaceAllString(a.Body, "REFERENCE")
	return a
}

// Location returns where the answer leads, as path and query if that is on this
// site.
func (a Answer) Location() string {
	return strings.TrimPrefix(a.Header.Get("Location"), a.site.Server.URL)
}

// Is requires a status.
func (a Answer) Is(status int) Answer {
	a.site.T.Helper()
	if a.Status != status {
		a.site.T.Fatalf("status = %d, want %d; Location %q\n%s", a.Status, status, a.Location(), a.main())
	}
	return a
}

// Leads requires a redirect with status 303 to this address.
func (a Answer) Leads(to string) Answer {
	a.site.T.Helper()
	a.Is(http.StatusSeeOther)
	if a.Location() != to {
		a.site.T.Fatalf("Location = %q, want %q", a.Location(), to)
	}
	return a
}

// Has requires texts in the body, compared after unescaping HTML.
func (a Answer) Has(texts ...string) Answer {
	a.site.T.Helper()
	for _, text := range texts {
		if !strings.Contains(html.UnescapeString(a.Body), text) {
			a.site.T.Errorf("page without %q:\n%s", text, a.main())
		}
	}
	return a
}

// Without requires that texts are not in the body, compared after unescaping
// HTML.
func (a Answer) Without(texts ...string) Answer {
	a.site.T.Helper()
	for _, text := range texts {
		if strings.Contains(html.UnescapeString(a.Body), text) {
			a.site.T.Errorf("page with %q:\n%s", text, a.main())
		}
	}
	return a
}

// Wrong requires the page again (422), with a problem at a field: in the list at
// the top, and at the field.
func (a Answer) Wrong(field string) Answer {
	a.site.T.Helper()
	a.Is(http.StatusUnprocessableEntity)
	for _, text := range []string{`href="#` + field + `"`, `id="` + field + `-error"`, `id="` + field + `"`} {
		if !strings.Contains(a.Body, text) {
			a.site.T.Errorf("no problem at %s, page without %s:\n%s", field, text, a.main())
		}
	}
	return a
}

// Hidden returns the value of a hidden field.
func (a Answer) Hidden(name string) string {
	a.site.T.Helper()
	found := regexp.MustCompile(`type="hidden" name="` + regexp.QuoteMeta(name) + `" value="([^"]*)"`).FindStringSubmatch(a.Body)
	if found == nil {
		a.site.T.Fatalf("no hidden field %s:\n%s", name, a.main())
	}
	return html.UnescapeString(found[1])
}

// RefusedHere requires a status of 4xx with a page of the site that leads
// nowhere.
func (a Answer) RefusedHere() {
	a.site.T.Helper()
	if a.Status < 400 || a.Status >= 500 || a.Header.Get("Location") != "" || a.Header.Get("Refresh") != "" {
		a.site.T.Errorf("status = %d, Location %q, want 4xx without a Location", a.Status, a.Header.Get("Location"))
	}
}

// main returns the middle of the page, for messages.
func (a Answer) main() string {
	_, rest, _ := strings.Cut(a.Body, `id="main"`)
	middle, _, _ := strings.Cut(rest, "</main>")
	return middle
}
