package console_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/demo"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/scan"
	"omgevingsloket-id/pkg/staff"
)

// named is a site with an applicant, holder or company of an odd name in every state
// that an official can find one in.
type named struct {
	s            *site.Site
	olga         *site.Browser // with every role
	id           string        // of olga
	names        []string      // planted: of people, companies and files
	owners       []string      // of names: the application or account
	ids          []string      // of applications, documents, accounts and helpdesk requests
	applications []string
	step         time.Duration // from one look to the next
}

// plant returns a name that is on no page by chance.
func (n *named) plant(what string) string {
	name := fmt.Sprintf("Qvx%s%dzq", what, len(n.names))
	n.names = append(n.names, name)
	return name
}

// owned records id as the owner of the names that were planted since the last call.
func (n *named) owned(id string) {
	for len(n.owners) < len(n.names) {
		n.owners = append(n.owners, id)
	}
}

func (n *named) email() string { return fmt.Sprintf("p%d@example.com", len(n.names)) }

// person changes an application to one of a person with an odd name.
func (n *named) person(a *application.Application) {
	a.Answers.GivenName, a.Answers.FamilyName = n.plant("first"), n.plant("last")
}

func (n *named) company(a *application.Application) {
	site.Company(a)
	a.Answers.Organization.Name = n.plant("company")
}

// sent stores an application that waits.
func (n *named) sent(change ...func(*application.Application)) string {
	c := n.s.Sent(n.email(), append([]func(*application.Application){n.person}, change...)...)
	n.ids, n.applications = append(n.ids, c.ID), append(n.applications, c.ID)
	n.owned(c.ID)
	return c.ID
}

// file stores an application with a document whose name is odd.
func (n *named) file(kind string, content []byte, verdict scan.Verdict) {
	c, d := n.s.Filed(n.email(), n.plant("file")+".pdf", kind, content)
	if verdict != "" {
		site.Must(n.s.T, n.s.Stores.DB.Scans().Scanned(n.s.T.Context(), d.ID, verdict, "Olid.Test", n.s.Clock.Now(), site.NoEffects))
	}
	n.ids, n.applications = append(n.ids, c.ID, d.ID), append(n.applications, c.ID)
	n.owned(c.ID)
}

// holder stores an account that awaits its first login.
func (n *named) holder() account.Account {
	a := n.s.Person(n.email(), func(a *account.Account) {
		a.Profile.GivenName, a.Profile.FamilyName = n.plant("first"), n.plant("last")
		if len(n.names)%2 == 0 {
			a.Kind = account.LegalPerson
			a.Profile.Organization = &account.Organization{Name: n.plant("company"), RegistrationCountry: "AT"}
		}
	})
	n.ids = append(n.ids, a.ID)
	n.owned(a.ID)
	return a
}

// active stores an account that logged in.
func (n *named) active() account.Account {
	a := n.holder()
	n.s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Enrol(a.Email)
	return n.s.Reload(a)
}

// request adds the helpdesk request whose page has the given path.
func (n *named) request(path string) string {
	_, query, _ := strings.Cut(path, "?")
	q, err := url.ParseQuery(query)
	site.Must(n.s.T, err)
	n.ids = append(n.ids, q.Get("id"))
	return path
}

func newNamed(t *testing.T) *named {
	s := site.New(t, func(c *config.Config) { c.Console.ViewsPerHour, c.Review.Always = 1_000_000, true })
	n := &named{s: s}
	n.olga = s.Official("olga@gov.example", staff.Roles...)
	n.id = s.Member("olga@gov.example").ID
	piet := s.Official("piet@gov.example", staff.Reviewer, staff.Helpdesk)

	n.sent()
	n.sent(n.company)
	for _, by := range []*site.Browser{n.olga, piet} {
		by.Take(s.Case(n.sent()))
		by.Take(s.Case(n.sent())).Decide(s.Case(n.applications[len(n.applications)-1]), "more", "send", "text", "Wie bent u?")
		by.Take(s.Case(n.sent(n.company))).Decide(s.Case(n.applications[len(n.applications)-1]), "approve", "send") // proposes
		by.Take(s.Case(n.sent())).Decide(s.Case(n.applications[len(n.applications)-1]), "approve", "send")
		by.Take(s.Case(n.sent())).Decide(s.Case(n.applications[len(n.applications)-1]), "reject", "send", "reason", "identity")
	}
	pdf := demo.Page("")
	n.file(document.TypePDF, pdf, "")
	n.file(document.TypePDF, pdf, scan.Clean)
	n.file(document.TypePDF, []byte("%PDF-1.7 broken"), scan.Clean) // cannot be offered
	n.file(document.TypePDF, pdf, scan.Infected)
	n.file(document.TypeJPEG, []byte("\xff\xd8\xff broken"), scan.Clean)
	n.file("text/plain", []byte("x"), scan.Clean) // of a type that is not shown

	n.holder()
	s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", n.holder().Email, "password", site.Password).Submit() // the QR was shown
	n.active()
	s.Blocked(n.active())
	for _, by := range []*site.Browser{n.olga, piet} {
		a := s.Blocked(n.active())
		n.request(by.Begin(a)) // identify
		a = s.Blocked(n.active())
		at := n.request(by.Begin(a))
		by.Post(at, append([]string{"code", s.Caller(a.Email).Callback()}, site.RightAnswers...)...) // reason
		a = s.Blocked(n.active())
		by.Identified(n.request(by.Begin(a)), s.Caller(a.Email).Callback()) // confirm, or a proposal
		a = n.active()
		n.request(by.Correcting(a))
		at = n.request(by.Correcting(n.active()))
		by.Post(at, site.RightAnswers...)
		n.request(by.Proposed(n.active(), fmt.Sprintf("new%d@example.net", len(n.names))))
		a = n.active()
		by.Post("/console/helpdesk/close?id="+a.ID, "reason", "holder_asked_closing", "ticket", "M-9", "sure", "yes")
		if by.URL.Path == "/console/helpdesk/request" {
			n.request("/console/helpdesk/request?" + by.URL.RawQuery)
		}
	}
	return n
}

// look makes a request as olga, and fails the test if the answer holds a planted name
// without an event of this view, or names more than were counted. It reports the names.
func (n *named) look(what string, do func() (body string, h http.Header)) []string {
	n.s.T.Helper()
	n.s.Clock.Add(n.step)
	before, since := head(n.s), n.s.Clock.Now().Add(-time.Millisecond)
	body, header := do()
	body += fmt.Sprint(header)
	var shown []string
	owners := map[string]bool{}
	for i, name := range n.names {
		if strings.Contains(body, name) {
			shown = append(shown, name)
			owners[n.owners[i]] = true
		}
	}
	if len(shown) == 0 {
		return nil
	}
	events, err := n.s.Stores.DB.Audit().Events(n.s.T.Context(), before, 100)
	site.Must(n.s.T, err)
	if !slices.ContainsFunc(events, func(e audit.Event) bool {
		return e.ActorID == n.id && (slices.Contains(staff.Views, e.Action) || e.Action == audit.NamesListed || e.Action == audit.ApplicationsExported)
	}) {
		n.s.T.Errorf("%s shows %q without an event of that view", what, shown)
	}
	if len(events) > 3 {
		n.s.T.Errorf("%s writes %d events", what, len(events))
	}
	counted, err := n.s.Stores.DB.Watched().Files(n.s.T.Context(), n.id, staff.Views, since)
	site.Must(n.s.T, err)
	if counted < len(owners) {
		n.s.T.Errorf("%s names %d files, and %d are counted", what, len(owners), counted)
	}
	return shown
}

const requestPath = "/console/helpdesk/request"

// X13: no page of the console shows the name of an applicant, a holder, a company or a
// file without an event of that view and outside the count of the watch over officials.
// The test tries every route in every state, so a route that is added is tried as well.
func TestX13_EveryPageWithANameIsCounted(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	n := newNamed(t)
	fields := map[string][]string{}
	for _, r := range n.s.OfficialsKit.Router.Routes() {
		fields[r.Method+" "+r.Path] = r.Fields
	}
	queries := []string{""}
	for _, id := range append(n.ids, n.id, n.s.Member("piet@gov.example").ID) {
		queries = append(queries, url.Values{"id": {id}}.Encode())
	}
	opened, showed := map[string]bool{}, map[string]bool{}
	// Texts on pages of requests of the helpdesk, one for each step.
	steps := map[string]bool{`name="said_birthdate"`: false, `name="reason"`: false, `value="confirm"`: false}
	// Routes and queries of an object that is not there, which no other form would find.
	absent := map[string]bool{}
	try := func(a route, query string, form ...string) {
		t.Helper()
		target := a.Path + "?" + query
		name := a.Method + " " + a.Path
		if absent[name+"?"+query] {
			return
		}
		shown := n.look(fmt.Sprint(a.Method, " ", target, " ", form), func() (string, http.Header) {
			req := n.olga.Request(http.MethodGet, target, nil)
			if a.Method == http.MethodPost {
				req = n.olga.FormTo(target, form...)
			}
			got := n.olga.Send(req) // a redirect is another view
			absent[name+"?"+query] = got.Status == http.StatusNotFound
			if got.Header.Get("Location") == "/console/login" || strings.HasPrefix(got.Header.Get("Location"), "/console/login?") {
				n.s.T.Fatalf("%s leads to the login: the session has ended", name)
			}
			for text := range steps {
				steps[text] = steps[text] || a.Path == requestPath && strings.Contains(got.Body, text)
			}
			opened[name] = opened[name] || got.Status == http.StatusOK || got.Status == http.StatusSeeOther || got.Status == http.StatusUnprocessableEntity || got.Status == http.StatusConflict
			return got.Body, got.Header
		})
		showed[name] = showed[name] || shown != nil
	}
	var routes []route
	for _, a := range n.s.Console.Access() {
		if len(a.Roles) > 0 {
			routes = append(routes, route{a.Method, a.Path})
		}
	}
	n.step = 10 * time.Millisecond // requests of the helpdesk last an hour
	for _, a := range routes {
		if a.Method != http.MethodGet {
			continue
		}
		for _, q := range queries {
			try(a, q)
		}
		for _, q := range []string{"q=" + strings.ToLower(n.names[0]), "show=all&q=" + strings.ToLower(n.names[1]), "show=all", "show=mine", "show=waiting", "show=done", "q=example.com", "show=all&q=example.com"} {
			try(a, q)
		}
		if strings.HasSuffix(a.Path, "/decide") {
			for _, act := range []string{"approve", "reject", "more", "no"} {
				for _, id := range n.applications {
					try(a, url.Values{"id": {id}, "act": {act}}.Encode())
				}
			}
		}
	}
	for text, seen := range steps {
		if !seen {
			t.Errorf("no request of the helpdesk shows %s: they have ended before they are looked at", text)
		}
	}
	// Forms: empty, then filled in ways that change nothing, then in ways that act. Those of
	// requests of the helpdesk come first. For the others the clock moves on, so that the
	// watch, which reads an hour, does not read all views at each look.
	forms := []map[string]string{
		{},
		{"text": strings.Repeat("x", 5000), "reason": "identity", "step": "preview", "action": "note", "email": "no address", "code": "0000 0000", "said_place": "99999 Elders", "show": "all", "name": "x"},
		{"text": "Wie bent u?", "reason": "identity", "step": "preview", "action": "again", "show": "all", "q": strings.ToLower(n.names[0]), "sure": "yes"},
		{"text": "Wie bent u?", "reason": "identity", "step": "change", "action": "confirm", "email": "other@example.net", "ticket": "M-1", "separator": "comma"},
		{"text": "Wie bent u?", "reason": "suspicion", "step": "send", "action": "take", "ticket": "M-1", "sure": "yes", "mail": "receipt"},
		{"text": "Wie bent u?", "reason": "identity", "step": "send", "action": "release", "ticket": "M-1", "sure": "yes"},
	}
	post := func(values map[string]string, requests bool) {
		for _, a := range routes {
			if a.Method != http.MethodPost || a.Path == "/console/again" || requests != (a.Path == requestPath) {
				continue
			}
			declared := fields["POST "+a.Path]
			if len(values) > 0 && len(declared) == 0 {
				continue
			}
			var form []string
			for _, f := range declared {
				if v, ok := values[f]; ok {
					form = append(form, f, v)
				}
			}
			for _, q := range queries {
				if q != "" && strings.HasSuffix(a.Path, "/export") {
					continue // a few an hour
				}
				if !slices.Contains(declared, "seen") {
					try(a, q, form...)
					continue
				}
				id, _ := url.ParseQuery(q)
				if !slices.Contains(n.applications, id.Get("id")) {
					continue
				}
				seen := fmt.Sprint(n.s.Case(id.Get("id")).Version)
				for _, act := range []string{"", "&act=approve", "&act=reject", "&act=more"} {
					if act == "" || strings.HasSuffix(a.Path, "/decide") {
						try(a, q+act, append(slices.Clone(form), "seen", seen)...)
					}
				}
			}
		}
	}
	for _, requests := range []bool{true, false} {
		if !requests {
			n.step = 6 * time.Second
		}
		for _, values := range forms {
			post(values, requests)
		}
	}
	for _, a := range routes {
		if name := a.Method + " " + a.Path; !opened[name] && a.Path != "/console/again" {
			t.Errorf("%s was never opened: the test has to be told what it needs", name)
		}
	}
	for _, name := range []string{
		"GET /console", "GET /console/helpdesk", "GET /console/helpdesk/account", "GET /console/helpdesk/block", "POST /console/helpdesk/block", "GET /console/helpdesk/mail",
		"POST /console/helpdesk/mail", "GET /console/helpdesk/close", "POST /console/helpdesk/close", "GET /console/helpdesk/reopen", "GET /console/helpdesk/address",
		"POST /console/helpdesk/address", "POST /console/helpdesk/account", "GET /console/helpdesk/request", "POST /console/helpdesk/request", "GET /console/review", "GET /console/review/case", "POST /console/review/case",
		"GET /console/review/decide", "POST /console/review/decide", "GET /console/review/document", "POST /console/review/document", "POST /console/review/export",
	} {
		if !showed[name] {
			t.Errorf("%s showed no name: the test does not reach it any more", name)
		}
	}
}

// route is a method and a path of the console.
type route struct{ Method, Path string }

// X13: a reviewer who leafs through the queue, and a member of the helpdesk who opens
// names by id, raise the alarm and are stopped, with one event for each page. The home
// page stays open, without names.
func TestX13_LeafingIsStopped(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]func(testing.TB) func(*config.Config){
		"SQLite":  func(testing.TB) func(*config.Config) { return func(*config.Config) {} },
		"servers": site.OnServers,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := site.New(t, func(c *config.Config) {
				back(t)(c)
				c.Console.ViewsPerHour = 20
			})
			for i := range 65 {
				s.Sent(fmt.Sprintf("p%d@example.com", i))
			}
			reviewer, desk := s.Reviewer("olga"), s.Official("desk@gov.example", staff.Helpdesk) // ten names on home
			s.Official("boss@gov.example", staff.Administrator)
			if n := alarms(s, "olga@gov.example"); n != 0 {
				t.Errorf("%d alarms after the home page, want none", n)
			}
			before := head(s)
			reviewer.Get("/console/review").Is(http.StatusOK).Says("Muster") // 50 names
			next := regexp.MustCompile(`href="(\?[^"]*after=[^"]*)"`).FindStringSubmatch(reviewer.Body)
			if next == nil || alarms(s, "olga@gov.example") != 1 {
				t.Fatalf("next page %q, %d alarms, want a page and 1", next, alarms(s, "olga@gov.example"))
			}
			reviewer.Get("/console/review").Is(http.StatusOK) // the same names
			reviewer.Get("/console/review" + html.UnescapeString(next[1])).Is(http.StatusTooManyRequests)
			reviewer.Post("/console/review/export", "show", "all").Is(http.StatusTooManyRequests)
			if reviewer.Get("/console").Is(http.StatusOK).Says("OLID-"); strings.Contains(reviewer.Body, "Muster") {
				t.Error("home still has names")
			}
			if n := head(s) - before; n > 5 { // three pages with names, the alarm, and the page that came too late
				t.Errorf("%d events for three pages", n)
			}
			opened := 0
			for i := range 65 {
				a := s.Person(fmt.Sprintf("h%d@example.com", i))
				if desk.Get("/console/helpdesk/block?id=" + a.ID); desk.Status == http.StatusOK {
					opened++
				}
			}
			if opened != staff.StopFactor*20 || alarms(s, "desk@gov.example") != 1 {
				t.Errorf("%d names opened by id with %d alarms, want %d with 1", opened, alarms(s, "desk@gov.example"), staff.StopFactor*20)
			}
		})
	}
}

// X13: a download counts as what it names, raises the alarm by itself, and is in the
// audit log with the number and a digest.
func TestX13_DownloadCounts(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) { c.Console.ViewsPerHour = 5 })
	olga := s.Reviewer("olga")
	for i := range 20 {
		s.Sent(fmt.Sprintf("p%d@example.com", i))
	}
	since := s.Clock.Now().Add(-time.Second)
	olga.Post("/console/review/export", "show", "all").Is(http.StatusOK).Says("Muster")
	counted, err := s.Stores.DB.Watched().Files(t.Context(), s.Member("olga@gov.example").ID, staff.Views, since)
	site.Must(t, err)
	if counted != 6 || alarms(s, "olga@gov.example") != 1 {
		t.Errorf("a download of 20 names counts as %d with %d alarms, want 6 with 1", counted, alarms(s, "olga@gov.example"))
	}
	events, err := s.Stores.DB.Audit().Find(t.Context(), audit.Filter{Action: audit.ApplicationsExported}, 10)
	site.Must(t, err)
	if len(events) != 1 || events[0].Details["named"] != "20" || len(events[0].Details["list"]) != 16 {
		t.Errorf("recorded as %+v, want one event with number and digest", events)
	}
}
