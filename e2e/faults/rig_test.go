package faults

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/e2e/practice"
	"omgevingsloket-id/e2e/testenv"
)

// rig is a running server with stores that can be broken.
type rig struct {
	issuer, admin, callback string
	site                    *practice.Site
	mail                    *testenv.Inbox
	mayDie                  bool // the test kills the server: no answer is no fault

	postgres *testenv.PostgresServer // nil with SQLite
	redis    *testenv.RedisServer    // nil with SQLite
	proxy    *proxy                  // before postgres
	database string                  // path of the SQLite file, or the address past the proxy

	t       *testing.T
	bin     string
	config  string
	env     []string
	process *testenv.Process

	visitors atomic.Int64

	mu      sync.Mutex
	members []*member
}

const configuration = `
environment: practice
issuer: %[1]s
shutdown_delay: 0s
trusted_proxies: [127.0.0.1, "::1"]
master_key_file: %[2]s
database:
  url: "%[3]s"
%[4]s
mail:
  from: noreply@example.com
  dir: %[5]s
helpdesk:
  phone: "+31 88 000 00 00"
limits:
  login_per_minute: 100000
  authorize_per_minute: 100000
  apply_per_hour: 100000
password:
  memory_kib: 1024
  time: 1
clients:
  - id: direct
    name: Rechtstreeks
    auth_method: none
    redirect_uris: ["%[6]s"]
    scopes: [email]
log:
  level: warn
  format: text
`

// onServers starts a server on PostgreSQL, behind a proxy, and Redis.
func onServers(t *testing.T) *rig { t.Helper(); return onServer(t, testenv.NewPostgres(t)) }

func onServer(t *testing.T, postgres *testenv.PostgresServer) *rig {
	t.Helper()
	g := &rig{t: t, postgres: postgres, redis: testenv.NewRedis(t)}
	g.database = g.postgres.Database()
	g.proxy = newProxy(t, g.postgres.Addr)
	g.start(t.TempDir(), strings.Replace(g.database, g.postgres.Addr, g.proxy.addr, 1), "redis:\n  url: "+g.redis.URL)
	return g
}

// onFile starts a server on a SQLite file in a folder.
func onFile(t *testing.T, dir string) *rig {
	t.Helper()
	g := &rig{t: t, database: filepath.Join(dir, "olid.db")}
	g.start(t.TempDir(), "sqlite:"+g.database, "")
	return g
}

func (g *rig) start(dir, database, redis string) {
	g.t.Helper()
	_, port, _ := strings.Cut(testenv.FreeAddr(g.t), ":")
	g.issuer, g.admin, g.callback = "http://localhost:"+port, testenv.FreeAddr(g.t), "http://"+testenv.FreeAddr(g.t)+"/callback"
	mails, key := filepath.Join(dir, "mail"), filepath.Join(dir, "master.key")
	g.bin, g.config = testenv.Binary(g.t, "./cmd/omgevingsloket-id"), filepath.Join(dir, "config.yaml")
	g.mail = testenv.MailFolder(mails)
	g.site = practice.At(g.t, g.issuer, "", g.mail)
	g.must(os.Mkdir(mails, 0o700))
	if made := testenv.Run(g.t, g.bin, []string{"keys", "master", "--environment", "practice", key}); made.Code != 0 {
		g.t.Fatalf("keys master: %+v", made)
	}
	text := fmt.Sprintf(configuration, g.issuer, key, database, redis, mails, g.callback)
	g.must(os.WriteFile(g.config, []byte(text), 0o600))
	g.env = []string{"OLID_LISTEN=localhost:" + port, "OLID_ADMIN_LISTEN=" + g.admin}
	g.up()
}

// up starts the server, or starts it again. One that finds a store silent ends, and is
// started again after a while, as the systemd unit does.
func (g *rig) up() {
	g.t.Helper()
	for tries := 1; ; tries++ {
		g.process = testenv.Start(g.t, g.bin, []string{"serve", "--config", g.config}, g.env...)
		err := g.process.Ready("http://" + g.admin + "/readyz")
		if err == nil {
			return
		}
		if tries == 5 || !strings.Contains(g.process.Logs(), "does not answer; check") {
			g.t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
	}
}

// restart kills the server (SIGKILL) and starts it again.
func (g *rig) restart() { g.t.Helper(); g.process.Kill(); g.up() }

// answer is a whole answer to a request.
type answer struct {
	status int
	header http.Header
	body   string
	onward string // where it leads by itself
}

// ask sends a request and reads the answer.
func ask(client *http.Client, r *http.Request) (answer, error) {
	res, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body), practice.Onward(res)}, err
}

// ready returns the status and the body of /readyz.
func (g *rig) ready() (int, string) {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, "http://"+g.admin+"/readyz", nil)
	if err != nil {
		g.t.Fatal(err)
	}
	a, err := ask(&http.Client{Timeout: answerTime}, r)
	if err != nil {
		g.t.Errorf("/readyz: %v", err)
	}
	return a.status, a.body
}

// becomes waits until /readyz answers with the status and has the words.
func (g *rig) becomes(status int, words string) {
	g.t.Helper()
	for until := time.Now().Add(testenv.Patience); ; time.Sleep(100 * time.Millisecond) {
		got, body := g.ready()
		if got == status && strings.Contains(body, words) {
			return
		}
		if time.Now().After(until) {
			g.t.Errorf("/readyz = %d %s, want %d with %q", got, body, status, words)
			return
		}
	}
}

func (g *rig) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}
