package main

import (
	"log/slog"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/pkg/config"
)

type serveCommand struct {
	target
}

// Help explains the command.
func (serveCommand) Help() string {
	return "Every setting can also come from the environment (OLID_…); deploy/omgevingsloket-id.example.yaml explains each.\n" +
		"SIGTERM stops it: readiness goes first, running requests finish.\n" +
		"SIGHUP makes it read the clients of the file, the certificate and the theme again."
}

// Run serves until it gets a signal.
func (s serveCommand) Run(w world) error {
	c, err := s.load(w)
	if err != nil {
		return err
	}
	log := newLogger(c, w)
	for _, warning := range c.Warnings() {
		log.Warn(warning)
	}
	a, err := app.New(w.ctx, c, app.Options{Log: log})
	if err != nil {
		return err
	}
	defer a.Close()
	defer onHangup(func() {
		fresh, err := s.load(w)
		if err != nil {
			log.Error("not reloaded; the server goes on with the configuration that it has", "error", err.Error())
			return
		}
		a.Reload(w.ctx, fresh)
	})()
	return a.Serve(w.ctx, nil)
}

func newLogger(c config.Config, w world) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Log.Level)) // config has checked it
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler = slog.NewJSONHandler(w.stderr, options)
	if c.Log.Format == "text" {
		handler = slog.NewTextHandler(w.stderr, options)
	}
	log := slog.New(handler)
	if w.logs != nil {
		w.logs(log)
	}
	return log
}
