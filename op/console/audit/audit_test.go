package audit_test

import (
	"bytes"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/staff"
)

// auditPath returns the address of the page with filters (name, value, …).
func auditPath(filters ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(filters); i += 2 {
		q.Set(filters[i], filters[i+1])
	}
	return "/console/audit?" + q.Encode()
}

func TestConsoleAuditFilters(t *testing.T) {
	t.Parallel()
	auditFilters(t, site.Noon)
}

func auditFilters(t *testing.T, at time.Time) {
	s := site.Start(t, site.Setup{At: at})
	c := s.Sent("anna@example.com")
	auditor := s.Official("olga@example.org", staff.Auditor)
	m, err := s.Stores.DB.Staff().ByEmail(t.Context(), "olga@example.org")
	site.Must(t, err)
	day := s.Dutch().AddDate(0, 0, -40) // filters are days in the Netherlands
	s.Put(
		audit.Event{At: day, ActorKind: audit.ActorStaff, ActorID: m.ID, Action: "application.approved", ObjectKind: "application", ObjectID: c.ID, Outcome: audit.OK, Reason: "first-reason"},
		audit.Event{At: day, ActorKind: audit.ActorClient, ActorID: "web", Action: "grant.code_replayed", ObjectKind: "client", ObjectID: "web", Outcome: audit.Refused, Reason: "second-reason"},
	)
	date := day.Format(time.DateOnly)
	for name, test := range map[string]struct {
		filters       []string
		first, second bool
	}{
		"nothing":       {nil, true, true},
		"period":        {[]string{"from", date, "until", date}, true, true},
		"Dutch date":    {[]string{"from", day.Format("2-1-2006"), "until", date}, true, true},
		"before it":     {[]string{"until", day.AddDate(0, 0, -1).Format(time.DateOnly)}, false, false},
		"after it":      {[]string{"from", day.AddDate(0, 0, 1).Format(time.DateOnly)}, false, false},
		"an official":   {[]string{"who", "staff:" + m.ID}, true, false},
		"a kind":        {[]string{"who", "client"}, false, true},
		"one actor":     {[]string{"who", "client:web"}, false, true},
		"action":        {[]string{"action", "grant.code_replayed"}, false, true},
		"outcome":       {[]string{"outcome", "refused"}, false, true},
		"kind":          {[]string{"kind", "application"}, true, false},
		"number":        {[]string{"kind", "client", "number", "web"}, false, true},
		"its id":        {[]string{"kind", "application", "number", c.ID}, true, false},
		"reference":     {[]string{"number", strings.ToLower(c.Reference)}, true, false},
		"all together":  {[]string{"from", date, "until", date, "who", "staff:" + m.ID, "action", "application.approved", "outcome", "ok", "number", c.Reference}, true, false},
		"contradicting": {[]string{"who", "client", "action", "application.approved"}, false, false},
	} {
		auditor.Get(auditPath(test.filters...)).At("/console/audit")
		if auditor.Status != http.StatusOK || strings.Contains(auditor.Body, "first-reason") != test.first || strings.Contains(auditor.Body, "second-reason") != test.second {
			t.Errorf("%s: status %d, first %t, second %t", name, auditor.Status, strings.Contains(auditor.Body, "first-reason"), strings.Contains(auditor.Body, "second-reason"))
		}
	}
	auditor.Get(auditPath("action", "application.approved"))
	for _, want := range []string{"Aanvraag goedgekeurd", "<code>application.approved</code>", "Olga Official"} {
		if !strings.Contains(auditor.Body, want) {
			t.Error("the page lacks", want)
		}
	}
	if auditor.Get(auditPath("from", "31-12-2026")); !strings.Contains(auditor.Body, `<bdi>Olga Official</bdi></span>`) || !strings.Contains(auditor.Body, `value="2026-12-31"`) {
		t.Error("the bar or the date:", auditor.Body)
	}
	if auditor.Get(auditPath("from", "gisteren")); auditor.Status != http.StatusUnprocessableEntity || !strings.Contains(auditor.Body, `value="gisteren"`) {
		t.Error("what was typed is gone:", auditor.Status)
	}
	// Removed members stay in the list, since the audit log is about them too.
	site.Must(t, s.Stores.DB.Staff().Remove(t.Context(), "", memberNamed(s, "gone@example.org").ID, site.NoEffects))
	if auditor.Get(auditPath()); !strings.Contains(auditor.Body, "(verwijderd)") {
		t.Error("who was removed cannot be asked for")
	}
}

// memberNamed invites a member.
func memberNamed(s *site.Site, email string) staff.Member {
	s.T.Helper()
	s.Invite(email, staff.Reviewer)
	m, err := s.Stores.DB.Staff().ByEmail(s.T.Context(), email)
	site.Must(s.T, err)
	return m
}

// Reading the audit log adds an event with the filters; a number that the log does
// not have is not stored.
func TestOF21_ReadingIsAudited(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	auditor := s.Official("olga@example.org", staff.Auditor)
	viewed := func() []audit.Event {
		events, err := s.Stores.DB.Audit().Find(t.Context(), audit.Filter{Action: "record.viewed"}, 100)
		site.Must(t, err)
		return events
	}
	auditor.Get(auditPath("action", "staff.login", "from", "2020-01-01"))
	events := viewed()
	if len(events) != 1 || events[0].Details["action"] != "staff.login" || events[0].Details["from"] != "2019-12-31T23:00:00Z" || events[0].ActorKind != audit.ActorStaff {
		t.Fatal("viewed:", events)
	}
	auditor.Get(auditPath("kind", "account", "number", "anna@example.com"))
	auditor.Get(auditPath("who", "holder:anna@example.com"))
	if events = viewed(); len(events) != 3 {
		t.Fatal("viewed:", len(events))
	}
	for _, e := range events {
		for _, v := range e.Details {
			if strings.Contains(v, "@") {
				t.Error("an address is in the audit log:", e.Details)
			}
		}
	}
	// A refused search reads nothing.
	if auditor.Get(auditPath("action", "nonsense")); auditor.Status != http.StatusUnprocessableEntity || len(viewed()) != 3 {
		t.Error("refused:", auditor.Status, len(viewed()))
	}
}

// OF-15: invalid filters and places are refused, and are never part of a query. The
// place is two numbers; changing them shows nothing that the reader may not see.
func TestOF15_AuditFiltersAreValues(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	auditor := s.Official("olga@example.org", staff.Auditor)
	for range 250 {
		s.Put(audit.Event{At: s.Clock.Now(), ActorKind: audit.ActorSystem, Action: "key.moved", ObjectKind: "key", ObjectID: "k", Outcome: audit.OK})
	}
	for _, bad := range []string{"'", "1 OR 1=1", "1;DROP TABLE audit_events", "%", "-1.1", "1.-1", "1", "1.2.3", "0x1.1", "1e3.1", "01.1", " 1.1", "1.1 ", "99999999999999999999.1", "1.0", "\x00"} {
		if auditor.Get(auditPath("before", bad)); auditor.Status != http.StatusUnprocessableEntity {
			t.Errorf("place %q: %d", bad, auditor.Status)
		}
		for _, name := range []string{"from", "until", "who", "action", "outcome", "kind"} {
			if auditor.Get(auditPath(name, bad)); auditor.Status != http.StatusUnprocessableEntity && strings.TrimSpace(bad) != "" {
				t.Errorf("%s=%q: %d", name, bad, auditor.Status)
			}
		}
		if auditor.Get(auditPath("kind", "key", "number", bad)); auditor.Status != http.StatusOK || strings.Contains(auditor.Body, "<code>key.moved</code>") {
			t.Errorf("number %q: %d", bad, auditor.Status)
		}
	}
	// Three pages hold every event once, also those of one millisecond.
	seen := 0
	next := auditPath("action", "key.moved", "kind", "key", "number", "k")
	for range 3 {
		auditor.Get(next).At("/console/audit")
		seen += strings.Count(auditor.Body, "<code>key.moved</code>")
		next = ""
		if m := olderLink.FindStringSubmatch(auditor.Body); m != nil {
			next = html.UnescapeString(m[1])
		}
		if next == "" {
			break
		}
	}
	if seen != 250 {
		t.Error(seen, "of 250 events on the pages")
	}
}

var olderLink = regexp.MustCompile(`<a href="([^"]*)">Oudere gebeurtenissen`)

// hostile are values that would break out of a line, a terminal or a page.
var hostile = []string{
	"a\r\nSet-Cookie: x=1", "\x1b[2J\x1b[31mred", `{"event":{"seq":1}}`, `","hash":"0`, "</td><script>alert(1)</script>", "\u2028\u2029\u202e\u0085", "a\tb\x00c\x7f",
}

// OF-17, OF-10: any value stays one value on the page, in the export and on the
// terminal.
func TestOF17_ValuesStayValues(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	auditor := s.Official("olga@example.org", staff.Auditor)
	before, err := s.Stores.DB.Audit().Find(t.Context(), audit.Filter{}, 1)
	site.Must(t, err)
	for _, v := range hostile {
		s.Put(audit.Event{At: s.Clock.Now(), ActorKind: audit.ActorKind(v), ActorID: v, Origin: v, Action: "key.moved", ObjectKind: audit.ObjectKind(v), ObjectID: v, Outcome: audit.Outcome(v), Reason: v, RequestID: v, Details: map[string]string{v: v}})
	}
	if auditor.Get(auditPath()).At("/console/audit"); strings.Contains(auditor.Body, "<script>alert") || strings.Contains(auditor.Body, "\x1b") {
		t.Error("a value became a part of the page")
	}
	after := before[0].Seq
	events, err := s.Stores.DB.Audit().Events(t.Context(), after, 100)
	site.Must(t, err)
	for i, v := range hostile {
		want := strings.ReplaceAll(v, "\x00", "\uFFFD") // PostgreSQL cannot store NUL
		if events[i].Reason != want || events[i].Details[want] != want {
			t.Errorf("%q came back as %q", v, events[i].Reason)
		}
		line, err := audit.Line{Event: &events[i]}.Append(nil)
		site.Must(t, err)
		if bytes.Count(line, []byte("\n")) != 1 || bytes.ContainsFunc(bytes.TrimSpace(line), unicode.IsControl) {
			t.Errorf("a line of an export: %q", line)
		}
		if back, err := audit.ReadLine(line); err != nil || audit.ChainHash(back.Event.PrevHash, *back.Event) != events[i].Hash {
			t.Errorf("%q is not what it was after an export: %v", v, err)
		}
		if shown := audit.Printable(v); strings.ContainsFunc(shown, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Errorf("on a terminal: %q", shown)
		}
	}
	signer, err := s.Stores.AuditSigner(t.Context())
	site.Must(t, err)
	report, err := audit.Verify(t.Context(), s.Stores.DB.Audit(), s.Stores.DB.Heads(), signer.Public(), s.Clock.Now())
	if err != nil || !report.OK() {
		t.Error(report.Faults, err)
	}
}

// The filters are days in the Netherlands, at any hour.
func TestDatesAroundMidnight(t *testing.T) {
	t.Parallel()
	site.Moments(t, map[string]func(*testing.T, time.Time){
		"filters": auditFilters,
	})
}
