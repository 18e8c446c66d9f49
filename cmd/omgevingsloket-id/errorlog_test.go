package main

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
)

// X15: what the server logs about a broken TLS handshake, or about a handler
// that net/http had to stop, holds no full address.
func TestX15_ServerLogHoldsNoAddress(t *testing.T) {
	t.Parallel()
	read, write := io.Pipe()
	lines := make(chan string, 10)
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := read.Read(buf)
			if err != nil {
				return
			}
			lines <- string(buf[:n])
		}
	}()
	log := slog.New(slog.NewTextHandler(write, nil))
	server := app.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }), log)
	listening, err := net.Listen("tcp", "127.0.0.1:0")
	site.Must(t, err)
	certs := testenv.TLS(t)
	go func() {
		_ = server.Serve(tls.NewListener(listening, &tls.Config{Certificates: []tls.Certificate{certs.Server}}))
	}()
	t.Cleanup(func() { _ = server.Close() })

	conn, err := net.Dial("tcp", listening.Addr().String())
	site.Must(t, err)
	_, err = conn.Write([]byte("GET / HTTP/1.0\r\n\r\n"))
	site.Must(t, err)
	_ = conn.Close()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: certs.Pool}}}
	if res, err := client.Get("https://" + listening.Addr().String()); err == nil {
		_ = res.Body.Close()
		t.Error("a handler that panics answers")
	}
	for range 2 {
		select {
		case line := <-lines:
			if strings.Contains(line, "127.0.0.1") || !strings.Contains(line, "127.0.0.0/24") {
				t.Errorf("logged %q, want a network prefix only", line)
			}
		case <-time.After(testenv.Patience):
			t.Fatal("nothing is logged")
		}
	}
}
