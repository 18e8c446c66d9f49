// Command load is what the load tests run in a process of its own, so that its CPU time is counted as the
// product's is:
//
//	load yardstick   the least that a provider's calls can cost on a back end
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
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
	if len(args) == 0 || args[0] != "yardstick" {
		return fmt.Errorf("use: load yardstick -listen HOST:PORT -database URL [-redis URL]")
	}
	flags := flag.NewFlagSet("load yardstick", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:0", "`address` to serve")
	database := flags.String("database", "", "`URL` of an empty database: sqlite:PATH or postgres://…")
	redis := flags.String("redis", "", "`URL` of a Redis for the sessions; they are in the database without")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	y, err := newYardstick(ctx, "http://"+*listen, *database, *redis)
	if err != nil {
		return err
	}
	defer y.close()
	return y.serve(ctx, *listen)
}
