package document

import (
	"errors"
	"os"
	"syscall"
)

// confine limits this process for good, because a file may exploit a fault in
// its reader. The process can use little memory and time, write no file, and
// is killed first when the machine runs out of memory.
func confine() error {
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // without /proc the limits below still apply
	limit := func(what int, most uint64) error {
		return syscall.Setrlimit(what, &syscall.Rlimit{Cur: most, Max: most})
	}
	// DATA, not AS: Go reserves far more address space than memory.
	return errors.Join(
		limit(syscall.RLIMIT_DATA, mostMemory), limit(syscall.RLIMIT_CPU, mostSeconds),
		limit(syscall.RLIMIT_FSIZE, 0), limit(syscall.RLIMIT_CORE, 0), limit(syscall.RLIMIT_NOFILE, 32),
	)
}
