package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/limit"
)

// listener is one address that the server listens on.
type listener struct {
	setting string // name of the setting, for errors
	address string // HOST:PORT; "" means not served
	tls     bool   // with the certificate of the configuration, if it names one
	handler http.Handler
	caps    *connections // nil: not for strangers
}

// listeners returns the list of all listeners.
func (a *App) listeners() []listener {
	list := []listener{
		{"listen", a.Config.Listen, true, atOnce(a.Kit, limit.SourceRequests, a.Citizens), a.connectionsOf("listen")},
		{"admin_listen", a.Config.AdminListen, false, a.Metrics.Handler(), nil},
	}
	if a.Officials != nil {
		list = append(list, listener{"console.listen", a.Config.Console.Listen, true, atOnce(a.OfficialsKit, limit.SourceRequests, a.Officials), a.connectionsOf("console.listen")})
	}
	return list
}

// Serve listens and runs the jobs until ctx ends. It then stops being ready, goes
// on serving for shutdown_delay, lets running requests and jobs finish for
// shutdown_grace, and returns. started, if not nil, is called once all addresses are
// open.
func (a *App) Serve(ctx context.Context, started func()) error {
	if err := a.loadCertificate(a.Config.TLS); err != nil {
		return err
	}
	var servers []*http.Server
	var open []net.Listener
	for _, l := range a.listeners() {
		if l.address == "" {
			continue
		}
		listening, err := l.open(a.certificate)
		if err != nil {
			for _, o := range open {
				_ = o.Close()
			}
			return fmt.Errorf("%s: %w", l.setting, err)
		}
		server := NewServer(l.handler, a.Log)
		if l.caps != nil {
			server.ConnState = l.caps.state
		}
		servers, open = append(servers, server), append(open, listening)
	}
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	runs, endRuns := context.WithCancel(context.WithoutCancel(ctx))
	defer endRuns()
	var running sync.WaitGroup
	for _, job := range a.Jobs {
		running.Go(func() { a.repeat(work, runs, job) })
	}
	running.Go(func() { a.Metrics.reportWalls(work, a.inspector, a.Log) })
	failed := make(chan error, len(servers))
	for i, s := range servers {
		running.Go(func() {
			if err := s.Serve(open[i]); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		})
	}
	a.Log.Info("serving", "issuer", a.Config.Issuer, "listen", a.Config.Listen)
	if started != nil {
		started()
	}
	var err error
	select {
	case <-ctx.Done():
		a.Metrics.Drain()
		select {
		case <-time.After(a.Config.ShutdownDelay):
		case err = <-failed:
		}
	case err = <-failed:
		a.Metrics.Drain()
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.Config.ShutdownGrace)
	defer cancel()
	for _, s := range servers {
		if shutdown := s.Shutdown(grace); shutdown != nil {
			_ = s.Close()
		}
	}
	stopWork()
	context.AfterFunc(grace, endRuns)
	running.Wait()
	return err
}

func (l listener) open(certificate *atomic.Pointer[tls.Certificate]) (net.Listener, error) {
	listening, err := net.Listen("tcp", l.address)
	if err == nil && l.caps != nil {
		listening = counted{listening, l.caps}
	}
	if err != nil || !l.tls || certificate.Load() == nil {
		return listening, err
	}
	return tls.NewListener(listening, &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return certificate.Load(), nil },
		MinVersion:     tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	}), nil
}

// NewServer returns a server with limits on the time and memory of a connection.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ErrorLog: web.NewErrorLog(log),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10,
	}
}
