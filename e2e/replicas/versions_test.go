package replicas

import (
	"database/sql"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // registers "sqlite"

	"omgevingsloket-id/e2e/testenv"
)

// TestRefusedSchema raises the floor of the schema above the version of a running server, as
// the contraction of a newer version does. The server is no longer ready, and neither a server
// nor a command that opens the stores starts, nor does it on a database that lacks a migration.
func TestRefusedSchema(t *testing.T) {
	t.Parallel()
	binary, dir := testenv.Binary(t, "./cmd/omgevingsloket-id"), filepath.Join(t.TempDir(), "data")
	admin := testenv.FreeAddr(t)
	demo := []string{"demo", "--data", dir, "--listen", testenv.FreeAddr(t), "--portal", testenv.FreeAddr(t)}
	ready := "http://" + admin + "/readyz"
	server := testenv.Start(t, binary, demo, "OLID_ADMIN_LISTEN="+admin)
	server.WaitReady(ready)
	db, err := sql.Open("sqlite", filepath.Join(dir, "olid.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	exec := func(statement string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}

	exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99998, 1)`)
	server.WaitReady(ready) // a newer schema with the same floor
	if r := testenv.Run(t, binary, []string{"migrate", "--data", dir}); r.Code != 0 {
		t.Errorf("migrate on a newer schema = %+v, want code 0", r)
	}
	exec(`UPDATE schema_floor SET version = 99998`)
	if status, body := get(t, ready); status != http.StatusServiceUnavailable || !strings.Contains(body, "schema") {
		t.Errorf("GET /readyz = %d %s, want 503 and a word about the schema", status, body)
	}
	server.WaitLog("too old for the database")
	server.Stop()

	config := filepath.Join(dir, "omgevingsloket-id.yaml")
	refused := func(want string) {
		t.Helper()
		for _, args := range [][]string{
			demo,
			{"serve", "--config", config},
			{"migrate", "--data", dir},
			{"migrate", "--data", dir, "--issuer-was", "https://elsewhere.example"},
			{"account", "show", "--data", dir, "anna@example.org"},
			{"account", "unblock", "--data", dir, "anna@example.org"},
			{"client", "add", "--data", dir, "new", "--name", "New", "--redirect-uri", "https://new.example/callback"},
			{"client", "list", "--data", dir},
			{"client", "remove", "--data", dir, "new"},
			{"keys", "list", "--data", dir},
			{"keys", "rotate", "--data", dir},
			{"staff", "add", "--data", dir, "bas@example.org", "--name", "Bas", "--role", "administrator"},
			{"staff", "list", "--data", dir},
			{"staff", "remove", "--data", dir, "bas@example.org"},
			{"audit", "verify", "--data", dir},
			{"audit", "export", "--data", dir},
			{"audit", "prune", "--data", dir},
		} {
			r := testenv.Run(t, binary, args)
			if r.Code != 1 || !strings.Contains(r.Stderr, want) || strings.Contains(r.Stderr, "out-of-order") {
				t.Errorf("%s = code %d and %q, want code 1 and %q", strings.Join(args, " "), r.Code, r.Stderr, want)
			}
		}
	}
	refused("too old for the database")
	exec(`UPDATE schema_floor SET version = 11`)
	exec(`DELETE FROM goose_db_version WHERE version_id = 8`)
	refused("lacks migration 8")
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}
