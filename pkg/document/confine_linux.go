package document

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// confine limits this process until it ends, because a file may exploit a fault
// in its reader. It returns the walls that the kernel does not have, and an error
// if the process is not fit to read a file. A process that is confined has
// little memory and time and is killed first when the machine runs out of
// memory; it keeps its open descriptors.
func confine() ([]Missing, error) {
	if err := limit(); err != nil {
		return nil, err
	}
	return raise(walls...)
}

// walls holds the functions that raise the walls. The filter of system calls is
// last, because it forbids the calls that raise the others.
var walls = []func() ([]Missing, error){landlock, filterCalls}

func limit() error {
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

// raise raises walls in order and returns those that are missing.
func raise(walls ...func() ([]Missing, error)) (missing []Missing, err error) {
	// If a call cannot be made in all threads, it applies at least to the thread
	// that reads the file.
	runtime.LockOSThread()
	if err := inAllThreads(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0); err != nil && !errors.Is(err, errOneThread) {
		return nil, fmt.Errorf("no_new_privs: %w", err)
	}
	for _, wall := range walls {
		m, err := wall()
		if err != nil {
			return nil, err
		}
		missing = append(missing, m...)
	}
	return missing, nil
}

// errOneThread is returned when a call was made in this thread alone.
var errOneThread = errors.New("the program is built with cgo, so only one thread is confined")

// inAllThreads makes a system call in each thread of the process.
func inAllThreads(call, a1, a2, a3 uintptr) error {
	_, _, errno := syscall.AllThreadsSyscall6(call, a1, a2, a3, 0, 0, 0)
	if errno != syscall.ENOTSUP {
		return asError(errno)
	}
	_, _, errno = syscall.RawSyscall6(call, a1, a2, a3, 0, 0, 0)
	return cmp.Or(asError(errno), errOneThread)
}

func asError(errno syscall.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

// lacks reports whether an error says that the kernel, or what this process
// runs in, does not offer a wall.
func lacks(err error) bool {
	for _, known := range []error{unix.ENOSYS, unix.EOPNOTSUPP, unix.EINVAL, unix.EPERM, unix.EACCES} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

const (
	networkABI   = 4
	processesABI = 6
	// signalsFixed is the erratum of Landlock after which threads of one
	// process can signal each other, as the runtime of Go does.
	signalsFixed = 1 << 1
)

// landlock forbids all files, TCP, and signals and abstract sockets to other
// processes, as far as the kernel can (landlock(7)). A process within it cannot
// trace one outside.
func landlock() ([]Missing, error) {
	missing, err := raiseLandlock()
	if lacks(err) || errors.Is(err, errOneThread) {
		missing, err = nil, fmt.Errorf("landlock: %w", err)
		for _, wall := range []Wall{WallFiles, WallNetwork, WallProcesses} {
			missing = append(missing, Missing{wall, err.Error()})
		}
		return missing, nil
	}
	return missing, err
}

func raiseLandlock() (missing []Missing, err error) {
	abi, err := landlockInfo(unix.LANDLOCK_CREATE_RULESET_VERSION)
	if err != nil {
		return nil, err
	}
	old := func(wall Wall, want int) bool {
		if abi < want {
			missing = append(missing, Missing{wall, fmt.Sprintf("landlock: version %d, %d is needed", abi, want)})
		}
		return abi < want
	}
	rules := unix.LandlockRulesetAttr{Handled_access_fs: accessFS(abi)}
	if !old(WallNetwork, networkABI) {
		rules.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if !old(WallProcesses, processesABI) {
		rules.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
		if errata, err := landlockInfo(unix.LANDLOCK_CREATE_RULESET_ERRATA); err == nil && errata&signalsFixed != 0 {
			rules.Scoped |= unix.LANDLOCK_SCOPE_SIGNAL
		} else {
			missing = append(missing, Missing{WallProcesses, "landlock: a kernel in which threads of one process cannot signal each other"})
		}
	}
	set, _, errno := syscall.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&rules)), unsafe.Sizeof(rules), 0)
	if errno != 0 {
		return nil, errno
	}
	defer func() { _ = unix.Close(int(set)) }()
	return missing, inAllThreads(unix.SYS_LANDLOCK_RESTRICT_SELF, set, 0, 0)
}

func landlockInfo(what uintptr) (int, error) {
	n, _, errno := syscall.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, what)
	return int(n), asError(errno)
}

// accessFS returns every right on files that a version of Landlock knows.
func accessFS(abi int) uint64 {
	known := uint64(unix.LANDLOCK_ACCESS_FS_MAKE_SYM)<<1 - 1
	for since, right := range map[int]uint64{2: unix.LANDLOCK_ACCESS_FS_REFER, 3: unix.LANDLOCK_ACCESS_FS_TRUNCATE, 5: unix.LANDLOCK_ACCESS_FS_IOCTL_DEV} {
		if abi >= since {
			known |= right
		}
	}
	return known
}

// closeOnExec marks the descriptors that this process inherited, so that the
// processes that it starts do not inherit them. Go marks the ones that it opens.
func closeOnExec() error {
	const first = 3
	err := unix.CloseRange(first, ^uint(0), unix.CLOSE_RANGE_CLOEXEC)
	if err == nil {
		return nil
	}
	open, err := os.ReadDir("/proc/self/fd") // before Linux 5.11
	for _, entry := range open {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd >= first {
			syscall.CloseOnExec(fd)
		}
	}
	return err
}
