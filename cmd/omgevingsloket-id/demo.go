package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"omgevingsloket-id/cmd/internal/portal"
	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/cmd/omgevingsloket-id/demo"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/secret"
)

const demoConfigName = "omgevingsloket-id.yaml"

type demoCommand struct {
	Data   string `help:"Folder for everything the demo keeps." default:"./data" type:"path" placeholder:"DIR"`
	Listen string `help:"Where the provider listens; its issuer follows." default:"localhost:8080" placeholder:"HOST:PORT"`
	Portal string `help:"Where the portal listens." default:"localhost:8081" placeholder:"HOST:PORT"`
	Review bool   `help:"Officials decide, as in production: with applications to decide on and somebody for each role, in DIR/review."`
}

// Help explains the command.
func (demoCommand) Help() string {
	return "The practice environment, with everything embedded: applications are approved at once, mails are files in DIR/mail\n" +
		"and can be read at the portal. The folder is made on the first run and kept. With --review officials decide, as in\n" +
		"production; who they are is printed."
}

// demoPaths are the entries of the demo's portal.
const (
	demoFirst  = "/"
	demoSecond = "/second"
)

// Run serves provider and portal until it gets a signal.
func (d demoCommand) Run(w world) error {
	if d.Review {
		d.Data = filepath.Join(d.Data, "review")
	}
	issuer, err := localOrigin("listen", d.Listen)
	if err != nil {
		return err
	}
	portalURL, err := localOrigin("portal", d.Portal)
	if err != nil {
		return err
	}
	clientSecret, err := d.prepare(issuer, portalURL)
	if err != nil {
		return err
	}
	c, err := target{Data: d.Data}.load(w)
	if err != nil {
		return err
	}
	log := newLogger(c, w)
	a, err := app.New(w.ctx, c, app.Options{Log: log})
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.Check(); err != nil {
		return err
	}
	defer onHangup(func() { log.Info("SIGHUP is ignored: a demo has nothing to reload") })()
	officials := ""
	if d.Review {
		made, err := demo.Fill(w.ctx, a, d.Data)
		if err != nil {
			return fmt.Errorf("the demo's applications could not be made; remove %s and start again: %w", d.Data, err)
		}
		officials = made.Text(issuer, c.Scanner.Address != "")
	}
	p, err := portal.New(portal.Config{
		BaseURL: portalURL, Issuer: issuer, ApplyURL: issuer + "/apply", MailDir: c.Mail.Dir, Logger: log,
		Entries: []portal.Entry{
			{Path: demoFirst, Name: "Oefenloket", ClientID: "demo-portal", ClientSecret: clientSecret, Scopes: []string{"openid", "omgevingsloket", "email", "phone"},
				IDTokenClaims: []string{"account_type", "given_name", "family_name", "email", "represents"}},
			{Path: demoSecond, Name: "Tweede loket", ClientID: "demo-second", Scopes: []string{"openid", "omgevingsloket", "email"}, ThirdParty: true},
		},
	})
	if err != nil {
		return err
	}
	return d.serve(w, a, p, issuer, portalURL, officials)
}

func (d demoCommand) serve(w world, a *app.App, p http.Handler, issuer, portalURL, officials string) error {
	l, err := net.Listen("tcp", d.Portal)
	if err != nil {
		return fmt.Errorf("portal: %w; choose another address with --portal", err)
	}
	site := app.NewServer(p, a.Log)
	failed := make(chan error, 1)
	go func() { failed <- site.Serve(l) }()
	ctx, cancel := context.WithCancelCause(w.ctx)
	defer cancel(nil)
	go func() {
		if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
			cancel(err)
		}
	}()
	err = a.Serve(ctx, func() { fmt.Fprint(w.stdout, d.text(issuer, portalURL)+officials+"Stop with Ctrl-C.\n") })
	_ = site.Close()
	if err != nil && strings.Contains(err.Error(), "address already in use") {
		return fmt.Errorf("%w; choose another address with --listen", err)
	}
	return err
}

// text returns what the demo prints: what runs where, and what to do next.
func (d demoCommand) text(issuer, portalURL string) string {
	apply, login := "Any data and an empty PDF will do.", "Log in."
	if d.Review {
		apply, login = "An official decides on it, as in production.", "After an official has approved it (see below), log in."
	}
	return fmt.Sprintf(demoText, portalURL, issuer, d.Data, apply, login)
}

const demoText = `
Omgevingsloket-ID, practice environment

  Portal    %[1]s        log in here; it stands in for the Omgevingsloket
  Provider  %[2]s        apply for an account at %[2]s/apply
  Mail      %[1]s/mail   every mail that the provider sends

What to do next
  1. Open %[1]s and choose to apply for an Omgevingsloket-ID. %[4]s
  2. The code that confirms the e-mail address is in the mail at %[1]s/mail.
  3. %[5]s Have an authenticator app ready: the QR code is shown once.

Everything is kept in %[3]s. An account that is blocked is unblocked with
  omgevingsloket-id account unblock --data %[3]s EMAIL
`

// localOrigin returns the origin of a local address. The demo uses http, and must not be
// reachable from elsewhere under another name.
func localOrigin(flag, address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("%w: --%s %s: want HOST:PORT, such as localhost:8080", errUse, flag, address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", fmt.Errorf("%w: --%s %s: the demo runs on this machine only; use localhost or 127.0.0.1", errUse, flag, address)
	}
	return "http://" + net.JoinHostPort(host, port), nil
}

// prepare fills the demo's folder: the master key, a client secret and a configuration
// file for the other commands.
func (d demoCommand) prepare(issuer, portalURL string) (secret.Text, error) {
	if err := os.MkdirAll(filepath.Join(d.Data, "mail"), 0o700); err != nil {
		return "", err
	}
	err := onceFile(filepath.Join(d.Data, "master.key"), func() ([]byte, error) { return secret.NewKeyRingFile("demo", rand.Reader) })
	if err != nil {
		return "", err
	}
	secretFile := filepath.Join(d.Data, "portal.secret")
	if err := onceFile(secretFile, func() ([]byte, error) { return []byte(secret.New(rand.Reader, secret.KindClient).Reveal()), nil }); err != nil {
		return "", err
	}
	text, err := secret.ReadFile(secretFile)
	if err != nil {
		return "", err
	}
	clientSecret := secret.Text(strings.TrimSpace(string(text)))
	yaml, err := d.configuration(issuer, portalURL, clientSecret)
	if err != nil {
		return "", err
	}
	return clientSecret, os.WriteFile(filepath.Join(d.Data, demoConfigName), yaml, 0o600)
}

func onceFile(path string, fresh func() ([]byte, error)) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	body, err := fresh()
	if err != nil {
		return err
	}
	return os.WriteFile(path, body, 0o600)
}

// configuration returns the demo's configuration file. It is written at each start,
// since it depends on --listen and --portal.
func (d demoCommand) configuration(issuer, portalURL string, clientSecret secret.Text) ([]byte, error) {
	digest := clientSecret.Hash()
	if _, err := hex.DecodeString(digest); err != nil {
		return nil, err
	}
	first, second := portal.URIsOf(portalURL, demoFirst), portal.URIsOf(portalURL, demoSecond)
	scopes := claim.Scopes()[1:]
	clients := []client.Client{
		{
			ID: "demo-portal", Name: "Oefenloket", RedirectURIs: []string{first.Redirect}, PostLogoutRedirectURIs: []string{first.PostLogout},
			AuthMethod: client.ClientSecretBasic, SecretHashes: []string{digest}, Scopes: scopes, InitiateLoginURI: first.InitiateLogin,
			HomeURI: first.Home, DutchClaims: true, SigningAlg: "ES256",
		},
		{
			ID: "demo-second", Name: "Tweede loket", RedirectURIs: []string{second.Redirect}, PostLogoutRedirectURIs: []string{second.PostLogout},
			AuthMethod: client.None, Scopes: scopes, InitiateLoginURI: second.InitiateLogin, HomeURI: second.Home, ThirdParty: true,
			SectorHost: "second." + strings.TrimPrefix(portalURL, "http://"),
		},
	}
	settings := map[string]any{
		"environment": string(config.Practice), "issuer": issuer, "listen": d.Listen, "admin_listen": "127.0.0.1:0",
		"shutdown_delay": "0s", "shutdown_grace": (3 * time.Second).String(), "master_key_file": filepath.Join(d.Data, "master.key"),
		"database": map[string]any{"url": "sqlite:" + filepath.Join(d.Data, "olid.db")},
		"mail":     map[string]any{"from": "noreply@omgevingsloket-id.example", "dir": filepath.Join(d.Data, "mail")},
		"helpdesk": map[string]any{
			"phone": "+31 88 000 00 00", "email": "helpdesk@omgevingsloket-id.example",
			"hours_nl": "maandag tot en met vrijdag van 9.00 tot 17.00 uur (Nederlandse tijd)",
			"hours_en": "Monday to Friday from 9:00 to 17:00 (Dutch time)",
		},
		"home_client": "demo-portal", "clients": clients,
		"log": map[string]any{"level": "warn", "format": "text"},
	}
	if d.Review {
		settings["review"] = map[string]any{"always": true}
		if info, err := os.Stat(demo.Scanner); err == nil && info.Mode()&fs.ModeSocket != 0 {
			settings["scanner"] = map[string]any{"address": "unix:" + demo.Scanner}
		}
	}
	document, err := yaml.Marshal(settings)
	if err != nil {
		return nil, err
	}
	return append([]byte("# Written by `omgevingsloket-id demo` at each start. Changes here are lost.\n"), document...), nil
}
