package testenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

var (
	sharedPostgres = sync.OnceValues(func() (*PostgresServer, error) {
		return startPostgres(&PostgresServer{})
	})
	postgresDatabase atomic.Int64

	templatesMu sync.Mutex
	templates   = map[string]error{} // the error of creating each template
)

// Postgres returns the URL of a new, empty database on the PostgreSQL server of this test
// process. The database is dropped at the end of the test.
func Postgres(t testing.TB) string {
	t.Helper()
	Tool(t, "postgres")
	s, err := sharedPostgres()
	if err != nil {
		t.Fatalf("shared PostgreSQL: %v", err)
	}
	return s.database(t, "")
}

// PostgresCopy returns the URL of a new database that is a copy of a template. The first call in
// a test process creates the template: prepare gets the URL of an empty database, and must close
// its connections. A copy takes a fraction of the time of the migrations.
func PostgresCopy(t testing.TB, template string, prepare func(url string) error) string {
	t.Helper()
	Tool(t, "postgres")
	s, err := sharedPostgres()
	if err != nil {
		t.Fatalf("shared PostgreSQL: %v", err)
	}
	templatesMu.Lock()
	err, made := templates[template]
	if !made {
		if err = s.exec("CREATE DATABASE template_" + template); err == nil {
			err = prepare(s.url("template_" + template))
		}
		templates[template] = err
	}
	templatesMu.Unlock()
	if err != nil {
		t.Fatalf("template %s: %v", template, err)
	}
	return s.database(t, " TEMPLATE template_"+template)
}

// PostgresServer is a PostgreSQL server of one test, which the test may stop and start. It ends
// with the test.
type PostgresServer struct {
	Addr string // 127.0.0.1:PORT

	t       testing.TB
	dir     string
	durable bool
	child   *child
}

// PostgresOption changes a server of NewPostgres.
type PostgresOption func(*PostgresServer)

// PostgresDurable leaves fsync, full_page_writes and autovacuum on, as in production.
func PostgresDurable() PostgresOption { return func(s *PostgresServer) { s.durable = true } }

// NewPostgres starts a PostgreSQL server for this test alone. That takes a second or two, so use
// Postgres where possible.
func NewPostgres(t testing.TB, options ...PostgresOption) *PostgresServer {
	t.Helper()
	return NewPostgresIn(t, "", options...)
}

// NewPostgresIn is NewPostgres with its data in an empty folder, such as a disk of
// its own.
func NewPostgresIn(t testing.TB, dir string, options ...PostgresOption) *PostgresServer {
	t.Helper()
	Tool(t, "postgres")
	s := &PostgresServer{t: t, dir: dir}
	for _, o := range options {
		o(s)
	}
	if _, err := startPostgres(s); err != nil {
		t.Fatalf("PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		if err := s.child.end(syscall.SIGQUIT); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Database creates an empty database and returns its URL.
func (s *PostgresServer) Database() string { s.t.Helper(); return s.database(s.t, "") }

// Stop stops the server as an operator would: it closes connections and keeps the data.
func (s *PostgresServer) Stop() { s.t.Helper(); s.must(s.child.end(syscall.SIGINT)) }

// Kill stops the server at once, as in a crash: the next start recovers what was committed from
// the log. (It sends SIGQUIT; SIGKILL would leave shared memory behind.)
func (s *PostgresServer) Kill() { s.t.Helper(); s.must(s.child.end(syscall.SIGQUIT)) }

// PID returns the process id of the server; its children serve the connections.
func (s *PostgresServer) PID() int { return s.child.cmd.Process.Pid }

// Start brings a stopped server back on the same port, with its data.
func (s *PostgresServer) Start() { s.t.Helper(); s.must(s.run()) }

func (s *PostgresServer) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// startPostgres creates the data folder and starts the server for the first time.
func startPostgres(s *PostgresServer) (*PostgresServer, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s.Addr = local(port)
	if s.dir == "" {
		if s.dir, err = newDir("postgres"); err != nil {
			return nil, err
		}
	}
	owner, err := postgresUser()
	if err != nil {
		return nil, err
	}
	if owner != nil {
		if err := os.Chown(s.dir, int(owner.Uid), int(owner.Gid)); err != nil {
			return nil, err
		}
	}
	path, err := findTool("initdb")
	if err != nil {
		return nil, err
	}
	initdb := exec.Command(path, "--pgdata="+filepath.Join(s.dir, "data"), "--username=olid", "--auth=trust",
		"--encoding=UTF8", "--no-locale", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: owner}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	if err := s.run(); err != nil {
		return nil, err
	}
	return s, nil
}

// postgresUser returns the user to run PostgreSQL as, since it refuses root; nil means the user
// of the test process.
func postgresUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root, and its own user is not there: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func (s *PostgresServer) run() error {
	if s.child != nil && !s.child.gone() {
		return fmt.Errorf("PostgreSQL at %s is still running", s.Addr)
	}
	path, err := findTool("postgres")
	if err != nil {
		return err
	}
	owner, err := postgresUser()
	if err != nil {
		return err
	}
	_, port, _ := strings.Cut(s.Addr, ":")
	args := []string{"-D", filepath.Join(s.dir, "data")}
	settings := []string{"listen_addresses=127.0.0.1", "port=" + port, "unix_socket_directories=", "max_connections=400"}
	if !s.durable {
		// The data need not survive a power cut; they survive a crash of the server.
		settings = append(settings, "fsync=off", "full_page_writes=off", "autovacuum=off")
	}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: owner}
	if s.child, err = startChild(cmd, "INT"); err != nil {
		return err
	}
	return s.child.await(func() error {
		return s.exec("SELECT 1")
	})
}

func (s *PostgresServer) url(database string) string {
	return fmt.Sprintf("postgres://olid@%s/%s?sslmode=disable", s.Addr, database)
}

// exec runs one statement outside any test database.
func (s *PostgresServer) exec(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// database creates a database; options follow its name in CREATE DATABASE.
func (s *PostgresServer) database(t testing.TB, options string) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", postgresDatabase.Add(1))
	if err := s.exec("CREATE DATABASE " + name + options); err != nil {
		t.Fatalf("new database: %v", err)
	}
	t.Cleanup(func() {
		// FORCE also closes connections that the test left open. A stopped server has
		// nothing to drop.
		if s.child.gone() {
			return
		}
		if err := s.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("dropping the test's database: %v", err)
		}
	})
	return s.url(name)
}

// Exec runs a statement in the server's own database.
func (s *PostgresServer) Exec(statement string) { s.t.Helper(); s.must(s.exec(statement)) }
