package faults

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"regexp"
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
	beforeChange            // the same for an INSERT, UPDATE or DELETE in a transaction
	afterChange
)

// proxy is a PostgreSQL server's address that loses connections on purpose.
type proxy struct {
	addr string
	cut  atomic.Int32 // where, or 0
	left atomic.Int64 // COMMITs or changes until the cut
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

// cutAt makes the proxy lose the connection at the n-th COMMIT or change from now on.
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
			if err != nil || mute.Load() && m[0] == 'Z' { // ReadyForQuery: the command is done
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
		var at statements
		for first := true; ; first = false {
			m, err := message(client, !first) // the startup message has no type
			if err != nil {
				return
			}
			if !first {
				switch p.take(at.read(m)) {
				case beforeCommit, beforeChange:
					return
				case afterCommit, afterChange:
					mute.Store(true)
				}
			}
			if _, err := server.Write(m); err != nil {
				return
			}
			if mute.Load() && (m[0] == 'Q' || m[0] == 'S') { // the command is complete
				return
			}
		}
	})
	both.Wait()
}

// statements follows what a client sends on a connection.
type statements struct {
	transaction bool
	changes     map[string]bool // prepared statements by name
}

// kind is what a message does.
type kind int

const (
	other kind = iota
	commit
	change // in a transaction
)

var changing = regexp.MustCompile(`^(?i)\s*(INSERT|UPDATE|DELETE)\b`)

// read returns what a message with a type does.
func (s *statements) read(m []byte) kind {
	texts := strings.Split(string(m[5:]), "\x00")
	switch m[0] {
	case 'Q':
		word, _, _ := strings.Cut(strings.ToLower(texts[0]), " ")
		s.transaction = word == "begin" || s.transaction && word != "commit" && word != "rollback"
		if word == "commit" {
			return commit
		}
	case 'P': // Parse: the name and the text of a statement
		if s.changes == nil {
			s.changes = map[string]bool{}
		}
		s.changes[texts[0]] = changing.MatchString(texts[1])
	case 'B': // Bind: the names of a portal and a statement; it is executed next
		if s.transaction && s.changes[texts[1]] {
			return change
		}
	}
	return other
}

// take counts a message and returns where to cut it, 0 if not.
func (p *proxy) take(k kind) int32 {
	where := p.cut.Load()
	of := commit
	if where == beforeChange || where == afterChange {
		of = change
	}
	if where == 0 || k != of || p.left.Add(-1) != 0 {
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
