package portal_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/cmd/internal/portal"
)

// stage is a portal, its provider and their clock.
type stage struct {
	t     *testing.T
	op    *provider
	clock *clock
	base  string
	log   *bytes.Buffer
}

// newStage starts both. change may change the configuration, which has a public
// client at "/" and a confidential third party at "/second".
func newStage(t *testing.T, change func(*portal.Config)) *stage {
	t.Helper()
	c := &clock{at: time.Date(2026, 11, 22, 10, 42, 0, 0, time.UTC)}
	s := &stage{t: t, clock: c, op: newProvider(t, c), log: &bytes.Buffer{}}
	s.op.proof["oefenloket"] = func(r *http.Request) bool { return r.PostForm.Get("client_id") == "oefenloket" }
	s.op.proof["waterstad"] = func(r *http.Request) bool {
		id, secret, ok := r.BasicAuth()
		return ok && id == "waterstad" && secret == "geheim-geheim"
	}
	srv := httptest.NewUnstartedServer(nil)
	s.base = "http://" + srv.Listener.Addr().String()
	cfg := portal.Config{
		BaseURL: s.base, Issuer: s.op.URL, Now: c.now,
		Entries: []portal.Entry{
			{Path: "/", Name: "Oefenloket", ClientID: "oefenloket"},
			{Path: "/second", Name: "Waterstad", ClientID: "waterstad", ClientSecret: "geheim-geheim", ThirdParty: true},
		},
		Logger: slog.New(slog.NewTextHandler(s.log, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	p, err := portal.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = p
	srv.Start()
	t.Cleanup(srv.Close)
	return s
}

// browser keeps cookies; it follows redirects only where a test asks it to.
type browser struct {
	s *stage
	c *http.Client
}

func (s *stage) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{s: s, c: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// reply is a response with its body.
type reply struct {
	*http.Response
	body string
}

func (b *browser) do(r *http.Request) reply {
	b.s.t.Helper()
	if r.Header.Get("Accept-Language") == "" {
		r.Header.Set("Accept-Language", "nl")
	}
	res, err := b.c.Do(r)
	if err != nil {
		b.s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.s.t.Fatal(err)
	}
	return reply{res, string(body)}
}

// get opens a path of the portal or an absolute address, without following redirects.
func (b *browser) get(link string) reply {
	b.s.t.Helper()
	if strings.HasPrefix(link, "/") {
		link = b.s.base + link
	}
	r, err := http.NewRequest(http.MethodGet, link, nil)
	if err != nil {
		b.s.t.Fatal(err)
	}
	return b.do(r)
}

func (b *browser) post(path string, header ...string) reply {
	b.s.t.Helper()
	r, err := http.NewRequest(http.MethodPost, b.s.base+path, nil)
	if err != nil {
		b.s.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.do(r)
}

// toCallback starts a login at path and returns the callback address that the
// provider redirects to, without opening it.
func (b *browser) toCallback(path string) string {
	b.s.t.Helper()
	res := b.get(path)
	want(b.s.t, res, http.StatusSeeOther)
	res = b.get(res.Header.Get("Location"))
	want(b.s.t, res, http.StatusSeeOther)
	return res.Header.Get("Location")
}

// login logs in and returns the portal's response to the callback.
func (b *browser) login(path string) reply {
	b.s.t.Helper()
	return b.get(b.toCallback(path))
}

// loggedIn reports whether this browser has a session at the entry with prefix.
func (b *browser) loggedIn(prefix string) bool {
	b.s.t.Helper()
	return b.get(prefix+"/claims.json").StatusCode == http.StatusOK
}

func want(t *testing.T, res reply, status int) {
	t.Helper()
	if res.StatusCode != status {
		t.Fatalf("%s: status %d, want %d\n%s", res.Request.URL.Path, res.StatusCode, status, res.body)
	}
}

func wantText(t *testing.T, res reply, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(res.body, text) {
			t.Errorf("%s lacks %q:\n%s", res.Request.URL.Path, text, res.body)
		}
	}
}
