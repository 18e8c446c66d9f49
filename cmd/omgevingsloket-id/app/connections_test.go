package app

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"omgevingsloket-id/op/web"
)

// serveCapped serves h with caps, and returns its address and the count.
func serveCapped(t *testing.T, all, network int, trusted []netip.Prefix, h http.Handler) (string, *connections) {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := newConnections(all, network, trusted, nil)
	s := &http.Server{Handler: h, ConnState: c.state, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.Serve(counted{inner, c}) }()
	t.Cleanup(func() { _ = s.Close() })
	return inner.Addr().String(), c
}

func dial(t *testing.T, address string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil { // a test that fails does not hang
		t.Fatal(err)
	}
	return c, bufio.NewReader(c)
}

func ask(t *testing.T, c net.Conn, r *bufio.Reader, path string) int {
	t.Helper()
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path); err != nil {
		return 0
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode
}

// X20: idle connections of one network, new or kept alive, are not kept beyond the
// cap; who comes after them is served, and a request that runs is never cut off.
func TestX20_IdleConnectionsMakePlace(t *testing.T) {
	t.Parallel()
	for name, caps := range map[string][2]int{"of a network": {1000, 10}, "in all": {10, 1000}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			release, running := make(chan struct{}), make(chan struct{})
			address, c := serveCapped(t, caps[0], caps[1], nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/long" {
					close(running)
					<-release
				}
			}))
			long, longAnswer := dial(t, address)
			done := make(chan int)
			go func() { done <- ask(t, long, longAnswer, "/long") }()
			<-running
			for i := range 200 {
				conn, r := dial(t, address)
				if i%2 == 0 {
					if status := ask(t, conn, r, "/"); status != http.StatusOK {
						t.Fatalf("connection %d: status %d", i, status)
					}
				}
			}
			honest, r := dial(t, address)
			if status := ask(t, honest, r, "/"); status != http.StatusOK {
				t.Errorf("who comes after them: status %d", status)
			}
			if n := c.count(); n > 10 {
				t.Errorf("%d connections are kept, want at most 10", n)
			}
			close(release)
			if status := <-done; status != http.StatusOK {
				t.Errorf("the request that was running: status %d", status)
			}
		})
	}
}

// X20: when no connection is idle the new one is closed, and there is place again
// when one ends.
func TestX20_BusyConnectionsStay(t *testing.T) {
	t.Parallel()
	release, running := make(chan struct{}), make(chan struct{}, 3)
	address, _ := serveCapped(t, 3, 3, nil, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { running <- struct{}{}; <-release }))
	done := make(chan int)
	for range 3 {
		c, r := dial(t, address)
		go func() { done <- ask(t, c, r, "/") }()
		<-running
	}
	late, r := dial(t, address)
	if status := ask(t, late, r, "/"); status != 0 {
		t.Errorf("a fourth connection: status %d", status)
	}
	close(release)
	for range 3 {
		if status := <-done; status != http.StatusOK {
			t.Error("status", status)
		}
	}
	next, r := dial(t, address)
	if status := ask(t, next, r, "/"); status != http.StatusOK {
		t.Errorf("after the others have ended: status %d", status)
	}
}

// X20: a trusted proxy is no source: its connections are not capped as those of a
// network, and the requests that it forwards are counted by whom they are of.
func TestX20_ProxiesAreNoSource(t *testing.T) {
	t.Parallel()
	proxy := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	address, c := serveCapped(t, 100, 3, proxy, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for range 20 {
		conn, r := dial(t, address)
		if status := ask(t, conn, r, "/"); status != http.StatusOK {
			t.Fatal("status", status)
		}
	}
	if n := c.count(); n != 20 {
		t.Errorf("%d connections of the proxy are kept, want 20", n)
	}

	kit := testKit(t, proxy)
	release, running := make(chan struct{}), make(chan struct{}, 3)
	h := atOnce(kit, 2, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		running <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	within, cancel := context.WithTimeout(t.Context(), 30*time.Second) // a test that fails does not hang
	defer cancel()
	get := func(source string) int {
		r := httptest.NewRequestWithContext(within, http.MethodGet, "/", nil)
		r.RemoteAddr = "127.0.0.1:1"
		r.Header.Set("X-Forwarded-For", source)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	done := make(chan int)
	for range 2 {
		go func() { done <- get("198.51.100.1") }()
		<-running
	}
	if status := get("198.51.100.1"); status != http.StatusServiceUnavailable {
		t.Errorf("a third request of one source: status %d", status)
	}
	go func() { done <- get("198.51.100.2") }()
	<-running
	close(release)
	for range 3 {
		if status := <-done; status != http.StatusOK {
			t.Error("status", status)
		}
	}
}

func testKit(t *testing.T, trusted []netip.Prefix) *web.Kit {
	t.Helper()
	catalog, err := web.LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	kit, err := web.New(web.Options{
		Settings: web.Settings{Issuer: "http://localhost", TrustedNets: trusted}, Catalog: catalog, FormKey: []byte("k"), Log: slog.New(slog.DiscardHandler), Rand: rand.Reader, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return kit
}
