package testenv

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// PreviousBinary builds a command as it was at a commit, from the history of the checkout,
// and returns the path of the binary. It has no race detector.
func PreviousBinary(t testing.TB, commit, pkg string) string {
	t.Helper()
	notShort(t, pkg)
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	source, path := t.TempDir(), filepath.Join(t.TempDir(), filepath.Base(pkg))
	archive := exec.Command("git", "-c", "safe.directory=*", "archive", "--format=tar", commit)
	archive.Dir = root
	var tar, errs bytes.Buffer
	archive.Stdout, archive.Stderr = &tar, &errs
	if err := archive.Run(); err != nil {
		t.Fatalf("git archive %s: %v: %s\nThis test builds the previous version: it needs a checkout with its history (git fetch --unshallow).", commit, err, &errs)
	}
	unpack := exec.Command("tar", "-x", "-C", source)
	unpack.Stdin = &tar
	if out, err := unpack.CombinedOutput(); err != nil {
		t.Fatalf("tar: %v: %s", err, out)
	}
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, pkg)
	build.Dir, build.Env = source, append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building %s at %s: %v\n%s", pkg, commit, err, out)
	}
	return path
}
