package journey

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
	"omgevingsloket-id/e2e/testenv"
)

// TestHD07_TwoSites makes the journey with portal and provider on different sites, where
// other cookies are sent, and where Chromium's form-action rule would stop a login that ends
// in a redirect.
func TestHD07_TwoSites(t *testing.T) {
	for name, hosts := range map[string][2]string{
		"portal on 127.0.0.1":   {"localhost", "127.0.0.1"},
		"provider on 127.0.0.1": {"127.0.0.1", "localhost"},
	} {
		site := practice.Start(t, practice.Hosts(hosts[0], hosts[1]))
		for _, v := range []visitor{
			{name, practice.Dutch, "nl", practice.Burger, nil},
			{name + " noscript", practice.English, "en", practice.Burger, []browser.Option{browser.NoScript()}},
		} {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				newcomer(t, site, v)
			})
		}
	}
}

// TestHD07_Broker puts a broker between portal and provider: after the last POST of the login
// the redirects lead over a third origin that the provider's pages do not name. Consent and
// the question at logout end the same way.
func TestHD07_Broker(t *testing.T) {
	site := practice.Start(t)
	for name, options := range map[string][]browser.Option{"script": nil, "noscript": {browser.NoScript()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broker := newBroker(t, site, "broker-"+name)
			portal := brokeredPortal(t, broker)
			p := site.Person(t, practice.Burger, practice.Dutch)
			site.Client(t).Apply(p)
			b := browser.New(t, options...)

			b.Open(portal + "/")
			b.Click(p.PortalLogin)
			p.LogIn(b)
			p.Enrol(b)
			p.EnterCode(b)
			p.Arrive(b, "consent/consent") // the broker is a third party
			b.Click(p.Allow)
			if b.URL() != portal+"/" || b.TextOf("h1") != p.LoggedIn || b.TextOf("#user-email") != p.Email {
				t.Fatalf("at %s, which says:\n%s", b.URL(), b.Text())
			}
			if got := b.TextOf("#user-issuer"); got != broker.url {
				t.Errorf("the portal heard it from %s", got)
			}

			// A second login, which ends with the POST of the code.
			b.Open(portal + "/login?prompt=login")
			p.LogIn(b)
			p.EnterCode(b)
			if b.URL() != portal+"/" || b.TextOf("h1") != p.LoggedIn {
				t.Fatalf("at %s, which says:\n%s", b.URL(), b.Text())
			}
		})
	}
}

// brokeredPortal starts another portal, whose provider is the broker. It is on the broker's
// site and not on the provider's.
func brokeredPortal(t *testing.T, broker *broker) string {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(brokerSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	listen := testenv.FreeAddr(t) // on 127.0.0.1
	broker.portal = "http://" + listen
	testenv.Start(t, testenv.Binary(t, "./cmd/portal"), []string{
		"--listen", listen, "--issuer", broker.url, "--client-id", "portal", "--client-secret-file", secret, "--name", "Oefenloket", "--scopes", "openid,email",
	}).WaitReady(broker.portal + "/")
	return broker.portal
}

// addClient registers a relying party at a running demo and returns its secret.
func addClient(t *testing.T, site *practice.Site, args ...string) string {
	t.Helper()
	added := site.Command(append([]string{"client", "add"}, args...)...)
	_, secret, found := strings.Cut(added.Stdout, "shown only now: ")
	if added.Code != 0 || !found {
		t.Fatalf("client add: %+v", added)
	}
	return strings.TrimSpace(secret)
}

// see303 redirects a browser, as a broker does.
func see303(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}
