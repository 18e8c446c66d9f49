package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/templates"
)

// mail preview writes each mail in both languages, for both environments, as three files.
func TestMailPreview(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made")
	if code, out, errs := command(t, "mail", "preview", dir); code != exitOK || !strings.Contains(out, "mails are in") {
		t.Fatalf("exit %d: %s %s", code, out, errs)
	}
	kinds, err := fs.Glob(templates.FS, "mail/*.nl.txt")
	if err != nil || len(kinds) < 20 {
		t.Fatal(len(kinds), err)
	}
	for _, name := range kinds {
		kind := strings.TrimSuffix(filepath.Base(name), ".nl.txt")
		if kind == "common" {
			continue
		}
		for _, rest := range []string{".nl.production", ".nl.practice", ".en.production", ".en.practice"} {
			if kind == "staff-disavowed" && strings.HasPrefix(rest, ".en") {
				continue // it goes to the helpdesk, in Dutch
			}
			raw, err := os.ReadFile(filepath.Join(dir, kind+rest+".eml"))
			if err != nil {
				t.Error(err)
				continue
			}
			m, err := testenv.ParseMail(raw)
			if err != nil || m.Text == "" || !strings.HasPrefix(m.HTML, "<!doctype html>") {
				t.Errorf("%s%s: %v, a text of %d bytes and HTML of %d", kind, rest, err, len(m.Text), len(m.HTML))
			}
			for _, ending := range []string{".txt", ".html"} {
				if _, err := os.Stat(filepath.Join(dir, kind+rest+ending)); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestMailPreviewNowhere(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := command(t, "mail", "preview", file); code != exitFailed || errs == "" {
		t.Errorf("a file as folder: exit %d, %q", code, errs)
	}
	if code, _, _ := command(t, "mail", "preview"); code != exitWrongUse {
		t.Errorf("no folder: exit %d", code)
	}
}

// mail bounce marks the address of a mail that was sent, once; what is not a report about
// such a mail is wrong use, and changes nothing.
func TestMailBounce(t *testing.T) {
	t.Parallel()
	dir := demoFolder(t)
	if code, _, errs := command(t, "migrate", "--data", dir); code != exitOK {
		t.Fatal(errs)
	}
	stores := func(do func(s *app.Stores)) {
		t.Helper()
		c, err := target{Data: dir}.load(world{getenv: func(string) string { return "" }})
		site.Must(t, err)
		s, err := app.OpenStores(t.Context(), c, app.Options{})
		site.Must(t, err)
		defer s.Close()
		do(s)
	}
	domain := ""
	stores(func(s *app.Stores) {
		c, err := target{Data: dir}.load(world{getenv: func(string) string { return "" }})
		site.Must(t, err)
		_, domain, _ = strings.Cut(c.Mail.From, "@")
		m := mail.Message{ID: "a1b2c3", To: "jo@example.com", Lang: "nl", Kind: "receipt", Subject: "s", Text: "t", At: time.Now()}
		site.Must(t, s.DB.Helpdesk().Note(t.Context(), effect.Effects{Mails: []mail.Message{m}}))
		site.Must(t, s.DB.Outbox().Sent(t.Context(), m, time.Now()))
	})
	bounce := func(report string) (int, string) {
		t.Helper()
		var out, errs bytes.Buffer
		code := run(world{ctx: t.Context(), stdin: strings.NewReader(report), stdout: &out, stderr: &errs, getenv: func(string) string { return "" }}, []string{"mail", "bounce", "--data", dir})
		return code, out.String() + errs.String()
	}
	report := func(id, recipient, action string) string {
		return "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n" +
			"Final-Recipient: rfc822; " + recipient + "\nAction: " + action + "\nStatus: 5.1.1\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <" + id + "@" + domain + ">\n\n--b--\n"
	}
	for _, c := range []struct {
		name, report string
		code         int
		says         string
	}{
		{"no report", "hello\n", exitWrongUse, "not a delivery report"},
		{"an unknown id", report("ffffff", "jo@example.com", "failed"), exitWrongUse, "no such mail"},
		{"another address", report("a1b2c3", "eve@example.com", "failed"), exitWrongUse, "no such mail"},
		{"a delay", report("a1b2c3", "jo@example.com", "delayed"), exitOK, "refused the mail for good"},
		{"a refusal", report("a1b2c3", "jo@example.com", "failed"), exitOK, "Marked: the mail receipt was refused with 5.1.1."},
		{"the same again", report("a1b2c3", "jo@example.com", "failed"), exitWrongUse, "no such mail"},
	} {
		code, out := bounce(c.report)
		if code != c.code || !strings.Contains(out, c.says) || strings.Contains(out, "jo@example.com") {
			t.Errorf("%s: exit %d, %q, want %d and %q without an address", c.name, code, out, c.code, c.says)
		}
	}
	stores(func(s *app.Stores) {
		got, err := s.Bounces.ByAddress(t.Context(), "jo@example.com")
		if err != nil || len(got) != 1 || got[0].Kind != "receipt" || got[0].Source != mail.FromReport {
			t.Errorf("ByAddress() = %+v, %v, want one", got, err)
		}
	})
}
