package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// SMTPSender sends messages to a relay, each over its own connection.
type SMTPSender struct {
	Relay   Relay
	From    From
	HTML    func(Message) string // see Form
	Helo    string               // "" = the domain of From
	Timeout time.Duration        // for connecting and again for sending; 0 = 30 s
	Roots   *x509.CertPool       // nil = those of the system
}

// Send sends m to the relay. Only a message that cannot be written and a reply
// of 5xx to RCPT or DATA, a Refusal, are permanent errors. Everything else is
// ErrTemporary, even a wrong password of the relay, because the operator can
// correct it. Errors hold reply codes, never an address, the text or the words
// of the relay.
func (s SMTPSender) Send(ctx context.Context, m Message) error {
	msg, err := Form{From: s.From, HTML: s.HTML}.compose(m)
	if err != nil {
		return err
	}
	var conn net.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close() // the library leaves it open when the greeting, TLS or login fails
		}
	}()
	// The library heeds ctx only while it connects.
	connected := func(c net.Conn) {
		conn = c
		context.AfterFunc(ctx, func() { _ = c.Close() })
	}
	client, err := s.client(connected)
	if err != nil {
		return fmt.Errorf("smtp: set up: %w", ErrTemporary)
	}
	err = client.DialAndSendWithContext(ctx, msg)
	if err == nil || msg.IsDelivered() {
		return nil // the relay accepted it and then closed the connection
	}
	var refused *gomail.SendError
	if errors.As(err, &refused) {
		code := refused.ErrorCode()
		switch refused.Reason {
		case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
			if code >= 500 && code < 600 {
				return fmt.Errorf("smtp: %s: %w", refused.Reason, Refusal{code, refused.EnhancedStatusCode()})
			}
		}
		return fmt.Errorf("smtp: %s: %w: %d %s", refused.Reason, ErrTemporary, code, refused.EnhancedStatusCode())
	}
	return fmt.Errorf("smtp: connecting: %w: %s", ErrTemporary, cause(err))
}

// client returns a client of the library for one message. It calls connected with
// the connection.
func (s SMTPSender) client(connected func(net.Conn)) (*gomail.Client, error) {
	timeout := cmp.Or(s.Timeout, 30*time.Second)
	config := &tls.Config{ServerName: s.Relay.Host, MinVersion: tls.VersionTLS12, RootCAs: s.Roots}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		var c net.Conn
		var err error
		if s.Relay.Security == ImplicitTLS {
			c, err = (&tls.Dialer{Config: config}).DialContext(ctx, network, address)
		} else {
			c, err = (&net.Dialer{}).DialContext(ctx, network, address)
		}
		if err == nil {
			connected(c)
		}
		return c, err
	}
	options := []gomail.Option{
		gomail.WithPort(s.Relay.Port),
		gomail.WithTimeout(timeout),
		gomail.WithHELO(cmp.Or(s.Helo, s.From.domain())),
		gomail.WithTLSConfig(config),
		gomail.WithDialContextFunc(dial),
		gomail.WithoutNoop(),
		gomail.WithoutRset(), // it follows delivery, where a failure means nothing
		gomail.WithoutSMTPUTF8(),
	}
	switch s.Relay.Security {
	case StartTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case ImplicitTLS:
		options = append(options, gomail.WithSSL())
	case Plain:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return nil, errors.New("no security chosen") // the zero Relay
	}
	if s.Relay.User != "" {
		options = append(options, gomail.WithUsername(s.Relay.User), gomail.WithPassword(s.Relay.Password.Reveal()),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return gomail.NewClient(s.Relay.Host, options...)
}

// cause describes an error before the message was sent, without the relay's
// own words, which may hold anything.
func cause(err error) string {
	var (
		reply   *textproto.Error
		network *net.OpError
		name    *net.DNSError
		cert    *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &cert):
		return "the relay's certificate is not trusted"
	case errors.As(err, &reply):
		return fmt.Sprintf("the relay answered %d", reply.Code)
	case errors.As(err, &name):
		return "the relay's name is not known"
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.As(err, &network) && network.Op == "dial":
		return network.Err.Error()
	case errors.As(err, &network):
		return "connection lost"
	}
	return "no greeting, no STARTTLS or no common way to log in"
}
