// Package letter owns what our mails say. Each mail is one method of Writer
// and one file a language, templates/mail/<kind>.<lang>.txt: the first line
// is its subject, the rest its text. What every mail shares is in
// common.<lang>.txt and is put around it here, so that no mail can forget to
// say that it comes from practice, or whom to ask.
//
//	room ─► Writer.Receipt(…) ─► mail.Message ─► record ─► outbox, in the transaction of the change
//
// Mails are plain text. No subject holds a secret, and a mail to an address
// that nobody has confirmed holds nothing that a stranger typed.
package letter

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"text/template"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
)

// Kinds of mails; also the names of their files.
const (
	KindConfirmEmail     = "confirm-email"
	KindAddressTaken     = "address-taken"
	KindReceipt          = "receipt"
	KindFactorLinked     = "factor-linked"
	KindAccountBlocked   = "account-blocked"
	KindAccountUnblocked = "account-unblocked"
)

// lastResort is the language of a reader whose language we do not have.
const lastResort = "nl"

// Writer writes mails. Set the fields, then call Prepare once.
type Writer struct {
	FS         fs.FS     // templates.FS
	Issuer     string    // https://…, shown so that people know where mails come from
	StartURL   string    // where 'Ga naar inloggen met Omgevingsloket-ID' leads
	ConsoleURL string    // where officials work
	Practice   bool      // marks every mail
	AtOnce     bool      // applications are approved at once, with any data
	Wordmark   string    // what this service is called
	Helpdesk   Helpdesk  //
	Rand       io.Reader // for the ids of messages

	letters map[string]*template.Template // by language
}

// Helpdesk is whom people are told to turn to; all but Name may be "".
type Helpdesk struct {
	Name, Phone, Email, URL string
	Hours                   map[string]string // by language
}

// Prepare reads the mails; it fails when one of them cannot be read.
func (w *Writer) Prepare() error {
	names, err := fs.Glob(w.FS, "mail/*.txt")
	if err != nil {
		return fmt.Errorf("letter: %w", err)
	}
	w.letters = map[string]*template.Template{}
	for _, name := range names {
		kind, lang, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".txt"), ".")
		text, err := fs.ReadFile(w.FS, name)
		if err != nil {
			return fmt.Errorf("letter: %w", err)
		}
		if w.letters[lang] == nil {
			w.letters[lang] = template.New("").Option("missingkey=error").Funcs(w.functions(lang))
		}
		if _, err := w.letters[lang].New(kind).Parse(string(text)); err != nil {
			return fmt.Errorf("letter: %s: %w", name, err)
		}
	}
	if w.letters[lastResort] == nil {
		return fmt.Errorf("letter: no mails in %s", lastResort)
	}
	return nil
}

// envelope is what every mail knows. Writer is embedded for its settings.
type envelope struct {
	*Writer
	Lang    string
	Name    string // how to greet; "" when that is better left out
	At      time.Time
	Expires time.Time
	Ref     string // what the reader names to the helpdesk; "" for nothing
	Letter  any    // what this kind of mail is about
}

// Hours are those of the helpdesk, in the reader's language.
func (e envelope) Hours() string { return e.Helpdesk.Hours[e.Lang] }

// write makes a message of one kind. A mail that cannot be written is a
// mistake in its template, which a test finds: it panics.
func (w *Writer) write(kind, to string, e envelope) mail.Message {
	if w.letters[e.Lang] == nil {
		e.Lang = lastResort
	}
	e.Writer = w
	subject, body, ok := strings.Cut(w.render(e, kind), "\n")
	subject, prefixed := strings.CutPrefix(subject, "Subject: ")
	if !ok || !prefixed {
		panic("letter: " + kind + "." + e.Lang + ": the first line is no subject")
	}
	parts := []string{body, w.render(e, "foot")}
	if w.Practice {
		subject = strings.TrimSpace(w.render(e, "practice-subject")) + " " + subject
		parts = append([]string{w.render(e, "practice")}, parts...)
	}
	for i := range parts {
		parts[i] = wrap(strings.TrimSpace(parts[i]))
	}
	return mail.Message{
		ID: secret.NewID(w.Rand), To: to, Lang: e.Lang, Kind: kind, Subject: subject,
		Text: secret.Text(strings.Join(parts, "\n\n") + "\n"), At: e.At, Expires: e.Expires,
	}
}

func (w *Writer) render(e envelope, name string) string {
	var b bytes.Buffer
	if err := w.letters[e.Lang].ExecuteTemplate(&b, name, e); err != nil {
		panic("letter: " + err.Error())
	}
	return b.String()
}

// ConfirmEmail carries the code that proves an address. It is worth nothing
// when the code is over.
func (w *Writer) ConfirmEmail(to, lang string, code secret.Text, now time.Time) mail.Message {
	return w.write(KindConfirmEmail, to, envelope{
		Lang: lang, At: now, Expires: now.Add(intake.CodeLifetime), Letter: map[string]string{"Code": code.Reveal()},
	})
}

// AddressTaken goes out instead of ConfirmEmail to an address that has an
// account already, and is worth as long.
func (w *Writer) AddressTaken(to, lang string, now time.Time) mail.Message {
	return w.write(KindAddressTaken, to, envelope{Lang: lang, At: now, Expires: now.Add(intake.CodeLifetime)})
}

// FactorLinked tells that an authenticator app was linked.
func (w *Writer) FactorLinked(a account.Account, now time.Time) mail.Message {
	return w.write(KindFactorLinked, a.Email, toHolder(a, now, nil))
}

// AccountBlocked tells why, and which reference the helpdesk asks for.
func (w *Writer) AccountBlocked(a account.Account, reason account.BlockReason, ref string, now time.Time) mail.Message {
	e := toHolder(a, now, map[string]string{"Reason": string(reason)})
	e.Ref = ref
	return w.write(KindAccountBlocked, a.Email, e)
}

// AccountUnblocked tells how to link an app again.
func (w *Writer) AccountUnblocked(a account.Account, now time.Time) mail.Message {
	return w.write(KindAccountUnblocked, a.Email, toHolder(a, now, nil))
}

func toHolder(a account.Account, now time.Time, letter any) envelope {
	return envelope{Lang: a.Lang, Name: greeting(a.Profile.FullName()), At: now, Letter: letter}
}

// receipt is what Receipt is about.
type receipt struct {
	application.Application
	Account   *account.Account
	Documents []application.Document
}

// Receipt confirms an application and repeats all that was filled in: people
// have a right to both (Wet modernisering elektronisch bestuurlijk verkeer).
// With an account the applicant can log in already and is told how. Neither
// the password nor the document itself is in it.
func (w *Writer) Receipt(app application.Application, a *account.Account, documents []application.Document, now time.Time) mail.Message {
	return w.write(KindReceipt, app.Email, envelope{
		Lang: app.Lang, Name: greeting(app.Answers.FullName()), At: now, Ref: app.Reference, Letter: receipt{app, a, documents},
	})
}
