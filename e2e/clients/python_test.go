package clients

import (
	"embed"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"omgevingsloket-id/e2e/testenv"
)

//go:embed python
var pythonFiles embed.FS

var (
	pythonOnce sync.Once
	python     string // program in the environment of requirements.txt
)

// environment returns the program in a virtual environment with the packages of
// requirements.txt, which is made once.
func environment(t *testing.T) string {
	t.Helper()
	pythonOnce.Do(func() {
		dir := testenv.Dir(t, "python")
		if err := os.CopyFS(dir, pythonFiles); err != nil {
			t.Fatal(err)
		}
		command(t, dir, testenv.Tool(t, "python3"), "-m", "venv", "venv")
		program := filepath.Join(dir, "venv", "bin", "python")
		command(t, dir, program, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "-r", "python/requirements.txt")
		python = program
	})
	if python == "" {
		t.Fatal("the packages for Python were not installed (another test says why)")
	}
	return python
}

// pyScript returns what starts a portal of the folder python, with README's settings in
// files of these names.
func pyScript(file string, settings ...string) func(*testing.T, *run) {
	return func(t *testing.T, r *run) {
		t.Helper()
		program := environment(t)
		if err := os.CopyFS(r.dir, pythonFiles); err != nil {
			t.Fatal(err)
		}
		r.dir = filepath.Join(r.dir, "python")
		for i, name := range settings {
			r.file(t, name, r.settings[i])
		}
		testenv.StartIn(t, r.dir, program, []string{file}, "PORT="+r.port(), "BASE="+r.base).WaitReady(r.base + "/")
	}
}
