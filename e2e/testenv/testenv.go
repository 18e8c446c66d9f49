// Package testenv provides tests with real servers: Redis, PostgreSQL, SMTP, our own binaries, each on a
// free port with its files in a temporary folder. Nothing here imitates a server, and no test is
// skipped without one: if a program is missing on the machine, the test fails and names the
// package to install. Only -short skips the tests that need any of it.
//
// Servers start when a test first needs them. Shared servers end with the test process, the
// others with their test. A watcher process (see reaper.go) cleans up after a test process
// however it ended, so no TestMain is needed, and packages may run in parallel.
package testenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Patience is the timeout of everything here that waits. It is long, since the tests run on
// small, busy machines; a wait ends as soon as its condition holds.
const Patience = 20 * time.Second

// debian is the package of each tool, for the message when it is missing.
var debian = map[string]string{
	"apache2":                 "apache2-bin",
	"chromium":                "chromium",
	"chromium-headless-shell": "chromium-headless-shell",
	"clamd":                   "clamav-daemon",
	"gcc":                     "gcc",
	"initdb":                  "postgresql",
	"java":                    "default-jdk-headless",
	"mvn":                     "maven",
	"node":                    "nodejs",
	"npm":                     "npm",
	"openssl":                 "openssl",
	"pdftotext":               "poppler-utils",
	"postgres":                "postgresql",
	"python3":                 "python3-venv",
	"redis-cli":               "redis-tools",
	"redis-sentinel":          "redis-sentinel",
	"redis-server":            "redis-server",
	"zbarimg":                 "zbar-tools",
}

// notShort skips a test that needs something that is slow to start, with -short.
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

// Tool returns the path of a program. If it is missing, the test fails with the name of its
// package. With -short the test is skipped.
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

// findTool looks in PATH and in Debian's folders of PostgreSQL, which are not in PATH.
func findTool(name string) (string, error) {
	// Glob sorts, so the last match is the newest of the two-digit versions.
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); len(found) > 0 {
		return found[len(found)-1], nil
	}
	return exec.LookPath(name)
}

// workspace is the temporary folder of this test process. Servers that run as another user need
// to open it, hence the mode.
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

// Dir returns a new folder that is removed when the test process has ended, for what outlives one
// test. Within one test, use t.TempDir.
func Dir(t testing.TB, name string) string {
	t.Helper()
	dir, err := newDir(name)
	if err != nil {
		t.Fatalf("temporary folder: %v", err)
	}
	return dir
}

func newDir(name string) (string, error) {
	if _, err := reaper(); err != nil { // the reaper removes the folder
		return "", err
	}
	base, err := workspace()
	if err != nil {
		return "", err
	}
	return os.MkdirTemp(base, name+"-")
}

// eventually calls done until it returns true, and reports whether it did within Patience.
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
