package main

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

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/staff"
)

// knownEvents holds everything that a test made the program write against the
// list of actions, actors and objects.
func (s *site) knownEvents() {
	for after := int64(0); ; {
		events, err := s.stores.db.Audit().Events(s.t.Context(), after, 1000)
		if err != nil || len(events) == 0 {
			return // some tests take the database away
		}
		for _, e := range events {
			after = e.Seq
			if !audit.Known(e.Action) {
				s.t.Errorf("event %d: action %q is not in audit.Groups", e.Seq, e.Action)
			}
		}
	}
}

// recordPath is the page with these filters (name, value, …).
func recordPath(filters ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(filters); i += 2 {
		q.Set(filters[i], filters[i+1])
	}
	return "/console/record?" + q.Encode()
}

// put adds events, oldest first.
func (s *site) put(events ...audit.Event) {
	s.t.Helper()
	for _, e := range events {
		must(s.t, s.stores.db.Audit().Note(s.t.Context(), e))
	}
}

func TestConsoleRecordFilters(t *testing.T) {
	s := newSite(t, nil)
	c := s.sent("anna@example.com")
	auditor := s.official("olga@example.org", staff.Auditor)
	m, err := s.stores.db.Staff().ByEmail(t.Context(), "olga@example.org")
	must(t, err)
	day := s.clock.now().AddDate(0, 0, -40)
	s.put(
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
		auditor.get(recordPath(test.filters...)).at("/console/record")
		if auditor.status != http.StatusOK || strings.Contains(auditor.body, "first-reason") != test.first || strings.Contains(auditor.body, "second-reason") != test.second {
			t.Errorf("%s: status %d, first %t, second %t", name, auditor.status, strings.Contains(auditor.body, "first-reason"), strings.Contains(auditor.body, "second-reason"))
		}
	}
	auditor.get(recordPath("action", "application.approved"))
	for _, want := range []string{"Aanvraag goedgekeurd", "<code>application.approved</code>", "Olga Official"} {
		if !strings.Contains(auditor.body, want) {
			t.Error("the page lacks", want)
		}
	}
	if auditor.get(recordPath("from", "31-12-2026")); !strings.Contains(auditor.body, `<bdi>Olga Official</bdi></span>`) || !strings.Contains(auditor.body, `value="2026-12-31"`) {
		t.Error("the bar or the date:", auditor.body)
	}
	if auditor.get(recordPath("from", "gisteren")); auditor.status != http.StatusUnprocessableEntity || !strings.Contains(auditor.body, `value="gisteren"`) {
		t.Error("what was typed is gone:", auditor.status)
	}
	// The removed stay in the list: the record is about them as well.
	must(t, s.stores.db.Staff().Remove(t.Context(), "", s.memberNamed("gone@example.org").ID, noRecord))
	if auditor.get(recordPath()); !strings.Contains(auditor.body, "(verwijderd)") {
		t.Error("who was removed cannot be asked for")
	}
}

// memberNamed invites somebody and gives the member.
func (s *site) memberNamed(email string) staff.Member {
	s.t.Helper()
	s.invite(email, staff.Reviewer)
	m, err := s.stores.db.Staff().ByEmail(s.t.Context(), email)
	must(s.t, err)
	return m
}

// Reading the record is on the record, with what was asked for; what somebody
// typed and the record does not hold is not kept.
func TestOF21_ReadingIsRecorded(t *testing.T) {
	s := newSite(t, nil)
	auditor := s.official("olga@example.org", staff.Auditor)
	viewed := func() []audit.Event {
		events, err := s.stores.db.Audit().Find(t.Context(), audit.Filter{Action: "record.viewed"}, 100)
		must(t, err)
		return events
	}
	auditor.get(recordPath("action", "staff.login", "from", "2020-01-01"))
	events := viewed()
	if len(events) != 1 || events[0].Details["action"] != "staff.login" || events[0].Details["from"] != "2019-12-31T23:00:00Z" || events[0].ActorKind != audit.ActorStaff {
		t.Fatal("viewed:", events)
	}
	auditor.get(recordPath("kind", "account", "number", "anna@example.com"))
	auditor.get(recordPath("who", "holder:anna@example.com"))
	if events = viewed(); len(events) != 3 {
		t.Fatal("viewed:", len(events))
	}
	for _, e := range events {
		for _, v := range e.Details {
			if strings.Contains(v, "@") {
				t.Error("an address came into the record:", e.Details)
			}
		}
	}
	// A search that is refused reads nothing.
	if auditor.get(recordPath("action", "nonsense")); auditor.status != http.StatusUnprocessableEntity || len(viewed()) != 3 {
		t.Error("refused:", auditor.status, len(viewed()))
	}
}

// OF-15: filters and places that are none are refused, and are never part of
// a query. The place is two numbers; with others one reads what one may read
// anyway.
func TestOF15_RecordFiltersAreValues(t *testing.T) {
	s := newSite(t, nil)
	auditor := s.official("olga@example.org", staff.Auditor)
	for range 250 {
		s.put(audit.Event{At: s.clock.now(), ActorKind: audit.ActorSystem, Action: "key.moved", ObjectKind: "key", ObjectID: "k", Outcome: audit.OK})
	}
	for _, bad := range []string{"'", "1 OR 1=1", "1;DROP TABLE audit_events", "%", "-1.1", "1.-1", "1", "1.2.3", "0x1.1", "1e3.1", "01.1", " 1.1", "1.1 ", "99999999999999999999.1", "1.0", "\x00"} {
		if auditor.get(recordPath("before", bad)); auditor.status != http.StatusUnprocessableEntity {
			t.Errorf("place %q: %d", bad, auditor.status)
		}
		for _, name := range []string{"from", "until", "who", "action", "outcome", "kind"} {
			if auditor.get(recordPath(name, bad)); auditor.status != http.StatusUnprocessableEntity && strings.TrimSpace(bad) != "" {
				t.Errorf("%s=%q: %d", name, bad, auditor.status)
			}
		}
		if auditor.get(recordPath("kind", "key", "number", bad)); auditor.status != http.StatusOK || strings.Contains(auditor.body, "<code>key.moved</code>") {
			t.Errorf("number %q: %d", bad, auditor.status)
		}
	}
	// Three pages hold everything once, also what came in one millisecond.
	seen := 0
	next := recordPath("action", "key.moved", "kind", "key", "number", "k")
	for range 3 {
		auditor.get(next).at("/console/record")
		seen += strings.Count(auditor.body, "<code>key.moved</code>")
		next = ""
		if m := olderLink.FindStringSubmatch(auditor.body); m != nil {
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

// OF-17, OF-10: whatever a value holds, it stays one value on the page, in the
// export and on the terminal.
func TestOF17_ValuesStayValues(t *testing.T) {
	s := newSite(t, nil)
	auditor := s.official("olga@example.org", staff.Auditor)
	before, err := s.stores.db.Audit().Find(t.Context(), audit.Filter{}, 1)
	must(t, err)
	for _, v := range hostile {
		s.put(audit.Event{At: s.clock.now(), ActorKind: audit.ActorKind(v), ActorID: v, Origin: v, Action: "key.moved", ObjectKind: audit.ObjectKind(v), ObjectID: v, Outcome: audit.Outcome(v), Reason: v, RequestID: v, Details: map[string]string{v: v}})
	}
	if auditor.get(recordPath()).at("/console/record"); strings.Contains(auditor.body, "<script>alert") || strings.Contains(auditor.body, "\x1b") {
		t.Error("a value became a part of the page")
	}
	after := before[0].Seq
	events, err := s.stores.db.Audit().Events(t.Context(), after, 100)
	must(t, err)
	for i, v := range hostile {
		want := strings.ReplaceAll(v, "\x00", "\uFFFD") // which PostgreSQL cannot hold
		if events[i].Reason != want || events[i].Details[want] != want {
			t.Errorf("%q came back as %q", v, events[i].Reason)
		}
		line, err := audit.Line{Event: &events[i]}.Append(nil)
		must(t, err)
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
	signer, err := s.stores.auditSigner(t.Context())
	must(t, err)
	report, err := audit.Verify(t.Context(), s.stores.db.Audit(), s.stores.db.Heads(), signer.Public())
	if err != nil || !report.OK() {
		t.Error(report.Faults, err)
	}
}
