package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/limit"
)

// wire is a connection to a server.
type wire struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func connect(t *testing.T, address string) wire {
	t.Helper()
	c, err := net.Dial("tcp", address)
	site.Must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	site.Must(t, c.SetDeadline(time.Now().Add(testenv.Patience)))
	return wire{t, c, bufio.NewReader(c)}
}

// answer returns the status of the next answer, 0 when the connection is closed.
func (w wire) answer() int {
	w.t.Helper()
	resp, err := http.ReadResponse(w.in, nil)
	if err != nil {
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			w.t.Fatal("neither an answer nor an end:", err)
		}
		return 0
	}
	_, err = io.Copy(io.Discard, resp.Body)
	site.Must(w.t, err)
	site.Must(w.t, resp.Body.Close())
	return resp.StatusCode
}

// ended reports whether the server has closed the connection; it waits a second.
func (w wire) ended() bool {
	w.t.Helper()
	site.Must(w.t, w.conn.SetReadDeadline(time.Now().Add(time.Second)))
	_, err := w.in.ReadByte()
	timeout, ok := errors.AsType[net.Error](err)
	return err != nil && !(ok && timeout.Timeout())
}

func (w wire) get(path, source string) int {
	w.t.Helper()
	_, err := fmt.Fprintf(w.conn, "GET %s HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %s\r\n\r\n", path, source)
	site.Must(w.t, err)
	return w.answer()
}

// begin sends the head of a form and not its body, for which the server waits.
func (w wire) begin(path, source string) {
	w.t.Helper()
	_, err := fmt.Fprintf(w.conn, "POST %s HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %s\r\nContent-Type: %s\r\nContent-Length: 1\r\n\r\n", path, source, site.FormType)
	site.Must(w.t, err)
}

// serving serves a site at addresses of its configuration until the test ends.
func serving(t *testing.T, s *site.Site) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	started, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- s.Serve(ctx, func() { close(started) }) }()
	select {
	case <-started:
	case err := <-ended:
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); site.Must(t, <-ended) })
}

// X20: each listener for strangers caps the connections of a network; the idle ones
// that are kept alive make place, and a request that runs is not cut off.
func TestX20_EachListenerIsCapped(t *testing.T) {
	t.Parallel()
	addresses := map[string]string{"listen": testenv.FreeAddr(t), "console.listen": testenv.FreeAddr(t)}
	s := site.New(t, func(c *config.Config) {
		c.Listen, c.AdminListen, c.ShutdownDelay, c.ShutdownGrace = addresses["listen"], testenv.FreeAddr(t), 0, time.Millisecond
		c.Console.Listen, c.Console.Origin = addresses["console.listen"], "https://desk.example"
	})
	serving(t, s)
	for setting, paths := range map[string][2]string{"listen": {"/.well-known/openid-configuration", "/token"}, "console.listen": {"/console/login", "/console/login"}} {
		running := connect(t, addresses[setting])
		running.begin(paths[1], "")
		var idle []wire
		for range limit.NetworkConnections + 50 {
			w := connect(t, addresses[setting])
			if status := w.get(paths[0], ""); status != http.StatusOK {
				t.Fatalf("%s: status %d", setting, status)
			}
			idle = append(idle, w)
		}
		// A client has its answer a moment before the server takes the connection for
		// idle, so that a later one may have made place instead.
		ended, open := 0, 0
		for _, w := range idle {
			if w.ended() {
				ended++
			} else {
				open++
			}
			if ended == 50 || open > 10 {
				break
			}
		}
		if ended < 50 {
			t.Errorf("%s: of the connections that are idle longest %d ended, and %d did not, want 50 and at most 10", setting, ended, open)
		}
		if n, err := strconv.Atoi(s.Metric(`olid_connections{listener="` + setting + `"}`)); err != nil || n < 1 || n > limit.NetworkConnections {
			t.Errorf("%s: %d connections are kept (%v), want at most %d", setting, n, err, limit.NetworkConnections)
		}
		_, err := running.conn.Write([]byte("x"))
		site.Must(t, err)
		if status := running.answer(); status == 0 {
			t.Errorf("%s: the request that was running is cut off", setting)
		}
	}
}

// X20: the requests that a trusted proxy forwards for one source are capped.
func TestX20_ForwardedRequestsAreCapped(t *testing.T) {
	t.Parallel()
	address := testenv.FreeAddr(t)
	s := site.New(t, func(c *config.Config) {
		c.Listen, c.AdminListen, c.ShutdownDelay, c.ShutdownGrace = address, testenv.FreeAddr(t), 0, time.Millisecond
		c.TrustedProxies = []string{"127.0.0.1"}
	})
	serving(t, s)
	for range limit.SourceRequests {
		connect(t, address).begin("/token", "198.51.100.1")
	}
	const path = "/.well-known/openid-configuration"
	next := connect(t, address)
	for until := time.Now().Add(testenv.Patience); ; { // until all are being answered
		if next.get(path, "198.51.100.1") == http.StatusServiceUnavailable {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("%d requests of one source are answered at once", limit.SourceRequests+1)
		}
		// next may have taken the place of one of the requests, which was then refused.
		connect(t, address).begin("/token", "198.51.100.1")
	}
	if status := next.get(path, "198.51.100.2"); status != http.StatusOK {
		t.Errorf("another source: status %d", status)
	}
}
