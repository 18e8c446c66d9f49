package mail_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"omgevingsloket-id/pkg/mail"
)

const (
	goodUser     = "olid"
	goodPassword = "relay-password-canary"
)

// relay is a real SMTP server whose behaviour a test chooses.
type relay struct {
	mail.Relay
	roots *x509.CertPool

	mu         sync.Mutex
	got        []received
	logins     int
	rcptErr    error
	dataErr    error
	hangUp     bool // after DATA, before the reply
	hangUpLate bool // after the reply to DATA
}

type received struct {
	from string
	to   []string
	raw  string
	tls  bool
}

type behaviour struct {
	implicitTLS, noSTARTTLS bool
}

func startRelay(t *testing.T, m behaviour) *relay {
	t.Helper()
	cert, roots := certificate(t)
	r := &relay{roots: roots}
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{relay: r, conn: c}, nil }))
	s.Domain = "relay.test"
	s.AllowInsecureAuth = true // it accepts a password without TLS; the sender must not offer one
	s.ErrorLog = log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	r.Relay = mail.Relay{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Security: mail.StartTLS}
	switch {
	case m.implicitTLS:
		l = tls.NewListener(l, config)
		r.Security = mail.ImplicitTLS
	case !m.noSTARTTLS:
		s.TLSConfig = config
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); _ = l.Close(); <-done })
	return r
}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "relay"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

type session struct {
	relay *relay
	conn  *smtp.Conn
	msg   received
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		s.relay.mu.Lock()
		defer s.relay.mu.Unlock()
		s.relay.logins++
		if user != goodUser || password != goodPassword {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	_, secure := s.conn.TLSConnectionState()
	if _, ok := s.conn.Conn().(*tls.Conn); ok {
		secure = true
	}
	s.msg = received{from: from, tls: secure}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.msg.to = append(s.msg.to, to)
	return s.relay.rcptErr
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.relay.mu.Lock()
	defer s.relay.mu.Unlock()
	if s.relay.hangUp {
		_ = s.conn.Conn().Close()
		return nil
	}
	if s.relay.dataErr != nil {
		return s.relay.dataErr
	}
	s.msg.raw = string(raw)
	s.relay.got = append(s.relay.got, s.msg)
	return nil
}

func (s *session) Reset() {
	if s.relay.hangUpLate && s.msg.raw != "" {
		// The server resets after its reply to DATA.
		_ = s.conn.Conn().Close()
	}
}
func (s *session) Logout() error { return nil }

func (r *relay) sender() mail.SMTPSender {
	return mail.SMTPSender{
		Relay: r.Relay, From: mail.From{Address: "no-reply@id.example", Name: "Omgevingsloket-ID"},
		Roots: r.roots, Timeout: 5 * time.Second,
	}
}

func (r *relay) messages() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got
}

func TestParseSMTPURL(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]mail.Relay{
		"smtp://mx.example":                   {Host: "mx.example", Port: 587, Security: mail.StartTLS},
		"smtp://u:p%40ss@mx.example:2525":     {Host: "mx.example", Port: 2525, Security: mail.StartTLS, User: "u", Password: "p@ss"},
		"smtps://u%40x.example:p@mx.example/": {Host: "mx.example", Port: 465, Security: mail.ImplicitTLS, User: "u@x.example", Password: "p"},
		"smtp+insecure://localhost":           {Host: "localhost", Port: 25, Security: mail.Plain},
		"smtp+insecure://[::1]:1025":          {Host: "::1", Port: 1025, Security: mail.Plain},
	} {
		got, err := mail.ParseSMTPURL(mailSecret(raw))
		if err != nil || got != want {
			t.Errorf("ParseSMTPURL(%s) = %+v, %v, want %+v", raw, got, err, want)
		}
	}
	for _, raw := range []string{
		"", "mx.example:587", "http://mx.example", "smtp://", "smtp://u@mx.example", "smtp://:geheim@mx.example", "smtp://u:@mx.example",
		"smtp+insecure://u:geheim@localhost", "smtp://mx.example:0", "smtp://mx.example:99999", "smtp://mx.example/geheim",
		"smtp://mx.example?tls=none", "smtp://u:ge%heim@mx.example", "smtp:mx.example",
	} {
		got, err := mail.ParseSMTPURL(mailSecret(raw))
		if err == nil {
			t.Errorf("ParseSMTPURL(%s) = %+v, want an error", raw, got)
		} else if strings.Contains(err.Error(), "heim") {
			t.Errorf("the error has the password: %v", err)
		}
	}
}
