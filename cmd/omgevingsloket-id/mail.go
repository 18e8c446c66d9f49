package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/signin"
)

type mailCommand struct {
	Preview mailPreview `cmd:"" help:"Write every mail, about nobody, into a folder to look at."`
	Bounce  mailBounce  `cmd:"" help:"Read a delivery report (RFC 3464) from standard input, and mark the address that refused mail."`
}

type mailPreview struct {
	target
	Dir string `arg:"" name:"dir" type:"path" help:"Folder; it is made if it does not exist."`
}

// Help explains the command.
func (mailPreview) Help() string {
	return "Each mail is written as <kind>.<language>.<environment>.eml, .txt and .html. Without --config or --data they have made-up\n" +
		"settings, and are written as production sends them and as practice does."
}

// Run writes the mails.
func (t mailPreview) Run(w world) error {
	configs := exampleConfigs()
	if t.Config != "" || t.Data != "" {
		c, err := t.load(w)
		if err != nil {
			return err
		}
		configs = []config.Config{c}
	}
	if err := os.MkdirAll(t.Dir, 0o755); err != nil { //nolint:gosec // the mails are about nobody
		return err
	}
	written := 0
	for _, c := range configs {
		letters, err := app.NewLetters(c, rand.Reader)
		if err != nil {
			return err
		}
		letters.Disavowal = signin.Disavowal{Key: make([]byte, 32), Time: c.Terms.Disavow} // its links work nowhere
		for _, lang := range []string{"nl", "en"} {
			n, err := preview(t.Dir, c, lang, letters)
			if err != nil {
				return err
			}
			written += n
		}
	}
	fmt.Fprintf(w.stdout, "%d mails are in %s.\n", written, t.Dir)
	return nil
}

type mailBounce struct{ target }

// Help explains the command.
func (mailBounce) Help() string {
	return "A mail server hands it each mail to the sender's address (mail.from). Only a report about a mail that this service sent to\n" +
		"that address in the last ten days counts, and only once. Exit codes: 0 also if the report is one of a delay or a delivery,\n" +
		"1 if it could not be stored (hand it in again), 2 if it is no report about a mail of this service."
}

// Run reads a report and marks the address.
func (t mailBounce) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, c config.Config, s *app.Stores) error {
		_, domain, _ := strings.Cut(c.Mail.From, "@")
		report, err := mail.ReadReport(w.stdin, domain)
		if errors.Is(err, mail.ErrReport) {
			return fmt.Errorf("%w: %w", errUse, err)
		}
		if err != nil {
			return err
		}
		if len(report.Failures) == 0 {
			fmt.Fprintln(w.stdout, "The report says of no address that it refused the mail for good.")
			return nil
		}
		kind, failure, err := markFailed(ctx, s.Bounces, report)
		if errors.Is(err, errs.ErrNotFound) {
			return fmt.Errorf("%w: no such mail was sent to that address in the last ten days, or its report was handed in before", errUse)
		}
		if err == nil {
			fmt.Fprintf(w.stdout, "Marked: the mail %s was refused with %s.\n", kind, failure.Codes())
		}
		return err
	})
}

// markFailed marks the address of a failure to which the mail of the report was sent; a
// mail has one address.
func markFailed(ctx context.Context, bounces mail.Bounces, report mail.Report) (kind string, r mail.Refusal, err error) {
	err = errs.ErrNotFound
	for _, f := range report.Failures {
		for _, address := range f.Addresses {
			if kind, err = bounces.Mark(ctx, report.ID, address, f.Refusal, time.Now()); !errors.Is(err, errs.ErrNotFound) {
				return kind, f.Refusal, err
			}
		}
	}
	return "", r, err
}

// previewed is the moment of all previews, so that those of two versions can be
// compared.
var previewed = time.Date(2026, 3, 2, 13, 5, 0, 0, time.UTC)

// preview writes the mails in one language and returns how many.
func preview(dir string, c config.Config, lang string, letters *letter.Writer) (int, error) {
	form := mail.Form{From: mail.From{Address: c.Mail.From, Name: c.Mail.FromName}, HTML: letters.HTML}
	samples := letters.Samples(lang, previewed)
	seen := map[string]int{}
	for _, m := range samples {
		name := m.Kind
		if seen[m.Kind]++; seen[m.Kind] > 1 {
			name = fmt.Sprintf("%s-%d", m.Kind, seen[m.Kind])
		}
		m.ID = name + "-" + lang
		var eml bytes.Buffer
		if err := form.WriteTo(&eml, m); err != nil {
			return 0, err
		}
		for ending, content := range map[string]string{"eml": eml.String(), "txt": m.Subject + "\n\n" + m.Text.Reveal(), "html": letters.HTML(m)} {
			file := filepath.Join(dir, name+"."+lang+"."+string(c.Environment)+"."+ending)
			if err := os.WriteFile(file, []byte(content), 0o644); err != nil { //nolint:gosec // the mails are about nobody
				return 0, err
			}
		}
	}
	return len(samples), nil
}

// exampleConfigs returns made-up settings: of production and of practice.
func exampleConfigs() []config.Config {
	var out []config.Config
	for _, environment := range []config.Environment{config.Production, config.Practice} {
		c := config.Default(environment)
		c.Issuer, c.Console.Origin = "https://id.example", "https://beheer.example"
		c.Mail.From, c.Mail.FromName = "no-reply@id.example", c.Branding.Wordmark
		c.Helpdesk.Phone, c.Helpdesk.Email, c.Helpdesk.URL = "+31 88 123 45 67", "helpdesk@example.org", "https://helpdesk.example/contact"
		c.Helpdesk.HoursNL, c.Helpdesk.HoursEN = "werkdagen van 9.00 tot 17.00 uur", "weekdays from 9:00 to 17:00"
		c.Login.RecoveryDelay = 0
		if c.Production() {
			c.Login.RecoveryDelay = config.ProductionRecoveryDelay
		}
		out = append(out, c)
	}
	return out
}
