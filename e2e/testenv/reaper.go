package testenv

import (
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"
)

// The reaper is a small shell process that reads from a pipe of which only the test process
// has the other end. When the test process ends, whether it returned, panicked, timed out or
// was killed, the pipe closes; the reaper then ends the remaining servers and removes the
// temporary folder. The test process itself could do so only when it returns.
//
// Lines on its standard input: "+ GROUP SIGNAL" a server has started, "- GROUP" it has ended.
// Its argument is the folder.
const reaperScript = `
trap '' INT TERM HUP
groups=
while read -r what group signal; do
	case $what in
	+) groups="$groups $group:$signal" ;;
	-) rest=
	   for g in $groups; do [ "${g%:*}" = "$group" ] || rest="$rest $g"; done
	   groups=$rest ;;
	esac
done
for g in $groups; do kill -s "${g#*:}" -- "-${g%:*}"; done
patience=100
for g in $groups; do
	while kill -s 0 -- "-${g%:*}" && [ $patience -gt 0 ]; do
		sleep 0.05
		patience=$((patience - 1))
	done
	kill -s KILL -- "-${g%:*}"
done
rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }
`

// reaping is the test process's end of the pipe.
type reaping struct {
	mu   sync.Mutex
	pipe io.Writer
}

var reaper = sync.OnceValues(func() (*reaping, error) {
	base, err := workspace()
	if err != nil {
		return nil, err
	}
	// In its own process group, so that Ctrl-C at a terminal does not reach it before
	// the test process has ended; without standard output, because go test waits until
	// that of the test process is closed.
	cmd := exec.Command("/bin/sh", "-c", reaperScript, "reaper", base)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the reaper: %w", err)
	}
	return &reaping{pipe: pipe}, nil
})

func (r *reaping) tell(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// A write fails only if the reaper was killed.
	_, _ = fmt.Fprintf(r.pipe, format, args...)
}

// Reap ends the process group when this test process has ended; forget removes it from the
// list. It is for processes that another library starts, such as the browser: they must have a
// process group of their own (Setpgid).
func Reap(group int) (forget func(), err error) {
	r, err := reaper()
	if err != nil {
		return nil, err
	}
	r.tell("+ %d %s\n", group, "TERM")
	return func() { r.tell("- %d\n", group) }, nil
}
