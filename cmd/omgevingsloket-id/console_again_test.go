package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/staff"
)

// OF-22: pages that make somebody an official ask for a code again when the
// last one is a quarter of an hour ago, and lead back to where one was going;
// a form that was opened in time may be sent a while later.
func TestOF22_CriticalPagesAskAgain(t *testing.T) {
	s := newSite(t, nil)
	bas := s.official("bas@gov.example", staff.Administrator)
	s.official("nora@gov.example", staff.Reviewer)
	nora := s.member("nora@gov.example")
	member := "/console/staff/member?" + url.Values{"id": {nora.ID}}.Encode()
	stay := func(d time.Duration) { // at work, so that the session does not end
		for ; d > 0; d -= 5 * time.Minute {
			s.clock.add(min(d, 5*time.Minute))
			bas.get("/console").at("/console")
		}
	}
	bas.get(member).at("/console/staff/member")
	stay(14 * time.Minute)
	bas.get(member).at("/console/staff/member")
	stay(2 * time.Minute)
	bas.get(member).at("/console/again")
	if bas.url.Query().Get("then") != "/console/staff/member" || bas.url.Query().Get("id") != nora.ID {
		t.Error("it forgot where we were going:", bas.url)
	}
	// The form of before goes through for some time, and then no more.
	bas.get("/console").press(member, "action", "roles", "helpdesk", "yes").at("/console/again") // done, and the list is one of those pages
	if got := s.member("nora@gov.example"); !got.Has(staff.Helpdesk) || got.Has(staff.Reviewer) {
		t.Fatal("a form opened in time is not taken:", got.Roles)
	}
	stay(20 * time.Minute)
	bas.get("/console").press(member, "action", "remove", "sure", "yes").at("/console/again")
	if got := s.member("nora@gov.example"); got.State != staff.Active {
		t.Fatal("removed without a code:", got.State)
	}
	bas.get("/console").press("/console/staff", "name", "Evil", "email", "evil@gov.example", "reviewer", "yes").at("/console/again")
	if _, err := s.stores.db.Staff().ByEmail(t.Context(), "evil@gov.example"); err == nil {
		t.Fatal("invited without a code")
	}

	bas.get(member).at("/console/again")
	again := "/console/again?" + bas.url.RawQuery
	if bas.press(again, "code", "000000"); bas.status != http.StatusUnprocessableEntity {
		t.Error("a wrong code:", bas.status)
	}
	s.clock.add(30 * time.Second)
	bas.get(again).press(again, "code", bas.code()).at("/console/staff/member")
	if bas.url.Query().Get("id") != nora.ID {
		t.Error("led elsewhere:", bas.url)
	}
	bas.press(member, "action", "remove", "sure", "yes").at("/console/staff")
	if events, err := s.stores.db.Audit().EventsAbout(t.Context(), "staff", s.member("bas@gov.example").ID, 20); err != nil || !slices.ContainsFunc(events, func(e audit.Event) bool { return e.Action == "staff.proven" }) {
		t.Error("not on the record:", err)
	}
	// It leads to pages of this list and to no other.
	for _, elsewhere := range []string{"https://evil.example", "//evil.example", "/console/logout", "/console/staff/../logout", "/console/staff?x=y", ""} {
		s.clock.add(30 * time.Second)
		target := "/console/again?" + url.Values{"then": {elsewhere}, "id": {"https://evil.example"}}.Encode()
		bas.get(target).press(target, "code", bas.code()).at("/console")
	}
}

// OF-21: who looks for everybody is told of like who opens everything; the
// same search again counts once, and what was typed is not written.
func TestOF21_SearchesAreOnTheRecord(t *testing.T) {
	s := newSite(t, nil)
	s.person("anna@example.com")
	hanna, before := s.official("hanna@gov.example", staff.Helpdesk, staff.Reviewer), 0
	count := func() int {
		n, err := s.stores.db.Watched().Files(t.Context(), s.member("hanna@gov.example").ID, staff.Views, s.clock.now().Add(-time.Hour))
		must(t, err)
		return n
	}
	for i, q := range []string{"/console/accounts?q=anna", "/console/accounts?q=ANNA", "/console/accounts?q=Muster", "/console/applications?q=Muster", "/console/accounts", "/console/applications?show=all"} {
		if hanna.get(q); hanna.status != http.StatusOK {
			t.Fatal(q, hanna.status)
		}
		if want := []int{1, 1, 2, 2, 2, 2}[i]; count() != want {
			t.Errorf("after %s %d were opened, want %d", q, count(), want)
		}
	}
	events, err := s.stores.db.Audit().Events(t.Context(), 0, 1000)
	must(t, err)
	for _, e := range events {
		if strings.HasSuffix(string(e.Action), ".searched") {
			before++
			if e.ObjectKind != "search" || len(e.ObjectID) != 16 || strings.Contains(strings.ToLower(e.ObjectID+e.Reason), "anna") {
				t.Errorf("%+v", e)
			}
		}
	}
	if before != 4 {
		t.Error(before, "searches are on the record, want 4")
	}
	for i := range 3*s.config.Console.ViewsPerHour + 1 {
		hanna.get("/console/accounts?q=" + strings.Repeat("a", 1+i%40) + url.QueryEscape(string(rune('a'+i/40))))
	}
	if hanna.get("/console/accounts?q=zz"); hanna.status != http.StatusTooManyRequests {
		t.Error("nothing stops who looks for everybody:", hanna.status)
	}
}
