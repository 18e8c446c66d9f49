package mail_test

import (
	"context"
	"crypto/x509"
	"errors"
	"mime"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"omgevingsloket-id/pkg/mail"
)

func message() mail.Message {
	return mail.Message{
		ID: "0123456789abcdef", To: "jan@example.com", Lang: "nl", Kind: "confirm-email",
		Subject: "Bevestig uw e-mailadres – café", Text: mailSecret("Uw code is 123456.\n\n.\n\nEen regel met é en een punt ervoor:\n  .punt\n\n.punt\n\n" + strings.TrimSpace(strings.Repeat("lang ", 60)) + "\n"),
		At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
}

func TestSMTPDelivers(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]behaviour{"STARTTLS": {}, "implicit TLS": {implicitTLS: true}} {
		t.Run(name, func(t *testing.T) {
			r := startRelay(t, m)
			s := r.sender()
			s.Relay.User, s.Relay.Password = goodUser, goodPassword
			if err := s.Send(t.Context(), message()); err != nil {
				t.Fatal(err)
			}
			got := r.messages()
			if len(got) != 1 || got[0].from != "no-reply@id.example" || len(got[0].to) != 1 || got[0].to[0] != "jan@example.com" || !got[0].tls || r.logins != 1 {
				t.Fatalf("the relay has %+v after %d logins, want one message over TLS after one login", got, r.logins)
			}
			checkEML(t, got[0].raw)
		})
	}
}

// checkEML parses a sent message with another parser than the library's.
func checkEML(t *testing.T, raw string) {
	t.Helper()
	msg, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"From": `"Omgevingsloket-ID" <no-reply@id.example>`, "To": "<jan@example.com>", "Message-Id": "<0123456789abcdef@id.example>",
		"Auto-Submitted": "auto-generated", "Content-Transfer-Encoding": "quoted-printable", "Content-Language": "nl",
		"Date": "Sun, 01 Mar 2026 12:00:00 +0000", "Mime-Version": "1.0", "X-Mailer": "", "User-Agent": "", "Precedence": "",
	} {
		if got := msg.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil || subject != message().Subject {
		t.Errorf("the subject is %q, %v, want %q", subject, err, message().Subject)
	}
	text, _ := parts(t, raw)
	if got := strings.Join(unflowed(text), "\n") + "\n"; got != message().Text.Reveal() {
		t.Errorf("a receiver reads %q, want %q", got, message().Text.Reveal())
	}
	for line := range strings.SplitSeq(raw, "\r\n") {
		if len(line) > 78 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("line %q is longer than 78 characters or has a bare CR or LF (RFC 5322 §2.1.1)", line)
		}
	}
}

// canary holds what no error may contain.
func canary(t *testing.T, err error) {
	t.Helper()
	for _, s := range []string{"jan@", "example.com", "123456", goodPassword, "Bevestig", "relay says"} {
		if strings.Contains(err.Error(), s) {
			t.Errorf("the error has %q: %v", s, err)
		}
	}
}

func TestML07_NoTLSNoMail(t *testing.T) {
	t.Parallel()
	r := startRelay(t, behaviour{noSTARTTLS: true})
	s := r.sender()
	s.Relay.User, s.Relay.Password = goodUser, goodPassword
	err := s.Send(t.Context(), message())
	if !errors.Is(err, mail.ErrTemporary) {
		t.Fatalf("Send() to a relay without STARTTLS = %v, want %v", err, mail.ErrTemporary)
	}
	canary(t, err)
	if len(r.messages()) > 0 || r.logins > 0 {
		t.Fatal("the message or the password was sent without TLS")
	}
	// The same server accepts the message with smtp+insecure, so the refusal
	// above is about TLS only.
	s.Relay = r.Relay
	s.Relay.Security = mail.Plain
	if err := s.Send(t.Context(), message()); err != nil || len(r.messages()) != 1 {
		t.Fatalf("Send() with smtp+insecure = %v, want nil", err)
	}
}

func TestML07_UnknownCertificate(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]behaviour{"STARTTLS": {}, "implicit TLS": {implicitTLS: true}} {
		t.Run(name, func(t *testing.T) {
			r := startRelay(t, m)
			s := r.sender()
			s.Roots = x509.NewCertPool()
			s.Relay.User, s.Relay.Password = goodUser, goodPassword
			err := s.Send(t.Context(), message())
			if !errors.Is(err, mail.ErrTemporary) || !strings.Contains(err.Error(), "certificate") {
				t.Fatalf("Send() to a relay with an unknown certificate = %v, want %v", err, mail.ErrTemporary)
			}
			if len(r.messages()) > 0 || r.logins > 0 {
				t.Fatal("Send() sends to a relay with an unknown certificate")
			}
		})
	}
}

func TestSMTPZeroRelaySendsNothing(t *testing.T) {
	t.Parallel()
	r := startRelay(t, behaviour{noSTARTTLS: true})
	s := r.sender()
	s.Relay.Security = ""
	if err := s.Send(t.Context(), message()); !errors.Is(err, mail.ErrTemporary) || len(r.messages()) > 0 {
		t.Fatalf("Send() without a Security = %v, want %v", err, mail.ErrTemporary)
	}
}

func TestML07_Answers(t *testing.T) {
	t.Parallel()
	reply := func(code int) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "relay says jan@example.com"}
	}
	for _, c := range []struct {
		name      string
		set       func(*relay)
		temporary bool
		text      string
	}{
		{"RCPT 450", func(r *relay) { r.rcptErr = reply(450) }, true, "450 4.1.1"},
		{"RCPT 550", func(r *relay) { r.rcptErr = reply(550) }, false, "550 5.1.1"},
		{"DATA 451", func(r *relay) { r.dataErr = reply(451) }, true, "451 4.1.1"},
		{"DATA 554", func(r *relay) { r.dataErr = reply(554) }, false, "554 5.1.1"},
		{"dropped after DATA", func(r *relay) { r.hangUp = true }, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := startRelay(t, behaviour{})
			c.set(r)
			err := r.sender().Send(t.Context(), message())
			if err == nil || errors.Is(err, mail.ErrTemporary) != c.temporary || !strings.Contains(err.Error(), c.text) {
				t.Fatalf("got %v, want temporary %v with %q", err, c.temporary, c.text)
			}
			canary(t, err)
			var refusal mail.Refusal
			if errors.As(err, &refusal) == c.temporary {
				t.Errorf("the error %v is a Refusal: %t", err, c.temporary)
			}
			if !c.temporary && refusal.Codes() != c.text {
				t.Errorf("the refusal is %q, want %q", refusal, c.text)
			}
		})
	}
}

func TestML07_WrongRelayPassword(t *testing.T) {
	t.Parallel()
	r := startRelay(t, behaviour{})
	s := r.sender()
	s.Relay.User, s.Relay.Password = goodUser, "wrong"
	err := s.Send(t.Context(), message())
	if !errors.Is(err, mail.ErrTemporary) || !strings.Contains(err.Error(), "535") {
		t.Fatalf("Send() with a wrong password = %v, want %v with 535", err, mail.ErrTemporary)
	}
}

func TestML07_RelayGone(t *testing.T) {
	t.Parallel()
	r := startRelay(t, behaviour{})
	s := r.sender()
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port that is closed again
	if err != nil {
		t.Fatal(err)
	}
	s.Relay.Port = l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	if err := s.Send(t.Context(), message()); !errors.Is(err, mail.ErrTemporary) {
		t.Fatalf("Send() without a relay = %v, want %v", err, mail.ErrTemporary)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.sender().Send(ctx, message()); !errors.Is(err, mail.ErrTemporary) || len(r.messages()) > 0 {
		t.Fatalf("Send() with a cancelled context = %v, want %v", err, mail.ErrTemporary)
	}
}

// A relay that replied 250 has the message, whatever happens afterwards.
func TestML08_HungUpAfterDelivery(t *testing.T) {
	t.Parallel()
	r := startRelay(t, behaviour{})
	r.hangUpLate = true
	if err := r.sender().Send(t.Context(), message()); err != nil {
		t.Fatalf("Send() of a delivered message = %v, want nil", err)
	}
	if len(r.messages()) != 1 {
		t.Fatal("the relay has no message")
	}
}

func TestML05_Injection(t *testing.T) {
	t.Parallel()
	r := startRelay(t, behaviour{})
	dir := t.TempDir()
	change := map[string]func(*mail.Message){
		"recipient CRLF":     func(m *mail.Message) { m.To = "jan@example.com\r\nBcc: eve@example.org" },
		"recipient list":     func(m *mail.Message) { m.To = "jan@example.com,eve@example.org" },
		"recipient brackets": func(m *mail.Message) { m.To = "jan@example.com> ORCPT=<eve@example.org" },
		"recipient name":     func(m *mail.Message) { m.To = "Eve <eve@example.org>" },
		"recipient NUL":      func(m *mail.Message) { m.To = "jan\x00@example.com" },
		"recipient quoted":   func(m *mail.Message) { m.To = `"jan\r\n"@example.com` },
		"recipient capital":  func(m *mail.Message) { m.To = "Jan@example.com" },
		"subject CRLF":       func(m *mail.Message) { m.Subject = "Code\r\nBcc: eve@example.org" },
		"subject LF":         func(m *mail.Message) { m.Subject = "Code\nX: y" },
		"subject U+2028":     func(m *mail.Message) { m.Subject = "Code\u2028X" },
		"subject U+0085":     func(m *mail.Message) { m.Subject = "Code\u0085X" },
		"subject empty":      func(m *mail.Message) { m.Subject = "" },
		"kind CRLF":          func(m *mail.Message) { m.Kind = "a\r\nBcc: eve@example.org" },
		"id path":            func(m *mail.Message) { m.ID = "../../etc/cron" },
		"id CRLF":            func(m *mail.Message) { m.ID = "a\r\nb" },
		"id empty":           func(m *mail.Message) { m.ID = "" },
	}
	from := r.sender().From
	for name, set := range change {
		for _, sender := range []mail.Sender{r.sender(), mail.FileSender{Dir: dir, From: from}} {
			m := message()
			set(&m)
			err := sender.Send(t.Context(), m)
			if err == nil || errors.Is(err, mail.ErrTemporary) {
				t.Errorf("%s: Send() by %T = %v, want a permanent error", name, sender, err)
			}
		}
	}
	for _, bad := range []mail.From{{Address: "a@b.example\r\nX: y"}, {Address: "a@b.example", Name: "x\r\nBcc: eve@example.org"}, {}} {
		s := r.sender()
		s.From = bad
		if err := s.Send(t.Context(), message()); err == nil || errors.Is(err, mail.ErrTemporary) {
			t.Errorf("Send() from %q = %v, want a permanent error", bad, err)
		}
	}
	if len(r.messages()) > 0 || len(files(t, dir)) > 0 {
		t.Error("a refused message was sent or written")
	}
}
