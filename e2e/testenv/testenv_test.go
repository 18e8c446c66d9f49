package testenv

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// recorder is a testing.TB that keeps a failure instead of failing, to test the messages.
type recorder struct {
	testing.TB
	failed   bool
	message  string
	cleanups []func()
}

func (r *recorder) Helper()             {}
func (r *recorder) Failed() bool        { return r.failed }
func (r *recorder) Logf(string, ...any) {}
func (r *recorder) Cleanup(f func())    { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(format string, args ...any) {
	r.failed, r.message = true, fmt.Sprintf(format, args...)
}
func (r *recorder) Fatal(args ...any) { r.Errorf("%s", fmt.Sprint(args...)); panic(r) }
func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(r) // a Fatal ends the test function
}
func (r *recorder) Skip(args ...any) { r.message = fmt.Sprint(args...); panic(r) }

// verdict runs f and returns the message with which it failed or was skipped, or "".
func verdict(t *testing.T, f func(testing.TB)) string {
	r := &recorder{TB: t}
	func() {
		defer func() {
			if p := recover(); p != nil && p != any(r) {
				panic(p)
			}
		}()
		f(r)
	}()
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		r.cleanups[i]()
	}
	return r.message
}

func TestLong(t *testing.T) {
	for _, c := range []struct{ set, want string }{
		{"", "too slow for every push: make long"},
		{"1", ""},
	} {
		t.Setenv("LONG_TESTS", c.set)
		if got := verdict(t, func(t testing.TB) { Long(t) }); got != c.want {
			t.Errorf("Long(t) with LONG_TESTS=%q skips with %q, want %q", c.set, got, c.want)
		}
	}
}

func TestToolMissingNamesThePackage(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	got := verdict(t, func(t testing.TB) { Tool(t, "zbarimg") })
	if !strings.Contains(got, "apt-get install zbar-tools") {
		t.Errorf("missing tool: %q", got)
	}
}

func TestToolFindsPostgresOutsidePath(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if path := Tool(t, "initdb"); !filepath.IsAbs(path) {
		t.Errorf("initdb is at %q", path)
	}
}

func TestFreeAddrNeverTwice(t *testing.T) {
	const count = 100
	addrs := make(chan string, count)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range count / 4 {
				addrs <- FreeAddr(t)
			}
		})
	}
	wg.Wait()
	close(addrs)
	seen := map[string]bool{}
	for a := range addrs {
		if seen[a] {
			t.Errorf("%s was given twice", a)
		}
		seen[a] = true
	}
}

// TestFreeAddrAcrossProcesses makes a second test process try the port that this one has.
func TestFreeAddrAcrossProcesses(t *testing.T) {
	if want := os.Getenv("TESTENV_WANT_PORT"); want != "" {
		port, err := strconv.Atoi(want)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("locked elsewhere:", lockedElsewhere(t, port))
		return
	}
	_, port, _ := net.SplitHostPort(FreeAddr(t))
	cmd := exec.Command(os.Args[0], "-test.run=^TestFreeAddrAcrossProcesses$")
	cmd.Env = append(os.Environ(), "TESTENV_WANT_PORT="+port)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "locked elsewhere: true") {
		t.Errorf("%v\n%s", err, out)
	}
}

func lockedElsewhere(t *testing.T, port int) bool {
	locks, err := portLocks()
	if err != nil {
		t.Fatal(err)
	}
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Start: int64(port), Len: 1}
	return syscall.FcntlFlock(locks.Fd(), syscall.F_SETLK, &lock) != nil
}

// TestNothingIsLeftBehind kills a test process with servers, and checks that the servers and the
// folder are removed.
func TestNothingIsLeftBehind(t *testing.T) {
	if os.Getenv("TESTENV_DIE") != "" {
		url, dsn := Redis(t), Postgres(t)
		base, _ := workspace()
		redis, _ := sharedRedis()
		postgres, _ := sharedPostgres()
		fmt.Println("started", url, dsn, base, redis.child.cmd.Process.Pid, postgres.child.cmd.Process.Pid)
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestNothingIsLeftBehind$")
	cmd.Env = append(os.Environ(), "TESTENV_DIE=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	var redis, postgres, base string
	var redisPID, postgresPID int
	if _, err := fmt.Sscanf(line, "started %s %s %s %d %d", &redis, &postgres, &base, &redisPID, &postgresPID); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	ended := func(pid int) bool { return syscall.Kill(pid, 0) != nil }
	if !eventually(func() bool { return ended(redisPID) && ended(postgresPID) }) {
		t.Errorf("servers of a dead test process still run: redis gone %v, postgres gone %v", ended(redisPID), ended(postgresPID))
	}
	if !eventually(func() bool { _, err := os.Stat(base); return os.IsNotExist(err) }) {
		t.Errorf("%s is still there", base)
	}
}
