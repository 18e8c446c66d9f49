package custody_test

import (
	"context"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/scan"
	"omgevingsloket-id/pkg/secret"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// clock is a clock that a test moves.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// desk implements custody.Scans and scan.Scanner in memory. A test may change each field.
type desk struct {
	clock
	t         *testing.T
	ring      *secret.KeyRing
	documents []application.Document // oldest first
	verdicts  map[string]scan.Verdict
	events    []audit.Event

	scanned   []string         // what the scanner got, in order
	unread    map[string]error // by content: errors of the scanner
	malware   map[string]string
	during    func(content string) // called in each scan
	reads     int
	failing   int              // the number of the read that fails: 1, 2, …
	unwritten map[string]error // by document: errors of Scanned, once
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	random := rand.NewChaCha8([32]byte{})
	text, err := secret.NewKeyRingFile("k1", random)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := secret.ParseKeyRing(text, random)
	if err != nil {
		t.Fatal(err)
	}
	return &desk{
		clock: clock{noon}, t: t, ring: ring, verdicts: map[string]scan.Verdict{},
		unread: map[string]error{}, malware: map[string]string{}, unwritten: map[string]error{},
	}
}

// scanning returns a Scanning with the stores of the desk.
func (d *desk) scanning() *custody.Scanning {
	return &custody.Scanning{Store: d, Scanner: d, Ring: d.ring, Now: d.Now}
}

// file adds documents whose content is their id, each a second after the one before.
func (d *desk) file(ids ...string) {
	d.t.Helper()
	for _, id := range ids {
		sealed, err := d.ring.Seal([]byte(id), application.DocumentAAD("app", id))
		if err != nil {
			d.t.Fatal(err)
		}
		d.documents = append(d.documents, application.Document{
			ID: id, ApplicationID: "app", Name: "pas-anna.pdf", Sealed: sealed, CreatedAt: noon.Add(time.Duration(len(d.documents)) * time.Second),
		})
	}
}

func (d *desk) Unscanned(_ context.Context, after application.Document, limit int) (out []application.Document, err error) {
	if d.reads++; d.reads == d.failing {
		return nil, errs.Unavailable("memory", context.DeadlineExceeded)
	}
	if after.Sealed != nil || limit < 1 {
		d.t.Errorf("Unscanned(after %d bytes of content, limit %d), want no content and a limit", len(after.Sealed), limit)
	}
	for _, doc := range d.documents {
		later := doc.CreatedAt.After(after.CreatedAt) || doc.CreatedAt.Equal(after.CreatedAt) && doc.ID > after.ID
		if d.verdicts[doc.ID] == "" && later && len(out) < limit {
			out = append(out, doc)
		}
	}
	return out, nil
}

func (d *desk) Scanned(_ context.Context, id string, v scan.Verdict, _ string, now time.Time, rec effect.Effects) error {
	if err := d.unwritten[id]; err != nil {
		delete(d.unwritten, id)
		return err
	}
	if d.verdicts[id] != "" {
		return errs.ErrConflict
	}
	if !now.Equal(d.now) {
		d.t.Errorf("Scanned(%s, at %v), want at %v", id, now, d.now)
	}
	d.verdicts[id], d.events = v, append(d.events, rec.Events...)
	return nil
}

func (d *desk) Verdict(context.Context, string) (scan.Verdict, string, error) {
	panic("not asked by a round")
}

func (d *desk) Scan(_ context.Context, content io.Reader) (scan.Verdict, string, error) {
	plain, err := io.ReadAll(content)
	if err != nil {
		return scan.Pending, "", err
	}
	d.scanned = append(d.scanned, string(plain))
	if d.during != nil {
		d.during(string(plain))
	}
	if err := d.unread[string(plain)]; err != nil {
		return scan.Pending, "", err
	}
	if name := d.malware[string(plain)]; name != "" {
		return scan.Infected, name, nil
	}
	return scan.Clean, "", nil
}

// waiting returns the ids of the documents without a verdict.
func (d *desk) waiting() (ids []string) {
	for _, doc := range d.documents {
		if d.verdicts[doc.ID] == "" {
			ids = append(ids, doc.ID)
		}
	}
	return ids
}

// archive implements custody.Archive in memory, as far as DestroyDue needs it. A test may
// change each field.
type archive struct {
	custody.Archive
	clock
	tick         time.Duration // that passes with each destruction
	applications []application.Application
	documents    map[string][]application.Document // by application; those with content
	events       []audit.Event
	reads        int
	failing      int             // the number of the read that fails: 1, 2, …
	silent       string          // the application whose destruction fails, once
	faster       map[string]bool // applications that another server destroys first
}

func (a *archive) due(app application.Application, closed time.Time) bool {
	return custody.Over(app, closed) && len(a.documents[app.ID]) > 0
}

func (a *archive) Due(_ context.Context, closed time.Time, limit int) (ids []string, err error) {
	if a.reads++; a.reads == a.failing {
		return nil, errs.Unavailable("memory", context.DeadlineExceeded)
	}
	for _, app := range a.applications {
		if a.due(app, closed) && len(ids) < limit {
			ids = append(ids, app.ID)
		}
	}
	return ids, nil
}

func (a *archive) Destroy(_ context.Context, id string, closed, _ time.Time, proof func([]application.Document) effect.Effects) error {
	if a.silent == id {
		a.silent = ""
		return errs.Unavailable("memory", context.DeadlineExceeded)
	}
	if a.faster[id] {
		delete(a.documents, id)
	}
	i := slices.IndexFunc(a.applications, func(app application.Application) bool { return app.ID == id })
	if i < 0 || !a.due(a.applications[i], closed) {
		return errs.ErrConflict
	}
	a.events = append(a.events, proof(a.documents[id]).Events...)
	delete(a.documents, id)
	a.now = a.now.Add(a.tick)
	return nil
}
