package console_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/staff"
)

// OF-22: the pages that appoint officials ask for a code when the last one was
// entered more than a quarter of an hour ago, and then continue; a form that was
// opened in time may be sent a while later.
func TestOF22_CriticalPagesAskAgain(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	bas := s.Official("bas@gov.example", staff.Administrator)
	s.Official("nora@gov.example", staff.Reviewer)
	nora := s.Member("nora@gov.example")
	member := "/console/staff/member?" + url.Values{"id": {nora.ID}}.Encode()
	stay := func(d time.Duration) { // keep the session alive for d
		for ; d > 0; d -= 5 * time.Minute {
			s.Clock.Add(min(d, 5*time.Minute))
			bas.Get("/console").At("/console")
		}
	}
	bas.Get(member).At("/console/staff/member")
	stay(14 * time.Minute)
	bas.Get(member).At("/console/staff/member")
	stay(2 * time.Minute)
	bas.Get(member).At("/console/again")
	if bas.URL.Query().Get("then") != "/console/staff/member" || bas.URL.Query().Get("id") != nora.ID {
		t.Error("it forgot where we were going:", bas.URL)
	}
	// A form that was opened before is accepted for some time, and then refused.
	bas.Get("/console").Press(member, "action", "roles", "helpdesk", "yes").At("/console/again") // the change was made, and the list asks for a code
	if got := s.Member("nora@gov.example"); !got.Has(staff.Helpdesk) || got.Has(staff.Reviewer) {
		t.Fatal("a form opened in time is not taken:", got.Roles)
	}
	stay(20 * time.Minute)
	bas.Get("/console").Press(member, "action", "remove", "sure", "yes").At("/console/again")
	if got := s.Member("nora@gov.example"); got.State != staff.Active {
		t.Fatal("removed without a code:", got.State)
	}
	bas.Get("/console").Press("/console/staff", "name", "Evil", "email", "evil@gov.example", "reviewer", "yes").At("/console/again")
	if _, err := s.Stores.DB.Staff().ByEmail(t.Context(), "evil@gov.example"); err == nil {
		t.Fatal("invited without a code")
	}

	bas.Get(member).At("/console/again")
	again := "/console/again?" + bas.URL.RawQuery
	if bas.Press(again, "code", "000000"); bas.Status != http.StatusUnprocessableEntity {
		t.Error("a wrong code:", bas.Status)
	}
	s.Clock.Add(30 * time.Second)
	bas.Get(again).Press(again, "code", bas.Code()).At("/console/staff/member")
	if bas.URL.Query().Get("id") != nora.ID {
		t.Error("led elsewhere:", bas.URL)
	}
	bas.Press(member, "action", "remove", "sure", "yes").At("/console/staff")
	if events, err := s.Stores.DB.Audit().EventsAbout(t.Context(), "staff", s.Member("bas@gov.example").ID, 20); err != nil || !slices.ContainsFunc(events, func(e audit.Event) bool { return e.Action == "staff.proven" }) {
		t.Error("not in the audit log:", err)
	}
	// The redirect leads only to pages with this guard.
	for _, elsewhere := range []string{"https://evil.example", "//evil.example", "/console/logout", "/console/staff/../logout", "/console/staff?x=y", ""} {
		s.Clock.Add(30 * time.Second)
		target := "/console/again?" + url.Values{"then": {elsewhere}, "id": {"https://evil.example"}}.Encode()
		bas.Get(target).Press(target, "code", bas.Code()).At("/console")
	}
}

// OF-21, X13: searches count towards the alarm like opened dossiers, and so do the
// people whom a search finds or a list names; the same search or name again does not
// count, and the search text is not written.
func TestOF21_SearchesAreAudited(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	s := site.New(t, nil)
	s.Person("anna@example.com")
	hanna, before := s.Official("hanna@gov.example", staff.Helpdesk, staff.Reviewer), 0
	count := func() int {
		n, err := s.Stores.DB.Watched().Files(t.Context(), s.Member("hanna@gov.example").ID, staff.Views, s.Clock.Now().Add(-time.Hour))
		site.Must(t, err)
		return n
	}
	for i, q := range []string{"/console/helpdesk?q=anna", "/console/helpdesk?q=ANNA", "/console/helpdesk?q=Muster", "/console/review?q=Muster", "/console/helpdesk", "/console/review?show=all"} {
		if hanna.Get(q); hanna.Status != http.StatusOK {
			t.Fatal(q, hanna.Status)
		}
		if want := []int{2, 2, 3, 3, 3, 4}[i]; count() != want {
			t.Errorf("after %s %d were opened, want %d", q, count(), want)
		}
	}
	events, err := s.Stores.DB.Audit().Events(t.Context(), 0, 1000)
	site.Must(t, err)
	for _, e := range events {
		if strings.HasSuffix(string(e.Action), ".searched") {
			before++
			if e.ObjectKind != "search" || len(e.ObjectID) != 16 || strings.Contains(strings.ToLower(e.ObjectID+e.Reason), "anna") {
				t.Errorf("%+v", e)
			}
		}
	}
	if before != 4 {
		t.Error(before, "searches are in the audit log, want 4")
	}
	for i := range 3*s.Config.Console.ViewsPerHour + 1 {
		hanna.Get("/console/helpdesk?q=" + strings.Repeat("a", 1+i%40) + url.QueryEscape(string(rune('a'+i/40))))
	}
	if hanna.Get("/console/helpdesk?q=zz"); hanna.Status != http.StatusTooManyRequests {
		t.Error("a member who searches for many people is not stopped:", hanna.Status)
	}
}
