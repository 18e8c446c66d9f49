package testenv

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// sharedDatabases is the most calls of Redis in one test process. An empty database costs Redis
// almost nothing.
const sharedDatabases = 4096

var (
	sharedRedis = sync.OnceValues(func() (*RedisServer, error) {
		return startRedis(&RedisServer{})
	})
	redisDatabase atomic.Int64
)

// Redis returns the URL of an empty database on the redis-server of this test process. Each call
// returns another database, so tests may run in parallel; a test that affects the whole server
// (FLUSHALL, CONFIG, SCRIPT FLUSH) needs NewRedis.
func Redis(t testing.TB) string {
	t.Helper()
	Tool(t, "redis-server")
	s, err := sharedRedis()
	if err != nil {
		t.Fatalf("shared Redis: %v", err)
	}
	n := redisDatabase.Add(1)
	if n >= sharedDatabases {
		t.Fatalf("more than %d calls of testenv.Redis in one test process", sharedDatabases)
	}
	return fmt.Sprintf("redis://%s/%d", s.Addr, n)
}

// RedisServer is a redis-server of one test, which the test may stop and start. It ends with the
// test.
type RedisServer struct {
	Addr   string // 127.0.0.1:PORT
	URL    string // with user and password, and rediss:// with TLS
	CAFile string // with TLS: a client must trust it

	t              testing.TB
	durable, tls   bool
	user, password string
	dir            string
	child          *child
}

// RedisOption changes a server of NewRedis.
type RedisOption func(*RedisServer)

// RedisDurable writes to the append-only file before each reply, so that the data survive Stop or
// Kill. Without it, a restarted server is empty.
func RedisDurable() RedisOption { return func(s *RedisServer) { s.durable = true } }

// RedisTLS makes the server speak TLS only, with the certificate of TLS.
func RedisTLS() RedisOption { return func(s *RedisServer) { s.tls = true } }

// RedisUser makes the server accept only this user (ACL).
func RedisUser(name, password string) RedisOption {
	return func(s *RedisServer) { s.user, s.password = name, password }
}

// NewRedis starts a redis-server for this test alone.
func NewRedis(t testing.TB, options ...RedisOption) *RedisServer {
	t.Helper()
	Tool(t, "redis-server")
	s := &RedisServer{t: t}
	for _, o := range options {
		o(s)
	}
	if _, err := startRedis(s); err != nil {
		t.Fatalf("Redis: %v", err)
	}
	t.Cleanup(func() {
		if err := s.child.end(syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Stop stops the server as an operator would.
func (s *RedisServer) Stop() { s.t.Helper(); s.must(s.child.end(syscall.SIGTERM)) }

// Kill stops the server without letting it write anything.
func (s *RedisServer) Kill() { s.t.Helper(); s.must(s.child.end(syscall.SIGKILL)) }

// Start starts a stopped server on the same port.
func (s *RedisServer) Start() { s.t.Helper(); s.must(s.run()) }

// PID returns the process id of the server.
func (s *RedisServer) PID() int { return s.child.cmd.Process.Pid }

// Freeze makes the server accept connections and answer nothing, until Thaw.
func (s *RedisServer) Freeze() { s.t.Helper(); s.must(s.child.cmd.Process.Signal(syscall.SIGSTOP)) }

// Thaw ends Freeze.
func (s *RedisServer) Thaw() { s.t.Helper(); s.must(s.child.cmd.Process.Signal(syscall.SIGCONT)) }

func (s *RedisServer) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// startRedis makes the server's folder and starts it for the first time.
func startRedis(s *RedisServer) (*RedisServer, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	if s.dir, err = newDir("redis"); err != nil {
		return nil, err
	}
	s.Addr = local(port)
	u := url.URL{Scheme: "redis", Host: s.Addr, Path: "/0"}
	if s.user != "" {
		u.User = url.UserPassword(s.user, s.password)
	}
	if s.tls {
		c, err := certs()
		if err != nil {
			return nil, err
		}
		u.Scheme, s.CAFile = "rediss", c.CAFile
	}
	s.URL = u.String()
	if err := os.WriteFile(filepath.Join(s.dir, "redis.conf"), []byte(s.config(port)), 0o600); err != nil {
		return nil, err
	}
	if err := s.run(); err != nil {
		return nil, err
	}
	return s, nil
}

// config returns a redis.conf. It is a file, because a password must not be in a process list.
func (s *RedisServer) config(port int) string {
	lines := []string{
		"bind 127.0.0.1", "save \"\"", "dir " + s.dir, "maxmemory-policy noeviction",
		fmt.Sprintf("databases %d", sharedDatabases),
	}
	if s.tls {
		c, _ := certs()
		lines = append(lines, "port 0", fmt.Sprintf("tls-port %d", port), "tls-auth-clients no",
			"tls-cert-file "+c.CertFile, "tls-key-file "+c.KeyFile, "tls-ca-cert-file "+c.CAFile)
	} else {
		lines = append(lines, fmt.Sprintf("port %d", port))
	}
	if s.durable {
		lines = append(lines, "appendonly yes", "appendfsync always")
	}
	if s.user != "" {
		lines = append(lines, "user default off", fmt.Sprintf("user %s on >%s ~* &* +@all", s.user, s.password))
	}
	return strings.Join(lines, "\n") + "\n"
}

func (s *RedisServer) run() error {
	if s.child != nil && !s.child.gone() {
		return fmt.Errorf("redis-server at %s is still running", s.Addr)
	}
	path, err := findTool("redis-server")
	if err != nil {
		return err
	}
	if s.child, err = startChild(exec.Command(path, filepath.Join(s.dir, "redis.conf")), "TERM"); err != nil {
		return err
	}
	return s.child.await(s.ping)
}

// ping checks that the server answers, even if the answer asks for a password.
func (s *RedisServer) ping() error {
	conn, err := s.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := fmt.Fprint(conn, "PING\r\n"); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(line, "+PONG") && !strings.HasPrefix(line, "-NOAUTH") {
		return fmt.Errorf("PING answered %q", line)
	}
	return nil
}

func (s *RedisServer) dial() (net.Conn, error) {
	d := &net.Dialer{Timeout: time.Second}
	if !s.tls {
		return d.Dial("tcp", s.Addr)
	}
	c, err := certs()
	if err != nil {
		return nil, err
	}
	return tls.DialWithDialer(d, "tcp", s.Addr, &tls.Config{RootCAs: c.Pool})
}

// Command sends a command to the server and fails the test if it returns an error.
func (s *RedisServer) Command(words ...string) {
	s.t.Helper()
	conn, err := s.dial()
	s.must(err)
	defer conn.Close()
	s.must(conn.SetDeadline(time.Now().Add(Patience)))
	_, err = fmt.Fprintf(conn, "%s\r\n", strings.Join(words, " "))
	s.must(err)
	line, err := bufio.NewReader(conn).ReadString('\n')
	s.must(err)
	if strings.HasPrefix(line, "-") {
		s.t.Fatalf("Redis: %s: %s", strings.Join(words, " "), line)
	}
}
