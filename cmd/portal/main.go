// Command portal runs the relying party that stands in for the Omgevingsloket: a website
// to log in at with Omgevingsloket-ID. This file reads the settings; the rest is in
// cmd/internal/portal.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"omgevingsloket-id/cmd/internal/portal"
	"omgevingsloket-id/pkg/secret"
)

// Exit codes, as in every command of this project.
const (
	exitFailed   = 1
	exitWrongUse = 2
)

type settings struct {
	Listen   string `default:"localhost:8081" env:"PORTAL_LISTEN" help:"Address to listen on, HOST:PORT."`
	BaseURL  string `env:"PORTAL_BASE_URL" help:"Address as browsers see it; default http:// and the listen address."`
	Issuer   string `required:"" env:"PORTAL_ISSUER" help:"Issuer of the provider, exactly as it calls itself."`
	Lang     string `default:"nl" enum:"nl,en" env:"PORTAL_LANG" help:"Language for browsers that ask for neither nl nor en."`
	MailDir  string `env:"PORTAL_MAIL_DIR" help:"Folder of *.eml files to show at /mail. Anyone who reaches the portal can read them: practice only."`
	ApplyURL string `env:"PORTAL_APPLY_URL" help:"Where one applies for an account; shown as a link."`

	First  entry `embed:"" envprefix:"PORTAL_"`
	Second entry `embed:"" prefix:"second-" envprefix:"PORTAL_SECOND_" group:"Second entry, at /second"`
}

type entry struct {
	Name             string   `env:"NAME" help:"Name of the portal."`
	ClientID         string   `env:"CLIENT_ID" help:"Client id at the provider."`
	ClientSecretFile string   `env:"CLIENT_SECRET_FILE" help:"File with the client secret, for a confidential client."`
	PrivateKeyFile   string   `env:"PRIVATE_KEY_FILE" help:"File with a private JWK, for a client with private_key_jwt."`
	Scopes           []string `env:"SCOPES" help:"Scopes to ask; default openid,profile,email."`
	ThirdParty       bool     `env:"THIRD_PARTY" help:"Tell visitors that the provider will ask their consent."`
}

func main() {
	var s settings
	parser, err := kong.New(&s, kong.Name("portal"),
		kong.Description("A relying party that stands in for the Omgevingsloket."),
		kong.Exit(func(int) { os.Exit(0) })) // called by --help only
	if err != nil {
		panic(err)
	}
	if _, err := parser.Parse(os.Args[1:]); err != nil {
		fail(exitWrongUse, fmt.Errorf("%w; see portal --help", err))
	}
	cfg, err := s.config()
	if err != nil {
		fail(exitWrongUse, err)
	}
	site, err := portal.New(cfg)
	if err != nil {
		fail(exitWrongUse, err)
	}
	if err := run(s.Listen, site, cfg.BaseURL); err != nil {
		fail(exitFailed, err)
	}
}

func run(listen string, site *portal.Portal, baseURL string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("%w; choose another address with --listen", err)
	}
	slog.Info("portal is up", "open", baseURL)
	return site.Serve(ctx, l)
}

func (s settings) config() (portal.Config, error) {
	cfg := portal.Config{BaseURL: s.BaseURL, Issuer: s.Issuer, Lang: s.Lang, MailDir: s.MailDir, ApplyURL: s.ApplyURL}
	if cfg.BaseURL == "" {
		cfg.BaseURL = "http://" + s.Listen
	}
	if s.First.ClientID == "" {
		return cfg, errors.New("--client-id is missing; register the portal at the provider with `omgevingsloket-id client add`")
	}
	first, err := s.First.at("/")
	if err != nil {
		return cfg, err
	}
	cfg.Entries = []portal.Entry{first}
	if s.Second.ClientID != "" {
		second, err := s.Second.at("/second")
		if err != nil {
			return cfg, err
		}
		cfg.Entries = append(cfg.Entries, second)
	}
	return cfg, nil
}

func (e entry) at(path string) (portal.Entry, error) {
	out := portal.Entry{
		Path: path, Name: e.Name, ClientID: e.ClientID, Scopes: e.Scopes,
		PrivateKeyFile: e.PrivateKeyFile, ThirdParty: e.ThirdParty,
	}
	if e.ClientSecretFile == "" {
		return out, nil
	}
	raw, err := secret.ReadFile(e.ClientSecretFile)
	if err != nil {
		return out, fmt.Errorf("client secret: %w", err)
	}
	if out.ClientSecret = secret.Text(strings.TrimSpace(string(raw))); out.ClientSecret == "" {
		return out, fmt.Errorf("client secret: %s is empty", e.ClientSecretFile)
	}
	return out, nil
}

func fail(code int, err error) {
	fmt.Fprintln(os.Stderr, "portal:", strings.TrimPrefix(err.Error(), "portal: "))
	os.Exit(code)
}
