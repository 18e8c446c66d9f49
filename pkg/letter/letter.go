// Package letter composes mails. Each mail is one method of Writer and one
// file per language, templates/mail/<kind>.<lang>.txt, whose first line is the
// subject. Package letter adds the parts of every mail, which are in
// common.<lang>.txt, such as the practice notice and the helpdesk.
//
//	room ─► Writer.Receipt(…) ─► mail.Message ─► effects ─► outbox, in the transaction of the change
//
// The text is written in the form that mail.Blocks reads, and the HTML part is made from
// it when it is sent (html.go): one layout, mail/layout.tmpl. No subject holds a secret, and
// a mail to an unconfirmed address holds nothing that a stranger typed.
package letter

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"strings"
	"sync"
	"text/template"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
)

// Kinds of mails, which are also the names of their files.
const (
	KindConfirmEmail     = "confirm-email"
	KindAddressTaken     = "address-taken"
	KindReceipt          = "receipt"
	KindFactorLinked     = "factor-linked"
	KindFactorChanged    = "factor-changed"
	KindAccountBlocked   = "account-blocked"
	KindAccountUnblocked = "account-unblocked"
	KindRecoveryCode     = "recovery-code"
)

// fallback is the language of a mail if the reader's has no files.
const fallback = "nl"

// Writer composes mails. Set its fields before the first one.
type Writer struct {
	FS         fs.FS     // templates.FS
	Issuer     string    // https://…, shown in every mail
	StartURL   string    // target of 'Ga naar inloggen met Omgevingsloket-ID'
	ConsoleURL string    // the officials' console
	Practice   bool      // marks every mail
	AtOnce     bool      // applications are approved at once, with any data
	Wordmark   string    // the name of the service
	Helpdesk   Helpdesk  //
	Rand       io.Reader // for message ids
	Disavowal  signin.Disavowal

	// RecoveryDelay is account.Limits.RecoveryDelay.
	RecoveryDelay time.Duration

	once    sync.Once
	letters map[string]*template.Template // by language
	layout  *template.Template            // of the HTML parts
	invalid error                         // of a template
}

// Helpdesk is how people reach the helpdesk; all but Name may be "".
type Helpdesk struct {
	Name, Phone, Email, URL string
	Hours                   map[string]string // by language
}

// Prepare parses the templates; without it, the first mail does. It returns an error if
// one of them is invalid.
func (w *Writer) Prepare() error {
	w.once.Do(func() {
		var err error
		w.letters, w.invalid = w.parse()
		w.layout, err = parseLayout(w.FS)
		w.invalid = errors.Join(w.invalid, err)
	})
	return w.invalid
}

func (w *Writer) parse() (map[string]*template.Template, error) {
	names, err := fs.Glob(w.FS, "mail/*.txt")
	if err != nil {
		return nil, fmt.Errorf("letter: %w", err)
	}
	letters := map[string]*template.Template{}
	for _, name := range names {
		kind, lang, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".txt"), ".")
		text, err := fs.ReadFile(w.FS, name)
		if err != nil {
			return nil, fmt.Errorf("letter: %w", err)
		}
		if letters[lang] == nil {
			letters[lang] = template.New("").Option("missingkey=error").Funcs(w.functions(lang))
		}
		if _, err := letters[lang].New(kind).Parse(string(text)); err != nil {
			return nil, fmt.Errorf("letter: %s: %w", name, err)
		}
	}
	if letters[fallback] == nil {
		return nil, fmt.Errorf("letter: no mails in %s", fallback)
	}
	return letters, nil
}

// envelope is the data of every template. Writer is embedded for its settings.
type envelope struct {
	*Writer
	Lang    string
	Name    string // for the greeting; "" for none
	At      time.Time
	Expires time.Time
	Ref     string // reference for the helpdesk; "" for none
	Disavow string // URL by which the holder reports that another person did it; "" for none
	Letter  any    // data of this kind of mail
}

// Hours returns the helpdesk's hours in the reader's language.
func (e envelope) Hours() string { return e.Helpdesk.Hours[e.Lang] }

// write returns a message of one kind. It panics on a faulty template; a test
// executes all of them.
func (w *Writer) write(kind, to string, e envelope) mail.Message {
	if err := w.Prepare(); err != nil {
		panic(err)
	}
	if w.letters[e.Lang] == nil {
		e.Lang = fallback
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

// ConfirmEmail returns the mail with the code that confirms an address. It
// expires with the code.
func (w *Writer) ConfirmEmail(to, lang string, code secret.Text, now time.Time) mail.Message {
	return w.write(KindConfirmEmail, to, envelope{
		Lang: lang, At: now, Expires: now.Add(intake.CodeLifetime), Letter: map[string]string{"Code": code.Reveal()},
	})
}

// AddressTaken returns the mail that is sent instead of ConfirmEmail to an
// address that has an account, with the same expiry.
func (w *Writer) AddressTaken(to, lang string, now time.Time) mail.Message {
	return w.write(KindAddressTaken, to, envelope{Lang: lang, At: now, Expires: now.Add(intake.CodeLifetime)})
}

// FactorLinked returns the mail that an authenticator app was linked.
func (w *Writer) FactorLinked(a account.Account, now time.Time) mail.Message {
	return w.toMailboxes(KindFactorLinked, a, toHolder(a, now, nil))
}

// FactorChanged returns the mail that an authenticator app was replaced, added or
// removed. It does not name the app.
func (w *Writer) FactorChanged(a account.Account, change account.AppChange, now time.Time) mail.Message {
	return w.toMailboxes(KindFactorChanged, a, toHolder(a, now, map[string]string{"Change": string(change)}))
}

// AccountBlocked returns the mail about a blocked account, with the reason and
// the reference for the helpdesk.
func (w *Writer) AccountBlocked(a account.Account, reason account.BlockReason, ref string, now time.Time) mail.Message {
	delay := account.Limits{RecoveryDelay: w.RecoveryDelay}.Delay(a)
	e := toHolder(a, now, map[string]any{"Reason": string(reason), "Delay": delay})
	e.Ref = ref
	return w.toMailboxes(KindAccountBlocked, a, e)
}

// AccountUnblocked returns the mail about linking an app again: from when (the
// zero time: at once), and the link that cancels it, unless link is "".
func (w *Writer) AccountUnblocked(a account.Account, link secret.Text, from, now time.Time) mail.Message {
	return w.toMailboxes(KindAccountUnblocked, a, toHolder(a, now, map[string]any{"From": Whole(from), "Later": from.After(now), "Cancel": w.cancelURL(link), "Lost": a.Renewal == account.RenewalLost}))
}

// RecoveryCode returns the mail with the code that precedes a new QR code, with
// which it expires, and the link of AccountUnblocked.
func (w *Writer) RecoveryCode(a account.Account, code, link secret.Text, until, now time.Time) mail.Message {
	e := toHolder(a, now, map[string]any{"Code": code.Reveal(), "Cancel": w.cancelURL(link)})
	e.Expires = until
	return w.toMailboxes(KindRecoveryCode, a, e)
}

// cancelURL returns the URL of the page that cancels an unblock; "" without a
// link.
func (w *Writer) cancelURL(link secret.Text) string {
	if link == "" {
		return ""
	}
	return w.Issuer + "/enrol/cancel?" + url.Values{"recovery": {link.Reveal()}}.Encode()
}

// undisavowed are the kinds of mails about an account without the link by which its
// holder blocks it: it is blocked, or the mail has a link of its own.
var undisavowed = map[string]bool{KindAccountBlocked: true, KindAccountUnblocked: true, KindRecoveryCode: true}

// toMailboxes returns a message to a holder. For some time after a change of
// address it goes to the previous one too.
func (w *Writer) toMailboxes(kind string, a account.Account, e envelope) mail.Message {
	if link := w.Disavowal.Link(a, e.At); link != "" && !undisavowed[kind] {
		e.Disavow = w.Issuer + "/login/disavow?" + url.Values{"link": {link.Reveal()}}.Encode()
	}
	m := w.write(kind, a.Email, e)
	m.Also = a.Mailboxes(e.At)[1:]
	return m
}

func toHolder(a account.Account, now time.Time, letter any) envelope {
	return envelope{Lang: a.Lang, Name: greeting(a.Profile.FullName()), At: now, Letter: letter}
}

// receipt is the data of Receipt.
type receipt struct {
	application.Application
	Account   *account.Account
	Documents []application.Document
}

// Receipt returns the mail that confirms an application and repeats the
// answers; applicants have a right to both (Wet modernisering elektronisch
// bestuurlijk verkeer). If a is not nil, it explains how to log in. It holds
// neither the password nor the documents. For a change request it repeats what
// would change, or what has changed if a is not nil.
func (w *Writer) Receipt(app application.Application, a *account.Account, documents []application.Document, now time.Time) mail.Message {
	if app.IsChange() {
		return w.changeReceipt(app, a != nil, documents, now)
	}
	return w.write(KindReceipt, app.Email, envelope{
		Lang: app.Lang, Name: greeting(app.Answers.FullName()), At: now, Ref: app.Reference, Letter: receipt{app, a, documents},
	})
}
