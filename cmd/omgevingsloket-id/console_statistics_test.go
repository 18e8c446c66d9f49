package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/record"
	"omgevingsloket-id/pkg/sheet"
	"omgevingsloket-id/pkg/staff"
)

// table reads the rows of a file that has to be whole.
func table(t *testing.T, a answer, separator rune) [][]string {
	t.Helper()
	if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "text/csv; charset=utf-8") ||
		!strings.HasPrefix(a.header.Get("Content-Disposition"), `attachment; filename="`) || a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v\n%s", a.status, a.header, a.body)
	}
	n, err := sheet.Check([]byte(a.body))
	if err != nil {
		t.Fatalf("%v\n%s", err, a.body)
	}
	r := csv.NewReader(bytes.NewReader([]byte(strings.TrimPrefix(a.body, "\ufeff"))))
	r.Comma = separator
	rows, err := r.ReadAll()
	must(t, err)
	if len(rows) != n+2 {
		t.Fatalf("%d records, %d rows", len(rows), n)
	}
	return rows[1 : len(rows)-1]
}

func (b *browser) export(target string, fields ...string) answer {
	b.s.t.Helper()
	return b.send(b.formTo(target, fields...))
}

// last is the newest event of an action.
func (s *site) last(action audit.Action) audit.Event {
	s.t.Helper()
	events, err := s.stores.db.Audit().Find(s.t.Context(), audit.Filter{Action: action}, 1)
	must(s.t, err)
	i := slices.IndexFunc(events, func(e audit.Event) bool { return e.Action == action })
	if i < 0 {
		s.t.Fatalf("the record does not tell of %s", action)
	}
	return events[i]
}

func TestConsoleStatistics(t *testing.T) {
	s := newSite(t, nil)
	ria := s.reviewer("ria")
	first := s.sent("a@example.com")
	s.sent("b@example.com", company)
	ria.take(first).decide(first, "reject", "send", "reason", "identity", "text", "No.").at("/console/applications/case")
	wantState(t, s, first, application.Rejected)
	ada := s.official("ada@gov.example", staff.Auditor)
	ada.get("/console/statistics").is(http.StatusOK)
	for _, want := range []string{
		`<th scope="row">Wacht op een beslissing van ons</th><td>0</td><td>1</td><td>1</td>`, `<th scope="row">Aanvragen ontvangen</th><td>1</td><td>1</td><td>2</td>`,
		`<th scope="row">De helft was klaar binnen (mediaan)</th><td>0 dagen</td><td>–</td><td>0 dagen</td>`, `<th scope="row">Uit het document blijkt niet wie het is</th><td>1</td><td>0</td><td>1</td>`,
		`In deze periode is er niets gedeblokkeerd of geweigerd.`,
	} {
		if !strings.Contains(ada.body, want) {
			t.Errorf("no %s on the page\n%s", want, ada.body)
		}
	}
	// Nobody is named: neither the official who decided nor who applied.
	for _, name := range []string{"Olga", "Muster", "@example.com", first.Reference} {
		if main := ada.body[strings.Index(ada.body, "<main"):]; strings.Contains(strings.ReplaceAll(main, "Olga Official</bdi></span>", ""), name) {
			t.Errorf("%s is on the page", name)
		}
	}
	ada.get("/console/statistics?kind=legal_person&from=1-1-2001&until=2001-12-31").is(http.StatusOK)
	if !strings.Contains(ada.body, `<th scope="row">Aanvragen ontvangen</th><td>0</td></tr>`) || !strings.Contains(ada.body, `value="2001-01-01"`) {
		t.Error(ada.body)
	}
	got := table(t, ada.export("/console/statistics/export", "from", "", "until", "", "kind", "", "separator", "comma"), ',')
	if !slices.ContainsFunc(got, func(row []string) bool {
		return slices.Equal(row[2:6], []string{"Binnengekomen en afgehandeld", "Aanvragen ontvangen", "Samen", "2"})
	}) {
		t.Error(got)
	}
	if e := s.last("statistics.exported"); e.ActorKind != audit.ActorStaff || e.Details["rows"] == "" || e.Details["from"] == "" || e.Details["until"] == "" {
		t.Errorf("%+v", e)
	}
}

// OF-11, OF-26: what applicants write is no formula in the file, and the file
// is whole; it holds what the queue holds, and nothing more of people.
func TestOF11_ApplicationsExport(t *testing.T) {
	s := newSite(t, nil)
	ria := s.reviewer("ria")
	names := []string{"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1", "x;=1", "x,=1", `"=1`, "＝1", "Søren; Åse", `O"Brien`}
	for i, name := range names {
		s.sent(string(rune('a'+i))+"@example.com", func(a *application.Application) { a.Answers.GivenName, a.Answers.FamilyName = name, "Z" })
	}
	for separator, rune := range map[string]rune{"semicolon": ';', "comma": ',', "": ';', "|": ';'} {
		a := ria.export("/console/applications/export", "show", "all", "q", "", "separator", separator)
		rows := table(t, a, rune)
		if len(rows) != len(names) || len(rows[0]) != 10 {
			t.Fatalf("%d rows: %q", len(rows), rows)
		}
		for _, row := range rows {
			if first := strings.TrimLeft(row[2], " \"\t"); strings.ContainsAny(first[:1], "=+-@") || strings.HasPrefix(first, "＝") {
				t.Errorf("%q", row)
			}
		}
		for _, secret := range []string{"@example.com", "1980-02-03", "Hauptstrasse", "10115"} {
			if strings.Contains(a.body, secret) {
				t.Errorf("%s is in the file", secret)
			}
		}
	}
	if e := s.last("applications.exported"); e.Details["rows"] != "11" || e.Details["show"] != "all" || e.Details["searched"] != "false" {
		t.Errorf("%+v", e)
	}
	rows := table(t, ria.export("/console/applications/export", "show", "waiting", "q", "b@example.com", "separator", ""), ';')
	if len(rows) != 1 || rows[0][6] != "ontvangen" || rows[0][7] != "" {
		t.Error(rows)
	}
	if e := s.last("applications.exported"); e.Details["searched"] != "true" || strings.Contains(strings.Join(slices.Collect(func(yield func(string) bool) {
		for _, v := range e.Details {
			yield(v)
		}
	}), " "), "@") {
		t.Errorf("the record holds what was searched for: %+v", e)
	}
	if none := table(t, ria.export("/console/applications/export", "show", "mine", "q", "", "separator", ""), ';'); len(none) != 0 {
		t.Error(none)
	}
	// A look is no export.
	if ria.get("/console/applications/export").status != http.StatusMethodNotAllowed {
		t.Error("GET:", ria.status)
	}
}

// longCases is a store with more cases than a file holds.
type longCases struct{ application.Cases }

func (longCases) Lines(context.Context, application.Query, int) ([]application.Line, error) {
	return nil, application.ErrTooMany
}

// silentRecord is a record that cannot be written.
type silentRecord struct{ audit.Store }

func (silentRecord) Note(context.Context, audit.Event) error {
	return errs.Unavailable("note", errors.New("down"))
}

// OF-26: a file is complete or absent: too long is refused, and nothing is
// given that is not on the record.
func TestOF26_ExportWholeOrAbsent(t *testing.T) {
	s := newSite(t, nil)
	ria := s.reviewer("ria")
	s.sent("a@example.com")
	export := func() answer {
		return ria.export("/console/applications/export", "show", "all", "q", "", "separator", "")
	}
	s.staff.Desk.Cases = longCases{s.staff.Desk.Cases}
	if a := export(); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "100.000") || a.header.Get("Content-Disposition") != "" {
		t.Error(a.status, a.header)
	}
	s.staff.Desk.Cases = s.stores.db.Cases()
	s.staff.Audit = silentRecord{s.staff.Audit}
	for _, a := range []answer{export(), ria.export("/console/statistics/export", "from", "", "until", "", "kind", "", "separator", "")} {
		if a.status != http.StatusServiceUnavailable || a.header.Get("Content-Disposition") != "" || strings.Contains(a.body, "#END") {
			t.Error(a.status, a.header)
		}
	}
	s.staff.Audit = s.stores.db.Audit()
	table(t, export(), ';')
	for range 40 {
		if a := export(); a.status == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("an official may take along as much as there is")
}

// OF-05, OF-16: who has not the role gets neither figures nor lists nor a
// total anywhere, and no number that others can be told from.
func TestOF05_FiguresAndListsOfNobodyElse(t *testing.T) {
	s := newSite(t, nil)
	var references []string
	for i := range 23 {
		references = append(references, s.sent(string(rune('a'+i))+"@example.com").Reference)
	}
	for _, role := range []staff.Role{staff.Helpdesk, staff.Administrator, staff.Auditor, ""} {
		b := s.browser()
		if role != "" {
			b = s.official(string(role)+"@example.org", role)
		} else {
			b.get("/console/login")
		}
		b.get("/console")
		if regexp.MustCompile(`\b2[0-9]\b`).MatchString(tags.ReplaceAllString(b.body[strings.Index(b.body, "<main"):strings.Index(b.body, "</main")], " ")) {
			t.Errorf("%q is told a total\n%s", role, b.body)
		}
		wantList, wantFigures := http.StatusForbidden, http.StatusForbidden
		switch role {
		case staff.Administrator, staff.Auditor:
			wantFigures = http.StatusOK
		case "":
			wantList, wantFigures = http.StatusSeeOther, http.StatusSeeOther
		}
		if a := b.export("/console/applications/export", "show", "all", "q", "", "separator", ""); a.status != wantList || strings.Contains(a.body, "#END") {
			t.Errorf("list to %q: %d", role, a.status)
		}
		if a := b.export("/console/statistics/export", "from", "", "until", "", "kind", "", "separator", ""); a.status != wantFigures || strings.Contains(a.body, "#END") != (wantFigures == http.StatusOK) {
			t.Errorf("figures to %q: %d", role, a.status)
		}
		for _, page := range []string{"/console/applications", "/console/statistics"} {
			want := map[string]int{"/console/applications": wantList, "/console/statistics": wantFigures}[page]
			if a := b.send(b.request(http.MethodGet, page, nil)); a.status != want || want != http.StatusOK && slices.ContainsFunc(references, func(r string) bool { return strings.Contains(a.body, r) }) {
				t.Errorf("%s to %q: %d", page, role, a.status)
			}
		}
	}
	// A reviewer's marks and addresses hold no count either: random ids.
	ria := s.reviewer("ria")
	ria.get("/console/applications?show=all").is(http.StatusOK)
	for _, m := range regexp.MustCompile(`case\?id=([^"&]+)`).FindAllStringSubmatch(ria.body, -1) {
		if len(m[1]) < 20 {
			t.Errorf("the id %s can be guessed", m[1])
		}
	}
}

// queueParameters are what somebody may write into the address of a queue or
// of the figures.
var queueParameters = []string{
	"", "x", "0", "-1", "1", "1.a", "0.0.a", "9999999999999999999999.a", "1.a'--", "1,a", "' OR 1=1 --", "id; DROP TABLE applications", "%", "_", "%25%00", "\x00", "\xff\xfe",
	"submitted_at DESC", "reviewer = ''", "$1", "?1", "{{.}}", "<script>", strings.Repeat("a", 3000), strings.Repeat("😀", 700), "2026-01-01", "0000-00-00", "2026-02-30", "99999-01-01", "-1-1-1",
	"9998-12-31", "1970-01-01", "31-12-2026", "waiting", "mine", "decided", "all", "natural_person", "legal_person",
}

// OF-15: whatever the address says, the answer is a page of rows that belong
// to the queue; nothing of it reaches the database as anything but a value.
func TestOF15_QueueAndFigures(t *testing.T) {
	s := newSite(t, nil)
	ria := s.reviewer("ria")
	seeds(t, s, ria)
	get := s.getter(ria)
	for _, name := range []string{"show", "q", "after", "before"} {
		for _, value := range queueParameters {
			queueHolds(t, get, url.Values{"show": {"waiting"}, name: {value}})
		}
	}
	for _, name := range []string{"from", "until", "kind"} {
		for _, value := range queueParameters {
			figuresHold(t, get, url.Values{name: {value}})
		}
	}
}

// FuzzOF15_Queue looks for an address that breaks it.
func FuzzOF15_Queue(f *testing.F) {
	for _, p := range queueParameters {
		f.Add(p, p, p, p)
	}
	s := newSite(f, nil)
	ria := s.reviewer("ria")
	seeds(f, s, ria)
	get := s.getter(ria)
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		if len(a)+len(b)+len(c)+len(d) > 2000 {
			return
		}
		queueHolds(t, get, url.Values{"show": {a}, "q": {b}, "after": {c}, "before": {d}})
		figuresHold(t, get, url.Values{"from": {a}, "until": {b}, "kind": {c}})
	})
}

// seeds are a case that waits, one that somebody has, one that is over, and a
// draft.
func seeds(t testing.TB, s *site, ria *browser) {
	s.sent("waits@example.com")
	ria.take(s.sent("taken@example.com"))
	over := s.sent("over@example.com")
	must(t, s.stores.db.Cases().Withdraw(s.t.Context(), over, application.Act{Kind: application.ActWithdraw, At: s.clock.now()}, record.Record{}))
	now := s.clock.now()
	must(t, s.stores.db.Applications().Start(s.t.Context(), application.Application{
		ID: "draft", Handle: "draft", Kind: account.NaturalPerson, Lang: "nl", Email: "draft@example.com", CodeExpires: now, CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}, record.Record{}))
}

// getter opens a page without a test of its own, for fuzzing.
type getter func(target string) answer

func (s *site) getter(b *browser) getter {
	header := http.Header{}
	for name, value := range b.cookies() {
		header.Add("Cookie", name+"="+value)
	}
	return func(target string) answer {
		req := httptest.NewRequest(http.MethodGet, target, nil)
		req.Header = header.Clone()
		w := httptest.NewRecorder()
		s.site.ServeHTTP(w, req)
		return answer{w.Code, w.Header(), w.Body.String()}
	}
}

var stateCells = regexp.MustCompile(`(?s)<tbody>(.*?)</tbody>`)

func queueHolds(t testing.TB, get getter, q url.Values) {
	t.Helper()
	a := get("/console/applications?" + q.Encode())
	if a.status != http.StatusOK && a.status != http.StatusRequestURITooLong {
		t.Fatalf("%v: %d\n%s", q, a.status, a.body)
	}
	if strings.Contains(a.body, "draft@") {
		t.Errorf("%v shows a draft", q)
	}
	may := map[string][]string{"waiting": {"ontvangen"}, "mine": {"in behandeling"}, "more": nil, "decided": {"ingetrokken"}, "all": {"ontvangen", "in behandeling", "ingetrokken"}}
	show := q.Get("show")
	if _, known := may[show]; !known {
		show = "waiting"
	}
	if m := stateCells.FindStringSubmatch(a.body); m != nil {
		for row := range strings.SplitSeq(strings.TrimSpace(m[1]), "<tr>") {
			if row != "" && !slices.ContainsFunc(may[show], func(state string) bool { return strings.Contains(row, "<td>"+state+"</td>") }) {
				t.Errorf("%v shows what is not of the queue %s: %s", q, show, row)
			}
		}
	}
}

func figuresHold(t testing.TB, get getter, q url.Values) {
	t.Helper()
	a := get("/console/statistics?" + q.Encode())
	if a.status != http.StatusOK && a.status != http.StatusUnprocessableEntity && a.status != http.StatusRequestURITooLong {
		t.Fatalf("%v: %d\n%s", q, a.status, a.body)
	}
}
