package letter_test

import (
	"crypto/rand"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode"
	"unicode/utf8"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/templates"
)

var _ signin.Letters = (*letter.Writer)(nil)

var now = time.Date(2026, 3, 1, 13, 5, 0, 0, time.UTC)

func writer(t *testing.T, practice bool) *letter.Writer {
	t.Helper()
	w := &letter.Writer{
		FS: templates.FS, Issuer: "https://id.example", StartURL: "https://id.example/start", ConsoleURL: "https://beheer.example/console", Practice: practice, AtOnce: practice, Wordmark: "Omgevingsloket-ID",
		Helpdesk: letter.Helpdesk{
			Name: "Informatiepunt Leefomgeving", Phone: "+31 88 123 45 67", Email: "help@iplo.example", URL: "https://iplo.example/contact",
			Hours: map[string]string{"nl": "werkdagen van 9 tot 17 uur", "en": "weekdays from 9 to 17"},
		},
		Rand: rand.Reader,
	}
	if err := w.Prepare(); err != nil {
		t.Fatal(err)
	}
	return w
}

func person(lang string) account.Account {
	return account.Account{ID: "a1", Email: "jo@example.com", Lang: lang, Profile: account.Profile{GivenName: "Jo", FamilyName: "van der Berg"}}
}

func burger(lang string) application.Application {
	return application.Application{
		ID: "p1", Kind: account.NaturalPerson, Lang: lang, Email: "jo@example.com", Reference: "OLID-K7QD-2MXA",
		Answers: application.Answers{
			Profile: account.Profile{
				GivenName: "Jo", FamilyName: "van der Berg", Birthdate: "1990-02-01", Phone: "+4930123456",
				Address: account.Address{Line1: "Hauptstraße 1", Line2: "10115 Berlin", Line3: "Hinterhaus", Country: "DE"},
			},
			Stay: "abroad", Declared: true,
		},
	}
}

func bedrijf(lang string) application.Application {
	a := burger(lang)
	a.Kind, a.Answers.Stay, a.Answers.Address, a.Answers.Phone = account.LegalPerson, "", account.Address{}, ""
	a.Answers.Organization = &account.Organization{
		Name: "Bau & Söhne GmbH", Register: "Handelsregister Berlin", RegistrationNumber: "HRB 12345", RegistrationCountry: "AT",
		Address: account.Address{Line1: "Ring 9", Line2: "1010 Wien", Country: "AT"}, Role: "authorized",
	}
	return a
}

var documents = []application.Document{{ID: "d1", Name: "paspoort.pdf", Type: "application/pdf", Size: 1_234_567}}

// everyMail returns every sample, and mails with what a test needs besides.
func everyMail(w *letter.Writer, lang string) []mail.Message {
	a := burger(lang)
	a.AskedAt, a.AnswerBy = now, application.AnswerBy(now)
	return append(w.Samples(lang, now), w.Rejected(a, "else", "", now), w.Rejected(a, "mismatch", questions, now), w.MoreAsked(a, questions, now), w.AnswerReminder(a, questions, now),
		w.StaffInvited(staff.Member{Name: "Olga Official", Email: "jo@example.com", Lang: lang, InviteExpires: now}, "https://beheer.example/console/invite?token=olid_inv_x", "", now),
		w.Urgent(review.Official{ID: "m1", Email: "jo@example.com", Lang: lang}, review.Urgency{Mine: []string{"OLID-1"}, Free: many}, now))
}

// many holds more references than a mail lists.
var many = strings.Fields(strings.Repeat("OLID-MANY ", 25))

// questions are texts that an official may type.
const questions = "\n\nWie is \u202eevil?\r\n\n\n\n" + "Een lange regel die ver over de rand van het bericht heen gaat en dus ergens moet worden afgebroken. \n-- \n  {.Issuer}\t<b>x</b>\n\n"

// Typed text keeps its lines and is indented; a rejection says how to object.
func TestLetterOwnWords(t *testing.T) {
	t.Parallel()
	for lang, objection := range map[string]string{"nl": "binnen 6 weken", "en": "within 6 weeks"} {
		w := writer(t, false)
		text := w.Rejected(burger(lang), "identity", questions, now).Text.Reveal()
		for _, want := range []string{"\n   Wie is evil?\n\n   Een lange regel", "\n   --\n   {.Issuer} <b>x</b>\n", objection, "OLID-K7QD-2MXA"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", lang, want, text)
			}
		}
		if strings.Contains(text, "\u202e") {
			t.Error("a mail has a character that changes the direction of text")
		}
	}
	if text := writer(t, false).Approved(burger("nl"), now).Text.Reveal(); !strings.Contains(text, "Ga naar inloggen met Omgevingsloket-ID:\n    https://id.example/start\n") {
		t.Errorf("Approved() lacks the link to log in:\n%s", text)
	}
}

func TestEveryLetter(t *testing.T) {
	t.Parallel()
	written := map[string]bool{"mail/common.nl.txt": true, "mail/common.en.txt": true, "mail/layout.tmpl": true}
	for _, practice := range []bool{false, true} {
		w := writer(t, practice)
		for _, lang := range []string{"nl", "en"} {
			texts := map[string]bool{}
			for _, m := range everyMail(w, lang) {
				written["mail/"+m.Kind+"."+lang+".txt"] = true
				checkMail(t, m, lang, practice)
				if texts[m.Text.Reveal()] {
					t.Errorf("%s.%s: two mails have the same text", m.Kind, lang)
				}
				texts[m.Text.Reveal()] = true
			}
		}
	}
	files, err := fs.Glob(templates.FS, "mail/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if !written[name] && path.Base(name) != ".gitkeep" {
			t.Errorf("%s: no method of Writer uses this file", name)
		}
	}
	if len(written) < 14 {
		t.Errorf("%d files are used, want at least 14", len(written))
	}
}

func checkMail(t *testing.T, m mail.Message, lang string, practice bool) {
	t.Helper()
	at, text := m.Kind+"."+lang, m.Text.Reveal()
	if m.ID == "" || m.To != "jo@example.com" || m.Lang != lang || !m.At.Equal(now) {
		t.Errorf("%s: the message is %+v, want an id and the recipient, language and time", at, m)
	}
	if m.Subject == "" || strings.ContainsAny(m.Subject, "\r\n") || strings.Contains(m.Subject, "482913") {
		t.Errorf("%s: the subject is %q, want one line without the code", at, m.Subject)
	}
	mark := map[string]string{"nl": "[Oefenomgeving]", "en": "[Practice]"}[lang]
	note := map[string]string{"nl": "oefenomgeving", "en": "practice environment"}[lang]
	if strings.HasPrefix(m.Subject, mark) != practice || strings.Contains(text, note) != practice {
		t.Errorf("%s: marked as practice: want %t, subject %q, text\n%s", at, practice, m.Subject, text)
	}
	for _, part := range []string{"https://id.example", "Informatiepunt Leefomgeving", "+31 88 123 45 67"} {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q", at, part)
		}
	}
	if strings.Contains(text, "<no value>") || strings.Contains(text, "0001") || strings.Contains(text, "\n\n\n") || strings.Contains(text, "{{") {
		t.Errorf("%s has an unfilled place or too many empty lines:\n%s", at, text)
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if utf8.RuneCountInString(line) > 72 && !strings.HasPrefix(line, " ") || strings.TrimRight(line, " ") != line {
			t.Errorf("%s: line %q is too long or ends with a space", at, line)
		}
	}
}

func TestConfirmEmail(t *testing.T) {
	t.Parallel()
	m := writer(t, false).ConfirmEmail("jo@example.com", "nl", "123456", now)
	if !strings.Contains(m.Text.Reveal(), "\n    123456\n") || !strings.Contains(m.Text.Reveal(), "15:05 uur") {
		t.Errorf("ConfirmEmail() lacks the code or the time, 15:05:\n%s", m.Text.Reveal()) // 13:05 UTC and an hour, in winter
	}
	if !m.Expires.Equal(now.Add(intake.CodeLifetime)) {
		t.Errorf("ConfirmEmail() expires %v, want with the code", m.Expires)
	}
	taken := writer(t, false).AddressTaken("jo@example.com", "nl", now)
	if !taken.Expires.Equal(m.Expires) || !strings.Contains(taken.Text.Reveal(), "https://id.example/start") {
		t.Errorf("AddressTaken() expires %v, want %v, with the link to log in:\n%s", taken.Expires, m.Expires, taken.Text.Reveal())
	}
}

func TestReceiptHoldsACopy(t *testing.T) {
	t.Parallel()
	w := writer(t, true)
	holder := person("nl")
	for _, c := range []struct {
		m    mail.Message
		want []string
	}{
		{w.Receipt(burger("nl"), &holder, documents, now), []string{
			"OLID-K7QD-2MXA", "https://id.example/start", "1 maart 2026 om 14:05 uur", "Burger", "jo@example.com", "Voornamen: Jo\n", "van der Berg",
			"1 februari 1990", "+4930123456", "Hauptstraße 1", "10115 Berlin", "Hinterhaus", "Duitsland", "buitenland", "paspoort.pdf (1,2 MB)",
		}},
		{w.Receipt(bedrijf("en"), nil, documents, now), []string{
			"Company", "Bau & Söhne GmbH", "Handelsregister Berlin", "HRB 12345", "Austria", "authorised representative", "Ring 9", "1010 Wien",
			"1 February 1990", "not entered", "paspoort.pdf (1.2 MB)", "within 8 weeks",
		}},
	} {
		text := strings.ReplaceAll(c.m.Text.Reveal(), "maart\n2026", "maart 2026") // a line may break here
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("Receipt() lacks %q:\n%s", want, c.m.Text.Reveal())
			}
		}
		if !strings.Contains(c.m.Subject, "OLID-K7QD-2MXA") || !c.m.Expires.IsZero() {
			t.Errorf("Receipt() has the subject %q and expires %v, want the reference and never", c.m.Subject, c.m.Expires)
		}
	}
	if text := w.Receipt(burger("nl"), nil, documents, now).Text.Reveal(); strings.Contains(text, "/start") {
		t.Errorf("Receipt() of an undecided application says how to log in:\n%s", text)
	}
}

// ML-05, ML-06: typed text becomes neither a header nor a second line nor, in
// a greeting, a link.
func TestML05_ML06_HostileNames(t *testing.T) {
	t.Parallel()
	w := writer(t, false)
	for _, name := range []string{
		"Jo\r\nBcc: victim@example.com", "Jo\nSubject: gotcha", "Jo\u2028https://evil.example", "Jo\x00\x1b[31m", "Jo\u202egnp.exe",
		"https://evil.example/login", "www.evil.example", "evil.example", "Jo <a href=x>klik</a>", "{{.Issuer}}", strings.Repeat("Jo", 200), "Jo\u0085x",
	} {
		holder := person("nl")
		holder.Profile.GivenName, holder.Profile.FamilyName = name, "Berg"
		app := bedrijf("nl")
		app.Answers.GivenName, app.Answers.Organization.Name, app.Answers.Organization.Address.Line2 = name, name, name
		doc := slices.Clone(documents)
		doc[0].Name = name
		honest := strings.Count(w.Receipt(bedrijf("nl"), nil, documents, now).Text.Reveal(), "\n")
		receipt := w.Receipt(app, nil, doc, now)
		if got := strings.Count(receipt.Text.Reveal(), "\n"); got != honest {
			t.Errorf("%q: Receipt() has %d lines, want %d:\n%s", name, got, honest, receipt.Text.Reveal())
		}
		for _, m := range []mail.Message{w.FactorLinked(holder, now), w.AccountBlocked(holder, account.Reported, "K7QD-2MXA", now), receipt} {
			if strings.ContainsFunc(m.Subject, unicode.IsControl) || strings.ContainsFunc(m.Text.Reveal(), func(r rune) bool {
				return r != '\n' && unicode.IsControl(r) || r == '\u2028' || r == '\u202e'
			}) {
				t.Errorf("%q: %s has a control character: %q %q", name, m.Kind, m.Subject, m.Text.Reveal())
			}
			greeting, _, _ := strings.Cut(m.Text.Reveal(), "\n")
			if strings.ContainsAny(greeting, "/<{") || strings.Contains(greeting, "evil.example") || len(greeting) > 120 {
				t.Errorf("%q: %s has the greeting %q", name, m.Kind, greeting)
			}
		}
	}
}

func TestGreeting(t *testing.T) {
	t.Parallel()
	w := writer(t, false)
	for name, want := range map[string]string{
		"Jo van der Berg": "Beste Jo van der Berg,", "J.P. O'Neill-Süß": "Beste J.P. O'Neill-Süß,", "محمد": "Beste محمد,",
		"": "Beste heer of mevrouw,", "x@y.example": "Beste heer of mevrouw,",
	} {
		a := person("nl")
		a.Profile.GivenName, a.Profile.FamilyName = name, ""
		if got, _, _ := strings.Cut(w.FactorLinked(a, now).Text.Reveal(), "\n"); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestUnknownLanguageIsDutch(t *testing.T) {
	t.Parallel()
	if m := writer(t, false).FactorLinked(person("fy"), now); m.Lang != "nl" || !strings.HasPrefix(m.Text.Reveal(), "Beste") {
		t.Errorf("the mail in an unknown language is in %s: %s", m.Lang, m.Text.Reveal())
	}
}

func TestPrepareRefusesBrokenMails(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]fstest.MapFS{
		"none": {}, "broken": {"mail/receipt.nl.txt": &fstest.MapFile{Data: []byte("Subject: x\n{{if}}")}},
	} {
		w := &letter.Writer{FS: files, Rand: rand.Reader}
		if err := w.Prepare(); err == nil {
			t.Errorf("%s: Prepare() returns no error", name)
		}
	}
}

// X4: after a change of address, what a holder must hear goes to the previous
// address too.
func TestX4_NoticesToBothMailboxes(t *testing.T) {
	t.Parallel()
	w, a := writer(t, false), person("nl")
	a.Previous = []account.PreviousAddress{{Email: "old@example.com", Until: now.Add(time.Hour)}}
	for name, m := range map[string]mail.Message{
		"somebody tries": w.SomebodyTries(a, now), "login notice": w.LoginNotice(a, signin.Notice{Codes: 1, First: now, Last: now}, now),
		"linked": w.FactorLinked(a, now), "blocked": w.AccountBlocked(a, account.Reported, "K7QD-2MXA", now),
	} {
		if len(m.Also) != 1 || m.Also[0] != "old@example.com" {
			t.Errorf("%s: the mail goes to %v besides, want old@example.com", name, m.Also)
		}
	}
}
