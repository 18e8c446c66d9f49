package load

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// process is a server whose use of the machine is measured.
type process struct {
	pid    int
	family bool // its children serve the connections, and count
}

// tick is the unit of times in /proc/PID/stat: USER_HZ is 100 on every Linux.
const tick = 10 * time.Millisecond

// Positions in /proc/PID/stat behind the name of the program (proc(5)).
const (
	statParent = 1
	statUser   = 11 // utime, stime, and cutime and cstime of children that have ended
	statRSS    = 21
)

// stat returns the fields of /proc/PID/stat behind the name; nil if the process has ended.
func stat(pid int) []string {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
}

func number(field string) int64 {
	n, _ := strconv.ParseInt(field, 10, 64) // the kernel writes numbers
	return n
}

// cpu returns the CPU time that processes have used so far.
func cpu(processes ...process) time.Duration {
	var ticks int64
	for _, p := range processes {
		fields := stat(p.pid)
		if fields == nil {
			continue
		}
		ticks += number(fields[statUser]) + number(fields[statUser+1])
		if p.family {
			ticks += number(fields[statUser+2]) + number(fields[statUser+3])
			for _, child := range children(p.pid) {
				ticks += number(child[statUser]) + number(child[statUser+1])
			}
		}
	}
	return time.Duration(ticks) * tick
}

// children returns the stat of the children of a process.
func children(pid int) (all [][]string) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if child, err := strconv.Atoi(e.Name()); err == nil {
			if fields := stat(child); fields != nil && fields[statParent] == strconv.Itoa(pid) {
				all = append(all, fields)
			}
		}
	}
	return all
}

// rss returns the memory of a process that is in RAM, in bytes.
func rss(p process) int64 {
	if fields := stat(p.pid); fields != nil {
		return number(fields[statRSS]) * int64(os.Getpagesize())
	}
	return 0
}

// machine describes the processor and the system.
func machine() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	cores, model := 0, ""
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			cores, model = cores+1, strings.TrimSpace(value)
		}
	}
	version, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return fmt.Sprintf("%d × %s, Linux %s", cores, model, strings.TrimSpace(string(version)))
}

// CPU time and memory of a process are those that the kernel counts, and those of children that have ended
// are not lost.
func TestUsage(t *testing.T) {
	t.Parallel()
	self := process{pid: os.Getpid(), family: true}
	before, buffer := cpu(self), make([]byte, 1<<20)
	for cpu(self) < before+5*tick {
		slices.Sort(buffer)
	}
	if rss(self) < 1<<20 {
		t.Errorf("rss = %d, want at least a megabyte", rss(self))
	}
	if got := cpu(process{pid: -1}); got != 0 {
		t.Errorf("a process that is not there used %v", got)
	}
	if machine() == "" {
		t.Error("no machine")
	}
}
