package faults

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"omgevingsloket-id/e2e/testenv"
)

// Where a proxy cuts a connection.
const (
	beforeCommit = iota + 1 // the COMMIT does not reach the server
	afterCommit             // the server has committed; its answer does not arrive
)

// proxy is a PostgreSQL server's address that loses connections on purpose.
type proxy struct {
	addr string
	cut  atomic.Int32 // beforeCommit, afterCommit or 0
	left atomic.Int64 // COMMITs until the cut
}

// newProxy starts a proxy in front of a server. It ends with the test.
func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", testenv.FreeAddr(t))
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: l.Addr().String()}
	var open sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); open.Wait() })
	open.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { p.serve(client, server) })
		}
	})
	return p
}

// cutAt makes the proxy lose the connection at the n-th COMMIT from now on.
func (p *proxy) cutAt(where int32, n int64) { p.left.Store(n); p.cut.Store(where) }

// reached reports whether the cut was made, and ends the waiting for it.
func (p *proxy) reached() bool { return p.cut.Swap(0) == 0 }

// serve relays the messages of one connection (PostgreSQL, "Frontend/Backend
// Protocol"), until either side ends or it is cut.
func (p *proxy) serve(client net.Conn, address string) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	var mute atomic.Bool // the answer to the next command is lost
	var both sync.WaitGroup
	both.Go(func() {
		defer client.Close()
		for {
			m, err := message(server, true)
			if err != nil || mute.Load() && m[0] == 'Z' { // ReadyForQuery: the COMMIT is done
				_ = server.Close()
				return
			}
			if mute.Load() {
				continue
			}
			if _, err := client.Write(m); err != nil {
				return
			}
		}
	})
	both.Go(func() {
		defer func() {
			if !mute.Load() {
				_ = server.Close()
			}
		}()
		for first := true; ; first = false {
			m, err := message(client, !first) // the startup message has no type
			if err != nil {
				return
			}
			if !first && m[0] == 'Q' && strings.EqualFold(string(m[5:len(m)-1]), "commit") {
				switch p.take() {
				case beforeCommit:
					return
				case afterCommit:
					mute.Store(true)
				}
			}
			if _, err := server.Write(m); err != nil {
				return
			}
			if mute.Load() {
				return
			}
		}
	})
	both.Wait()
}

// take counts a COMMIT and returns where to cut it, 0 if not.
func (p *proxy) take() int32 {
	where := p.cut.Load()
	if where == 0 || p.left.Add(-1) != 0 {
		return 0
	}
	p.cut.Store(0)
	return where
}

var errLong = errors.New("a message that is too long")

// message reads one message.
func message(from io.Reader, typed bool) ([]byte, error) {
	head := make([]byte, 4, 64)
	if typed {
		head = head[:5]
	}
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[len(head)-4:])
	if size < 4 || size > 1<<26 {
		return nil, errLong
	}
	m := append(head, make([]byte, size-4)...)
	_, err := io.ReadFull(from, m[len(head):])
	return m, err
}
