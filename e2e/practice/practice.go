// Package practice is the practice environment for tests from outside: the demo of the real
// binary, the people who apply there, and their phones.
//
// There are two kinds of visitor. A Person uses a real browser and clicks what is on the
// screen; a Client speaks HTTP and sends forms without looking, for what a browser cannot do:
// simultaneous requests, invalid requests, and many accounts.
package practice

import (
	"net"
	"path/filepath"
	"testing"

	"omgevingsloket-id/e2e/testenv"
)

// Site is one running demo, with a data folder of its own.
type Site struct {
	Issuer string // http://localhost:PORT unless Hosts says otherwise
	Portal string // address of the portal, without a slash at the end
	Data   string
	Mail   *testenv.Inbox

	t       testing.TB
	bin     string
	args    []string
	env     []string
	process *testenv.Process
}

// Option changes a Site of Start.
type Option func(*settings)

type settings struct {
	provider, portal string
	env              []string
	review           bool
}

// Hosts sets the hosts of provider and portal, "localhost" or "127.0.0.1", which are two sites
// to a browser. By default both are on localhost.
func Hosts(provider, portal string) Option {
	return func(s *settings) { s.provider, s.portal = provider, portal }
}

// Review starts the demo in which officials decide (Site.Officials).
func Review() Option { return func(s *settings) { s.review = true } }

// Env adds a setting ("OLID_…=value").
func Env(setting string) Option {
	return func(s *settings) { s.env = append(s.env, setting) }
}

// Start starts a demo in an empty folder. It ends with the test. The limits per source are
// high, since in a test all requests come from one address.
func Start(t testing.TB, options ...Option) *Site {
	t.Helper()
	set := settings{provider: "localhost", portal: "localhost", env: []string{
		"OLID_LIMITS_APPLY_PER_HOUR=1000", "OLID_LIMITS_LOGIN_PER_MINUTE=1000", "OLID_LIMITS_AUTHORIZE_PER_MINUTE=1000",
	}}
	for _, o := range options {
		o(&set)
	}
	provider, portal := onHost(t, set.provider), onHost(t, set.portal)
	s := &Site{
		Issuer: "http://" + provider, Portal: "http://" + portal, Data: t.TempDir(),
		t: t, bin: testenv.Binary(t, "./cmd/omgevingsloket-id"), env: set.env,
	}
	s.args = []string{"demo", "--data", s.Data, "--listen", provider, "--portal", portal}
	if set.review {
		s.args, s.Data = append(s.args, "--review"), filepath.Join(s.Data, "review")
	}
	s.Mail = testenv.MailFolder(filepath.Join(s.Data, "mail"))
	s.Up()
	return s
}

// At returns a site that the test runs itself: people can apply and log in there; the other
// methods of Site do not work on it.
func At(t testing.TB, issuer, portal string, mail *testenv.Inbox) *Site {
	return &Site{Issuer: issuer, Portal: portal, Mail: mail, t: t}
}

func onHost(t testing.TB, host string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(testenv.FreeAddr(t))
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort(host, port)
}

// Up starts the demo again after Kill, on the same folder and ports.
func (s *Site) Up() {
	s.t.Helper()
	s.process = testenv.Start(s.t, s.bin, s.args, s.env...)
	s.process.WaitReady(s.Issuer + "/.well-known/openid-configuration")
	s.process.WaitReady(s.Portal + "/")
}

// Kill ends the demo at once (SIGKILL).
func (s *Site) Kill() { s.t.Helper(); s.process.Kill() }

// Command runs a command of the same binary on the demo's folder, such as
// "account", "unblock", "jo@example.com".
func (s *Site) Command(args ...string) testenv.Result {
	s.t.Helper()
	return s.CommandReading("", args...)
}

// CommandReading is Command with this text as the standard input.
func (s *Site) CommandReading(stdin string, args ...string) testenv.Result {
	s.t.Helper()
	return testenv.RunReading(s.t, stdin, s.bin, append(args, "--data", s.Data), s.env...)
}
