package config

import (
	"net"
	"net/url"

	"omgevingsloket-id/pkg/client"
)

// Warnings returns warnings about settings that are allowed but seldom
// intended. Each is one sentence for the log at the start, without secrets.
func (c Config) Warnings() []string {
	var all []string
	warn := func(when bool, text string) {
		if when {
			all = append(all, text)
		}
	}
	if u, err := url.Parse(c.Issuer); err == nil {
		warn(u.Path != "", "issuer: has a path; cookies with __Host- are shared by everything else on that host")
	}
	warn(c.HomeClient == "", "home_client: is not set; the button 'Ga naar inloggen met Omgevingsloket-ID' leads to our own list of portals")
	if host, _, err := net.SplitHostPort(c.AdminListen); err == nil {
		warn(!loopback(host), "admin_listen: is reachable from other machines and asks for no login; shield it")
	}
	if !c.Production() {
		return all
	}
	warn(c.Policy == client.General, "policy: general in production; the Dutch government's profile is nlgov")
	warn(c.ACR != ProductionACR, "acr: tokens state "+c.ACR+"; be sure that this service was assessed at that level")
	warn(c.TLS.CertFile == "" && len(c.TrustedProxies) == 0,
		"trusted_proxies: is empty and the server ends no TLS itself; behind a proxy all people then share one source and its limits")
	warn(c.Login.RecoveryDelay < ProductionRecoveryDelay, "login.recovery_delay: is shorter than 24h; holders have less time to cancel an unblock that they did not ask for")
	warn(plainPostgres(c.Database.URL.Reveal()), "database.url: crosses a network without sslmode=verify-full")
	warn(plainRedis(c.Redis.URL.Reveal()), "redis.url: crosses a network without TLS; use rediss://")
	warn(c.Log.Level == "debug", "log.level: debug is chatty in production")
	warn(c.Console.Origin != "" && len(c.Console.Domains) == 0,
		"console.domains: is empty; an administrator can invite mailboxes of their own as officials")
	warn(c.Links.PrivacyURL == "", "links.privacy_url: is not set; people must be told what happens with their data (GDPR article 13)")
	warn(c.Links.AccessibilityURL == "" && c.Accessibility.Status == "", "links.accessibility_url: is not set, and neither is accessibility.status; Dutch public authorities must have an accessibility statement")
	return all
}

func plainRedis(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Scheme == "redis" && !loopback(u.Hostname())
}
