package sql

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/secret"
)

// pgBouncer starts PgBouncer before a database, with these lines in its settings, and
// returns its URL.
func pgBouncer(t *testing.T, to string, lines ...string) string {
	t.Helper()
	program := testenv.Tool(t, "pgbouncer")
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	listening, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listening.Addr().String())
	_ = listening.Close()
	name := strings.TrimPrefix(u.Path, "/")
	text := fmt.Sprintf("[databases]\n%s = host=%s port=%s dbname=%s\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %s\nunix_socket_dir =\nauth_type = any\n%s\n",
		name, u.Hostname(), u.Port(), name, port, strings.Join(lines, "\n"))
	text = strings.Replace(text, "dbname="+name+"\n", "dbname="+name+" user="+u.User.Username()+"\n", 1)
	dir, err := os.MkdirTemp("", "pgbouncer")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	args := []string{"-q", file}
	if os.Geteuid() == 0 { // it refuses root
		if _, err := user.Lookup("postgres"); err != nil {
			t.Fatal(err)
		}
		args = append([]string{"-u", "postgres"}, args...)
	}
	cmd := exec.Command(program, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	u.Host = "127.0.0.1:" + port
	for end := time.Now().Add(testenv.Patience); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", u.Host)
		if err == nil {
			_ = c.Close()
			return u.String()
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// Y33: a pooler that drops the limits of a session, as any does in transaction mode, is
// named at the start, whether it refuses them or ignores them. With limits of the role
// and a session for each connection it works, also the second migration.
func TestY33_Pooler(t *testing.T) {
	t.Parallel()
	server := testenv.NewPostgres(t)
	direct := server.Database()
	open := func(address string) error {
		db, err := Open(t.Context(), Options{URL: secret.Text(address), Now: time.Now})
		if err != nil {
			return err
		}
		defer func() { _ = db.Close() }()
		if err := db.Migrate(t.Context()); err != nil {
			return err
		}
		return db.Migrate(t.Context())
	}
	const ignore = "ignore_startup_parameters = statement_timeout,lock_timeout,idle_in_transaction_session_timeout,extra_float_digits"
	for name, lines := range map[string][]string{
		"refuses": {"pool_mode = transaction"}, "ignores": {"pool_mode = transaction", ignore}, "session": {"pool_mode = session", ignore},
	} {
		if err := open(pgBouncer(t, direct, lines...)); err == nil || !strings.Contains(err.Error(), "pooler") {
			t.Errorf("%s: Open() = %v, want it to name the pooler", name, err)
		}
	}
	if err := open(direct); err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), Options{URL: secret.Text(direct), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.sql.ExecContext(t.Context(), "ALTER ROLE CURRENT_USER SET statement_timeout = '3s'"); err != nil {
		t.Fatal(err)
	}
	if err := open(pgBouncer(t, direct, "pool_mode = session", ignore)); err != nil {
		t.Errorf("with limits of the role: %v", err)
	}
}
