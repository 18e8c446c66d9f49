package login_test

import (
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/storage/storagetest"
)

// The main journey, from a client and back: QR code, code, tokens, single sign-on.
func TestLoginJourney(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	s.Person(site.Email)
	b := s.Browser()

	r := site.NewRequest("web", site.CallbackURI).With("scope", "openid omgevingsloket email", "claims", `{"id_token":{"given_name":null,"email":{"essential":true}}}`)
	answer := b.Authorize(r).Enrol(site.Email).Answered()
	if answer.Get("state") != r.Get("state") || answer.Get("iss") != s.Config.Issuer {
		t.Fatal("answer:", answer)
	}
	status, tokens := s.Redeem(r, answer.Get("code"))
	if status != http.StatusOK {
		t.Fatal(status, tokens)
	}
	id := site.IDToken(t, tokens)
	if id["nonce"] != r.Get("nonce") || id["aud"] != "web" || id["email"] != site.Email || id["given_name"] != "Anna" || id["amr"] != nil {
		t.Error("ID token:", id)
	}
	header := http.Header{"Authorization": {"Bearer " + tokens["access_token"].(string)}}
	status, info, _ := s.Call(http.MethodGet, "/userinfo", nil, header)
	if status != http.StatusOK || info["sub"] != id["sub"] || info["account_type"] != "natural_person" {
		t.Fatal(status, info)
	}

	// Single sign-on shows no page, and keeps the time of the login.
	second := site.NewRequest("web", site.CallbackURI)
	answer = b.Authorize(second).Answered()
	status, tokens = s.Redeem(second, answer.Get("code"))
	if again := site.IDToken(t, tokens); status != http.StatusOK || again["auth_time"] != id["auth_time"] || again["sid"] != id["sid"] {
		t.Error("single sign-on:", status, again)
	}

	// A later login on another machine takes password and code, without QR code.
	other := s.Browser()
	other.Seed = b.Seed
	third := site.NewRequest("web", site.CallbackURI)
	answer = other.Authorize(third).Login(site.Email).Answered()
	if status, tokens = s.Redeem(third, answer.Get("code")); status != http.StatusOK || site.IDToken(t, tokens)["sub"] != id["sub"] {
		t.Error("second browser:", status, tokens)
	}
}

// Y35: the pages of a login have a quiet way back, which the client hears of as
// access_denied, once; Back or another tab cannot go on with the login.
func TestY35_Cancel(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, known := s.Active(site.Email)
	cancel := func(b *site.Browser) *http.Request {
		t.Helper()
		_, after, ok := strings.Cut(b.Body, `formaction="`)
		target, _, _ := strings.Cut(after, `"`)
		if !ok || !strings.Contains(b.Body, "Annuleren en terug naar Web") {
			t.Fatalf("no way back at %s\n%s", b.URL, b.Body)
		}
		return b.FormTo(html.UnescapeString(target))
	}
	for _, page := range []string{"/login", "a wrong password", "/login/code"} {
		b := s.Browser()
		r := site.NewRequest("web", site.CallbackURI)
		switch b.Authorize(r).At("/login"); page {
		case "a wrong password":
			b.Submit("email", site.Email, "password", "wrong wrong wrong")
		case "/login/code":
			b.Seed = known.Seed
			b.Submit("email", site.Email, "password", site.Password).At("/login/code")
		}
		target, request := b.URL.String(), cancel(b)
		a := b.Send(request)
		_, onward, _ := strings.Cut(a.Header.Get("Refresh"), "url=")
		if a.Status != http.StatusOK || !strings.HasPrefix(onward, "/authorize/callback?") { // not a redirect: form-action
			t.Fatalf("%s: POST = %d %v", page, a.Status, a.Header)
		}
		answer := b.Get(s.Server.URL + onward).Answered()
		if answer.Get("error") != "access_denied" || answer.Get("state") != r.Get("state") || answer.Get("iss") != s.Config.Issuer || b.Status != http.StatusSeeOther {
			t.Errorf("%s: %v", page, answer)
		}
		if b.Get(target); b.Status != http.StatusGone && b.URL.Path != "/login/restart" {
			t.Errorf("%s: the login goes on at %s (%d)", page, b.URL, b.Status)
		}
	}
	// Only by a POST of the browser that it began in, with its form token.
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
	request := cancel(b)
	if a := s.Browser().Send(s.Browser().Request(http.MethodGet, request.URL.RequestURI(), nil)); a.Status != http.StatusMethodNotAllowed {
		t.Error("GET:", a.Status)
	}
	foreign := b.Request(http.MethodPost, request.URL.RequestURI(), strings.NewReader("csrf=x"))
	foreign.Header.Set("Content-Type", site.FormType)
	if a := b.Send(foreign); a.Status != http.StatusForbidden {
		t.Error("without the token:", a.Status)
	}
	b.Login(site.Email)
	// A login that nobody asked for has no way back.
	if own := known.Get("/start"); strings.Contains(own.Body, "formaction") {
		t.Error("a login without a client has a way back")
	}
}

// Y35: a first page, which carries the login, cannot go on with it when the answer of
// the cancelled login is not sent again any more.
func TestY35_CancelLasts(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	s.Active(site.Email)
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
	target := b.URL.String()
	form := b.Form("email", site.Email, "password", site.Password)
	_, after, _ := strings.Cut(b.Body, `formaction="`)
	cancel, _, _ := strings.Cut(after, `"`)
	_, onward, _ := strings.Cut(b.Send(b.FormTo(html.UnescapeString(cancel))).Header.Get("Refresh"), "url=")
	b.Get(s.Server.URL + onward).Answered()
	s.Clock.Add(authreq.Answered)
	if a := b.Send(form); a.Status == http.StatusSeeOther && strings.HasPrefix(a.Header.Get("Location"), "/login/code") {
		t.Errorf("the form goes on with a cancelled login at %s", a.Header.Get("Location"))
	}
	if b.Get(target); b.Status != http.StatusGone && b.URL.Path != "/login/restart" {
		t.Errorf("a cancelled login goes on at %s (%d)", b.URL, b.Status)
	}
}

// Y35: every page that waits for a password, a code or the helpdesk has the way back.
func TestY35_CancelInEveryState(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	states := s.States()
	for state, path := range map[string]string{"password": "/login", "code": "/login/code", "blocked": "/login/blocked", "mailbox": "/enrol/code"} {
		b := states[state]
		_, after, _ := strings.Cut(b.At(path).Body, `formaction="`)
		target, _, _ := strings.Cut(after, `"`)
		b.Do(b.FormTo(html.UnescapeString(target)))
		if b.URL.Host != "third.example" || b.URL.Query().Get("error") != "access_denied" || b.URL.Query().Get("iss") != s.Config.Issuer {
			t.Errorf("%s: at %s (%d)", state, b.URL, b.Status)
		}
	}
}

// Y35: a login that is only carried by the browser, since the store forgot it, is
// answered without being stored.
// Y32: the log has it.
func TestY35_Y32_CancelACarriedLogin(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	faults := &storagetest.Faults{}
	s := site.Start(t, site.Setup{Log: slog.New(slog.NewTextHandler(&log, nil)), Wrap: func(all *app.Stores) {
		all.Requests = faults.Wrap(storagetest.Stores{Requests: all.Requests}).Requests
	}})
	r := site.NewRequest("web", site.CallbackURI)
	b := s.Browser().Authorize(r).At("/login")
	s.Clock.Add(20 * time.Minute)
	site.Must(t, s.Stores.DB.Sweep(t.Context()))
	faults.Reset()
	_, after, _ := strings.Cut(b.Body, `formaction="`)
	target, _, _ := strings.Cut(after, `"`)
	log.Reset()
	a := b.Send(b.FormTo(html.UnescapeString(target)))
	if text := log.String(); !strings.Contains(text, "client=web error=access_denied") || !strings.Contains(text, "rule=") {
		t.Errorf("the log says %q", text)
	}
	_, location, _ := strings.Cut(a.Header.Get("Refresh"), "url=")
	u, err := url.Parse(location)
	site.Must(t, err)
	if u.Host != "rp.example" || u.Query().Get("error") != "access_denied" || u.Query().Get("state") != r.Get("state") || u.Query().Get("iss") != s.Config.Issuer {
		t.Errorf("%d %v", a.Status, a.Header)
	}
	if n := faults.Calls()["Requests.Create"] + faults.Calls()["Requests.Save"]; n != 0 {
		t.Errorf("written %d times", n)
	}
}
