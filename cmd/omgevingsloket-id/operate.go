package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/user"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/installation"
	"omgevingsloket-id/storage/sql"
)

// operator returns the name of the user at the command line, for the audit log.
func operator() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

// withStores calls fn with the stores of a target.
func withStores(t target, w world, fn func(ctx context.Context, c config.Config, s *app.Stores) error) error {
	c, err := t.load(w)
	if err != nil {
		return err
	}
	ctx := sql.Patient(w.ctx)
	s, err := app.OpenStores(ctx, c, app.Options{Rand: rand.Reader, Now: time.Now, Log: newLogger(c, w), Fresh: w.fresh})
	if err != nil {
		return err
	}
	defer s.Close()
	return fn(ctx, c, s)
}

// withCurrent is like withStores, but returns an error if the schema is not up to date.
func withCurrent(t target, w world, fn func(ctx context.Context, c config.Config, s *app.Stores) error) error {
	return withStores(t, w, func(ctx context.Context, c config.Config, s *app.Stores) error {
		current, err := s.DB.Current(ctx)
		if err != nil {
			return err
		}
		if !current {
			return errors.New("the database's schema is not that of this version; run `omgevingsloket-id migrate` first")
		}
		if err := installation.Claim(ctx, s.DB.Installation(), app.InstallationOf(c), time.Now()); err != nil {
			return err
		}
		return fn(ctx, c, s)
	})
}

type configCommand struct {
	Check configCheck `cmd:"" help:"Check a configuration; all faults at once."`
	Print configPrint `cmd:"" help:"Show the settings in force, without secrets."`
}

type configCheck struct{ target }

// Run checks the configuration and prints its faults.
func (t configCheck) Run(w world) error {
	c, err := t.load(w)
	if err != nil {
		return err
	}
	for _, warning := range c.Warnings() {
		fmt.Fprintln(w.stdout, "warning:", warning)
	}
	fmt.Fprintln(w.stdout, "The configuration is in order.")
	return nil
}

type configPrint struct{ target }

// Run prints the settings.
func (t configPrint) Run(w world) error {
	c, err := t.load(w)
	if err != nil {
		return err
	}
	return c.Print(w.stdout)
}

type migrateCommand struct {
	target
	NewDatabase bool `help:"Make a new, empty SQLite database where there was one before." xor:"how"`

	IssuerWas string `xor:"how" help:"Also move the database from this issuer to the one of the configuration, with all servers stopped." placeholder:"ISSUER"`
}

// Help explains the command.
func (migrateCommand) Help() string {
	return "A database belongs to one environment and one issuer. The environment can never be changed. Moving the issuer makes\n" +
		"all tokens and sessions worthless; portals that know people by issuer and subject have to be told before."
}

// Run brings the schema up to date, as serve does when it starts.
func (t migrateCommand) Run(w world) error {
	w.fresh = t.NewDatabase
	return withStores(t.target, w, func(ctx context.Context, c config.Config, s *app.Stores) error {
		if t.IssuerWas != "" {
			if err := s.DB.Migrate(ctx); err != nil {
				return err
			}
			err := installation.Move(ctx, s.DB.Installation(), t.IssuerWas, app.InstallationOf(c), audit.Operator(operator()), time.Now())
			if errors.Is(err, errs.ErrConflict) {
				return fmt.Errorf("%w: the database is not that of %s in %s", errUse, t.IssuerWas, c.Environment)
			}
			if err != nil {
				return err
			}
		}
		if err := s.Migrate(ctx, c, time.Now()); err != nil {
			return err
		}
		fmt.Fprintln(w.stdout, "The schema is up to date.")
		return nil
	})
}

type readyCommand struct{ target }

// Run asks /readyz of the server with this configuration, on this machine.
func (t readyCommand) Run(w world) error {
	c, err := t.load(w)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(w.ctx, 4*time.Second)
	defer cancel()
	host, port, err := net.SplitHostPort(c.AdminListen)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the server does not answer on admin_listen: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10)) // what could be read
		return fmt.Errorf("the server is not ready: /readyz answers %d %s", res.StatusCode, why)
	}
	fmt.Fprintln(w.stdout, "ready")
	return nil
}
