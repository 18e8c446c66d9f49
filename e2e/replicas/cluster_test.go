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

	t                *testing.T
	config, database string
	addresses        [2]string // host:port of the servers, and of their readiness
	admins           [2]string
	processes        [2]*testenv.Process
}

// server is a request header that selects the server; without it the servers take turns.
const server = "X-Test-Server"

// build starts a cluster of this version. It ends with the test.
func build(t *testing.T) *cluster {
	t.Helper()
	binary := testenv.Binary(t, "./cmd/omgevingsloket-id")
	return buildOf(t, [2]string{binary, binary})
}

// buildOf starts a cluster of two binaries, the first one first.
func buildOf(t *testing.T, binaries [2]string) *cluster {
	t.Helper()
	h := &cluster{t: t, database: testenv.Postgres(t)}
	for i := range binaries {
		h.addresses[i], h.admins[i] = testenv.FreeAddr(t), testenv.FreeAddr(t)
	}
	front := httptest.NewServer(&httputil.ReverseProxy{Transport: refusedOnce{http.DefaultTransport, h.other}, Rewrite: func(r *httputil.ProxyRequest) {
		n := int(h.turn.Add(1) % 2)
		if pinned := r.In.Header.Get(server); pinned != "" {
			n = int(pinned[0] - '0')
		}
		h.requests[n].Add(1)
		r.SetURL(&url.URL{Scheme: "http", Host: h.addresses[n]})
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
	h.config = filepath.Join(dir, "config.yaml")
	key := filepath.Join(dir, "master.key")
	if err := os.Mkdir(filepath.Join(dir, "mail"), 0o700); err != nil {
		t.Fatal(err)
	}
	if made := testenv.Run(t, binaries[0], []string{"keys", "master", "--environment", "practice", key}); made.Code != 0 {
		t.Fatalf("keys master: %+v", made)
	}
	write(t, h.config, fmt.Sprintf(configuration, issuer, key, h.database, testenv.Redis(t),
		filepath.Join(dir, "mail"), h.Portal, h.client))
	for i, binary := range binaries {
		if checked := testenv.Run(t, binary, []string{"config", "check", "--config", h.config}); checked.Code != 0 {
			t.Fatalf("config check: %+v", checked)
		}
		h.start(i, binary)
	}
	testenv.Start(t, testenv.Binary(t, "./cmd/portal"), []string{
		"--listen", portalAddr, "--issuer", issuer, "--client-id", "portal", "--name", "Oefenloket",
		"--scopes", "openid,omgevingsloket,email", "--mail-dir", filepath.Join(dir, "mail"), "--apply-url", issuer + "/apply",
	}).WaitReady(h.Portal + "/")
	return h
}

// start starts a server and waits until it is ready.
func (h *cluster) start(i int, binary string) {
	env := []string{"OLID_LISTEN=" + h.addresses[i], "OLID_ADMIN_LISTEN=" + h.admins[i]}
	if binary == testenv.Binary(h.t, "./cmd/omgevingsloket-id") {
		env = append(env, "OLID_SHUTDOWN_DELAY=0s") // which the previous version does not know
	}
	h.processes[i] = testenv.Start(h.t, binary, []string{"serve", "--config", h.config}, env...)
	h.processes[i].WaitReady("http://" + h.admins[i] + "/readyz")
}

// other returns a request for the server that a request was not sent to.
func (h *cluster) other(r *http.Request) *http.Request {
	n := 0
	if r.URL.Host == h.addresses[0] {
		n = 1
	}
	r = r.Clone(r.Context())
	r.URL.Host = h.addresses[n]
	return r
}

// configuration is the template of the configuration file.
const configuration = `
environment: practice
issuer: %[1]s
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
