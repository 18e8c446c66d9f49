package testenv

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

// Ports are below the range that the kernel uses for outgoing connections, so that the port of
// a stopped server is still free when the test starts it again.
const (
	firstPort = 20000
	lastPort  = 32000
)

// portLocks is one empty file in which each byte stands for a port. A test process locks the
// byte of each port that it takes, and the kernel releases the locks when the process ends, so
// that no two test processes get the same port.
var portLocks = sync.OnceValues(func() (*os.File, error) {
	name := fmt.Sprintf("olid-test-ports-%d", os.Getuid())
	return os.OpenFile(filepath.Join(os.TempDir(), name), os.O_RDWR|os.O_CREATE, 0o600)
})

var (
	portsMu    sync.Mutex
	portsTaken = map[int]bool{} // a process does not see its own locks
)

// FreeAddr returns an address 127.0.0.1:PORT on which nothing listens and which no other test
// gets while this test process runs. The port is free on ::1 too, so that localhost:PORT works
// as well.
func FreeAddr(t testing.TB) string {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatalf("free port: %v", err)
	}
	return local(port)
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func freePort() (int, error) {
	locks, err := portLocks()
	if err != nil {
		return 0, err
	}
	portsMu.Lock()
	defer portsMu.Unlock()
	const count = lastPort - firstPort
	for i, start := 0, rand.IntN(count); i < count; i++ {
		port := firstPort + (start+i)%count
		if portsTaken[port] {
			continue
		}
		lock := syscall.Flock_t{Type: syscall.F_WRLCK, Start: int64(port), Len: 1}
		if err := syscall.FcntlFlock(locks.Fd(), syscall.F_SETLK, &lock); err != nil {
			continue // another test process has it
		}
		portsTaken[port] = true
		if idle("127.0.0.1", port) && idle("::1", port) {
			return port, nil
		}
	}
	return 0, errors.New("no free port left")
}

// idle reports whether nothing listens on the port. That includes a machine without IPv6.
func idle(host string, port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return !errors.Is(err, syscall.EADDRINUSE)
	}
	return l.Close() == nil
}
