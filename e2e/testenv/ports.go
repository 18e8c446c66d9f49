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

// Ports come from below the range that the kernel takes for outgoing
// connections, so that a server that a test stops finds its own port free when
// the test starts it again.
const (
	firstPort = 20000
	lastPort  = 32000
)

// portLocks is one empty file of which each byte stands for a port. A test
// process locks the byte of each port it hands out; the kernel lets go when
// the process ends. So no two packages get the same port.
var portLocks = sync.OnceValues(func() (*os.File, error) {
	name := fmt.Sprintf("olid-test-ports-%d", os.Getuid())
	return os.OpenFile(filepath.Join(os.TempDir(), name), os.O_RDWR|os.O_CREATE, 0o600)
})

var (
	portsMu    sync.Mutex
	portsTaken = map[int]bool{} // a process never sees its own locks
)

// FreeAddr returns an address 127.0.0.1:PORT on which nothing listens and which
// no other test gets while this test process runs. The port is free on ::1
// too, so that localhost:PORT will do as well.
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

// idle tells whether nothing listens at the port. A machine without IPv6 has
// nothing listening there either.
func idle(host string, port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return !errors.Is(err, syscall.EADDRINUSE)
	}
	return l.Close() == nil
}
