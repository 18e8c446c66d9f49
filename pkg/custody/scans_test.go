package custody_test

import (
	"fmt"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/scan"
)

// UP-04: every document of a submitted application gets one verdict, with an
// event; without a scanner none is considered clean.
func TestUP04_DocumentsAreScanned(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a clamd")
	}
	clamd := testenv.NewClamd(t)
	s := site.New(t, nil)
	want := map[string]scan.Verdict{
		s.Document("clean@example.com", []byte("%PDF-1.7 harmless"), true):        scan.Clean,
		s.Document("eicar@example.com", testenv.EICAR(), true):                    scan.Infected,
		s.Document("own@example.com", []byte("%PDF-1.7 "+testenv.Infected), true): scan.Infected,
		s.Document("empty@example.com", nil, true):                                scan.Clean,
		s.Document("draft@example.com", []byte("%PDF-1.7 not sent yet"), false):   scan.Pending,
	}
	for i := range 6 { // more than one batch
		want[s.Document(fmt.Sprintf("more%d@example.com", i), []byte("%PDF-1.7"), true)] = scan.Clean
	}
	round := scanning(s, clamd)

	clamd.Stop()
	if n, err := round(); n != 0 || err == nil {
		t.Errorf("Round() without a scanner = %d, %v", n, err)
	}
	for id := range want {
		if v, _, err := s.Stores.DB.Scans().Verdict(t.Context(), id); err != nil || v != scan.Pending {
			t.Errorf("Verdict() without a scanner = %v, %v", v, err)
		}
	}
	clamd.Start()
	n, err := round()
	rest, err2 := round() // it begins where the round without a scanner ended
	if n+rest != len(want)-1 || err != nil || err2 != nil {
		t.Errorf("Round() = %d, %v and then %d, %v", n, err, rest, err2)
	}
	for id, verdict := range want {
		if v, _, err := s.Stores.DB.Scans().Verdict(t.Context(), id); err != nil || v != verdict {
			t.Errorf("a document is %s, want %s (%v)", v, verdict, err)
		}
	}
	if n, err := round(); n != 0 || err != nil {
		t.Errorf("second Round() = %d, %v", n, err)
	}
	var events []audit.Event
	events, err = s.Stores.DB.Audit().Find(t.Context(), audit.Filter{Action: "document.scanned"}, 100)
	site.Must(t, err)
	told := 0
	for _, e := range events {
		if e.Action == "document.scanned" {
			told++
		}
	}
	if told != len(want)-1 {
		t.Errorf("the audit log has %d verdicts, want %d", told, len(want)-1)
	}
}

// scanning returns a function that runs a round with a real scanner.
func scanning(s *site.Site, clamd *testenv.ClamdServer) func() (int, error) {
	scanning := custody.Scanning{
		Store: s.Stores.DB.Scans(), Scanner: scan.Clamd{Network: "tcp", Address: clamd.Addr, Timeout: testenv.Patience}, Ring: s.Stores.Ring, Now: s.Clock.Now,
	}
	return func() (int, error) { return scanning.Round(s.T.Context()) }
}

// UP-04: documents that cannot be scanned, older than all others and enough to
// end a round, do not keep the others waiting for ever.
func TestUP04_UnreadableDocumentsKeepNobodyWaiting(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a clamd")
	}
	clamd := testenv.NewClamd(t)
	s := site.New(t, nil)
	var unreadable []string
	for i := range 7 {
		id := s.Document(fmt.Sprintf("poison%d@example.com", i), make([]byte, 12<<20), true) // more than this clamd accepts
		unreadable = append(unreadable, id)
		s.Clock.Add(time.Second)
	}
	good := s.Document("good@example.com", []byte("%PDF-1.7 harmless"), true)
	round := scanning(s, clamd)
	verdict := func(id string) scan.Verdict {
		v, _, err := s.Stores.DB.Scans().Verdict(t.Context(), id)
		site.Must(t, err)
		return v
	}
	rounds := 0
	for ; verdict(good) == scan.Pending && rounds < 4; rounds++ {
		if _, err := round(); err == nil {
			t.Error("Round() returns no error after failures")
		}
	}
	if verdict(good) != scan.Clean {
		t.Errorf("after %d rounds a document after unreadable ones is %s", rounds, verdict(good))
	}
	for _, id := range unreadable {
		if verdict(id) != scan.Pending {
			t.Errorf("an unreadable document is %s", verdict(id))
		}
	}
}
