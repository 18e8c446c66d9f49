package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"

	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/password"
	"omgevingsloket-id/pkg/secret"
)

// Reload takes over what a running server can of a configuration: the clients of the
// file, the certificate, the theme and the list of leaked passwords. Each is taken over
// whole or stays as it is, with a line in the log.
func (a *App) Reload(ctx context.Context, c config.Config) {
	done := func(what string, err error) {
		if err != nil {
			a.Log.ErrorContext(ctx, "not reloaded; the server goes on with what it had", "what", what, "error", err.Error())
			return
		}
		a.Log.InfoContext(ctx, "reloaded", "what", what)
	}
	done("clients", a.reloadClients(ctx, c))
	if (a.certificate.Load() == nil) == (c.TLS.CertFile == "") {
		done("tls", a.loadCertificate(c.TLS))
	} else {
		a.Log.WarnContext(ctx, "not reloaded: to begin or end TLS takes a restart", "what", "tls")
	}
	err := a.Kit.Pages.ReloadTheme(c.Branding.ThemeDir)
	if err == nil && a.OfficialsKit != nil && a.OfficialsKit != a.Kit {
		err = a.OfficialsKit.Pages.ReloadTheme(c.Branding.ThemeDir)
	}
	done("theme", err)
	done("leaked passwords", a.loadLeaks(c))
	if names := config.NeedRestart(a.Config, c); len(names) > 0 {
		a.Log.WarnContext(ctx, "not reloaded: these settings take a restart", "settings", strings.Join(names, " "))
	}
}

func (a *App) reloadClients(ctx context.Context, c config.Config) error {
	wanted := client.NewDirectory(c.Clients, a.Stores.DB.Clients(), a.Config.Policy, !a.Config.Production(), a.Now)
	if err := checkHomeClient(ctx, wanted, a.Config); err != nil {
		return err
	}
	a.clients.Configure(c.Clients)
	return nil
}

// loadLeaks opens the list of leaked passwords, if the configuration names one.
func (a *App) loadLeaks(c config.Config) error {
	if c.Password.LeakedFile == "" {
		a.Passwords.Leaks.Use(nil)
		return nil
	}
	list, err := password.OpenLeaked(c.Password.LeakedFile)
	if err != nil {
		return fmt.Errorf("password.leaked_file: %w", err)
	}
	a.Passwords.Leaks.Use(list)
	return nil
}

// loadCertificate reads the certificate of the server, if it has one.
func (a *App) loadCertificate(t config.TLS) error {
	if t.CertFile == "" {
		return nil
	}
	chain, err := secret.ReadFile(t.CertFile)
	if err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	key, err := secret.ReadFile(t.KeyFile)
	if err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	a.certificate.Store(&pair)
	return nil
}
