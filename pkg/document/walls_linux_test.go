package document

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"omgevingsloket-id/pkg/errs"
)

// target is what a process that a file has taken over would go for.
type target struct {
	TCP, UDP, Unix, Abstract string // addresses with a listener
	Dir                      string // of the server
	Parent                   int    // the server
	Victim                   int    // a process of the same user that lets itself be traced
}

// attempts lists what such a process would try. by holds the wall of Landlock
// that refuses it; the filter of system calls refuses all.
var attempts = map[string]struct {
	by  Wall
	try func(target) error
}{
	"connect by TCP":     {WallNetwork, func(t target) error { return dial("tcp", t.TCP) }},
	"listen":             {WallNetwork, func(target) error { return listen(false) }},
	"listen by MPTCP":    {"", func(target) error { return listen(true) }},
	"send by UDP":        {"", func(t target) error { return dial("udp", t.UDP) }},
	"local socket":       {"", func(t target) error { return dial("unix", t.Unix) }},
	"abstract socket":    {WallProcesses, func(t target) error { return dial("unix", t.Abstract) }},
	"read a file":        {WallFiles, func(target) error { return read("/etc/passwd") }},
	"read the key":       {WallFiles, func(t target) error { return read(filepath.Join(t.Dir, "master.keys")) }},
	"list a folder":      {WallFiles, func(t target) error { _, err := os.ReadDir(t.Dir); return err }},
	"own environment":    {WallFiles, func(target) error { return read("/proc/self/environ") }},
	"server environment": {WallFiles, func(t target) error { return read(fmt.Sprintf("/proc/%d/environ", t.Parent)) }},
	"create a file":      {WallFiles, func(t target) error { return create(filepath.Join(t.Dir, "new")) }},
	"create a folder":    {WallFiles, func(t target) error { return os.Mkdir(filepath.Join(t.Dir, "folder"), 0o700) }},
	"remove a file":      {WallFiles, func(t target) error { return os.Remove(filepath.Join(t.Dir, "removable")) }},
	"rename a file":      {WallFiles, func(t target) error { return os.Rename(filepath.Join(t.Dir, "here"), filepath.Join(t.Dir, "there")) }},
	"truncate a file":    {WallFiles, func(t target) error { return os.Truncate(filepath.Join(t.Dir, "long"), 0) }},
	"change a mode":      {"", func(t target) error { return os.Chmod(filepath.Join(t.Dir, "long"), 0o600) }},
	"file in memory":     {"", func(target) error { _, err := unix.MemfdCreate("x", 0); return err }},
	"run a program":      {WallFiles, func(target) error { return exec.Command("/bin/true").Run() }},
	"fork":               {"", func(target) error { return fork() }},
	"signal the server":  {WallProcesses, func(t target) error { return syscall.Kill(t.Parent, 0) }},
	"signal by pipe":     {"", func(t target) error { _, err := unix.FcntlInt(0, unix.F_SETOWN, t.Parent); return err }},
	"trace":              {WallFiles, func(t target) error { return trace(t.Victim) }},
	"read its memory":    {WallFiles, func(t target) error { return readMemory(t.Victim) }},
	"code in memory":     {"", func(target) error { return mapped(unix.PROT_READ | unix.PROT_EXEC) }},
}

func dial(network, address string) error {
	c, err := net.DialTimeout(network, address, 5*time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Write([]byte("x"))
	return err
}

func listen(multipath bool) error {
	var c net.ListenConfig
	c.SetMultipathTCP(multipath)
	l, err := c.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err == nil {
		_ = l.Close()
	}
	return err
}

func read(path string) error { _, err := os.ReadFile(path); return err }

func create(path string) error {
	f, err := os.Create(path)
	if err == nil {
		_ = f.Close()
	}
	return err
}

func fork() error {
	pid, _, errno := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	for errno == 0 && pid == 0 {
		_, _, _ = syscall.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
	return asError(errno)
}

func trace(pid int) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.PtraceSeize(pid); err != nil {
		return err
	}
	return unix.PtraceInterrupt(pid)
}

func readMemory(pid int) error {
	b := make([]byte, 1)
	local := []unix.Iovec{{Base: &b[0], Len: 1}}
	_, err := unix.ProcessVMReadv(pid, local, []unix.RemoteIovec{{Base: uintptr(unsafe.Pointer(&insides)), Len: 1}}, 0)
	if errors.Is(err, unix.EFAULT) {
		return nil // allowed, but nothing is there
	}
	return err
}

func mapped(protection int) error {
	b, err := unix.Mmap(-1, 0, 4096, protection, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err == nil {
		_ = unix.Munmap(b)
	}
	return err
}

// seen is what a process reports from inside: why each attempt failed, "" if it
// did not.
type seen struct {
	Missing []Missing
	Errors  map[string]string
	Inbox   []string // what inherited descriptors lead to
	Work    string   // why the process cannot work
}

func init() {
	insides["inside-none"] = func() { tryAll(func() ([]Missing, error) { return nil, nil }) }
	insides["inside-landlock"] = func() { tryAll(func() ([]Missing, error) { return raise(walls[0]) }) }
	insides["inside-calls"] = func() { tryAll(func() ([]Missing, error) { return raise(walls[1]) }) }
	insides["inside-all"] = func() { tryAll(confine) }
	insides["inside-old-kernel"] = func() {
		missing, err := raise(append([]func() ([]Missing, error){oldKernel}, walls...)...)
		report(seen{Missing: missing, Work: work()}, err)
	}
	insides["inside-victim"] = func() {
		_ = unix.Prctl(unix.PR_SET_PTRACER, ^uintptr(0), 0, 0, 0)
		fmt.Println("ready")
		_, _ = io.ReadAll(os.Stdin)
		os.Exit(exitDone)
	}
	insides["inside-descriptors"] = func() {
		var s seen
		open, err := os.ReadDir("/proc/self/fd")
		for _, fd := range open {
			to, err := os.Readlink("/proc/self/fd/" + fd.Name())
			if err == nil && !strings.HasPrefix(to, "anon_inode:") && !strings.HasPrefix(to, "pipe:") {
				s.Inbox = append(s.Inbox, to)
			}
		}
		if len(os.Environ()) > 0 {
			s.Inbox = append(s.Inbox, os.Environ()...)
		}
		if dir, _ := os.Getwd(); dir != "/" {
			s.Inbox = append(s.Inbox, dir)
		}
		report(s, err)
	}
}

func report(s seen, err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitUnfit)
	}
	_ = json.NewEncoder(os.Stdout).Encode(s)
	os.Exit(exitDone)
}

// tryAll makes all attempts, in this thread and in one that is older than the
// walls, and reports what succeeded in either.
func tryAll(confine func() ([]Missing, error)) {
	var t target
	raised, tried, begun := make(chan target), make(chan map[string]string), make(chan bool)
	all := func(t target) map[string]string {
		result := map[string]string{}
		for name, a := range attempts {
			if err := a.try(t); err != nil {
				result[name] = err.Error()
			}
		}
		return result
	}
	go func() {
		runtime.LockOSThread()
		begun <- true
		tried <- all(<-raised)
	}()
	<-begun
	missing, err := confine()
	if err == nil {
		err = json.NewDecoder(os.Stdin).Decode(&t)
	}
	if err != nil {
		report(seen{}, err)
	}
	s := seen{Missing: missing, Errors: all(t)}
	if withCgo() && len(missing) > 0 {
		close(raised) // only this thread has all walls
		<-tried
	} else {
		raised <- t
		elsewhere := <-tried
		maps.DeleteFunc(s.Errors, func(name, _ string) bool { return elsewhere[name] == "" })
	}
	s.Work = work()
	report(s, nil)
}

// oldKernel makes this kernel one without Landlock and seccomp.
func oldKernel() ([]Missing, error) {
	jump := func(k uint32, skip uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: skip, K: k}
	}
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: dataNumber},
		jump(unix.SYS_LANDLOCK_CREATE_RULESET, 2), jump(unix.SYS_SECCOMP, 1),
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	_, _, errno := syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&filter)))
	return nil, asError(errno)
}

// work does what a reader needs: memory, its return, and more threads.
func work() string {
	done := make(chan int)
	for range 8 {
		go func() {
			runtime.LockOSThread() // with the goroutine its thread ends
			b := make([]byte, 8<<20)
			runtime.GC()
			done <- len(b)
		}()
	}
	for range 8 {
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			return "a thread does not start"
		}
	}
	return ""
}

func withCgo() bool {
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_GETPID, 0, 0, 0)
	return errno == unix.ENOTSUP
}

// aim opens everything that the attempts go for.
func aim(t *testing.T) target {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"master.keys", "removable", "here", "long"} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte("secret"), 0o600))
	}
	a := target{Dir: dir, Parent: os.Getpid(), Unix: filepath.Join(dir, "socket"), Abstract: fmt.Sprintf("@olid-%d-%s", os.Getpid(), filepath.Base(dir))}
	open := func(network, address string) string {
		l, err := net.Listen(network, address)
		must(t, err)
		t.Cleanup(func() { _ = l.Close() })
		return l.Addr().String()
	}
	a.TCP = open("tcp", "127.0.0.1:0")
	open("unix", a.Unix)
	open("unix", a.Abstract)
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = udp.Close() })
	a.UDP = udp.LocalAddr().String()

	program, err := os.Executable()
	must(t, err)
	victim := exec.Command(program, "inside-victim", "-")
	in, err := victim.StdinPipe()
	must(t, err)
	out, err := victim.StdoutPipe()
	must(t, err)
	must(t, victim.Start())
	t.Cleanup(func() {
		_ = in.Close()
		_ = victim.Process.Kill()
		_ = victim.Wait()
	})
	_, err = out.Read(make([]byte, 1))
	must(t, err)
	a.Victim = victim.Process.Pid
	return a
}

// lookInside returns what a process behind these walls saw.
func lookInside(t *testing.T, way string) seen {
	t.Helper()
	content, err := json.Marshal(aim(t))
	must(t, err)
	out, err := worker(t, way).run(t.Context(), KindPDF, content)
	must(t, err)
	var s seen
	must(t, json.Unmarshal(out, &s))
	if s.Work != "" {
		t.Errorf("%s: %s", way, s.Work)
	}
	return s
}

// wanting returns the walls of Landlock that this machine lacks, and whether
// they surround only one thread of a test binary.
func wanting() (walls []Wall, oneThread bool) {
	abi, err := landlockInfo(unix.LANDLOCK_CREATE_RULESET_VERSION)
	errata, _ := landlockInfo(unix.LANDLOCK_CREATE_RULESET_ERRATA)
	for _, w := range []struct {
		wall   Wall
		lacked bool
	}{{WallFiles, err != nil}, {WallNetwork, err != nil || abi < 4}, {WallProcesses, err != nil || abi < 6 || errata&2 == 0}} {
		if w.lacked {
			walls = append(walls, w.wall)
		}
	}
	return walls, err == nil && withCgo()
}

// X17: without a wall each attempt succeeds; each wall alone refuses those that
// are its own, in every thread; all together refuse all.
func TestX17_EachWall(t *testing.T) {
	none, landlock, calls, all := lookInside(t, "inside-none"), lookInside(t, "inside-landlock"), lookInside(t, "inside-calls"), lookInside(t, "inside-all")
	lacked, _ := wanting()
	for name, a := range attempts {
		if err := none.Errors[name]; err != "" {
			t.Errorf("%s: without walls it fails: %s", name, err)
		}
		if a.by != "" && !slices.Contains(lacked, a.by) && landlock.Errors[name] == "" {
			t.Errorf("%s: Landlock does not refuse it", name)
		}
		if calls.Errors[name] == "" {
			t.Errorf("%s: the filter of system calls does not refuse it", name)
		}
		if all.Errors[name] == "" {
			t.Errorf("%s: the process is not confined", name)
		}
	}
}

// X17: the server knows which walls are missing.
func TestX17_MissingWalls(t *testing.T) {
	missing, err := worker(t, "child").Missing(t.Context())
	must(t, err)
	want, oneThread := wanting()
	if oneThread {
		want = []Wall{WallFiles, WallNetwork, WallProcesses}
	}
	var got []Wall
	for _, m := range missing {
		got = append(got, m.Wall)
		if m.Why == "" {
			t.Errorf("%s is missing without a reason", m.Wall)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("Missing() = %v, want %v", missing, want)
	}
	if _, err := worker(t, "broken-panic").Missing(t.Context()); err == nil {
		t.Error("Missing() of a broken process = nil, want an error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := worker(t, "child").Missing(ctx); !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("Missing() too late = %v, want %v", err, errs.ErrUnavailable)
	}
}

// X17: a kernel without walls is no reason to refuse documents; each wall that
// it lacks is named once. Another error means that the process is unfit.
func TestX17_KernelWithoutWalls(t *testing.T) {
	s := lookInside(t, "inside-old-kernel")
	var got []Wall
	for _, m := range s.Missing {
		got = append(got, m.Wall)
		if !strings.Contains(m.Why, unix.ENOSYS.Error()) {
			t.Errorf("%s is missing because %q, want %q", m.Wall, m.Why, unix.ENOSYS)
		}
	}
	if !slices.Equal(got, Walls) {
		t.Errorf("missing are %v, want %v", got, Walls)
	}
	for _, errno := range []error{nil, unix.ENOMEM, unix.EAGAIN} {
		if lacks(errno) {
			t.Errorf("lacks(%v) = true, want false", errno)
		}
	}
}

// X17: a process has three pipes, no environment and no folder of the server,
// whatever the server inherited.
func TestX17_Descriptors(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "inherited")
	must(t, os.WriteFile(secret, []byte("secret"), 0o600))
	fd, err := syscall.Open(secret, syscall.O_RDONLY, 0) // without O_CLOEXEC
	must(t, err)
	defer func() { _ = syscall.Close(fd) }()
	out, err := worker(t, "inside-descriptors").run(t.Context(), KindPDF, nil)
	must(t, err)
	var s seen
	must(t, json.Unmarshal(out, &s))
	// Its own list, and what Go's runtime reads to know its share of the processors.
	s.Inbox = slices.DeleteFunc(s.Inbox, func(to string) bool {
		return strings.HasPrefix(to, "/proc/") || strings.HasPrefix(to, "/sys/fs/cgroup/")
	})
	if len(s.Inbox) > 0 {
		t.Errorf("the process has %q, want three pipes", s.Inbox)
	}
}
