package replicas

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"omgevingsloket-id/e2e/practice"
	"omgevingsloket-id/e2e/testenv"
)

// cluster is two servers behind one address, with a portal.
type cluster struct {
	*practice.Site
	client   string // redirect URI of the public client "direct"
	requests [2]atomic.Int64
	turn     atomic.Int64
}

// server is a request header that selects the server; without it the servers take turns.
const server = "X-Test-Server"

// build starts a cluster. It ends with the test.
func build(t *testing.T) *cluster {
	t.Helper()
	h := &cluster{}
	var servers [2]*url.URL
	front := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		n := int(h.turn.Add(1) % 2)
		if pinned := r.In.Header.Get(server); pinned != "" {
			n = int(pinned[0] - '0')
		}
		h.requests[n].Add(1)
		r.SetURL(servers[n])
		r.SetXForwarded()
		r.Out.Header.Del(server)
	}})
	t.Cleanup(front.Close)
	direct := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "back at the client") }))
	t.Cleanup(direct.Close)

	issuer := strings.Replace(front.URL, "127.0.0.1", "localhost", 1)
	portalAddr := testenv.FreeAddr(t)
	h.client = direct.URL + "/callback"
	dir := t.TempDir()
	h.Site = practice.At(t, issuer, "http://"+portalAddr, testenv.MailFolder(filepath.Join(dir, "mail")))
	binary, config := testenv.Binary(t, "./cmd/omgevingsloket-id"), filepath.Join(dir, "config.yaml")
	key := filepath.Join(dir, "master.key")
	if err := os.Mkdir(filepath.Join(dir, "mail"), 0o700); err != nil {
		t.Fatal(err)
	}
	if made := testenv.Run(t, binary, []string{"keys", "master", "--environment", "practice", key}); made.Code != 0 {
		t.Fatalf("keys master: %+v", made)
	}
	write(t, config, fmt.Sprintf(configuration, issuer, key, testenv.Postgres(t), testenv.Redis(t),
		filepath.Join(dir, "mail"), h.Portal, h.client))
	if checked := testenv.Run(t, binary, []string{"config", "check", "--config", config}); checked.Code != 0 {
		t.Fatalf("config check: %+v", checked)
	}
	for i := range servers {
		listen, admin := testenv.FreeAddr(t), testenv.FreeAddr(t)
		servers[i] = &url.URL{Scheme: "http", Host: listen}
		testenv.Start(t, binary, []string{"serve", "--config", config}, "OLID_LISTEN="+listen, "OLID_ADMIN_LISTEN="+admin).
			WaitReady("http://" + admin + "/readyz")
	}
	testenv.Start(t, testenv.Binary(t, "./cmd/portal"), []string{
		"--listen", portalAddr, "--issuer", issuer, "--client-id", "portal", "--name", "Oefenloket",
		"--scopes", "openid,omgevingsloket,email", "--mail-dir", filepath.Join(dir, "mail"), "--apply-url", issuer + "/apply",
	}).WaitReady(h.Portal + "/")
	return h
}

// configuration is the template of the configuration file.
const configuration = `
environment: practice
issuer: %[1]s
shutdown_delay: 0s
trusted_proxies: [127.0.0.1, "::1"]
master_key_file: %[2]s
database:
  url: "%[3]s"
redis:
  url: "%[4]s"
mail:
  from: noreply@example.com
  dir: %[5]s
helpdesk:
  phone: "+31 88 000 00 00"
home_client: portal
limits:
  login_per_minute: 1000
  authorize_per_minute: 1000
  apply_per_hour: 1000
clients:
  - id: portal
    name: Oefenloket
    auth_method: none
    redirect_uris: ["%[6]s/callback"]
    post_logout_redirect_uris: ["%[6]s/logout/done"]
    initiate_login_uri: "%[6]s/login/start"
    scopes: [omgevingsloket, email]
  - id: direct
    name: Rechtstreeks
    auth_method: none
    redirect_uris: ["%[7]s"]
    scopes: [email]
log:
  level: warn
  format: text
`

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
