package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/signkey"
)

// command runs one command of the binary in this process.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(world{ctx: context.Background(), stdout: &out, stderr: &err, getenv: func(string) string { return "" }}, args)
	return code, out.String(), err.String()
}

// demoFolder returns a folder as `demo` makes it before it listens.
func demoFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	_, err := demoCommand{Data: dir, Listen: "localhost:18080", Portal: "localhost:18081"}.prepare("http://localhost:18080", "http://localhost:18081")
	site.Must(t, err)
	return dir
}

func TestCommandsHelpAndWrongUse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--help"}, exitOK, "demo"},
		{[]string{"serve", "--help"}, exitOK, "OLID_"},
		{[]string{"demo", "--help"}, exitOK, "--portal"},
		{[]string{"config", "check", "--help"}, exitOK, "--config"},
		{[]string{"migrate", "--help"}, exitOK, "--config"},
		{[]string{"client", "add", "--help"}, exitOK, "--redirect-uri"},
		{[]string{"client", "list", "--help"}, exitOK, "--data"},
		{[]string{"client", "remove", "--help"}, exitOK, "client_id"},
		{[]string{"account", "show", "--help"}, exitOK, "reference"},
		{[]string{"account", "unblock", "--help"}, exitOK, "--reason"},
		{[]string{"keys", "list", "--help"}, exitOK, "--config"},
		{[]string{"keys", "rotate", "--help"}, exitOK, "--config"},
		{[]string{"keys", "master", "--help"}, exitOK, "--id"},
		{[]string{"audit", "verify", "--help"}, exitOK, "--head"},
		{[]string{"audit", "export", "--help"}, exitOK, "--after"},
		{[]string{"ready", "--help"}, exitOK, "--config"},
		{nil, exitWrongUse, "demo"},
		{[]string{"serv"}, exitWrongUse, "serve"},
		{[]string{"serve"}, exitWrongUse, "--config FILE"},
		{[]string{"serve", "--data", "/nonexistent"}, exitWrongUse, "omgevingsloket-id demo"},
		{[]string{"serve", "--config", "/nonexistent.yaml"}, exitFailed, "/nonexistent.yaml"},
		{[]string{"demo", "--listen", "nonsense"}, exitWrongUse, "HOST:PORT"},
		{[]string{"demo", "--listen", "0.0.0.0:8080"}, exitWrongUse, "this machine only"},
		{[]string{"client", "add", "x"}, exitWrongUse, "--name"},
	} {
		code, out, err := command(t, c.args...)
		if code != c.code || !strings.Contains(out+err, c.says) {
			t.Errorf("%v: exit code %d, want %d, saying %q\n%s%s", c.args, code, c.code, c.says, out, err)
		}
	}
}

func TestCommandsClient(t *testing.T) {
	t.Parallel()
	dir := demoFolder(t)
	if code, _, err := command(t, "client", "list", "--data", dir); code != exitFailed || !strings.Contains(err, "migrate") {
		t.Error("before migrate:", code, err)
	}
	if code, _, err := command(t, "migrate", "--data", dir); code != exitOK {
		t.Fatal(err)
	}
	add := []string{"client", "add", "--data", dir, "mine", "--name", "Mine", "--redirect-uri", "https://mine.example/cb"}
	code, out, err := command(t, add...)
	if code != exitOK || !strings.Contains(out, "olid_sec_") {
		t.Fatal(code, out, err)
	}
	if code, _, err := command(t, add...); code != exitFailed || !strings.Contains(err, "exists already") {
		t.Error("added twice:", code, err)
	}
	if _, out, _ := command(t, "client", "list", "--data", dir); !strings.Contains(out, "mine") || !strings.Contains(out, "demo-portal") {
		t.Error("list:", out)
	}
	bad := []string{"client", "add", "--data", dir, "bad", "--name", "Bad", "--redirect-uri", "http://evil.example/cb#x", "--auth-method", "private_key_jwt"}
	if code, _, err := command(t, bad...); code != exitWrongUse || !strings.Contains(err, "https only") && !strings.Contains(err, "fragment") || !strings.Contains(err, "jwks") {
		t.Error("all faults at once:", code, err)
	}
	if code, out, _ := command(t, "client", "remove", "--data", dir, "mine"); code != exitOK || !strings.Contains(out, "removed") {
		t.Error("remove:", code, out)
	}
	if code, _, err := command(t, "client", "remove", "--data", dir, "mine"); code != exitFailed || !strings.Contains(err, "no client") {
		t.Error("removed twice:", code, err)
	}
}

// A misspelt setting in the environment stops every command.
func TestCommandsUnknownEnvironment(t *testing.T) {
	t.Parallel()
	var out, err bytes.Buffer
	w := world{ctx: t.Context(), stdout: &out, stderr: &err, getenv: func(string) string { return "" }, environ: []string{"OLID_SESION_IDLE=1m"}}
	if code := run(w, []string{"config", "check", "--data", demoFolder(t)}); code != exitFailed || !strings.Contains(err.String(), "OLID_SESION_IDLE") {
		t.Error(code, err.String())
	}
}

// A command passes its logger to world.logs. It does not set the default logger, through
// which the other commands of the process would write to its output.
func TestCommandsDefaultLogger(t *testing.T) {
	t.Parallel()
	var out, err bytes.Buffer
	var got *slog.Logger
	w := world{ctx: t.Context(), stdout: &out, stderr: &err, getenv: func(string) string { return "" }, logs: func(log *slog.Logger) { got = log }}
	if code := run(w, []string{"migrate", "--data", demoFolder(t)}); code != exitOK || got == nil {
		t.Fatal(code, got, err.String())
	}
	if got.Warn("a line"); !strings.Contains(err.String(), "a line") {
		t.Error("the log of a command is not its standard error")
	}
	if slog.Default().Handler() != slog.DiscardHandler {
		t.Error("a command changed the default logger")
	}
}

// Y36: the help of `keys rotate` says how long servers sign with the old keys.
func TestY36_KeysRotateHelp(t *testing.T) {
	t.Parallel()
	code, out, _ := command(t, "keys", "rotate", "--help")
	text := strings.Join(strings.Fields(out), " ")
	if want := fmt.Sprintf("within %.0f minutes", signkey.Follow.Minutes()); code != exitOK || !strings.Contains(text, want) {
		t.Errorf("keys rotate --help does not say %q: %s", want, text)
	}
}

func TestCommandsKeys(t *testing.T) {
	t.Parallel()
	dir := demoFolder(t)
	if code, _, err := command(t, "migrate", "--data", dir); code != exitOK {
		t.Fatal(err)
	}
	if code, _, err := command(t, "keys", "rotate", "--data", dir); code != exitOK {
		t.Fatal(err)
	}
	_, out, _ := command(t, "keys", "list", "--data", dir)
	for _, want := range []string{"EdDSA", "ES256", "RS256", "PS256", "active"} {
		if !strings.Contains(out, want) {
			t.Error("no", want, "in", out)
		}
	}
	file := filepath.Join(t.TempDir(), "master.key")
	if code, _, err := command(t, "keys", "master", file); code != exitOK {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o400 {
		t.Error(info.Mode(), err)
	}
	if code, _, err := command(t, "keys", "master", file); code != exitFailed || !strings.Contains(err, "never overwritten") {
		t.Error("overwritten:", code, err)
	}
}

func TestCommandsAccount(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Person(site.Email)
	dir := demoFolder(t)
	// The commands use the same database and master key as the site.
	text, err := os.ReadFile(filepath.Join(dir, demoConfigName))
	site.Must(t, err)
	changed := strings.NewReplacer("sqlite:"+filepath.Join(dir, "olid.db"), s.Config.Database.URL.Reveal(), filepath.Join(dir, "master.key"), s.Config.MasterKeyFile).Replace(string(text))
	site.Must(t, os.WriteFile(filepath.Join(dir, demoConfigName), []byte(changed), 0o600))

	if code, _, err := command(t, "account", "unblock", "--data", dir, site.Email); code != exitFailed || !strings.Contains(err, "not blocked") {
		t.Error("not blocked:", code, err)
	}
	site.Must(t, s.Stores.DB.Accounts().Block(t.Context(), a.ID, a.Epoch, account.Reported, "ABCD-2345", s.Clock.Now(), site.NoEffects))
	_, out, _ := command(t, "account", "show", "--data", dir, "abcd-2345")
	if !strings.Contains(out, "blocked") || !strings.Contains(out, site.Email) || strings.Contains(out, "argon2id") {
		t.Error("show:", out)
	}
	if code, out, err := command(t, "account", "unblock", "--data", dir, "ABCD-2345", "--reason", "ticket 17"); code != exitOK || !strings.Contains(out, "unblocked") {
		t.Fatal(code, err)
	}
	after := s.Reload(a)
	if after.State != account.AwaitingEnrolment || after.Epoch != a.Epoch+2 || after.Unblocks != 1 {
		t.Errorf("after: %+v", after)
	}
	events, err := s.Stores.DB.Audit().EventsAbout(t.Context(), "account", a.ID, 1)
	if err != nil || len(events) != 1 || events[0].Action != "account.unblocked" || events[0].Reason != "ticket 17" {
		t.Error("record:", events, err)
	}
	items, err := s.Stores.DB.Outbox().Take(t.Context(), time.Now().Add(time.Hour), time.Minute, 10)
	if err != nil || len(items) != 1 || items[0].Kind != "account-unblocked" {
		t.Error("mail:", items, err)
	}
	if code, _, err := command(t, "account", "show", "--data", dir, "nobody@example.com"); code != exitFailed || !strings.Contains(err, "no such account") {
		t.Error("unknown:", code, err)
	}
	if code, _, _ := command(t, "account", "show", "--data", dir, "not an address"); code != exitWrongUse {
		t.Error("no address:", code)
	}
}

// The demo serves, prints what to do, and stops.
func TestDemo(t *testing.T) {
	t.Parallel()
	provider, portal := freeAddress(t), freeAddress(t)
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	started := make(chan string, 1)
	done := make(chan int, 1)
	go func() {
		done <- run(world{ctx: ctx, stdout: lines(started), stderr: site.Writer{T: t}, getenv: func(string) string { return "" }},
			[]string{"demo", "--data", dir, "--listen", provider, "--portal", portal})
	}()
	var text string
	select {
	case text = <-started:
	case code := <-done:
		t.Fatal("stopped with", code)
	}
	for _, want := range []string{"http://" + provider + "/apply", "http://" + portal + "/mail", "account unblock --data " + dir} {
		if !strings.Contains(text, want) {
			t.Error("does not say", want, "\n", text)
		}
	}
	for _, address := range []string{"http://" + provider + "/.well-known/openid-configuration", "http://" + provider + "/apply", "http://" + portal + "/", "http://" + portal + "/mail"} {
		res, err := http.Get(address)
		site.Must(t, err)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Error(address, res.StatusCode)
		}
	}
	for _, private := range []string{"master.key", "portal.secret", demoConfigName} {
		if info, err := os.Stat(filepath.Join(dir, private)); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Error(private, "can be read by others", err)
		}
	}
	stop()
	if code := <-done; code != exitOK {
		t.Error("stopped with", code)
	}
}

// lines sends the first text that is written.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	select {
	case l <- string(p):
	default:
	}
	return len(p), nil
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	site.Must(t, err)
	defer l.Close()
	return l.Addr().String()
}
