package review_test

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/scan"
	"omgevingsloket-id/pkg/secret"
)

const SmallPDF = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R/Size 3>>\nstartxref\n9\n%%EOF\n"

// judged stores the scanner's verdict on a document.
func judged(s *site.Site, d application.Document, v scan.Verdict, signature string) {
	s.T.Helper()
	site.Must(s.T, s.Stores.DB.Scans().Scanned(s.T.Context(), d.ID, v, signature, s.Clock.Now(), effect.Effects{}))
}

// The case page shows whether a document can be seen.
func TestConsoleDocumentStates(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	c, d := s.Filed("anna@example.com", "pas.pdf", document.TypePDF, []byte(SmallPDF))
	olga := s.Reviewer("olga")
	look := func(want string) {
		t.Helper()
		if olga.Get(site.CasePath(c)).Is(http.StatusOK); !strings.Contains(olga.Body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	look("pas.pdf")
	look("er is geen virusscanner ingesteld")
	s.Scanner.Configured = true
	look("Dat duurt meestal minder dan een minuut")
	s.Scanner.Silent.Store(true)
	look("de virusscanner geeft geen antwoord")
	judged(s, d, scan.Clean, "")
	look("niets gevonden")
	c, d = s.Filed("eve@example.com", "virus.pdf", document.TypePDF, []byte(SmallPDF))
	judged(s, d, scan.Infected, "Olid.Test<b>")
	look("De virusscanner vond: Olid.Test&lt;b&gt;.")
	if strings.Contains(olga.Body, d.ID) {
		t.Error("a link to a document in quarantine")
	}
}

// UP-21: the content of a document is destroyed some days after its case ended, with
// an event; the documents of an open case are not destroyed.
func TestUP21_DocumentsAreDestroyed(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) { c.Review.KeepDocuments = 48 * time.Hour })
	round := func(want int) {
		t.Helper()
		n, err := custody.DestroyDue(t.Context(), s.Stores.DB.Archive(), s.Config.Review.KeepDocuments, s.Clock.Now)
		if n != want || err != nil {
			t.Errorf("%d destroyed, want %d: %v", n, want, err)
		}
	}
	canary := bytes.Repeat([]byte("canary-in-the-document "), 3000)
	open, kept := s.Filed("open@example.com", "open.pdf", document.TypePDF, canary)
	c, d := s.Filed("anna@example.com", "paspoort-anna.pdf", document.TypePDF, canary)
	now := s.Clock.Now()
	who := account.Account{ID: secret.NewID(rand.Reader), Kind: account.NaturalPerson, Email: "jo@example.com", Lang: "nl", PasswordHash: "x", Epoch: 1, CreatedAt: now}
	_, atOnce := s.Filed("jo@example.com", "jo.pdf", document.TypePDF, canary, who)
	sealed, err := s.Stores.DB.Applications().DocumentContent(t.Context(), d.ID)
	site.Must(t, err)
	inFile := func() bool {
		t.Helper()
		path := strings.TrimPrefix(s.Config.Database.URL.Reveal(), "sqlite:")
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
	olga := s.Reviewer("olga")
	olga.Take(c).Decide(c, "reject", "send", "reason", "identity").At("/console/review/case")
	round(0)
	s.Clock.Add(48*time.Hour - 10*time.Second)
	round(1) // the application that was approved at once, half a minute earlier
	s.Clock.Add(10 * time.Second)
	round(1)
	round(0)
	for _, gone := range []application.Document{d, atOnce} {
		f, err := s.Stores.DB.Archive().FiledByID(t.Context(), gone.ID)
		if err != nil || f.DestroyedAt.IsZero() || f.Name != "" || f.SHA256 != gone.SHA256 {
			t.Errorf("%+v %v", f, err)
		}
		events, err := s.Stores.DB.Audit().EventsAbout(t.Context(), "application", gone.ApplicationID, 10)
		site.Must(t, err)
		if e := events[0]; e.Action != "document.destroyed" || e.Details["sha256"] != gone.SHA256 || e.Details["document"] != gone.ID || e.Details["size"] == "" {
			t.Errorf("no proof: %+v", e)
		}
	}
	if left, err := s.Stores.DB.Applications().DocumentContent(t.Context(), kept.ID); err != nil || len(left.Sealed) == 0 {
		t.Error("an open case lost its document:", err)
	}
	olga.StaffLogin("olga@gov.example").Get(site.CasePath(c)).Says("De inhoud van dit document is vernietigd op ")
	if strings.Contains(olga.Body, "paspoort-anna") {
		t.Error("the name outlives the document")
	}
	olga.Get(site.CasePath(open)).Says("open.pdf")
	// The content is gone from the database file too, once the log is checkpointed.
	s.Stores.Close()
	if inFile() {
		t.Error("the sealed content is still in the database's file")
	}
}
