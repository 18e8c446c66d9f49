package document

import (
	"errors"
	"os"
	"syscall"
)

// confine takes rights away from this process for good. A fault in a reader
// of files can then spend little, write no file, and is the first to go when
// the machine runs out of memory.
func confine() error {
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // where /proc is hidden the limits below remain
	limit := func(what int, most uint64) error {
		return syscall.Setrlimit(what, &syscall.Rlimit{Cur: most, Max: most})
	}
	// DATA, not AS: Go keeps far more addresses than memory.
	return errors.Join(
		limit(syscall.RLIMIT_DATA, mostMemory), limit(syscall.RLIMIT_CPU, mostSeconds),
		limit(syscall.RLIMIT_FSIZE, 0), limit(syscall.RLIMIT_CORE, 0), limit(syscall.RLIMIT_NOFILE, 32),
	)
}
