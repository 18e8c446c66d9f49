package login_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/storage/storagetest"
)

// through goes from any page of a login to the client, as a patient person does: it
// tries again after a failure, and waits for the next code after a used one. It
// fails when a page says that something typed was wrong.
func through(b *site.Browser, email string) {
	b.Site.T.Helper()
	for range 12 {
		if b.URL.Host == "rp.example" {
			if b.URL.Query().Get("code") == "" {
				b.Site.T.Fatal("the client got", b.URL.Query())
			}
			return
		}
		for _, lie := range []string{"wachtwoord klopt niet", "code klopt niet", "geblokkeerd"} {
			if strings.Contains(b.Body, lie) {
				b.Site.T.Fatalf("at %s: %q after a fault of ours", b.URL, lie)
			}
		}
		switch {
		case b.Status == http.StatusServiceUnavailable:
			b.Get("/login/code?login=" + b.URL.Query().Get("login")) // redirects to the right page
			if b.URL.Query().Get("login") == "" {
				b.Authorize(site.NewRequest("web", site.CallbackURI))
			}
		case b.Status == http.StatusGone:
			b.Authorize(site.NewRequest("web", site.CallbackURI))
		case b.URL.Path == "/login":
			b.Submit("email", email, "password", site.Password)
		case b.URL.Path == "/login/code":
			if strings.Contains(b.Body, "al gebruikt") {
				b.Site.Clock.Add(30 * time.Second)
			}
			b.Submit("code", b.Code())
		default:
			b.Site.T.Fatalf("stuck at %s (%d)", b.URL, b.Status)
		}
	}
	b.Site.T.Fatalf("no way through, last at %s (%d)", b.URL, b.Status)
}

// If any call to a store fails once, before or after it is done, no page says that
// a password or code was wrong, and trying again succeeds.
func TestFaultAtEachCallOfALogin(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"Windows.Spend", "Requests.Create", "Requests.Get", "Requests.Save", "Lanes.Try", "Lanes.Clear", "Lanes.Remember", "Devices.Known", "Accounts.ByEmail", "Accounts.InSession",
		"Accounts.TryCode", "Sessions.Create", "Sessions.Get", "Sessions.Save", "Grants.Issue",
	} {
		for _, fault := range []storagetest.Fault{storagetest.NotWritten, storagetest.Written} {
			s, calls := site.NewWatched(t, nil)
			a, first := s.Active(site.Email)
			s.Clock.Add(time.Minute)
			b := s.Browser()
			b.Seed = first.Seed
			if name == "Sessions.Save" { // single sign-on extends a session
				b = first
			}
			calls.Reset()
			calls.Once(name, fault)
			through(b.Authorize(site.NewRequest("web", site.CallbackURI)), site.Email)
			if calls.Calls()[name] == 0 {
				t.Errorf("%s is not part of a login", name)
			}
			if got := s.Reload(a); got.State != account.Active || got.Factor.Failures != 0 {
				t.Errorf("%s, fault %d: %s, %d failures", name, fault, got.State, got.Factor.Failures)
			}
			s.Server.Close()
		}
	}
}

// The new session is made before the tokens of the old one end, or not at all: a
// fault while another person logs in leaves nothing of the first.
func TestFaultWhileAnotherPersonLogsIn(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Sessions.Get", "Sessions.Delete", "Grants.EndSession", "Sessions.Create"} {
		s, calls := site.NewWatched(t, nil)
		_, second := s.Active("second@example.com")
		s.Person("first@example.com")
		b := s.Browser()
		r := site.NewRequest("web", site.CallbackURI)
		_, tokens := s.Redeem(r, b.Authorize(r).Enrol("first@example.com").Answered().Get("code"))
		bearer := http.Header{"Authorization": {"Bearer " + tokens["access_token"].(string)}}
		s.Clock.Add(time.Minute)
		b.Seed = second.Seed
		b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "login")).Submit("email", "second@example.com", "password", site.Password).At("/login/code")
		calls.Once(name, storagetest.NotWritten)
		b.Submit("code", b.Code())
		through(b, "second@example.com")
		if status, _, _ := s.Call(http.MethodGet, "/userinfo", nil, bearer); status != http.StatusUnauthorized {
			t.Errorf("%s: the first person's token outlives the login of the second: %d", name, status)
		}
		s.Server.Close()
	}
}
