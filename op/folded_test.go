package op_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/op"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/typed"
)

// exactFields are the fields of our pages whose values are not folded, because
// nobody types them or, of a password, everything typed counts. A field that
// people type does not belong here.
var exactFields = []string{"client_id", "id_token_hint", "password", "post_logout_redirect_uri", "state"}

// probe has the forms of other rooms, and says what their handlers would see.
type probe struct {
	routes []web.Route
	seen   url.Values
}

func (p *probe) Mount(t *web.Router) {
	for _, r := range p.routes {
		if r.Raw || r.Upload > 0 {
			continue
		}
		look := func(_ http.ResponseWriter, r *http.Request) error {
			p.seen = r.PostForm
			if r.Method == http.MethodGet {
				p.seen = r.URL.Query()
			}
			return nil
		}
		if r.Method == http.MethodPost {
			t.Post(r.Path, look, r.Fields...)
		} else {
			t.Get(r.Path, look)
		}
	}
}

// Y1-Y6: what is typed in a field of a form, of any room, is folded before the room
// sees it; so is the query of a page.
func TestY1_Y2_Y3_Y4_Y5_Y6_EveryField(t *testing.T) {
	t.Parallel()
	forms := 0
	s := site.New(t, nil)
	all := &probe{routes: s.Kit.Router.Routes()}
	kit, err := web.New(web.Options{
		Settings: s.Kit.Pages.Settings, Catalog: s.Kit.Pages.Catalog, FormKey: []byte("key"), Log: site.NewLog(t), Now: s.Clock.Now, Rand: rand.Reader,
	})
	site.Must(t, err)
	handler := op.New(kit, all)
	ask := func(method, target string, form url.Values) {
		first := httptest.NewRequest(http.MethodGet, "/", nil)
		kit.Cookies.EnsureBrowser(httptest.NewRecorder(), first)
		form.Set("csrf", kit.Pages.Page(first, "web.error.internal.title").CSRF)
		r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", site.FormType)
		r.AddCookie(first.Cookies()[0])
		all.seen = nil
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	const text = "OLID-K7QD-2MXA jan.12@example.org"
	for _, r := range all.routes {
		if r.Method == http.MethodGet && !r.Raw {
			for _, typing := range site.Typings() {
				ask(http.MethodGet, r.Path+"?"+url.Values{"q": {typing.Of(text)}, "before": {typing.Of(text)}}.Encode(), url.Values{})
				if got := all.seen.Get("q"); got != text || all.seen.Get("before") != typing.Of(text) {
					t.Errorf("GET %s, %s: q is %q", r.Path, typing.Name, got)
				}
			}
		}
		if r.Method != http.MethodPost || r.Raw || r.Upload > 0 {
			continue
		}
		forms++
		for _, typing := range site.Typings() {
			form := url.Values{}
			for _, name := range r.Fields {
				form.Set(name, typing.Of(text))
			}
			ask(http.MethodPost, r.Path, form)
			for _, name := range r.Fields {
				want := text
				if slices.Contains(exactFields, name) {
					want = typing.Of(text)
				}
				if got := all.seen.Get(name); got != want {
					t.Errorf("POST %s, %s: %s is %q, want %q", r.Path, typing.Name, name, got, want)
				}
			}
		}
	}
	if forms < 30 {
		t.Errorf("only %d forms", forms)
	}
	for _, typing := range site.Typings() {
		if got := typed.Line(typing.Of(text)); got != text {
			t.Errorf("%s: Line(%q) = %q", typing.Name, typing.Of(text), got)
		}
	}
}
