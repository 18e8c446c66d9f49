package clients

import (
	"embed"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"omgevingsloket-id/e2e/testenv"
)

//go:embed all:node
var nodeFiles embed.FS

var (
	packagesOnce sync.Once
	packages     string
)

// install returns a new folder with the portals and the packages of the lock file, which
// are installed once.
func install(t *testing.T) string {
	t.Helper()
	files, err := fs.Sub(nodeFiles, "node")
	if err != nil {
		t.Fatal(err)
	}
	packagesOnce.Do(func() { packages = testenv.NodePackages(t, files) })
	if packages == "" {
		t.Fatal("npm ci failed in another test")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(packages, "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// command runs a program that prepares a party.
func command(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
}

// node returns the command line of Node.js. Version 18, which Debian 12 has, needs a flag
// for WebCrypto.
func node(t *testing.T) []string {
	t.Helper()
	path := testenv.Tool(t, "node")
	out, err := exec.CommandContext(t.Context(), path, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(string(out), "v18.") {
		return []string{path, "--experimental-global-webcrypto"}
	}
	return []string{path}
}

// script returns what starts a portal of the folder node, with the settings in
// settings.mjs. Changes are pairs of a text of the settings and what replaces it here.
func script(file string, changes ...string) func(*testing.T, *run) {
	return func(t *testing.T, r *run) {
		t.Helper()
		r.dir = install(t)
		r.file(t, "settings.mjs", strings.NewReplacer(changes...).Replace(r.settings[0]))
		line := append(node(t), file)
		testenv.StartIn(t, r.dir, line[0], line[1:], "PORT="+r.port()).WaitReady(r.base + "/")
	}
}

// node20 is start for a party that Debian 12's Node.js 18 cannot run: its fetch keeps only
// one of several cookies.
func node20(start func(*testing.T, *run)) func(*testing.T, *run) {
	return func(t *testing.T, r *run) {
		t.Helper()
		if len(node(t)) > 1 {
			t.Fatal("Auth.js needs Node.js 20 or newer; Debian 12 has 18")
		}
		start(t, r)
	}
}
