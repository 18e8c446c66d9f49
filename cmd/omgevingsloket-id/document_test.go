package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/record"
	"omgevingsloket-id/pkg/scan"
	"omgevingsloket-id/pkg/secret"
)

const smallPDF = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R/Size 3>>\nstartxref\n9\n%%EOF\n"

// filed sends an application with a document of this type; approve != nil
// approves it at once, as practice does.
func (s *site) filed(email, name, kind string, content []byte, approve ...account.Account) (application.Case, application.Document) {
	s.t.Helper()
	now, store, ctx := s.clock.now(), s.stores.db.Applications(), s.t.Context()
	a := application.Application{
		ID: secret.NewID(rand.Reader), Handle: secret.NewID(rand.Reader), Kind: account.NaturalPerson, Lang: "nl", Email: email, CodeHash: "right",
		CodeExpires: now.Add(time.Hour), CreatedAt: now, ExpiresAt: now.Add(application.DraftLifetime),
	}
	must(s.t, store.Start(ctx, a, noRecord))
	_, err := store.TryCode(ctx, a.ID, "right", now)
	must(s.t, err)
	sum := sha256.Sum256(content)
	d := application.Document{
		ID: secret.NewID(rand.Reader), ApplicationID: a.ID, Name: name, Type: kind, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:]), CreatedAt: now,
	}
	d.Sealed, err = s.stores.ring.Seal(content, application.DocumentAAD(a.ID, d.ID))
	must(s.t, err)
	must(s.t, store.PutDocument(ctx, d))
	a.Version, a.Reference, a.SubmittedAt = 1, "OLID-"+strings.ToUpper(secret.NewID(rand.Reader)[:8]), now
	var who *account.Account
	if len(approve) > 0 {
		who = &approve[0]
	}
	must(s.t, store.Submit(ctx, a, who, noRecord))
	return s.aCase(a.ID), d
}

// judged gives a document its verdict.
func (s *site) judged(d application.Document, v scan.Verdict, signature string) {
	s.t.Helper()
	must(s.t, s.stores.db.Scans().Scanned(s.t.Context(), d.ID, v, signature, s.clock.now(), record.Record{}))
}

// The case page says in plain words whether a document can be seen.
func TestConsoleDocumentStates(t *testing.T) {
	s := newSite(t, nil)
	c, d := s.filed("anna@example.com", "pas.pdf", application.TypePDF, []byte(smallPDF))
	olga := s.reviewer("olga")
	look := func(want string) {
		t.Helper()
		if olga.get(casePath(c)).is(http.StatusOK); !strings.Contains(olga.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	look("pas.pdf")
	look("er is geen virusscanner ingesteld")
	s.app.config.Scanner.Address = "tcp:127.0.0.1:3310"
	look("Dat duurt meestal minder dan een minuut")
	s.app.scannerSilent.Store(true)
	look("de virusscanner geeft geen antwoord")
	s.judged(d, scan.Clean, "")
	look("niets gevonden")
	c, d = s.filed("eve@example.com", "virus.pdf", application.TypePDF, []byte(smallPDF))
	s.judged(d, scan.Infected, "Olid.Test<b>")
	look("De virusscanner vond: Olid.Test&lt;b&gt;.")
	if strings.Contains(olga.body, d.ID) {
		t.Error("a link to a document in quarantine")
	}
}

// UP-21: the content of a document goes some days after the end of its case,
// with proof, for good; an open case keeps it.
func TestUP21_DocumentsAreDestroyed(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Review.KeepDocuments = 48 * time.Hour })
	round := func(want int) {
		t.Helper()
		n, err := application.DestroyDue(t.Context(), s.stores.db.Archive(), s.config.Review.KeepDocuments, s.clock.now)
		if n != want || err != nil {
			t.Errorf("%d destroyed, want %d: %v", n, want, err)
		}
	}
	canary := bytes.Repeat([]byte("canary-in-the-document "), 3000)
	open, kept := s.filed("open@example.com", "open.pdf", application.TypePDF, canary)
	c, d := s.filed("anna@example.com", "paspoort-anna.pdf", application.TypePDF, canary)
	now := s.clock.now()
	who := account.Account{ID: secret.NewID(rand.Reader), Kind: account.NaturalPerson, Email: "jo@example.com", Lang: "nl", PasswordHash: "x", Epoch: 1, CreatedAt: now}
	_, atOnce := s.filed("jo@example.com", "jo.pdf", application.TypePDF, canary, who)
	sealed, err := s.stores.db.Applications().DocumentContent(t.Context(), d.ID)
	must(t, err)
	inFile := func() bool {
		t.Helper()
		path := strings.TrimPrefix(s.config.Database.URL.Reveal(), "sqlite:")
		var all []byte
		for _, end := range []string{"", "-wal"} {
			raw, err := os.ReadFile(path + end)
			if err == nil {
				all = append(all, raw...)
			} else if !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		return bytes.Contains(all, sealed.Sealed[100:1000])
	}
	if !inFile() {
		t.Fatal("the test does not see the content where it is")
	}
	olga := s.reviewer("olga")
	olga.take(c).decide(c, "reject", "send", "reason", "identity").at("/console/applications/case")
	round(0)
	s.clock.add(48*time.Hour - 10*time.Second)
	round(1) // the one approved at once, half a minute before
	s.clock.add(10 * time.Second)
	round(1)
	round(0)
	for _, gone := range []application.Document{d, atOnce} {
		f, err := s.stores.db.Archive().FiledByID(t.Context(), gone.ID)
		if err != nil || f.DestroyedAt.IsZero() || f.Name != "" || f.SHA256 != gone.SHA256 {
			t.Errorf("%+v %v", f, err)
		}
		events, err := s.stores.db.Audit().EventsAbout(t.Context(), "application", gone.ApplicationID, 10)
		must(t, err)
		if e := events[0]; e.Action != "document.destroyed" || e.Details["sha256"] != gone.SHA256 || e.Details["document"] != gone.ID || e.Details["size"] == "" {
			t.Errorf("no proof: %+v", e)
		}
	}
	if left, err := s.stores.db.Applications().DocumentContent(t.Context(), kept.ID); err != nil || len(left.Sealed) == 0 {
		t.Error("an open case lost its document:", err)
	}
	olga.staffLogin("olga@gov.example").get(casePath(c)).says("De inhoud van dit document is vernietigd op ")
	if strings.Contains(olga.body, "paspoort-anna") {
		t.Error("the name outlives the document")
	}
	olga.get(casePath(open)).says("open.pdf")
	// Not only the row: the file itself forgets, once the log is folded in.
	s.stores.close()
	if inFile() {
		t.Error("the sealed content is still in the database's file")
	}
}
