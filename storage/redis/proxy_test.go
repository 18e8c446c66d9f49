package redis_test

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"testing"
)

// proxy stands between the store and a real server. It passes commands, and a
// test decides what happens to the replies. Replies here are small and commands
// wait for each other, so that one read is one reply.
type proxy struct {
	addr   string
	server string

	mu    sync.Mutex
	conns int
	reply func(conn int, reply []byte) (out []byte, on bool)
	seen  int // replies since the rule was set
}

// newProxy listens at an address. With a certificate it speaks TLS to the
// client; it never does to the server.
func newProxy(t *testing.T, at, server string, certificate *tls.Certificate) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", at)
	must(t, err)
	p := &proxy{addr: l.Addr().String(), server: server}
	if certificate != nil {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*certificate}})
	}
	var wait sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); wait.Wait() })
	wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wait.Go(func() { p.serve(c) })
		}
	})
	return p
}

// onReply sets the rule for each reply from now on: it returns what is sent
// instead, and whether the connection stays open.
func (p *proxy) onReply(rule func(conn int, reply []byte) (out []byte, on bool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reply, p.seen = rule, 0
}

// loseOne drops the next reply and its connection; later replies pass.
func (p *proxy) loseOne() {
	p.onReply(func(_ int, reply []byte) ([]byte, bool) {
		if p.seen > 1 {
			return reply, true
		}
		return nil, false
	})
}

func (p *proxy) connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conns
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	p.mu.Lock()
	p.conns++
	id := p.conns
	p.mu.Unlock()
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		out, on := append([]byte(nil), buf[:n]...), true
		p.mu.Lock()
		if p.reply != nil {
			p.seen++
			out, on = p.reply(id, out)
		}
		p.mu.Unlock()
		if _, err := client.Write(out); err != nil || !on {
			return
		}
	}
}
