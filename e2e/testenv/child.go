package testenv

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// child is a running server process: in a process group of its own, with its output in a file,
// and known to the reaper.
type child struct {
	cmd  *exec.Cmd
	name string
	log  string
	done chan struct{} // closed once the process is gone
}

// startChild starts cmd. The reaper sends the signal, named as for kill -s, when the test
// process has ended.
func startChild(cmd *exec.Cmd, signal string) (*child, error) {
	r, err := reaper()
	if err != nil {
		return nil, err
	}
	name := filepath.Base(cmd.Path)
	dir, err := newDir("log")
	if err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, name: name, log: filepath.Join(dir, name+".log"), done: make(chan struct{})}
	// A file, not a pipe: Wait would wait for all processes that inherited a pipe.
	out, err := os.Create(c.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }() // the process writes to its own copy
	cmd.Stdout, cmd.Stderr = out, out
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	r.tell("+ %d %s\n", cmd.Process.Pid, signal)
	go func() {
		// cmd.ProcessState has the exit status.
		_ = cmd.Wait()
		r.tell("- %d\n", cmd.Process.Pid)
		close(c.done)
	}()
	return c, nil
}

// output returns what the process has printed so far.
func (c *child) output() string {
	text, err := os.ReadFile(c.log)
	if err != nil {
		return "(no log: " + err.Error() + ")"
	}
	return strings.TrimRight(string(text), "\n")
}

func (c *child) gone() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// end sends the signal and waits until the process has ended. If it does not end, end kills it
// and returns an error.
func (c *child) end(signal syscall.Signal) error {
	if c.gone() {
		return nil
	}
	if err := c.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s: sending %v: %w", c.name, signal, err)
	}
	select {
	case <-c.done:
		return nil
	case <-time.After(Patience):
		_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
		<-c.done
		return fmt.Errorf("%s did not stop on %v within %v and was killed", c.name, signal, Patience)
	}
}

// await waits until ready returns nil. It returns an error with the output if the process has
// ended or it takes too long.
func (c *child) await(ready func() error) error {
	var last error
	ok := eventually(func() bool {
		last = ready()
		return last == nil || c.gone()
	})
	switch {
	case last == nil:
		return nil
	case c.gone():
		return fmt.Errorf("%s ended at once (%v):\n%s", c.name, c.cmd.ProcessState, c.output())
	case !ok:
		return fmt.Errorf("%s is not ready after %v: %w\n%s", c.name, Patience, last, c.output())
	}
	return last
}
