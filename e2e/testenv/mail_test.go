package testenv

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/wneessen/go-mail"
)

// letter returns a mail as the service sends it.
func letter(t *testing.T, to, subject string) *mail.Msg {
	t.Helper()
	m := mail.NewMsg()
	if err := errors.Join(m.From("loket@example.org"), m.To(to)); err != nil {
		t.Fatal(err)
	}
	m.Subject(subject)
	m.SetBodyString(mail.TypeTextPlain, "Uw aanvraag is goedgekeurd. Één ding nog: …")
	m.AddAlternativeString(mail.TypeTextHTML, "<p>Uw aanvraag is goedgekeurd.")
	if err := m.AttachReader("kopie.txt", strings.NewReader("ingevuld")); err != nil {
		t.Fatal(err)
	}
	return m
}

func send(t *testing.T, s *Mailserver, m *mail.Msg, options ...mail.Option) error {
	t.Helper()
	host, port, _ := strings.Cut(s.Addr, ":")
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	options = append([]mail.Option{mail.WithPort(n), mail.WithTLSPolicy(mail.NoTLS)}, options...)
	c, err := mail.NewClient(host, options...)
	if err != nil {
		t.Fatal(err)
	}
	return c.DialAndSendWithContext(context.Background(), m)
}

func TestSMTPKeepsMail(t *testing.T) {
	s := SMTP(t)
	for _, subject := range []string{"Één", "Twee"} {
		if err := send(t, s, letter(t, "jan@example.org", subject)); err != nil {
			t.Fatal(err)
		}
	}
	got := s.Next(t, "Jan@example.org")
	if got.Subject != "Één" || got.From != "loket@example.org" || !strings.Contains(got.Text, "Één ding nog: …") ||
		!strings.Contains(got.HTML, "<p>") {
		t.Errorf("got %+v", got)
	}
	if len(got.Attachments) != 1 || got.Attachments[0].Name != "kopie.txt" || string(got.Attachments[0].Data) != "ingevuld" {
		t.Errorf("attachments %+v", got.Attachments)
	}
	if got := s.Next(t, "jan@example.org"); got.Subject != "Twee" {
		t.Errorf("the second mail is %q", got.Subject)
	}
	if n := len(s.To(t, "piet@example.org")); n != 0 {
		t.Errorf("%d mails for somebody else", n)
	}
}

func TestSMTPRefuses(t *testing.T) {
	s := SMTP(t)
	for _, c := range []struct {
		name      string
		set       func()
		fails     bool
		temporary bool
	}{
		{"reject", s.Reject, true, false},
		{"defer", s.Defer, true, true},
		{"gone", s.Stop, true, false},
		{"back", func() { s.Start(); s.Accept() }, false, false},
	} {
		c.set()
		err := send(t, s, letter(t, "jan@example.org", c.name))
		var sending *mail.SendError
		if (err != nil) != c.fails || (errors.As(err, &sending) && sending.IsTemp()) != c.temporary {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if all := s.All(t); len(all) != 1 || all[0].Subject != "back" {
		t.Errorf("it kept %v", subjects(all))
	}
}

func TestSMTPWithTLSAndUser(t *testing.T) {
	s := SMTP(t, SMTPTLS(), SMTPUser("olid", "secret"))
	secure := []mail.Option{
		mail.WithTLSPolicy(mail.TLSMandatory), mail.WithTLSConfig(clientTLS(t)),
		mail.WithSMTPAuth(mail.SMTPAuthPlain), mail.WithUsername("olid"), mail.WithPassword("secret"),
	}
	if err := send(t, s, letter(t, "jan@example.org", "hello"), secure...); err != nil {
		t.Errorf("with everything right: %v", err)
	}
	if err := send(t, s, letter(t, "jan@example.org", "hello"), append(secure, mail.WithPassword("wrong"))...); err == nil {
		t.Error("a wrong password was accepted")
	}
	if err := send(t, s, letter(t, "jan@example.org", "hello")); err == nil {
		t.Error("mail without a user was accepted")
	}
}

func TestMailFolder(t *testing.T) {
	dir := t.TempDir()
	box := MailFolder(dir)
	for _, name := range []string{"1", "2"} {
		var raw bytes.Buffer
		if _, err := letter(t, "jan@example.org", name).WriteTo(&raw); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".eml"), raw.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if one, two := box.Next(t, "jan@example.org"), box.Next(t, "jan@example.org"); one.Subject != "1" || two.Subject != "2" {
		t.Errorf("order: %q, %q", one.Subject, two.Subject)
	}
	if got := box.All(t)[0]; got.From != "loket@example.org" || got.To[0] != "jan@example.org" {
		t.Errorf("from %q to %q", got.From, got.To)
	}
}
