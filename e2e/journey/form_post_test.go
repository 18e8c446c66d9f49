package journey

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/site"
)

// A login whose answer is posted (OAuth 2.0 Form Post Response Mode) ends at a portal that
// redirects to another site, with a script and without.
func TestHD07_FormPost(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<!doctype html><title>Portaal</title><main>aangekomen</main>"))
	}))
	defer elsewhere.Close()
	type post struct {
		origin string
		form   url.Values
	}
	posts := make(chan post, 2)
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.ParseForm() == nil {
			posts <- post{r.Header.Get("Origin"), r.PostForm}
		}
		http.Redirect(w, r, elsewhere.URL, http.StatusSeeOther)
	}))
	defer portal.Close()
	at := portal.URL + "/cb"
	s := site.New(t, site.WithClients(site.NewClient("poster", at, nil)))
	_, phone := s.Active(site.Email)
	for name, options := range map[string][]browser.Option{"script": nil, "no script": {browser.NoScript()}} {
		r := site.NewRequest("poster", at).With("response_mode", "form_post", "prompt", "login")
		b := browser.New(t, options...)
		b.Open(s.Server.URL + "/authorize?" + r.Encode())
		b.Fill("email", site.Email)
		b.Fill("password", site.Password)
		b.Submit()
		s.Clock.Add(30 * time.Second)
		b.Fill("code", phone.Code())
		b.Submit()
		if name == "no script" {
			if page := b.Attribute("main", "data-page"); page != "web/post" {
				t.Fatalf("%s: at %s, the page is %q:\n%s", name, b.URL(), page, b.Text())
			}
			for _, violation := range b.Axe() {
				t.Errorf("web/post: %s", violation)
			}
			b.Click("Ga verder")
		}
		b.WaitText("aangekomen")
		got := <-posts
		if got.origin != s.Server.URL || got.form.Get("code") == "" || got.form.Get("state") != r.Get("state") || got.form.Get("iss") != s.Config.Issuer {
			t.Errorf("%s: posted from %q: %v", name, got.origin, got.form)
		}
	}
}
