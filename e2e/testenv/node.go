package testenv

import (
	"io/fs"
	"os"
	"os/exec"
	"testing"
)

// NodePackages returns a new folder with the files, which have a package.json and a
// package-lock.json, and the packages of that lock file. It outlives the test.
func NodePackages(t testing.TB, files fs.FS) string {
	t.Helper()
	dir := Dir(t, "node")
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(Tool(t, "npm"), "ci", "--prefer-offline", "--ignore-scripts", "--no-progress")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	return dir
}
