package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/scan"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
)

// Blocked is the address of a blocked account.
const Blocked = "pieter@demo.example"

// Other is the address of an active account.
const Other = "ingrid@demo.example"

// sample is a made-up application.
type sample struct {
	person   account.Profile
	email    string
	lang     string
	days     int // since it was submitted
	document func() (name, kind string, content []byte)
	verdict  scan.Verdict
	acts     []act
	then     func(context.Context, *app.App, account.Account) error
}

// act is an act of an official (an index of officials).
type act struct {
	by   int
	kind review.ActKind
	why  string
	text string
}

const (
	ria = iota
	rob
)

func person(given, family, birth, country string, lines ...string) account.Profile {
	return account.Profile{GivenName: given, FamilyName: family, Birthdate: birth, Phone: "+31 88 000 00 01", Address: address(country, lines...)}
}

func address(country string, lines ...string) account.Address {
	lines = append(lines, "", "", "")
	return account.Address{Line1: lines[0], Line2: lines[1], Line3: lines[2], Country: country}
}

func company(p account.Profile, o account.Organization) account.Profile {
	p.Organization = &o
	return p
}

// applications returns an application in each situation that an official meets.
func applications() []sample {
	return []sample{
		{person: person("Anna", "Muster", "1980-02-03", "DE", "Hauptstraße 1", "10115 Berlin"), email: "anna@demo.example", lang: "en", days: 2, document: PDF},
		{person: company(person("Claire", "Dupont", "1971-11-30", "FR"), account.Organization{
			Name: "Dupont & Fils SARL", Register: "Registre du commerce et des sociétés", RegistrationNumber: "552 100 554", RegistrationCountry: "FR",
			Address: address("FR", "12 rue des Lilas", "59000 Lille"), Role: intake.Director}), email: "claire@demo.example", lang: "en", days: 6, document: PDF},
		{person: person("José", "García Núñez", "1966-07-15", "ES", "Calle Mayor 8", "28013 Madrid"), email: "jose@demo.example", lang: "en", days: 48, document: Picture},
		{person: person("Adaeze", "Okafor", "1994-01-09", "NG", "14 Marina Road", "Lagos"), email: "adaeze@demo.example", lang: "en", days: 60, document: ActivePDF},
		{person: person("Lars", "Nyström", "1988-05-21", "SE", "Storgatan 3", "903 26 Umeå"), email: "lars@demo.example", lang: "nl", days: 1, document: PDF, verdict: scan.Infected},
		{person: company(person("Franz", "Huber", "1959-03-12", "AT"), account.Organization{
			Name: "Huber Wasserbau GmbH", Register: "Firmenbuch", RegistrationNumber: "FN 123456 a", RegistrationCountry: "AT",
			Address: address("AT", "Ringstraße 9", "4020 Linz"), Role: intake.Authorized}), email: "franz@demo.example", lang: "nl", days: 11, document: PDF,
			acts: []act{{ria, review.ActTake, "", ""}, {ria, review.ActNote, "", "Volmacht vergeleken met het uittreksel: klopt."}, {ria, review.ActPropose, "", ""}}},
		{person: person("Mai", "Nguyễn", "1990-12-01", "VN", "25 Phố Huế", "Hà Nội"), email: "mai@demo.example", lang: "en", days: 9, document: Picture,
			acts: []act{{ria, review.ActTake, "", ""}, {ria, review.ActMore, "", "The photo of your passport is cut off on the right. Could you send it again, with all four corners visible?"}}},
		{person: person("Marek", "Kowalski", "1975-08-08", "PL", "ul. Długa 5", "00-238 Warszawa"), email: "marek@demo.example", lang: "nl", days: 15, document: PDF,
			acts: []act{{rob, review.ActTake, "", ""}, {rob, review.ActReject, "other_means", ""}}},
		{person: person("Pieter", "van Dam", "1961-04-02", "CA", "88 King Street", "Halifax NS"), email: Blocked, lang: "nl", days: 20, document: PDF,
			acts: []act{{rob, review.ActTake, "", ""}, {rob, review.ActApprove, "", ""}}, then: block},
		{person: person("Ingrid", "Solberg", "1983-10-17", "NO", "Havnegata 2", "7010 Trondheim"), email: Other, lang: "en", days: 25, document: Picture,
			acts: []act{{ria, review.ActTake, "", ""}, {ria, review.ActApprove, "", ""}}},
	}
}

// fillCases submits the made-up applications, and does the acts of the officials. They
// were submitted days ago, but the events in the audit log are of now, by the demo.
func fillCases(ctx context.Context, a *app.App, password string) error {
	hash, err := a.SignIn.Hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	letters, err := app.NewLetters(a.Config, a.Rand)
	if err != nil {
		return err
	}
	for _, c := range applications() {
		id, err := send(ctx, a, letters, c, secret.Text(hash))
		if err != nil {
			return fmt.Errorf("%s: %w", c.email, err)
		}
		for _, act := range c.acts {
			if err := decide(ctx, a, id, act); err != nil {
				return fmt.Errorf("%s: %s: %w", c.email, act.kind, err)
			}
		}
		if c.then == nil {
			continue
		}
		holder, err := a.Stores.Accounts.ByEmail(ctx, c.email)
		if err == nil {
			err = c.then(ctx, a, holder)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.email, err)
		}
	}
	return nil
}

func send(ctx context.Context, a *app.App, letters *letter.Writer, c sample, hash secret.Text) (id string, err error) {
	now, store, code := a.Now(), a.Stores.DB.Applications(), secret.NewID(a.Rand)
	draft := application.Application{
		ID: secret.NewID(a.Rand), Handle: secret.NewID(a.Rand), Kind: account.NaturalPerson, Lang: c.lang, Email: c.email, CodeHash: code,
		CodeExpires: now.Add(intake.CodeLifetime), CreatedAt: now, ExpiresAt: now.Add(intake.DraftLifetime),
		Answers: application.Answers{Profile: c.person, Stay: intake.Abroad, Declared: true, PersonDone: true, CompanyDone: true, AddressDone: true, DocumentDone: true},
	}
	if c.person.Organization != nil {
		draft.Kind = account.LegalPerson
	}
	if err := store.Start(ctx, draft, effect.Effects{}); err != nil {
		return "", err
	}
	if _, err := store.TryCode(ctx, draft.ID, code, now); err != nil {
		return "", err
	}
	document, err := sealedDocument(a, draft.ID, c.document)
	if err != nil {
		return "", err
	}
	if err := store.PutDocument(ctx, document); err != nil {
		return "", err
	}
	kept, err := store.ByHandle(ctx, draft.Handle)
	if err != nil {
		return "", err
	}
	kept.Answers, kept.PasswordHash = draft.Answers, hash
	if kept, err = store.Save(ctx, kept); err != nil {
		return "", err
	}
	kept.Reference, kept.SubmittedAt = "OLID-"+signin.Reference(a.Rand), now.AddDate(0, 0, -c.days)
	sent := by.Did(audit.ApplicationSubmitted, kept.ID, a.Now()).
		With(map[string]string{"reference": kept.Reference, "kind": string(kept.Kind), "document": document.ID})
	if err := store.Submit(ctx, kept, nil, effect.Of(sent, letters.Receipt(kept, nil, []application.Document{document}, kept.SubmittedAt))); err != nil {
		return "", err
	}
	return kept.ID, scanned(ctx, a, kept.ID, document.ID, c.verdict)
}

func sealedDocument(a *app.App, applicationID string, make func() (name, kind string, content []byte)) (application.Document, error) {
	name, kind, content := make()
	sum := sha256.Sum256(content)
	d := application.Document{
		ID: secret.NewID(a.Rand), ApplicationID: applicationID, Name: name, Type: kind, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:]), CreatedAt: a.Now(),
	}
	var err error
	d.Sealed, err = a.Stores.Ring.Seal(content, application.DocumentAAD(applicationID, d.ID))
	return d, err
}

// scanned stores a clean or infected verdict on a made-up document, as a scanner would;
// its event names the demo.
func scanned(ctx context.Context, a *app.App, applicationID, documentID string, v scan.Verdict) error {
	signature := ""
	if v == "" {
		v = scan.Clean
	} else {
		signature = "Demo.Pretended"
	}
	e := by.Did(audit.DocumentScanned, applicationID, a.Now()).Because(signature).With(map[string]string{"document": documentID, "verdict": string(v)})
	return a.Stores.DB.Scans().Scanned(ctx, documentID, v, signature, a.Now(), effect.Of(e))
}

func decide(ctx context.Context, a *app.App, id string, act act) error {
	m, err := a.Staff.Store.ByEmail(ctx, officials[act.by].Email)
	if err != nil {
		return err
	}
	f, err := a.Review.Open(ctx, id)
	if err != nil {
		return err
	}
	return a.Review.Do(ctx, f, review.Official{ID: m.ID, Email: m.Email}, review.Act{Kind: act.kind, Reason: act.why, Text: act.text, Unread: true}, by)
}

func block(ctx context.Context, a *app.App, holder account.Account) error {
	_, err := a.SignIn.Block(ctx, holder, account.NotScanned, signin.From{Origin: "cli"})
	return err
}

// PDF returns a page with one line.
func PDF() (name, kind string, content []byte) {
	return "voorbeeld.pdf", document.TypePDF, Page("")
}

// ActivePDF returns a page with a script that some readers would run.
func ActivePDF() (name, kind string, content []byte) {
	return "formulier met script.pdf", document.TypePDF, Page(" /OpenAction << /S /JavaScript /JS (app.alert\\('voorbeeld'\\)) >>")
}

// Page returns a PDF (ISO 32000-1 §7.5) with catalog added to its catalog.
func Page(catalog string) []byte {
	text := "BT /F1 18 Tf 72 720 Td (Voorbeeld: geen echt document) Tj ET"
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R" + catalog + " >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(text), text),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	var offsets []int
	for i, o := range objects {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}

// Picture returns a picture that looks like a card.
func Picture() (name, kind string, content []byte) {
	card := image.NewRGBA(image.Rect(0, 0, 640, 400))
	for y := range 400 {
		for x := range 640 {
			c := color.RGBA{uint8(200 + y/16), uint8(215 + x/32), 235, 255}
			if x > 40 && x < 220 && y > 80 && y < 320 {
				c = color.RGBA{150, 160, 175, 255} // the face
			} else if x > 260 && x < 580 && slices.Contains([]int{4, 7, 10, 13}, y/24) && y%24 < 10 {
				c = color.RGBA{90, 100, 115, 255} // the lines of text
			}
			card.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, card); err != nil {
		panic("demo: " + err.Error()) // writes to memory only
	}
	return "voorbeeld.png", document.TypePNG, b.Bytes()
}
