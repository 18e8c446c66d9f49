package testenv

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

var (
	binariesMu sync.Mutex
	binaries   = map[string]func() (string, error){}
)

// Binary builds a command of this module ("./cmd/portal", relative to the root of the module,
// or a full import path) once per test process and returns the path of the binary. With
// go test -race the binary has the race detector too, and a race in it fails the test that
// started it.
func Binary(t testing.TB, pkg string) string {
	t.Helper()
	notShort(t, pkg)
	binariesMu.Lock()
	build := binaries[pkg]
	if build == nil {
		build = sync.OnceValues(func() (string, error) { return buildBinary(pkg) })
		binaries[pkg] = build
	}
	binariesMu.Unlock()
	path, err := build()
	if err != nil {
		t.Fatalf("building %s: %v", pkg, err)
	}
	return path
}

func buildBinary(pkg string) (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	dir, err := newDir("bin")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, filepath.Base(pkg))
	// No version control stamp: git fails if the checkout belongs to another user.
	args := []string{"build", "-buildvcs=false", "-o", path}
	cgo := "CGO_ENABLED=0" // as in a release
	if UnderRace {
		args, cgo = append(args, "-race"), "CGO_ENABLED=1"
	}
	cmd := exec.Command("go", append(args, pkg)...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
}

// moduleRoot finds the folder with go.mod, from the folder of the test upwards.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the test's folder")
		}
		dir = parent
	}
}

// environment returns the environment of the test process without our settings, and with env
// ("NAME=value") added.
func environment(env []string) []string {
	var all []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "OLID_") && !strings.HasPrefix(e, "PORTAL_") {
			all = append(all, e)
		}
	}
	return append(all, env...)
}

// Result is the exit code and output of a command.
type Result struct {
	Code           int // exit code; -1 if a signal ended it
	Stdout, Stderr string
}

// Run runs a command until it ends, for at most Patience, in an empty folder.
func Run(t testing.TB, bin string, args []string, env ...string) Result {
	t.Helper()
	return RunReading(t, "", bin, args, env...)
}

// RunReading is Run with this text as the standard input.
func RunReading(t testing.TB, stdin, bin string, args []string, env ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = t.TempDir(), environment(env), strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("%s %s still ran after %v\n%s%s", bin, strings.Join(args, " "), Patience, &out, &errs)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", bin, err)
	}
	failOnRace(t, filepath.Base(bin), errs.String())
	return Result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// Process is a running command that a test started. It ends with the test; its output is shown
// when the test fails.
type Process struct {
	t     testing.TB
	child *child
}

// Start starts a command in an empty folder, with env ("NAME=value") added to
// the environment.
func Start(t testing.TB, bin string, args []string, env ...string) *Process {
	t.Helper()
	return StartIn(t, t.TempDir(), bin, args, env...)
}

// StartIn is Start in a folder of the caller's.
func StartIn(t testing.TB, dir, bin string, args []string, env ...string) *Process {
	t.Helper()
	cmd := exec.Command(bin, args...)
	cmd.Dir, cmd.Env = dir, environment(env)
	c, err := startChild(cmd, "TERM")
	if err != nil {
		t.Fatal(err)
	}
	p := &Process{t: t, child: c}
	t.Cleanup(func() {
		if err := c.end(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		failOnRace(t, c.name, c.output())
		if t.Failed() {
			t.Logf("output of %s %s:\n%s", c.name, strings.Join(args, " "), c.output())
		}
	})
	return p
}

func failOnRace(t testing.TB, name, output string) {
	t.Helper()
	if strings.Contains(output, "WARNING: DATA RACE") {
		t.Errorf("%s has a data race:\n%s", name, output)
	}
}

// WaitReady waits until the URL answers with a status below 300. A process
// that ends before that fails the test, with its output.
func (p *Process) WaitReady(url string) {
	p.t.Helper()
	if err := p.Ready(url); err != nil {
		p.t.Fatal(err)
	}
}

// Ready waits like WaitReady, and returns an error instead of failing the test.
func (p *Process) Ready(url string) error {
	p.t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, Proxy: nil}
	if strings.HasPrefix(url, "https:") {
		transport.TLSClientConfig = &tls.Config{RootCAs: TLS(p.t).Pool}
	}
	client := &http.Client{Transport: transport, Timeout: Patience}
	return p.child.await(func() error {
		res, err := client.Get(url)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode >= 300 {
			return fmt.Errorf("%s answers %s", url, res.Status)
		}
		return nil
	})
}

// WaitLog waits until the process has printed the text.
func (p *Process) WaitLog(text string) {
	p.t.Helper()
	err := p.child.await(func() error {
		if !strings.Contains(p.child.output(), text) {
			return fmt.Errorf("it has not printed %q", text)
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// PID returns the process id.
func (p *Process) PID() int { return p.child.cmd.Process.Pid }

// Logs returns the output of the process so far, stdout and stderr together.
func (p *Process) Logs() string { return p.child.output() }

// Stop ends the process as an operator would (SIGTERM), waits for it and
// returns its exit code.
func (p *Process) Stop() int { p.t.Helper(); return p.stop(syscall.SIGTERM) }

// Kill ends the process at once (SIGKILL) and waits for it.
func (p *Process) Kill() { p.t.Helper(); p.stop(syscall.SIGKILL) }

func (p *Process) stop(signal syscall.Signal) int {
	p.t.Helper()
	if err := p.child.end(signal); err != nil {
		p.t.Error(err)
	}
	return p.child.cmd.ProcessState.ExitCode()
}

// Wait waits until the process has ended by itself and returns its exit code.
func (p *Process) Wait() int {
	p.t.Helper()
	if !eventually(p.child.gone) {
		p.t.Fatalf("%s still runs after %v", p.child.name, Patience)
	}
	return p.child.cmd.ProcessState.ExitCode()
}
