// Package testenv gives tests the real thing: Redis, PostgreSQL, an SMTP
// server, our own binaries, each on a free port with its files in a temporary
// folder. Nothing here imitates a server, and no test is skipped without one: what
// is missing on the machine fails the test and names the package to install. Only
// -short skips the tests that need any of it.
//
// Servers start when a test first asks for them. Shared ones live as long as
// the test process, the ones a test asked for itself as long as the test. A
// watcher process (see reaper.go) clears up behind a test process however it
// ended, so no TestMain is needed, and packages may run in parallel.
package testenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Patience is how long everything here waits for something that should happen
// soon. It is long on purpose: the tests run on small, busy machines, and a
// wait ends as soon as the thing has happened.
const Patience = 20 * time.Second

// debian names the package that holds a tool, for the message to whoever runs
// the tests.
var debian = map[string]string{
	"chromium":       "chromium",
	"clamd":          "clamav-daemon",
	"gcc":            "gcc",
	"initdb":         "postgresql",
	"node":           "nodejs",
	"npm":            "npm",
	"openssl":        "openssl",
	"pdftotext":      "poppler-utils",
	"postgres":       "postgresql",
	"redis-cli":      "redis-tools",
	"redis-sentinel": "redis-sentinel",
	"redis-server":   "redis-server",
	"zbarimg":        "zbar-tools",
}

// notShort skips a test that needs what takes long to start.
func notShort(t testing.TB, what string) {
	t.Helper()
	if testing.Short() {
		t.Skipf("needs %s: not with -short", what)
	}
}

// Slow skips, with -short, a test that takes more than about a second.
func Slow(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skipf("takes long: not with -short")
	}
}

// Tool returns the path of a program. A program that is not there fails the
// test with the name of the package that brings it. With -short, a test that
// needs a program is skipped.
func Tool(t testing.TB, name string) string {
	t.Helper()
	notShort(t, name)
	path, err := findTool(name)
	if err == nil {
		return path
	}
	pkg := debian[name]
	if pkg == "" {
		pkg = name
	}
	t.Fatalf("this test needs %s, which is not installed.\n"+
		"On Debian: apt-get install %s ('make test' does it). Elsewhere: install it and put it in PATH.", name, pkg)
	return ""
}

// findTool looks in PATH and where Debian keeps the programs of PostgreSQL,
// which are in nobody's PATH.
func findTool(name string) (string, error) {
	// Glob sorts, so the last match is the newest of the two-digit versions.
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); len(found) > 0 {
		return found[len(found)-1], nil
	}
	return exec.LookPath(name)
}

// workspace is the temporary folder of this test process. Servers that run as
// another user find their own folder through it, hence the mode.
var workspace = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "olid-test-")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return "", err
	}
	return dir, nil
})

// Dir returns a new folder that is removed when the test process has ended,
// for things that outlive one test. Within one test, use t.TempDir.
func Dir(t testing.TB, name string) string {
	t.Helper()
	dir, err := newDir(name)
	if err != nil {
		t.Fatalf("temporary folder: %v", err)
	}
	return dir
}

func newDir(name string) (string, error) {
	if _, err := reaper(); err != nil { // it removes the folder
		return "", err
	}
	base, err := workspace()
	if err != nil {
		return "", err
	}
	return os.MkdirTemp(base, name+"-")
}

// eventually calls done until it returns true, and tells whether it did within
// Patience.
func eventually(done func() bool) bool {
	for deadline := time.Now().Add(Patience); ; time.Sleep(20 * time.Millisecond) {
		if done() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}
