package testenv

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Mailserver is an SMTP server that keeps its mail. It ends with the test.
type Mailserver struct {
	Inbox
	Addr   string // 127.0.0.1:PORT
	CAFile string // with SMTPTLS: a client must trust it

	t              testing.TB
	tls            *tls.Config
	user, password string
	server         *smtp.Server

	mu     sync.Mutex
	mails  []Mail
	answer error // reply to every message instead of 250
}

// SMTPOption changes a server of SMTP.
type SMTPOption func(*Mailserver)

// SMTPTLS offers STARTTLS, with the certificate of TLS.
func SMTPTLS() SMTPOption {
	return func(s *Mailserver) {
		c := TLS(s.t)
		s.CAFile, s.tls = c.CAFile, &tls.Config{Certificates: []tls.Certificate{c.Server}}
	}
}

// SMTPUser refuses mail of everyone except this user (AUTH PLAIN).
func SMTPUser(name, password string) SMTPOption {
	return func(s *Mailserver) { s.user, s.password = name, password }
}

// SMTP starts a mail server.
func SMTP(t testing.TB, options ...SMTPOption) *Mailserver {
	t.Helper()
	notShort(t, "an SMTP server")
	s := &Mailserver{t: t, Addr: FreeAddr(t)}
	s.load = s.received
	for _, o := range options {
		o(s)
	}
	s.Start()
	t.Cleanup(func() { _ = s.server.Close() })
	return s
}

// Start starts a stopped server on the same port, with its mail.
func (s *Mailserver) Start() {
	s.t.Helper()
	l, err := net.Listen("tcp", s.Addr)
	if err != nil {
		s.t.Fatalf("SMTP: %v", err)
	}
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &mailSession{server: s}, nil
	}))
	s.server.Domain = "localhost"
	s.server.TLSConfig = s.tls
	s.server.AllowInsecureAuth = s.tls == nil
	s.server.EnableSMTPUTF8 = true
	s.server.ReadTimeout, s.server.WriteTimeout = Patience, Patience
	server := s.server
	// Serve returns an error when the server is closed.
	go func() { _ = server.Serve(l) }()
}

// Stop stops the server: connections are closed and refused.
func (s *Mailserver) Stop() {
	s.t.Helper()
	if err := s.server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		s.t.Fatalf("SMTP: %v", err)
	}
}

// Reject makes the server refuse every message permanently (550).
func (s *Mailserver) Reject() {
	s.setAnswer(&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Refused"})
}

// Defer makes the server refuse every message temporarily (451).
func (s *Mailserver) Defer() {
	s.setAnswer(&smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Try again later"})
}

// Accept makes the server accept messages again.
func (s *Mailserver) Accept() { s.setAnswer(nil) }

func (s *Mailserver) setAnswer(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = err
}

func (s *Mailserver) received() ([]Mail, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...), nil
}

// deliver keeps a message. It refuses a message that cannot be parsed, so that the sender's test
// fails.
func (s *Mailserver) deliver(from string, to []string, raw []byte) error {
	m, err := ParseMail(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: err.Error()}
	}
	m.From, m.To = from, to
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answer != nil {
		return s.answer
	}
	s.mails = append(s.mails, m)
	return nil
}

// mailSession is one connection.
type mailSession struct {
	server *Mailserver
	authed bool
	from   string
	to     []string
}

func (s *mailSession) AuthMechanisms() []string {
	if s.server.user == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, name, password string) error {
		if name != s.server.user || password != s.server.password {
			return smtp.ErrAuthFailed
		}
		s.authed = true
		return nil
	}), nil
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.user != "" && !s.authed {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return s.server.deliver(s.from, append([]string(nil), s.to...), raw)
}

func (s *mailSession) Reset()        { s.from, s.to = "", nil }
func (s *mailSession) Logout() error { return nil }
