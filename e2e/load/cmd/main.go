// Command load is what the load tests run in a process of its own:
//
//	load yardstick   the least that a provider's calls can cost on a back end
//	load seed        adds accounts, sessions and events to an installation, as many as it has after years
//	load profiled    the product, which tells on another address where its time goes
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	"syscall"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/load/seed"
	"omgevingsloket-id/pkg/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("use: load yardstick|seed|profiled, with -h for the flags")
	}
	flags := flag.NewFlagSet("load "+args[0], flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:0", "yardstick: `address` to serve; profiled: that of CPU profiles")
	database := flags.String("database", "", "yardstick: `URL` of an empty database, sqlite:PATH or postgres://…")
	redis := flags.String("redis", "", "yardstick: `URL` of a Redis for the sessions; they are in the database without")
	settings := flags.String("config", "", "seed, profiled: `file` with the product's configuration")
	var n seed.Amounts
	flags.IntVar(&n.Accounts, "accounts", 1000, "seed: how many accounts")
	flags.IntVar(&n.Applied, "applications", 1000, "seed: how many applications of these accounts")
	flags.IntVar(&n.Sessions, "sessions", 1000, "seed: how many sessions of these accounts")
	flags.IntVar(&n.Grants, "grants", 1000, "seed: how many grants of these accounts")
	flags.IntVar(&n.Events, "events", 10_000, "seed: how many events of logins of these accounts")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "yardstick":
		y, err := newYardstick(ctx, "http://"+*listen, *database, *redis)
		if err != nil {
			return err
		}
		defer y.close()
		return serve(ctx, *listen, y.handler())
	case "seed", "profiled":
		c, err := config.Load(*settings, os.Getenv, os.ReadFile)
		if err != nil {
			return err
		}
		if args[0] == "profiled" {
			return profiled(ctx, *listen, c)
		}
		_, err = seed.Into(ctx, c, n)
		return err
	}
	return fmt.Errorf("load %s: no such command", args[0])
}

// serve serves until ctx ends.
func serve(ctx context.Context, address string, h http.Handler) error {
	server := &http.Server{Addr: address, Handler: h, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// profiled runs the product until ctx ends, and serves its CPU profiles.
func profiled(ctx context.Context, address string, c config.Config) error {
	a, err := app.New(ctx, c, app.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	go func() { _ = serve(ctx, address, http.HandlerFunc(pprof.Profile)) }()
	return a.Serve(ctx, nil)
}
