package main

import (
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/scan"
	"omgevingsloket-id/pkg/secret"
)

// document sends an application with this document, and gives the document's
// id; sent false leaves it a draft.
func (s *site) document(email string, content []byte, sent bool) string {
	s.t.Helper()
	now, store := s.clock.now(), s.stores.db.Applications()
	a := application.Application{
		ID: secret.NewID(rand.Reader), Handle: secret.NewID(rand.Reader), Kind: account.NaturalPerson, Lang: "nl", Email: email, CodeHash: "right",
		CodeExpires: now.Add(time.Hour), CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	must(s.t, store.Start(s.t.Context(), a, noRecord))
	_, err := store.TryCode(s.t.Context(), a.ID, "right", now)
	must(s.t, err)
	d := application.Document{ID: secret.NewID(rand.Reader), ApplicationID: a.ID, Name: "d.pdf", Type: application.TypePDF, Size: int64(len(content)), CreatedAt: now}
	d.Sealed, err = s.stores.ring.Seal(content, application.DocumentAAD(a.ID, d.ID))
	must(s.t, err)
	must(s.t, store.PutDocument(s.t.Context(), d))
	if sent {
		a.Version, a.Reference, a.SubmittedAt = 1, secret.NewID(rand.Reader), now
		must(s.t, store.Submit(s.t.Context(), a, nil, noRecord))
	}
	return d.ID
}

// UP-04: every document of a sent application gets its verdict, once, on the
// record; while the scanner is away nothing is taken for clean.
func TestUP04_DocumentsAreScanned(t *testing.T) {
	clamd := testenv.NewClamd(t)
	s := newSite(t, nil)
	want := map[string]scan.Verdict{
		s.document("clean@example.com", []byte("%PDF-1.7 harmless"), true):        scan.Clean,
		s.document("eicar@example.com", testenv.EICAR(), true):                    scan.Infected,
		s.document("own@example.com", []byte("%PDF-1.7 "+testenv.Infected), true): scan.Infected,
		s.document("empty@example.com", nil, true):                                scan.Clean,
		s.document("draft@example.com", []byte("%PDF-1.7 not sent yet"), false):   scan.Pending,
	}
	for i := range 6 { // more than one batch
		want[s.document(fmt.Sprintf("more%d@example.com", i), []byte("%PDF-1.7"), true)] = scan.Clean
	}
	round := s.scanning(clamd)

	clamd.Stop()
	if n, err := round(); n != 0 || err == nil {
		t.Error("without a scanner:", n, err)
	}
	for id := range want {
		if v, _, err := s.stores.db.Scans().Verdict(t.Context(), id); err != nil || v != scan.Pending {
			t.Error("without a scanner a document is", v, err)
		}
	}
	clamd.Start()
	n, err := round()
	rest, err2 := round() // the first begins where the one without a scanner gave up
	if n+rest != len(want)-1 || err != nil || err2 != nil {
		t.Error("scanned:", n, rest, err, err2)
	}
	for id, verdict := range want {
		if v, _, err := s.stores.db.Scans().Verdict(t.Context(), id); err != nil || v != verdict {
			t.Errorf("a document is %s, want %s (%v)", v, verdict, err)
		}
	}
	if n, err := round(); n != 0 || err != nil {
		t.Error("scanned twice:", n, err)
	}
	var events []audit.Event
	events, err = s.stores.db.Audit().Find(t.Context(), audit.Filter{Action: "document.scanned"}, 100)
	must(t, err)
	told := 0
	for _, e := range events {
		if e.Action == "document.scanned" {
			told++
		}
	}
	if told != len(want)-1 {
		t.Error(told, "verdicts are on the record, want", len(want)-1)
	}
}

// scanning gives rounds of a real scanner.
func (s *site) scanning(clamd *testenv.ClamdServer) func() (int, error) {
	scanning := application.Scanning{
		Store: s.stores.db.Scans(), Scanner: scan.Clamd{Network: "tcp", Address: clamd.Addr, Timeout: testenv.Patience}, Ring: s.stores.ring, Now: s.clock.now,
	}
	return func() (int, error) { return scanning.Round(s.t.Context()) }
}

// UP-04: documents that no scanner can read, older than all others and as many
// as it takes to lose patience, keep none of the others waiting for ever.
func TestUP04_UnreadableDocumentsKeepNobodyWaiting(t *testing.T) {
	clamd := testenv.NewClamd(t)
	s := newSite(t, nil)
	var unreadable []string
	for i := range 7 {
		id := s.document(fmt.Sprintf("poison%d@example.com", i), make([]byte, 12<<20), true) // more than this clamd takes
		unreadable = append(unreadable, id)
		s.clock.add(time.Second)
	}
	good := s.document("good@example.com", []byte("%PDF-1.7 harmless"), true)
	round := s.scanning(clamd)
	verdict := func(id string) scan.Verdict {
		v, _, err := s.stores.db.Scans().Verdict(t.Context(), id)
		must(t, err)
		return v
	}
	rounds := 0
	for ; verdict(good) == scan.Pending && rounds < 4; rounds++ {
		if _, err := round(); err == nil {
			t.Error("a round without a verdict on each says nothing")
		}
	}
	if verdict(good) != scan.Clean {
		t.Errorf("after %d rounds a document behind unreadable ones is %s", rounds, verdict(good))
	}
	for _, id := range unreadable {
		if verdict(id) != scan.Pending {
			t.Error("an unreadable document is", verdict(id))
		}
	}
}
