package provider_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
)

// answeredByForm demands that the browser is on a page that posts an answer to the client,
// which may go there and to where the client redirects, and returns the answer.
func answeredByForm(t *testing.T, b *site.Browser, r site.Request) map[string][]string {
	t.Helper()
	if b.Status != http.StatusOK || !b.Posts() {
		t.Fatalf("at %s (status %d), want a page that posts the answer\n%s", b.URL, b.Status, b.Body)
	}
	csp := b.Header.Get("Content-Security-Policy")
	if strings.Contains(csp, "form-action") || !strings.Contains(csp, "script-src 'self'") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("policy %q", csp)
	}
	if b.Header.Get("Referrer-Policy") != "strict-origin" || b.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", b.Header)
	}
	answer := b.Answered()
	if b.URL.String() != r.Get("redirect_uri") || answer.Get("state") != r.Get("state") || answer.Get("iss") != b.Site.Config.Issuer {
		t.Errorf("posted to %s: %v", b.URL, answer)
	}
	return answer
}

// OAuth 2.0 Form Post Response Mode §2: every answer is posted, and so is the one that is
// sent again.
func TestFormPost(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, in := s.Active(site.Email)
	r := site.NewRequest("web", site.CallbackURI).With("response_mode", "form_post", "state", `"><script>&amp;'`)
	answer := answeredByForm(t, in.Authorize(r), r)
	if status, _ := s.Redeem(r, answer["code"][0]); status != http.StatusOK {
		t.Errorf("the code: status %d", status)
	}
	b := s.Browser().Authorize(r).At("/login")
	b.Seed = in.Seed
	s.Clock.Add(30 * time.Second)
	b.Submit("email", site.Email, "password", site.Password).At("/login/code").Submit("code", b.Code())
	callback := b.URL.String()
	first := answeredByForm(t, b, r)
	again := answeredByForm(t, b.Get(callback), r)
	if first["code"][0] != again["code"][0] {
		t.Error("the answer that is sent again has another code")
	}
	for name, change := range map[string][]string{
		"login_required": {"prompt", "none"}, "invalid_scope": {"scope", "email"}, "invalid_request": {"max_age", "x"},
	} {
		bad := site.NewRequest("web", site.CallbackURI).With(append(change, "response_mode", "form_post")...)
		if got := answeredByForm(t, s.Browser().Authorize(bad), bad)["error"]; len(got) != 1 || got[0] != name {
			t.Errorf("%v: error %v, want %s", change, got, name)
		}
	}
}

// A person who cancels before and after the password is answered by a form too.
func TestFormPostCancelled(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, in := s.Active(site.Email)
	r := site.NewRequest("web", site.CallbackURI).With("response_mode", "form_post")
	s.Clock.Add(30 * time.Second)
	for _, page := range []string{"/login", "/login/code"} {
		b := s.Browser().Authorize(r).At("/login")
		b.Seed = in.Seed
		if page == "/login/code" {
			b.Submit("email", site.Email, "password", site.Password).At("/login/code")
		}
		b.Press("/authorize/cancel?" + b.URL.RawQuery)
		if got := answeredByForm(t, b, r)["error"]; len(got) != 1 || got[0] != "access_denied" {
			t.Errorf("cancelled at %s: %v", page, got)
		}
	}
}

// A mode that does not exist here is told in the mode that is always there.
func TestResponseModeRefused(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	for _, mode := range []string{"fragment", "jwt", "form_post.jwt", "FORM_POST", "query form_post"} {
		b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI).With("response_mode", mode))
		if got := b.URL.Query().Get("error"); got != "invalid_request" {
			t.Errorf("%s: at %s", mode, b.URL)
		}
	}
}
