package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/scan"
)

type serveCommand struct {
	target
}

// Help says what the one line does not.
func (serveCommand) Help() string {
	return "Every setting can also come from the environment (OLID_…); deploy/omgevingsloket-id.example.yaml explains each.\n" +
		"SIGTERM stops it: readiness goes first, running requests finish."
}

// Run serves until a signal.
func (s serveCommand) Run(w world) error {
	c, err := s.load(w)
	if err != nil {
		return err
	}
	log := newLogger(c, w)
	for _, warning := range c.Warnings() {
		log.Warn(warning)
	}
	a, err := newApp(w.ctx, c, log, time.Now)
	if err != nil {
		return err
	}
	defer a.stores.close()
	return a.serve(w.ctx, nil)
}

func newLogger(c config.Config, w world) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Log.Level)) // checked with the configuration
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler = slog.NewJSONHandler(w.stderr, options)
	if c.Log.Format == "text" {
		handler = slog.NewTextHandler(w.stderr, options)
	}
	log := slog.New(handler)
	slog.SetDefault(log) // the protocol library logs there
	return log
}

// serve listens until ctx ends: first it stops being ready, then it lets
// running requests finish. started is called once it listens.
func (a *app) serve(ctx context.Context, started func()) error {
	site, err := listen(a.config.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if a.config.TLS.CertFile != "" {
		if site, err = withTLS(site, a.config.TLS); err != nil {
			return err
		}
	}
	servers := []*http.Server{newServer(a.site, a.log)}
	listeners := []net.Listener{site}
	if a.config.AdminListen != "" {
		admin, err := listen(a.config.AdminListen)
		if err != nil {
			return fmt.Errorf("admin_listen: %w", err)
		}
		servers, listeners = append(servers, newServer(a.metrics.admin(), a.log)), append(listeners, admin)
	}
	if a.console != nil {
		officials, err := listen(a.config.Console.Listen)
		if err != nil {
			return fmt.Errorf("console.listen: %w", err)
		}
		if a.config.TLS.CertFile != "" {
			if officials, err = withTLS(officials, a.config.TLS); err != nil {
				return err
			}
		}
		servers, listeners = append(servers, newServer(a.console, a.log)), append(listeners, officials)
	}
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	for _, job := range []func(context.Context){a.mailJob, a.keysJob, a.sweepJob, a.headJob, a.scanJob, a.destroyJob, a.termsJob} {
		running.Go(func() { job(work) })
	}
	failed := make(chan error, len(servers))
	for i, s := range servers {
		running.Go(func() {
			if err := s.Serve(listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		})
	}
	a.log.Info("serving", "issuer", a.config.Issuer, "listen", a.config.Listen)
	if started != nil {
		started()
	}
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	a.metrics.draining.Store(true)
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.config.ShutdownGrace)
	defer cancel()
	for _, s := range servers {
		if shutdown := s.Shutdown(grace); shutdown != nil {
			_ = s.Close()
		}
	}
	stopWork()
	running.Wait()
	return err
}

func listen(address string) (net.Listener, error) { return net.Listen("tcp", address) }

func withTLS(l net.Listener, t config.TLS) (net.Listener, error) {
	cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}), nil
}

// newServer bounds everything a connection may cost.
func newServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelInfo),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10,
	}
}

// The jobs run until ctx ends. Nothing that decides anything waits for them.

func (a *app) mailJob(ctx context.Context) {
	if err := a.mailer.Run(ctx); err != nil && ctx.Err() == nil {
		a.log.Error("mail worker stopped", "error", err.Error())
	}
}

func (a *app) keysJob(ctx context.Context) {
	a.every(ctx, time.Minute, "keys", a.keys.Refresh)
}

func (a *app) sweepJob(ctx context.Context) {
	a.every(ctx, 5*time.Minute, "sweep", func(ctx context.Context) error {
		_, err := a.stores.db.Applications().Expire(ctx, a.now())
		return errors.Join(err, a.stores.db.Sweep(ctx))
	})
}

// headJob signs the end of the audit chain, so that a rewritten record can be
// told from the real one.
func (a *app) headJob(ctx context.Context) {
	a.every(ctx, 10*time.Minute, "audit head", func(ctx context.Context) error {
		signer, err := a.stores.auditSigner(ctx)
		if err != nil {
			return err
		}
		head, err := audit.Checkpoint(ctx, a.stores.db.Heads(), signer, a.now())
		if err == nil {
			a.log.Info("audit head", "seq", head.Seq, "hash", head.Hash, "at", head.At, "signature", head.Signature)
		}
		return err
	})
}

// termsJob does what the terms of applications ask for.
func (a *app) termsJob(ctx context.Context) {
	a.every(ctx, 5*time.Minute, "terms", func(ctx context.Context) error {
		mails, err := a.terms.Run(ctx)
		if mails > 0 {
			a.mailer.Kick()
		}
		return err
	})
}

// scanJob shows new documents to the scanner, if there is one.
func (a *app) scanJob(ctx context.Context) {
	if a.config.Scanner.Address == "" {
		return
	}
	clamd, err := scan.ParseAddress(a.config.Scanner.Address)
	if err != nil {
		a.log.Error("scanner", "error", err.Error()) // checked with the configuration
		return
	}
	scanning := application.Scanning{Store: a.stores.db.Scans(), Scanner: clamd, Ring: a.stores.ring, Now: a.now}
	a.every(ctx, 5*time.Second, "scan documents", func(ctx context.Context) error {
		_, err := scanning.Round(ctx)
		a.scannerSilent.Store(err != nil)
		return err
	})
}

// scannerState tells officials why a document may wait for its scan.
func (a *app) scannerState() string {
	switch {
	case a.config.Scanner.Address == "":
		return console.ScannerNone
	case a.scannerSilent.Load():
		return console.ScannerSilent
	}
	return ""
}

// destroyJob destroys the documents of cases that were closed long enough
// ago.
func (a *app) destroyJob(ctx context.Context) {
	a.every(ctx, 10*time.Minute, "destroy documents", func(ctx context.Context) error {
		n, err := application.DestroyDue(ctx, a.stores.db.Archive(), a.config.Review.KeepDocuments, a.now)
		if n > 0 {
			a.log.Info("documents destroyed", "applications", n)
		}
		return err
	})
}

func (a *app) every(ctx context.Context, pause time.Duration, name string, job func(context.Context) error) {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := job(ctx); err != nil && ctx.Err() == nil {
				a.log.Error("job failed", "job", name, "error", err.Error())
			}
		}
	}
}
