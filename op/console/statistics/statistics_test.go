package statistics_test

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

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/sheet"
	"omgevingsloket-id/pkg/staff"
)

// table reads the rows of a complete sheet.
func table(t *testing.T, a site.Answer, separator rune) [][]string {
	t.Helper()
	if a.Status != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/csv; charset=utf-8") ||
		!strings.HasPrefix(a.Header.Get("Content-Disposition"), `attachment; filename="`) || a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v\n%s", a.Status, a.Header, a.Body)
	}
	n, err := sheet.Check([]byte(a.Body))
	if err != nil {
		t.Fatalf("%v\n%s", err, a.Body)
	}
	r := csv.NewReader(bytes.NewReader([]byte(strings.TrimPrefix(a.Body, "\ufeff"))))
	r.Comma = separator
	rows, err := r.ReadAll()
	site.Must(t, err)
	if len(rows) != n+2 {
		t.Fatalf("%d records, %d rows", len(rows), n)
	}
	return rows[1 : len(rows)-1]
}

func download(b *site.Browser, target string, fields ...string) site.Answer {
	b.Site.T.Helper()
	return b.Send(b.FormTo(target, fields...))
}

// last returns the newest event of an action.
func last(s *site.Site, action audit.Action) audit.Event {
	s.T.Helper()
	events, err := s.Stores.DB.Audit().Find(s.T.Context(), audit.Filter{Action: action}, 1)
	site.Must(s.T, err)
	i := slices.IndexFunc(events, func(e audit.Event) bool { return e.Action == action })
	if i < 0 {
		s.T.Fatalf("the audit log does not tell of %s", action)
	}
	return events[i]
}

func TestConsoleStatistics(t *testing.T) {
	t.Parallel()
	statisticsPage(t, site.Noon)
}

func statisticsPage(t *testing.T, at time.Time) {
	s := site.Start(t, site.Setup{At: at})
	ria := s.Reviewer("ria")
	first := s.Sent("a@example.com")
	s.Sent("b@example.com", site.Company)
	ria.Take(first).Decide(first, "reject", "send", "reason", "identity", "text", "No.").At("/console/review/case")
	site.WantState(t, s, first, application.Rejected)
	ada := s.Official("ada@gov.example", staff.Auditor)
	ada.Get("/console/statistics").Is(http.StatusOK)
	for _, want := range []string{
		`<th scope="row">Wacht op een beslissing van ons</th><td>0</td><td>1</td><td>1</td>`, `<th scope="row">Aanvragen ontvangen</th><td>1</td><td>1</td><td>2</td>`,
		`<th scope="row">De helft was klaar binnen (mediaan)</th><td>0 dagen</td><td>–</td><td>0 dagen</td>`, `<th scope="row">Uit het document blijkt niet wie het is</th><td>1</td><td>0</td><td>1</td>`,
		`In deze periode is er niets gedeblokkeerd of geweigerd.`,
	} {
		if !strings.Contains(ada.Body, want) {
			t.Errorf("no %s on the page\n%s", want, ada.Body)
		}
	}
	// No names are shown, neither of officials nor of applicants.
	for _, name := range []string{"Olga", "Muster", "@example.com", first.Reference} {
		if _, main, _ := strings.Cut(ada.Body, "<main"); strings.Contains(strings.ReplaceAll(main, "Olga Official</bdi></span>", ""), name) {
			t.Errorf("%s is on the page", name)
		}
	}
	ada.Get("/console/statistics?kind=legal_person&from=1-1-2001&until=2001-12-31").Is(http.StatusOK)
	if !strings.Contains(ada.Body, `<th scope="row">Aanvragen ontvangen</th><td>0</td></tr>`) || !strings.Contains(ada.Body, `value="2001-01-01"`) {
		t.Error(ada.Body)
	}
	got := table(t, download(ada, "/console/statistics/export", "from", "", "until", "", "kind", "", "separator", "comma"), ',')
	if !slices.ContainsFunc(got, func(row []string) bool {
		return slices.Equal(row[2:6], []string{"Binnengekomen en afgehandeld", "Aanvragen ontvangen", "Samen", "2"})
	}) {
		t.Error(got)
	}
	if e := last(s, "statistics.exported"); e.ActorKind != audit.ActorStaff || e.Details["rows"] == "" || e.Details["from"] == "" || e.Details["until"] == "" {
		t.Errorf("%+v", e)
	}
}

// OF-11, OF-26: text of applicants is never a formula in the sheet, and the sheet is
// complete; it holds the queue and no other personal data.
func TestOF11_ApplicationsExport(t *testing.T) {
	t.Parallel()
	applicationsExport(t, site.Noon)
}

func applicationsExport(t *testing.T, at time.Time) {
	s := site.Start(t, site.Setup{At: at})
	ria := s.Reviewer("ria")
	names := []string{"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1", "x;=1", "x,=1", `"=1`, "＝1", "Søren; Åse", `O"Brien`}
	for i, name := range names {
		s.Sent(string(rune('a'+i))+"@example.com", func(a *application.Application) { a.Answers.GivenName, a.Answers.FamilyName = name, "Z" })
	}
	for separator, rune := range map[string]rune{"semicolon": ';', "comma": ',', "": ';', "|": ';'} {
		a := download(ria, "/console/review/export", "show", "all", "q", "", "separator", separator)
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
			if strings.Contains(a.Body, secret) {
				t.Errorf("%s is in the file", secret)
			}
		}
	}
	if e := last(s, "applications.exported"); e.Details["rows"] != "11" || e.Details["show"] != "all" || e.Details["searched"] != "false" {
		t.Errorf("%+v", e)
	}
	rows := table(t, download(ria, "/console/review/export", "show", "waiting", "q", "b@example.com", "separator", ""), ';')
	if len(rows) != 1 || rows[0][6] != "ontvangen" || rows[0][7] != "" {
		t.Error(rows)
	}
	if e := last(s, "applications.exported"); e.Details["searched"] != "true" || strings.Contains(strings.Join(slices.Collect(func(yield func(string) bool) {
		for _, v := range e.Details {
			yield(v)
		}
	}), " "), "@") {
		t.Errorf("the audit log holds what was searched for: %+v", e)
	}
	if none := table(t, download(ria, "/console/review/export", "show", "mine", "q", "", "separator", ""), ';'); len(none) != 0 {
		t.Error(none)
	}
	// A GET is not an export.
	if ria.Get("/console/review/export").Status != http.StatusMethodNotAllowed {
		t.Error("GET:", ria.Status)
	}
}

// longCases is a store with more cases than a sheet may hold.
type longCases struct{ review.Cases }

func (longCases) Lines(context.Context, review.Query, int) ([]review.Line, error) {
	return nil, review.ErrTooMany
}

// silentLog is an audit log that cannot be written.
type silentLog struct{ audit.Store }

func (silentLog) Note(context.Context, audit.Event) error {
	return errs.Unavailable("note", errors.New("down"))
}

// OF-26: an export is complete or refused: a sheet that is too long is refused, and
// so is one that cannot be added to the audit log.
func TestOF26_ExportWholeOrAbsent(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	ria := s.Reviewer("ria")
	s.Sent("a@example.com")
	export := func() site.Answer {
		return download(ria, "/console/review/export", "show", "all", "q", "", "separator", "")
	}
	s.Review.Cases = longCases{s.Review.Cases}
	if a := export(); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "100.000") || a.Header.Get("Content-Disposition") != "" {
		t.Error(a.Status, a.Header)
	}
	s.Review.Cases = s.Stores.DB.Cases()
	s.Console.Audit = silentLog{s.Console.Audit}
	for _, a := range []site.Answer{export(), download(ria, "/console/statistics/export", "from", "", "until", "", "kind", "", "separator", "")} {
		if a.Status != http.StatusServiceUnavailable || a.Header.Get("Content-Disposition") != "" || strings.Contains(a.Body, "#END") {
			t.Error(a.Status, a.Header)
		}
	}
	s.Console.Audit = s.Stores.DB.Audit()
	table(t, export(), ';')
	for range 40 {
		if a := export(); a.Status == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("an official may take along as much as there is")
}

// OF-05, OF-16: officials without the role see neither figures nor lists nor totals,
// and no numbers from which those could be derived.
func TestOF05_FiguresAndListsOfNobodyElse(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	var references []string
	for i := range 23 {
		references = append(references, s.Sent(string(rune('a'+i))+"@example.com").Reference)
	}
	for _, role := range []staff.Role{staff.Helpdesk, staff.Administrator, staff.Auditor, ""} {
		b := s.Browser()
		if role != "" {
			b = s.Official(string(role)+"@example.org", role)
		} else {
			b.Get("/console/login")
		}
		b.Get("/console")
		if regexp.MustCompile(`\b2[0-9]\b`).MatchString(b.MainText()) {
			t.Errorf("%q is told a total\n%s", role, b.Body)
		}
		wantList, wantFigures := http.StatusForbidden, http.StatusForbidden
		switch role {
		case staff.Administrator, staff.Auditor:
			wantFigures = http.StatusOK
		case "":
			wantList, wantFigures = http.StatusSeeOther, http.StatusSeeOther
		}
		if a := download(b, "/console/review/export", "show", "all", "q", "", "separator", ""); a.Status != wantList || strings.Contains(a.Body, "#END") {
			t.Errorf("list to %q: %d", role, a.Status)
		}
		if a := download(b, "/console/statistics/export", "from", "", "until", "", "kind", "", "separator", ""); a.Status != wantFigures || strings.Contains(a.Body, "#END") != (wantFigures == http.StatusOK) {
			t.Errorf("figures to %q: %d", role, a.Status)
		}
		for _, page := range []string{"/console/review", "/console/statistics"} {
			want := map[string]int{"/console/review": wantList, "/console/statistics": wantFigures}[page]
			if a := b.Send(b.Request(http.MethodGet, page, nil)); a.Status != want || want != http.StatusOK && slices.ContainsFunc(references, func(r string) bool { return strings.Contains(a.Body, r) }) {
				t.Errorf("%s to %q: %d", page, role, a.Status)
			}
		}
	}
	// A reviewer's marks and addresses contain random ids and no counts either.
	ria := s.Reviewer("ria")
	ria.Get("/console/review?show=all").Is(http.StatusOK)
	for _, m := range regexp.MustCompile(`case\?id=([^"&]+)`).FindAllStringSubmatch(ria.Body, -1) {
		if len(m[1]) < 20 {
			t.Errorf("the id %s can be guessed", m[1])
		}
	}
}

// queueParameters are texts to put into the address of a queue or of the figures.
var queueParameters = []string{
	"", "x", "0", "-1", "1", "1.a", "0.0.a", "9999999999999999999999.a", "1.a'--", "1,a", "' OR 1=1 --", "id; DROP TABLE applications", "%", "_", "%25%00", "\x00", "\xff\xfe",
	"submitted_at DESC", "reviewer = ''", "$1", "?1", "{{.}}", "<script>", strings.Repeat("a", 3000), strings.Repeat("😀", 700), "2026-01-01", "0000-00-00", "2026-02-30", "99999-01-01", "-1-1-1",
	"9998-12-31", "1970-01-01", "31-12-2026", "waiting", "mine", "decided", "all", "natural_person", "legal_person",
}

// OF-15: for any address the answer is a page with rows of the queue; the parameters
// reach the database as values only.
func TestOF15_QueueAndFigures(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	ria := s.Reviewer("ria")
	seeds(t, s, ria)
	get := newGetter(s, ria)
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

// FuzzOF15_Queue searches for an address that breaks this.
func FuzzOF15_Queue(f *testing.F) {
	for _, p := range queueParameters {
		f.Add(p, p, p, p)
	}
	s := site.New(f, nil)
	ria := s.Reviewer("ria")
	seeds(f, s, ria)
	get := newGetter(s, ria)
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		if len(a)+len(b)+len(c)+len(d) > 2000 {
			return
		}
		queueHolds(t, get, url.Values{"show": {a}, "q": {b}, "after": {c}, "before": {d}})
		figuresHold(t, get, url.Values{"from": {a}, "until": {b}, "kind": {c}})
	})
}

// seeds stores a waiting case, a taken one, an ended one, and a draft.
func seeds(t testing.TB, s *site.Site, ria *site.Browser) {
	s.Sent("waits@example.com")
	ria.Take(s.Sent("taken@example.com"))
	over := s.Sent("over@example.com")
	site.Must(t, s.Stores.DB.Cases().Withdraw(s.T.Context(), over, review.Act{Kind: review.ActWithdraw, At: s.Clock.Now()}, effect.Effects{}))
	now := s.Clock.Now()
	site.Must(t, s.Stores.DB.Applications().Start(s.T.Context(), application.Application{
		ID: "draft", Handle: "draft", Kind: account.NaturalPerson, Lang: "nl", Email: "draft@example.com", CodeExpires: now, CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}, effect.Effects{}))
}

// getter opens a page without a test of its own, for fuzzing.
type getter func(target string) site.Answer

func newGetter(s *site.Site, b *site.Browser) getter {
	header := http.Header{}
	for name, value := range b.Cookies() {
		header.Add("Cookie", name+"="+value)
	}
	return func(target string) site.Answer {
		req := httptest.NewRequest(http.MethodGet, target, nil)
		req.Header = header.Clone()
		w := httptest.NewRecorder()
		s.Citizens.ServeHTTP(w, req)
		return site.Answer{Status: w.Code, Header: w.Header(), Body: w.Body.String()}
	}
}

var stateCells = regexp.MustCompile(`(?s)<tbody>(.*?)</tbody>`)

func queueHolds(t testing.TB, get getter, q url.Values) {
	t.Helper()
	a := get("/console/review?" + q.Encode())
	if a.Status != http.StatusOK && a.Status != http.StatusRequestURITooLong {
		t.Fatalf("%v: %d\n%s", q, a.Status, a.Body)
	}
	if strings.Contains(a.Body, "draft@") {
		t.Errorf("%v shows a draft", q)
	}
	may := map[string][]string{"waiting": {"ontvangen"}, "mine": {"in behandeling"}, "more": nil, "decided": {"ingetrokken"}, "all": {"ontvangen", "in behandeling", "ingetrokken"}}
	show := q.Get("show")
	if _, known := may[show]; !known {
		show = "waiting"
	}
	if m := stateCells.FindStringSubmatch(a.Body); m != nil {
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
	if a.Status != http.StatusOK && a.Status != http.StatusUnprocessableEntity && a.Status != http.StatusRequestURITooLong {
		t.Fatalf("%v: %d\n%s", q, a.Status, a.Body)
	}
}

// The figures of today's period include what has just happened, at any hour.
func TestDatesAroundMidnight(t *testing.T) {
	t.Parallel()
	site.Moments(t, map[string]func(*testing.T, time.Time){
		"page":   statisticsPage,
		"export": applicationsExport,
	})
}
