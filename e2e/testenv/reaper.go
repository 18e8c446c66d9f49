package testenv

import (
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"
)

// The reaper is a small shell that reads from a pipe of which only the test
// process holds the other end. When the test process ends, whether it
// returned, panicked, ran out of time or was killed, the pipe closes; the
// reaper then ends the servers that are still there and removes the temporary
// folder. Cleaning up from the test process itself would miss all but the
// first of these.
//
// Lines on its standard input: "+ GROUP SIGNAL" a server has started, "- GROUP"
// it is gone. Its argument is the folder.
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
	// Its own process group, so that Ctrl-C at a terminal does not reach it
	// before the test process is gone; no standard output, because go test
	// waits until nobody holds that of the test process any more.
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
	// A write fails only when somebody killed the reaper, and then nobody is
	// left to tell.
	_, _ = fmt.Fprintf(r.pipe, format, args...)
}

// Reap makes sure that the process group is ended when this test process has
// ended; forget takes it off the list again. It is for processes that another
// library starts, such as the browser: they must have a process group of
// their own (Setpgid).
func Reap(group int) (forget func(), err error) {
	r, err := reaper()
	if err != nil {
		return nil, err
	}
	r.tell("+ %d %s\n", group, "TERM")
	return func() { r.tell("- %d\n", group) }, nil
}
