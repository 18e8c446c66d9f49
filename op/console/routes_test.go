package console_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"omgevingsloket-id/cmd/omgevingsloket-id/demo"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/staff"
)

// OF-09: no form of the console can be sent by another site, without its token, with
// another browser's token, as JSON or with another method, and trying writes nothing.
// All registered routes are tested.
func TestOF09_ConsoleForeignForms(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	olga := s.Official("olga@gov.example", staff.Roles...)
	stranger := s.Browser().Get("/console/login")
	token := func(b *site.Browser) string {
		form := b.FormTo("/")
		site.Must(t, form.ParseForm())
		return form.PostForm.Get("csrf")
	}
	own, foreign := token(olga), token(stranger)
	type try struct {
		method, query, body string
		header              map[string]string
		want                []int
	}
	form, refused := map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}, []int{http.StatusForbidden}
	with := func(pairs ...string) map[string]string {
		h := map[string]string{}
		for k, v := range form {
			h[k] = v
		}
		for i := 0; i < len(pairs); i += 2 {
			h[pairs[i]] = pairs[i+1]
		}
		return h
	}
	tries := map[string]try{
		"no token":           {http.MethodPost, "", "", form, refused},
		"another's token":    {http.MethodPost, "", "csrf=" + foreign, form, refused},
		"token in address":   {http.MethodPost, "?csrf=" + own, "", form, []int{http.StatusForbidden, http.StatusBadRequest}},
		"cross-site":         {http.MethodPost, "", "csrf=" + own, with("Sec-Fetch-Site", "cross-site"), refused},
		"same-site":          {http.MethodPost, "", "csrf=" + own, with("Sec-Fetch-Site", "same-site"), refused},
		"another origin":     {http.MethodPost, "", "csrf=" + own, with("Sec-Fetch-Site", "", "Origin", "https://evil.example"), refused},
		"JSON":               {http.MethodPost, "", `{"csrf":"` + own + `"}`, with("Content-Type", "application/json"), []int{http.StatusUnsupportedMediaType, http.StatusBadRequest}},
		"text":               {http.MethodPost, "", "csrf=" + own, with("Content-Type", "text/plain"), []int{http.StatusUnsupportedMediaType, http.StatusBadRequest}},
		"PUT":                {http.MethodPut, "", "csrf=" + own, form, []int{http.StatusMethodNotAllowed}},
		"DELETE":             {http.MethodDelete, "", "csrf=" + own, form, []int{http.StatusMethodNotAllowed}},
		"GET with overrides": {http.MethodGet, "?_method=POST&csrf=" + own, "", with("X-HTTP-Method-Override", "POST"), nil},
	}
	checked := 0
	for _, a := range s.Console.Access() {
		if a.Method != http.MethodPost {
			continue
		}
		for name, c := range tries {
			if c.want == nil && a.Path != "/console/review/next" && a.Path != "/console/logout" {
				continue // most paths also have a GET page, which TestOF01 tests
			}
			before := head(s)
			req := olga.Request(c.method, a.Path+c.query, strings.NewReader(c.body))
			for k, v := range c.header {
				if v != "" {
					req.Header.Set(k, v)
				}
			}
			res, err := olga.HTTP.Do(req)
			site.Must(t, err)
			_ = res.Body.Close()
			checked++
			ok := c.want == nil && res.StatusCode == http.StatusMethodNotAllowed
			for _, want := range c.want {
				ok = ok || res.StatusCode == want
			}
			if !ok {
				t.Errorf("%s to %s: %d, want %v", name, a.Path, res.StatusCode, c.want)
			}
			if after := head(s); after != before {
				t.Errorf("%s to %s wrote %d lines in the audit log", name, a.Path, after-before)
			}
		}
	}
	if checked < 150 {
		t.Error("only", checked, "tries")
	}
	if olga.Get("/console").At("/console"); olga.Status != http.StatusOK {
		t.Error("after all that she is logged out:", olga.Status)
	}
}

// head returns the number of the last event in the audit log.
func head(s *site.Site) int64 {
	s.T.Helper()
	h, err := s.Stores.DB.Heads().Head(context.Background())
	site.Must(s.T, err)
	return h.Seq
}

// OF-08: no page of the console, for any role, contains the secrets of accounts and
// documents that the test planted in the stores.
func TestOF08_ConsoleHoldsNoSecrets(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	s := site.New(t, nil)
	olga := s.Official("olga@gov.example", staff.Roles...)
	waits, paper := s.Filed("anna@example.com", "paspoort.pdf", "application/pdf", demo.Page(""))
	active, b := s.Active("bob@example.com")
	sealed := s.Reload(active).Factor.Sealed
	blocked := s.Blocked(s.Person("carla@example.com"))
	member := s.Member("olga@gov.example")
	planted := map[string]string{
		"a TOTP secret":           b.Seed.Reveal(),
		"an official's TOTP":      olga.Seed.Reveal(),
		"a sealed secret":         base64.StdEncoding.EncodeToString(sealed)[:24],
		"a sealed secret, hex":    hex.EncodeToString(sealed)[:24],
		"a password hash":         active.PasswordHash.Reveal(),
		"an applicant's hash":     waits.PasswordHash.Reveal(),
		"an official's hash":      member.PasswordHash.Reveal(),
		"any hash":                "$argon2",
		"an applicant's handle":   waits.Handle,
		"the code on the page":    s.Helpdesk.Callback.Code(blocked, s.Clock.Now()),
		"a document":              "Voorbeeld: geen echt document",
		"a document, sealed":      base64.StdEncoding.EncodeToString(paper.Sealed)[:24],
		"a browser's cookie":      olga.Cookies()[site.BrowserCookie],
		"the key of form tokens":  hex.EncodeToString(s.Kit.Cookies.FormKey),
		"the master key":          strings.Fields(string(masterKey(s)))[1],
		"a browser's cookie of b": b.Cookies()[site.BrowserCookie],
	}
	opened := 0
	for _, a := range s.Console.Access() {
		if a.Method != http.MethodGet || len(a.Roles) == 0 {
			continue
		}
		for _, id := range []string{waits.ID, paper.ID, active.ID, blocked.ID, member.ID} {
			for _, more := range []url.Values{{"id": {id}}, {"id": {id}, "act": {"reject"}}, {"q": {"example.com"}, "show": {"all"}}} {
				page := olga.Get(a.Path + "?" + more.Encode())
				if page.Status == http.StatusOK {
					opened++
				}
				for what, secret := range planted {
					if secret != "" && (strings.Contains(page.Body, secret) || strings.Contains(page.URL.String(), secret)) {
						t.Errorf("%s holds %s (%q)", page.URL, what, secret)
					}
				}
			}
		}
	}
	if opened < 30 || active.State != account.Active {
		t.Error("only", opened, "pages could be opened")
	}
}

func masterKey(s *site.Site) []byte {
	s.T.Helper()
	text, err := os.ReadFile(s.Config.MasterKeyFile)
	site.Must(s.T, err)
	return text
}
