package testenv

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Freeze stops the server's processes (SIGSTOP): it accepts connections and
// answers nothing, like a machine that hangs. Thaw lets it go on.
func (s *PostgresServer) Freeze() { s.t.Helper(); s.must(s.child.signal(syscall.SIGSTOP)) }

// Thaw ends Freeze.
func (s *PostgresServer) Thaw() { s.t.Helper(); s.must(s.child.signal(syscall.SIGCONT)) }

// signal sends a signal to the process and its descendants. Those of PostgreSQL
// have process groups of their own.
func (c *child) signal(signal syscall.Signal) error {
	pids := []int{c.cmd.Process.Pid}
	for i := 0; i < len(pids); i++ { // parents first: a stopped one starts no more children
		if err := syscall.Kill(pids[i], signal); err != nil && i == 0 {
			return fmt.Errorf("%s: sending %v: %w", c.name, signal, err)
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pids[i]))
		if err != nil {
			continue // it has ended
		}
		for _, field := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return nil
}
