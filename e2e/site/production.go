package site

import (
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
)

// StrictCSP is the Content-Security-Policy of every page.
const StrictCSP = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// NewProduction starts production: https, nothing approved at once. desk is the officials'
// site, with a server and cookies of its own.
func NewProduction(t *testing.T, change ...func(*config.Config)) (main, desk *Site) {
	t.Helper()
	listener, err := net.Listen("tcp", "[::1]:0")
	Must(t, err)
	s := New(t, func(c *config.Config) {
		practice := *c
		*c = config.Default(config.Production)
		c.Issuer, c.MasterKeyFile, c.Database, c.Clients, c.Limits = strings.Replace(practice.Issuer, "http:", "https:", 1), practice.MasterKeyFile, practice.Database, practice.Clients[:1], practice.Limits
		c.Policy = client.General
		c.Mail.From, c.Mail.SMTPURL = "noreply@id.example", "smtps://relay.example:465"
		c.Helpdesk.Phone = "+31 88 123 45 67"
		c.Console.Origin, c.Console.Listen = "https://"+listener.Addr().String(), listener.Addr().String()
		for _, alter := range change {
			alter(c)
		}
	})
	officials := httptest.NewUnstartedServer(s.Officials)
	_ = officials.Listener.Close()
	officials.Listener = listener
	officials.StartTLS()
	t.Cleanup(officials.Close)
	other := *s.App
	other.Kit = s.OfficialsKit
	return s, &Site{App: &other, T: t, Clock: s.Clock, Server: officials}
}
