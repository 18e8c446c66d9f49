package provider_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/storage/storagetest"
)

// taken are authorization requests and the codes that they were answered with.
type taken struct {
	sync.Mutex
	requests []site.Request
	codes    []string
}

// silently sends prompt=none requests of a browser, crowd of them at once, and
// keeps the codes; end is called in their midst.
func (k *taken) silently(b *site.Browser, on []*site.Site, end func()) {
	site.AtOnce(crowd, func(i int) {
		if i == crowd/2 {
			end()
			return
		}
		r := site.NewRequest("web", site.CallbackURI).With("prompt", "none")
		c := b.On(on[i%len(on)])
		u, err := url.Parse(c.Send(c.Request(http.MethodGet, "/authorize?"+r.Encode(), nil)).Header.Get("Location"))
		site.Must(b.Site.T, err)
		if code := u.Query().Get("code"); code != "" {
			k.Lock()
			defer k.Unlock()
			k.requests, k.codes = append(k.requests, r), append(k.codes, code)
		}
	})
}

// X2: what was under way while a person logged out, or while another person
// logged in over the session, yields no token afterwards.
func TestX2_NothingOutlivesTheSession(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	endedUnderWay(t, []*site.Site{s})
}

func TestX2_NothingOutlivesTheSessionOnServers(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	one, two := pair(t, nil)
	endedUnderWay(t, []*site.Site{one, two})
}

func endedUnderWay(t *testing.T, on []*site.Site) {
	t.Helper()
	s := on[0]
	_, b := s.Active(site.Email)
	_, other := s.Active("other@example.com")
	for name, end := range map[string]func(b *site.Browser, hint string){
		"logout": func(b *site.Browser, hint string) {
			if a := b.Send(b.Request(http.MethodGet, leave("id_token_hint", hint), nil)); a.Status != http.StatusOK {
				t.Errorf("logout: %d", a.Status)
			}
		},
		"another person": func(b *site.Browser, _ string) {
			b.Seed = other.Seed
			lastStep(b, site.NewRequest("web", site.CallbackURI).With("prompt", "login"), "other@example.com")
		},
	} {
		if !b.LoggedIn() {
			b.Authorize(site.NewRequest("web", site.CallbackURI)).Login(site.Email)
		}
		tokens := b.Tokens(site.NewRequest("web", site.CallbackURI))
		var k taken
		leaving := copyOf(b)
		k.silently(b, on, func() { end(leaving, tokens["id_token"].(string)) })
		for i, code := range k.codes {
			if status, _ := on[i%len(on)].Redeem(k.requests[i], code); status == http.StatusOK {
				t.Errorf("%s: a code of the ended session is redeemed", name)
			}
		}
		if status, _ := s.Userinfo(tokens); status != http.StatusUnauthorized {
			t.Errorf("%s: userinfo answers %d to a token of the ended session, want 401", name, status)
		}
		if b.LoggedIn() && name == "logout" {
			t.Errorf("%s: the session is live", name)
		}
	}
}

// claimsOf returns the claims of a JWT without verifying it.
func claimsOf(t *testing.T, token any) map[string]any {
	t.Helper()
	parts := strings.Split(token.(string), ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	site.Must(t, err)
	out := map[string]any{}
	site.Must(t, json.Unmarshal(raw, &out))
	return out
}

// X3: no identifier of a person, a session or a token is equal at two sectors,
// in any token or answer, also when the clients have public subjects.
func TestX3_NoIdentifierIsEqualAtTwoSectors(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) {
		c.Clients = append(c.Clients, site.NewClient("other", site.OtherURI, nil),
			site.NewClient("open", "https://open.example/cb", func(c *client.Client) { c.PublicSubject = true }))
		site.SignedAccess(c)
	})
	_, b := s.Active(site.Email)
	answers := map[string][]map[string]any{}
	for id, uri := range map[string]string{"web": site.CallbackURI, "other": site.OtherURI, "open": "https://open.example/cb"} {
		r, secret := site.NewRequest(id, uri), site.BasicOf(id)
		if id == "web" {
			secret = s.Basic()
		}
		status, tokens, _ := s.Call(http.MethodPost, "/token", r.Exchange(b.NewCode(r)), secret)
		if status != http.StatusOK {
			t.Fatal(id, status, tokens)
		}
		_, info := s.Userinfo(tokens)
		answers[id] = []map[string]any{claimsOf(t, tokens["id_token"]), claimsOf(t, tokens["access_token"]), info, tokens}
	}
	// What says nothing about who it is.
	shared := []string{"iss", "exp", "iat", "nbf", "auth_time", "acr", "token_type", "expires_in", "scope"}
	for kind := range answers["web"] {
		for _, other := range []string{"other", "open"} {
			for name, value := range answers["web"][kind] {
				if slices.Contains(shared, name) {
					continue
				}
				for elsewhere, v := range answers[other][kind] {
					if text, ok := v.(string); ok && text == value && text != s.Config.Issuer {
						t.Errorf("%s of web is equal to %s of %s: %v", name, elsewhere, other, value)
					}
				}
			}
		}
	}
	if answers["web"][0]["sid"] == nil || answers["web"][0]["sid"] != claimsOf(t, b.Tokens(site.NewRequest("web", site.CallbackURI))["id_token"])["sid"] {
		t.Error("sid is missing, or not equal in two ID tokens of one session at one client")
	}
}

// W9: whatever call of a store loses its answer while a login finishes, trying
// again ends at the client, with a code that works.
func TestW9_LostAnswersWhileFinishing(t *testing.T) {
	t.Parallel()
	s, faults := site.NewWatched(t, nil)
	a, b := s.Active(site.Email)
	for _, call := range []string{"Requests.Get", "Requests.Save", "Sessions.Get", "Accounts.InSession", "Grants.Issue"} {
		for _, fault := range []storagetest.Fault{storagetest.NotWritten, storagetest.Written} {
			r := site.NewRequest("web", site.CallbackURI).With("prompt", "login")
			link := lastStep(b, r, site.Email)
			before := issued(s, a)
			faults.Once(call, fault)
			if b.Get(link); b.Status != http.StatusServiceUnavailable || b.Header.Get("Retry-After") == "" {
				t.Errorf("%s: %d, want 503 with Retry-After", call, b.Status)
			}
			code := b.Get(link).Answered().Get("code")
			if status, out := s.Redeem(r, code); status != http.StatusOK {
				t.Errorf("%s: the retried login gives %d %v", call, status, out)
			}
			if n := issued(s, a) - before; n != 1 {
				t.Errorf("%s: %d grants, want 1", call, n)
			}
		}
	}
}

// W9, LG-20: a login that has ended is answered again for two minutes, in the browser
// and the session that it ended in, with the same code; what is stored for that is
// small.
func TestW9_AnsweredAgain(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	ask := site.NewRequest("web", site.CallbackURI).With("prompt", "login")
	finished := func() (link, code string) {
		link = lastStep(b, ask, site.Email)
		return link, b.Get(link).Answered().Get("code")
	}
	link, code := finished()
	u, err := url.Parse(link)
	site.Must(t, err)
	handle, _ := secret.Parse(secret.KindRequest, u.Query().Get("login"))
	kept, err := s.Stores.Requests.Get(t.Context(), handle.Hash())
	site.Must(t, err)
	if kept.AccountID != "" || kept.Session != "" || kept.Nonce != "" || !kept.Finished {
		t.Errorf("stored of an ended login: %+v", kept)
	}
	if again := b.Get(link).Answered(); again.Get("code") != code || again.Get("state") != ask.Get("state") {
		t.Errorf("answered again with %v, want the same code and state", again)
	}
	refuses := func(name string, other *site.Browser) {
		t.Helper()
		other.Get(link)
		if at := other.Header.Get("Location"); strings.Contains(at, "code=") || strings.Contains(other.Body, "code=") {
			t.Errorf("%s gets a code: %d %s", name, other.Status, at)
		}
	}
	cookies := b.Cookies()
	thief := s.Browser()
	refuses("another browser", thief)
	for name := range cookies {
		if strings.Contains(name, "session") {
			thief = s.Browser()
			rest := maps.Clone(cookies)
			delete(rest, name)
			thief.Give(rest)
			refuses("the browser without its session", thief)
		}
	}
	_, other := s.Active("ann@example.nl")
	refuses("another person", other)
	link, _ = finished()
	s.Clock.Add(authreq.Answered)
	refuses("the browser after two minutes", b)
}
