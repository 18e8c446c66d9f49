package site

import (
	"net"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
)

// NewProduction starts production: https, two sites, no shortcut. desk is the
// officials' site, with a server and cookies of its own.
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
	console := httptest.NewUnstartedServer(s.Officials)
	_ = console.Listener.Close()
	console.Listener = listener
	console.StartTLS()
	t.Cleanup(console.Close)
	other := *s.App
	other.Kit = s.OfficialsKit
	return s, &Site{App: &other, T: t, Clock: s.Clock, Server: console}
}

// Mailed gives the last mail of a kind to an address, from the outbox.
func (s *Site) Mailed(kind, to string) string {
	s.T.Helper()
	items, err := s.Stores.DB.Outbox().Take(s.T.Context(), s.Clock.Now().Add(time.Hour), 0, 1000)
	Must(s.T, err)
	text := ""
	var last time.Time
	for _, item := range items {
		if item.Kind == kind && item.To == to && !item.At.Before(last) {
			text, last = item.Subject+"\n"+item.Text.Reveal(), item.At
		}
	}
	if text == "" {
		s.T.Fatalf("no mail %s to %s among %d", kind, to, len(items))
	}
	return strings.Join(strings.Fields(text), " ")
}

// SixInARow matches a code of six digits in a text.
var SixInARow = regexp.MustCompile(`\b[0-9]{6}\b`)
