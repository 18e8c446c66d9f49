package op_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/staff"
)

// linked matches the addresses on a page that begin at the root of the host.
var linked = regexp.MustCompile(`(?:href|src|action|formaction|data-[a-z-]+)="(/[^"]*)"`)

// handle matches the handle of a login in an address.
var handle = regexp.MustCompile(`olid_req_[\w-]+`)

// Y28: below a path, every route answers every method as it does without one, and a
// whole login and logout work with the addresses of the metadata.
func TestY28_EveryRouteBelowAPath(t *testing.T) {
	t.Parallel()
	const base = "/a/id"
	plain := site.New(t, nil)
	below := site.New(t, func(c *config.Config) { c.Issuer += base })
	below.Server.URL += base
	one, other := plain.Browser(), below.Browser()
	static := map[string]bool{}
	links := func(what, body string) {
		for _, m := range linked.FindAllStringSubmatch(body, -1) {
			if !strings.HasPrefix(m[1], base+"/") {
				t.Errorf("%s below %s has a page with %s", what, base, m[0])
			}
			if file, ok := strings.CutPrefix(m[1], base+"/static/"); ok && !static[file] {
				static[file] = true
				if a := other.Send(other.Request(http.MethodGet, "/static/"+file, nil)); a.Status != http.StatusOK {
					t.Errorf("%s has %s, which is %d", what, m[0], a.Status)
				}
			}
		}
	}
	compare := func(method, path string) {
		want, got := one.Send(one.Request(method, path, nil)), other.Send(other.Request(method, path, nil))
		links(method+" "+path, got.Body)
		to := func(a site.Answer) string { return handle.ReplaceAllString(a.Header.Get("Location"), "") }
		if got.Status != want.Status || got.Header.Get("Allow") != want.Header.Get("Allow") || strings.TrimPrefix(to(got), base) != to(want) {
			t.Errorf("%s %s below %s = %d, Allow %q, Location %q, want %d, %q, %q", method, path, base, got.Status, got.Header.Get("Allow"), got.Header.Get("Location"), want.Status, want.Header.Get("Allow"), want.Header.Get("Location"))
		}
		for name := range want.Header {
			if name != "Content-Length" && got.Header.Get(name) == "" {
				t.Errorf("%s %s below %s has no %s", method, path, base, name)
			}
		}
	}
	seen := map[string]bool{}
	for _, r := range append(plain.Kit.Router.Routes(), below.Kit.Router.Routes()...) {
		if seen[r.Path] {
			continue
		}
		seen[r.Path] = true
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodOptions} {
			compare(method, r.Path)
		}
		compare(http.MethodGet, r.Path+"/")
		compare(http.MethodGet, "/"+r.Path)
	}
	for state, b := range below.States() {
		links("the state "+state, b.Body)
		if state == "reveal" {
			b.Submit()
			links("the QR code", b.Body)
		}
	}
	official := below.Official("olga@example.com", staff.Reviewer, staff.Helpdesk, staff.Administrator, staff.Auditor)
	for _, r := range below.Kit.Router.Routes() {
		if r.Method == http.MethodGet && strings.HasPrefix(r.Path, "/console") {
			links(r.Path, official.Send(official.Request(http.MethodGet, r.Path, nil)).Body)
		}
	}
	if len(static) < 6 {
		t.Errorf("only %d files of pages were seen", len(static))
	}
	_, metadata, _ := below.Call(http.MethodGet, "/.well-known/openid-configuration", nil, nil)
	for name, value := range metadata {
		if address, _ := value.(string); name == "jwks_uri" || strings.HasSuffix(name, "_endpoint") {
			if !strings.HasPrefix(address, below.Config.Issuer+"/") {
				t.Errorf("%s is %q", name, address)
			}
		}
	}
	_, b := below.Active(site.Email)
	tokens := b.Tokens(site.NewRequest("web", site.CallbackURI))
	if claims := site.IDToken(t, tokens); claims["iss"] != below.Config.Issuer {
		t.Errorf("iss is %v, want %s", claims["iss"], below.Config.Issuer)
	}
	if status, info := below.Userinfo(tokens); status != http.StatusOK || info["sub"] == nil {
		t.Error("userinfo:", status, info)
	}
	b.Get("/end_session?" + url.Values{"id_token_hint": {tokens["id_token"].(string)}, "post_logout_redirect_uri": {"https://rp.example/out"}}.Encode())
	if b.URL.String() != "https://rp.example/out" {
		t.Errorf("logged out: at %s", b.URL)
	}
}
