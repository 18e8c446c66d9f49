package config_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/secret"
)

// write creates a file in a new folder and returns its path.
func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
	return path
}

func masterKeys(t *testing.T, id string) string {
	t.Helper()
	text, err := secret.NewKeyRingFile(id, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "master.keys", string(text), 0o600)
}

// practice returns a file with the required settings of practice.
func practice(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf(`environment: practice
issuer: http://localhost:8080
master_key_file: %s
database:
  url: sqlite:olid.db
mail:
  from: no-reply@id.example
  dir: %s
`, masterKeys(t, "k1"), t.TempDir())
}

// production returns a file with the required settings of production.
func production(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf(`environment: production
issuer: https://id.example
master_key_file: %s
database:
  url_file: %s
mail:
  from: no-reply@id.example
  smtp_url_file: %s
helpdesk:
  phone: "+31 88 000 00 00"
`, masterKeys(t, "production-1"), write(t, "database_url", "postgres://olid:db-canary@db.example/olid\n", 0o600),
		write(t, "smtp_url", "smtp://olid:smtp-canary@mx.example\n", 0o600))
}

func none(string) string { return "" }

func env(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func load(t *testing.T, yaml string, vars map[string]string) (config.Config, error) {
	t.Helper()
	return config.Load(write(t, "olid.yaml", yaml, 0o600), env(vars), os.ReadFile)
}

func mustLoad(t *testing.T, yaml string, vars map[string]string) config.Config {
	t.Helper()
	c, err := load(t, yaml, vars)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// refused fails the test unless err contains all of these.
func refused(t *testing.T, err error, says ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("the error is nil, want one")
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("error lacks %q:\n%v", s, err)
		}
	}
	for _, s := range []string{"canary"} {
		if strings.Contains(err.Error(), s) {
			t.Errorf("error holds a secret:\n%v", err)
		}
	}
}

func TestLoadDefaults(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, practice(t), nil)
	if c.Policy != client.General || c.ACR != config.PracticeACR || c.Session.Idle != 30*time.Minute || c.Listen != ":8080" {
		t.Errorf("practice has the defaults %s, %s, %v, %s", c.Policy, c.ACR, c.Session.Idle, c.Listen)
	}
	c = mustLoad(t, production(t), nil)
	if c.Policy != client.NLGov || c.ACR != config.ProductionACR {
		t.Errorf("production has the defaults %s, %s", c.Policy, c.ACR)
	}
	if got := c.Database.URL.Reveal(); got != "postgres://olid:db-canary@db.example/olid" {
		t.Errorf("database.url from its file = %q", got)
	}
}

func TestLoadWithoutFile(t *testing.T) {
	t.Parallel()
	c, err := config.Load("", env(map[string]string{
		"OLID_ENVIRONMENT": "practice", "OLID_ISSUER": "http://127.0.0.1:8080", "OLID_MASTER_KEY_FILE": masterKeys(t, "k1"),
		"OLID_DATABASE_URL": "sqlite:x", "OLID_MAIL_FROM": "a@b.example", "OLID_MAIL_DIR": t.TempDir(),
	}), os.ReadFile)
	if err != nil || c.Environment != config.Practice {
		t.Fatalf("Load() = environment %q, %v, want %q, nil", c.Environment, err, config.Practice)
	}
	if _, err := config.Load("/nowhere/olid.yaml", none, os.ReadFile); err == nil {
		t.Fatal("Load of a missing file succeeds")
	}
}

func TestLoadUnknownKeys(t *testing.T) {
	t.Parallel()
	_, err := load(t, practice(t)+`
sesion:
  idle: 5m
session:
  idel: 5m
  zzzzzzzz: 1
session.absolute: 2h
clients:
  - id: a
    redirect_uri: https://a.example/cb
`, nil)
	refused(t, err,
		"sesion (line 10): there is no such setting; did you mean session?",
		"session.idel (line 13): there is no such setting; did you mean idle?",
		"session.zzzzzzzz (line 14): there is no such setting; known here: absolute, idle",
		"session.absolute (line 15): there is no such setting",
		"clients[0].redirect_uri (line 18): there is no such setting; did you mean redirect_uris?",
	)
}

func TestLoadWrongShapes(t *testing.T) {
	t.Parallel()
	_, err := load(t, practice(t)+`
session: 30m
login:
  codes: ten-canary
  enrolment_time: 7
trusted_proxies: 10.0.0.0/8
limits:
  - 5
redis:
  url: {canary: canary}
clients:
  id: x
`, nil)
	refused(t, err,
		"session (line 10): holds settings, not a value",
		"login.codes (line 12): has a value of the wrong shape; want a whole number",
		"login.enrolment_time (line 13): has a value of the wrong shape; want a duration such as 30m",
		"trusted_proxies (line 14): has a value of the wrong shape; want a list",
		"limits (line 16): holds settings",
		"redis.url (line 18): has a value of the wrong shape; want a text",
		"clients (line 20): is no list",
	)
	for name, yaml := range map[string]string{
		"twice":           practice(t) + "listen: ':1'\nlisten: ':2'\n",
		"second document": practice(t) + "---\nlisten: ':1'\n",
		"alias":           practice(t) + "listen: &a ':1'\nadmin_listen: *a\n",
		"no YAML":         "a: [",
		"a list":          "- a\n",
	} {
		if _, err := load(t, yaml, nil); err == nil {
			t.Errorf("%s: Load() returns no error", name)
		}
	}
	for _, yaml := range []string{"", "# nothing\n", "session:\n", "listen:\n"} {
		if _, err := load(t, yaml+"\n"+practice(t), nil); err != nil {
			t.Errorf("Load() with %q = %v, want nil", yaml, err)
		}
	}
}

func TestLoadSecretGivenTwice(t *testing.T) {
	t.Parallel()
	file := write(t, "db", "sqlite:from-file\n", 0o600)
	both := strings.Replace(practice(t), "  url: sqlite:olid.db", "  url: sqlite:olid.db\n  url_file: "+file, 1)
	_, err := load(t, both, nil)
	refused(t, err, "database.url: is given as a value and as a file (database.url_file); keep one of the two")
	if strings.Contains(err.Error(), "missing") {
		t.Errorf("a fault is reported twice: %v", err)
	}
	_, err = load(t, practice(t), map[string]string{"OLID_DATABASE_URL": "sqlite:a", "OLID_DATABASE_URL_FILE": file})
	refused(t, err, "database.url: is given as a value and as a file")

	// One form in the environment overrides the other form in the file.
	if c := mustLoad(t, practice(t), map[string]string{"OLID_DATABASE_URL_FILE": file}); c.Database.URL.Reveal() != "sqlite:from-file" {
		t.Errorf("database.url by OLID_DATABASE_URL_FILE = %q, want that of the file", c.Database.URL.Reveal())
	}
	fromFile := strings.Replace(practice(t), "  url: sqlite:olid.db", "  url_file: "+file, 1)
	if c := mustLoad(t, fromFile, map[string]string{"OLID_DATABASE_URL": "sqlite:env"}); c.Database.URL.Reveal() != "sqlite:env" {
		t.Errorf("database.url by OLID_DATABASE_URL = %q, want sqlite:env", c.Database.URL.Reveal())
	}
}

func TestLoadSecretFiles(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"empty": "\n", "two lines": "sqlite:a\nsqlite:canary\n"} {
		_, err := load(t, practice(t), map[string]string{"OLID_DATABASE_URL_FILE": write(t, "db", text, 0o600)})
		t.Run(name, func(t *testing.T) { refused(t, err, "database.url_file: wants exactly one line") })
	}
	_, err := load(t, practice(t), map[string]string{"OLID_DATABASE_URL_FILE": "/nowhere/db"})
	refused(t, err, "database.url_file: ", "/nowhere/db")
	if strings.Contains(err.Error(), "database.url: is missing") {
		t.Errorf("a fault is reported twice: %v", err)
	}
}

// Y30: what an editor adds to a file is no part of the secret in it.
func TestY30_SecretFiles(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"mark": "\ufeffsqlite:x", "Windows": "sqlite:x\r\n", "blanks": "sqlite:x \t\n\n", "all": "\ufeffsqlite:x  \r\n\r\n"} {
		if c := mustLoad(t, practice(t), map[string]string{"OLID_DATABASE_URL_FILE": write(t, "db", text, 0o600)}); c.Database.URL.Reveal() != "sqlite:x" {
			t.Errorf("%s: database.url = %q, want sqlite:x", name, c.Database.URL.Reveal())
		}
	}
}

// Y31: what a running server cannot take over is named, and nothing else.
func TestY31_NeedRestart(t *testing.T) {
	t.Parallel()
	running := mustLoad(t, practice(t), nil)
	wanted := running
	wanted.Clients = []client.Client{{ID: "new"}}
	wanted.TLS.CertFile, wanted.Branding.ThemeDir = "/a", "/b"
	if names := config.NeedRestart(running, wanted); len(names) != 0 {
		t.Errorf("NeedRestart() = %v, want none", names)
	}
	wanted.Listen, wanted.Login.Codes = ":1", wanted.Login.Codes+1
	if names := config.NeedRestart(running, wanted); !slices.Equal(names, []string{"listen", "login.codes"}) {
		t.Errorf("NeedRestart() = %v, want listen and login.codes", names)
	}
}

func TestLoadAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load(t, `issuer: http://id.example/
lissten: ':1'
session: {idle: x}
login: {codes: 17}
database: {url: mysql://u:canary@h/d}
mail: {from: no address}
clients: [{id: a}, {id: a}]
`, nil)
	refused(t, err, "environment: ", "issuer: ", "lissten (line 2)", "session.idle (line 3)", "login.codes: is 17", "database.url: ",
		"mail.from: ", "mail.smtp_url: ", "master_key_file: ", "clients[0] (a): name", "clients[1] (a): has the id of an earlier client")
}

func TestLoadClientKeys(t *testing.T) {
	t.Parallel()
	const jwks = `{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}`
	entry := `
clients:
  - id: a
    name: A
    auth_method: private_key_jwt
    redirect_uris: [https://a.example/cb]
    jwks: `
	for name, yaml := range map[string]string{
		"YAML": entry + "\n      keys:\n        - {kty: EC, crv: P-256, x: MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4, 'y': 4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM}\n",
		"JSON": entry + "'" + jwks + "'\n",
	} {
		c := mustLoad(t, practice(t)+yaml, nil)
		if len(c.Clients) != 1 || !strings.Contains(string(c.Clients[0].JWKS), `"crv":"P-256"`) {
			t.Errorf("%s: jwks = %s, want the key", name, c.Clients[0].JWKS)
		}
	}
	_, err := load(t, practice(t)+entry+"'{'\n", nil)
	refused(t, err, "clients", "not JSON")

	c := mustLoad(t, practice(t), map[string]string{"OLID_CLIENTS": `[{"id":"b","name":"B","auth_method":"none","redirect_uris":["https://b.example/cb"]}]`})
	if len(c.Clients) != 1 || c.Clients[0].ID != "b" {
		t.Errorf("clients by OLID_CLIENTS = %+v, want b", c.Clients)
	}
	_, err = load(t, practice(t), map[string]string{"OLID_CLIENTS": `[{"id":"b","nam":"B"}]`})
	refused(t, err, "OLID_CLIENTS", "did you mean name?")
}

func TestUnknownEnv(t *testing.T) {
	t.Parallel()
	err := config.UnknownEnv([]string{"PATH=/bin", "OLID_SESION_IDLE=5m", "OLID_SESSION_IDLE=5m", "OLID_PORT=tcp://10.0.0.1:80",
		"OLID_PORT_80_TCP_ADDR=10.0.0.1", "OLID_SERVICE_HOST=10.0.0.1", "OLID_DATABASE_URL_FILE=x", "OLID_XYZZY_PLUGH=canary"})
	refused(t, err, "OLID_SESION_IDLE: there is no such setting; did you mean OLID_SESSION_IDLE?", "OLID_XYZZY_PLUGH")
	if n := strings.Count(err.Error(), "no such setting"); n != 2 {
		t.Errorf("UnknownEnv() has %d faults, want 2:\n%v", n, err)
	}
	if err := config.UnknownEnv([]string{"OLID_ISSUER=x", "OLID_CONFIG=/etc/x.yaml"}); err != nil {
		t.Errorf("UnknownEnv() = %v, want nil", err)
	}
}
