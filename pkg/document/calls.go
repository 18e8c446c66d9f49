//go:build linux && (amd64 || arm64)

package document

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// calls lists the system calls of a process that computes, reads what is open
// and writes to what is open: those of Go's runtime, and of the C library's
// threads where the race detector brings that along.
var calls = []uint32{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_CLOSE, unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
	unix.SYS_FUTEX, unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP,
	unix.SYS_CLOCK_GETTIME, unix.SYS_GETTIMEOFDAY,
	unix.SYS_EPOLL_CREATE1, unix.SYS_EVENTFD2, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT,
	unix.SYS_MUNMAP, unix.SYS_MADVISE, unix.SYS_BRK,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
	unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_GETRANDOM, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ,
}

const threadFlags = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_SYSVSEM | unix.CLONE_THREAD |
	unix.CLONE_SETTLS | unix.CLONE_PARENT_SETTID | unix.CLONE_CHILD_CLEARTID | unix.CLONE_CHILD_SETTID | unix.CLONE_DETACHED

// Parts of seccomp_data (seccomp(2)).
const (
	dataNumber = 0
	dataArch   = 4
	dataArgs   = 16 // the low half of the first argument, little endian
)

// filterCalls forbids all system calls but calls, threads, signals within this
// process, and memory that is neither a file nor code, in every thread. The
// others return EPERM and do not kill the process, so that a runtime that tries one
// continues.
func filterCalls() ([]Missing, error) {
	program := callFilter(uint32(os.Getpid()))
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	thread, _, errno := syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&fprog)))
	switch {
	case errno != 0 && lacks(errno):
		return []Missing{{WallCalls, "no seccomp: " + errno.Error()}}, nil
	case errno != 0:
		return nil, fmt.Errorf("seccomp: %w", errno)
	case thread != 0:
		return nil, fmt.Errorf("seccomp: thread %d has another filter", thread)
	}
	return nil, nil
}

// callArch is the architecture of the numbers in calls.
var callArch = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}[runtime.GOARCH]

// callFilter returns the program that judges each system call of the process
// self. Jumps count the instructions that they skip.
func callFilter(self uint32) []unix.SockFilter {
	type one = unix.SockFilter
	load := func(offset uint32) one { return one{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset} }
	arg := func(n uint32) one { return load(dataArgs + 8*n) }
	jump := func(test uint16, k uint32, yes, no int) one {
		return one{Code: unix.BPF_JMP | unix.BPF_K | test, K: k, Jt: uint8(yes), Jf: uint8(no)}
	}
	end := func(action uint32) one { return one{Code: unix.BPF_RET | unix.BPF_K, K: action} }
	fail := func(errno syscall.Errno) one { return end(unix.SECCOMP_RET_ERRNO | uint32(errno)) }
	allow, deny := end(unix.SECCOMP_RET_ALLOW), fail(unix.EPERM)

	// A call of another architecture has other numbers.
	program := []one{load(dataArch), jump(unix.BPF_JEQ, callArch, 1, 0), end(unix.SECCOMP_RET_KILL_PROCESS), load(dataNumber)}
	rule := func(call uint32, block ...one) {
		program = append(append(program, jump(unix.BPF_JEQ, call, 0, len(block))), block...)
	}
	for _, call := range calls {
		rule(call, allow)
	}
	rule(unix.SYS_CLONE, arg(0), jump(unix.BPF_JSET, ^uint32(threadFlags), 2, 0), jump(unix.BPF_JSET, unix.CLONE_THREAD, 0, 1), allow, deny)
	rule(unix.SYS_CLONE3, fail(unix.ENOSYS)) // its flags are in memory, which a filter cannot read; the C library then uses clone
	rule(unix.SYS_TGKILL, arg(0), jump(unix.BPF_JEQ, self, 0, 1), allow, deny)
	rule(unix.SYS_MMAP, arg(2), jump(unix.BPF_JSET, unix.PROT_EXEC, 3, 0), arg(3), jump(unix.BPF_JSET, unix.MAP_ANONYMOUS, 0, 1), allow, deny)
	rule(unix.SYS_MPROTECT, arg(2), jump(unix.BPF_JSET, unix.PROT_EXEC, 1, 0), allow, deny)
	return append(program, deny)
}
