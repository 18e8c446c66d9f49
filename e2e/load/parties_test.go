package load

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"omgevingsloket-id/e2e/load/seed"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/secret"
)

// The parties.
const (
	product   = "product"
	yardstick = "yardstick"
	peer      = "oidc-provider"
)

// algorithms are those of ID tokens, and the ids of the clients that get them.
var algorithms = []string{"ES256", "RS256"}

// party is a server under load, and everything that visitors and clients know of it.
type party struct {
	name, issuer string
	secret       string // of both clients, whose ids are the algorithms of their ID tokens
	server       process
	stores       []process

	transport *http.Transport
	provider  *oidc.Provider
	endpoints struct {
		Authorize string `json:"authorization_endpoint"`
		Token     string `json:"token_endpoint"`
		Userinfo  string `json:"userinfo_endpoint"`
		Keys      string `json:"jwks_uri"`
	}

	visitors pool[*visitor] // with a session
	accounts pool[seed.Account]
	codes    pool[issued]
	fresh    pool[tokens] // not verified yet
	access   pool[string]
	waiting  *visitor // on the login page
	page     string   // its address

	allocated func() float64       // objects so far; nil if it is not known
	watch     func() (done func()) // called when a phase begins, unless nil; done when it has ended

	mu      sync.Mutex
	visited int
}

// stores are the back end of a party.
type stores struct {
	database, redis string // URLs
	processes       []process
}

// sqlite returns a new SQLite database.
func sqlite(t testing.TB) stores {
	return stores{database: "sqlite:" + filepath.Join(t.TempDir(), "load.db")}
}

// servers returns databases on a PostgreSQL that writes durably and a Redis that does not, both of this test.
func servers(t testing.TB) func() stores {
	postgres, redis := testenv.NewPostgres(t, testenv.PostgresDurable()), testenv.NewRedis(t)
	databases := 0
	return func() stores {
		databases++
		return stores{
			database: postgres.Database(), redis: strings.TrimSuffix(redis.URL, "/0") + fmt.Sprintf("/%d", databases),
			processes: []process{{pid: postgres.PID(), family: true}, {pid: redis.PID()}},
		}
	}
}

// newParty returns a party at an address, whose server does not run yet.
func newParty(t testing.TB, name, address string, s stores) *party {
	p := &party{
		name: name, issuer: "http://" + address, secret: rand.Text(), stores: s.processes,
		transport: &http.Transport{MaxIdleConnsPerHost: 512, DisableCompression: true},
	}
	t.Cleanup(p.transport.CloseIdleConnections)
	return p
}

// discover reads the metadata.
func (p *party) discover(t testing.TB) {
	t.Helper()
	ctx := oidc.ClientContext(context.WithoutCancel(t.Context()), &http.Client{Transport: p.transport})
	var err error
	if p.provider, err = oidc.NewProvider(ctx, p.issuer); err == nil {
		err = p.provider.Claims(&p.endpoints)
	}
	if err != nil {
		t.Fatal(p.name, err)
	}
}

// newVisitor returns a visitor without cookies, at an address in 10.0.0.0/8 that no other one has.
func (p *party) newVisitor() *visitor {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.visited++
	return &visitor{transport: p.transport, cookies: map[string]string{}, address: fmt.Sprintf("10.%d.%d.%d", p.visited>>14&255, p.visited>>6&255, p.visited&63<<2|1)}
}

// welcome begins a session for each visitor of a party that shows no login page.
func (p *party) welcome(t testing.TB, visitors int) {
	t.Helper()
	for range visitors {
		v := p.newVisitor()
		for _, alg := range algorithms {
			address, c := p.request(alg)
			a, err := v.visit(t.Context(), address, nil, redirect)
			if err == nil {
				_, err = c.back(a)
			}
			if err != nil {
				t.Fatal(p.name, err)
			}
		}
		p.visitors.put(v)
	}
}

// startYardstick starts the yardstick.
func startYardstick(t testing.TB, s stores, visitors int) *party {
	t.Helper()
	address := testenv.FreeAddr(t)
	p := newParty(t, yardstick, address, s)
	server := testenv.Start(t, testenv.Binary(t, "./e2e/load/cmd"), []string{"yardstick", "-listen", address, "-database", s.database, "-redis", s.redis})
	server.WaitReady(p.issuer + "/hello")
	p.server = process{pid: server.PID()}
	p.discover(t)
	p.welcome(t, visitors)
	return p
}

//go:embed peer/package.json peer/package-lock.json peer/server.mjs
var peerFiles embed.FS

// startPeer starts oidc-provider, which keeps everything in Redis.
func startPeer(t testing.TB, s stores, visitors int) *party {
	t.Helper()
	files, err := fs.Sub(peerFiles, "peer")
	if err != nil {
		t.Fatal(err)
	}
	address := testenv.FreeAddr(t)
	p := newParty(t, peer, address, s)
	var clients []map[string]any
	for _, alg := range algorithms {
		clients = append(clients, map[string]any{"client_id": alg, "client_secret": p.secret, "redirect_uris": []string{redirect}, "id_token_signed_response_alg": alg})
	}
	text, err := json.Marshal(clients)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(address, ":")
	server := testenv.StartIn(t, testenv.NodePackages(t, files), testenv.Tool(t, "node"), []string{"server.mjs"},
		"NODE_ENV=production", "PORT="+port, "REDIS_URL="+s.redis, "CLIENTS="+string(text))
	server.WaitReady(p.issuer + "/.well-known/openid-configuration")
	p.server = process{pid: server.PID()}
	p.discover(t)
	p.welcome(t, visitors)
	return p
}

// installation is the product on a database of its own, which a server can be started on again.
type installation struct {
	*party
	t              testing.TB
	binary, config string
	admin          string
	profiles       string // address at which CPU profiles are; "" = none are taken
	process        *testenv.Process
}

// configuration is that of the product. What one source may do is of no interest here, and one source cannot
// do what is measured: visitors have addresses of their own, and the limits are high.
const configuration = `
environment: practice
issuer: %[1]s
listen: %[2]s
admin_listen: %[3]s
shutdown_delay: 0s
trusted_proxies: [127.0.0.1]
master_key_file: %[4]s
database: {url: "%[5]s"}
redis: {url: "%[6]s"}
mail: {from: noreply@example.com, dir: %[7]s}
helpdesk: {phone: "+31 88 000 00 00"}
limits: {login_per_minute: 1000000, authorize_per_minute: 1000000}
log: {level: warn, format: text}
%[8]s
clients:
`

// client is one line of the clients, whose id is the algorithm of its ID tokens.
const client = `  - {id: %[1]s, name: Portal, auth_method: client_secret_basic, secret_hashes: [%[2]s], redirect_uris: ["%[3]s"], ` +
	`scopes: [email], id_token_signed_response_alg: %[1]s}
`

// setup is what may be different about an installation.
type setup struct {
	seed.Amounts
	visitors int    // with a session
	profiled bool   // the server is the one that tells where its time goes
	settings string // added to the configuration
}

// startProduct makes an installation, starts its server, and logs visitors in.
func startProduct(t testing.TB, s stores, with setup) *installation {
	t.Helper()
	address, dir := testenv.FreeAddr(t), t.TempDir()
	i := &installation{
		party: newParty(t, product, address, s), t: t, binary: testenv.Binary(t, "./cmd/omgevingsloket-id"),
		config: filepath.Join(dir, "config.yaml"), admin: testenv.FreeAddr(t),
	}
	key, mails := filepath.Join(dir, "master.key"), filepath.Join(dir, "mail")
	if made := testenv.Run(t, i.binary, []string{"keys", "master", "--environment", "practice", key}); made.Code != 0 {
		t.Fatalf("keys master: %+v", made)
	}
	text := fmt.Sprintf(configuration, i.issuer, address, i.admin, key, s.database, s.redis, mails, with.settings)
	for _, alg := range algorithms {
		text += fmt.Sprintf(client, alg, secret.Text(i.secret).Hash(), redirect)
	}
	if err := os.Mkdir(mails, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(i.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	i.allocated = func() float64 { return i.metric("go_memstats_mallocs_total") }
	if with.profiled {
		i.profiles = testenv.FreeAddr(t)
	}
	i.settle(with.Amounts)
	i.start()
	i.discover(t)
	for range with.visitors {
		_, v, err := i.logIn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		i.visitors.put(v)
	}
	return i
}

// settle makes the tables, and stores what there is before the server starts.
func (i *installation) settle(n seed.Amounts) {
	i.t.Helper()
	var err error
	if i.accounts.list, err = seed.Into(i.t.Context(), i.settings(), n); err != nil {
		i.t.Fatal(err)
	}
}

// settings returns the configuration.
func (i *installation) settings() config.Config {
	i.t.Helper()
	c, err := config.Load(i.config, func(string) string { return "" }, os.ReadFile)
	if err != nil {
		i.t.Fatal(err)
	}
	return c
}

// start starts a server, and returns how long it took until it was ready.
func (i *installation) start() time.Duration {
	i.t.Helper()
	binary, args := i.binary, []string{"serve", "--config", i.config}
	if i.profiles != "" {
		binary, args = testenv.Binary(i.t, "./e2e/load/cmd"), []string{"profiled", "-config", i.config, "-listen", i.profiles}
	}
	begin := time.Now()
	i.process = testenv.Start(i.t, binary, args)
	i.server = process{pid: i.process.PID()}
	for {
		res, err := http.Get("http://" + i.admin + "/readyz")
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return time.Since(begin)
			}
		}
		if time.Since(begin) > testenv.Patience {
			i.t.Fatalf("not ready:\n%s", i.process.Logs())
		}
		time.Sleep(time.Millisecond)
	}
}

// metric returns one of the server's metrics.
func (i *installation) metric(name string) float64 {
	res, err := http.Get("http://" + i.admin + "/metrics")
	if err != nil {
		i.t.Error(err)
		return 0
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	_, after, found := strings.Cut(string(text), "\n"+name+" ")
	value, _, _ := strings.Cut(after, "\n")
	v, failed := strconv.ParseFloat(value, 64)
	if err := errors.Join(err, failed); err != nil || !found {
		i.t.Errorf("metric %s: %v", name, err)
	}
	return v
}

// profile returns a party's watch that writes a CPU profile of the coming seconds to a file.
func (i *installation) profile(t *testing.T, file string, d time.Duration) func() (done func()) {
	return func() func() {
		written := make(chan error, 1)
		go func() { written <- i.writeProfile(file, d) }()
		return func() {
			if err := <-written; err != nil {
				t.Error(err)
			}
		}
	}
}

func (i *installation) writeProfile(file string, d time.Duration) error {
	res, err := http.Get(fmt.Sprintf("http://%s/?seconds=%d", i.profiles, max(1, int(d.Seconds()))))
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}
