// Command omgevingsloket-id is the provider, with the commands that an operator needs.
// Only this folder imports all other packages.
//
//	demo      provider, portal and mailbox on this machine, without preparation
//	serve     the provider, from a configuration file
//	…         what an operator does by hand; each with --help
//
// Exit codes: 0 success, 1 failure, 2 wrong use.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
)

// Exit codes, as in every command of this project.
const (
	exitOK       = 0
	exitFailed   = 1
	exitWrongUse = 2
)

// commands is the command line.
type commands struct {
	Demo    demoCommand    `cmd:"" help:"Run provider, portal and mailbox on this machine; nothing to prepare."`
	Serve   serveCommand   `cmd:"" help:"Run the provider."`
	Ready   readyCommand   `cmd:"" help:"Ask a running server whether it is ready; for health checks of containers."`
	Config  configCommand  `cmd:"" help:"Look at the configuration."`
	Migrate migrateCommand `cmd:"" help:"Bring the database's schema up to date."`
	Client  clientCommand  `cmd:"" help:"Relying parties."`
	Account accountCommand `cmd:"" help:"Look at an account, or unblock it."`
	Staff   staffCommand   `cmd:"" help:"Officials who work in the console."`
	Audit   auditCommand   `cmd:"" help:"The record of who did what."`
	Mail    mailCommand    `cmd:"" help:"Look at the mails, and read reports about refused ones."`
	Keys    keysCommand    `cmd:"" help:"Keys that sign tokens, and the master key."`
	Version versionCommand `cmd:"" help:"Print the version of this binary."`

	ShowVersion kong.VersionFlag `name:"version" help:"Print the version of this binary."`

	Inspect inspectCommand `cmd:"" name:"inspect-document" hidden:""`
}

// world holds the streams and the environment that commands use.
type world struct {
	ctx     context.Context
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
	getenv  func(string) string
	environ []string
	fresh   bool // a new database may take the place of one that is gone

	// logs is called with the logger of a command before the command writes to it.
	logs func(*slog.Logger)
}

// errUse is wrapped by errors in how a command is used.
var errUse = errors.New("wrong use")

// main sets the default logger, to which the protocol library writes, to the logger of
// the command. Only main does so, because tests run several commands in one process.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(world{ctx: ctx, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, environ: os.Environ(), logs: slog.SetDefault}, os.Args[1:]))
}

func run(w world, args []string) (code int) {
	exited := false
	var cli commands
	parser, err := kong.New(&cli, kong.Name("omgevingsloket-id"),
		kong.Description("An OpenID Provider for people and companies abroad: Omgevingsloket-ID."),
		kong.Vars{"version": app.BuildInfo().String()}, kong.Writers(w.stdout, w.stderr), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(c int) { code, exited = c, true }))
	if err != nil {
		fmt.Fprintln(w.stderr, "omgevingsloket-id:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
		defer func() { code = exitWrongUse }()
	}
	ctx, err := parser.Parse(args)
	if exited { // --help, --version
		return code
	}
	if err != nil {
		fmt.Fprintf(w.stderr, "omgevingsloket-id: %v\nSee omgevingsloket-id --help.\n", err)
		return exitWrongUse
	}
	if err := ctx.Run(w); err != nil {
		if exit := exitCode(0); errors.As(err, &exit) {
			return int(exit)
		}
		fmt.Fprintf(w.stderr, "omgevingsloket-id: %v\n", err)
		if errors.Is(err, errUse) {
			return exitWrongUse
		}
		return exitFailed
	}
	return exitOK
}
