package main

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/staff"
)

// OF-12: whoever would invent a colleague to be a second pair of eyes is seen:
// the member, each administrator and each auditor are told of every
// invitation, change of roles and removal, in the write that does it.
func TestOF12_StaffChangesAreTold(t *testing.T) {
	s := newSite(t, nil)
	watchers := []string{"bas@gov.example", "bea@gov.example", "ada@gov.example"}
	bas := s.official(watchers[0], staff.Administrator)
	s.official(watchers[1], staff.Administrator)
	s.official(watchers[2], staff.Auditor)
	s.official("hanna@gov.example", staff.Helpdesk)
	told := func(doing, member string) {
		t.Helper()
		got := s.taken()
		for _, email := range append(watchers, member) {
			want := "staff-managed"
			if doing == "invited" && email == member {
				want = "staff-invited" // with the link, which nobody else has
			}
			if mails := got[email]; len(mails) != 1 || mails[0] != want {
				t.Errorf("%s: %s is told %q", doing, email, mails)
			}
		}
		if len(got) != len(watchers)+1 {
			t.Errorf("%s: others are told as well: %v", doing, got)
		}
	}
	s.taken() // of their own invitations

	bas.get("/console/staff").press("/console/staff", "name", "Nora Nieuw", "email", "nora@gov.example", "reviewer", "yes")
	if bas.at("/console/staff"); strings.Contains(bas.body, "token=") {
		t.Error("who invites sees the invitation")
	}
	told("invited", "nora@gov.example")
	nora, err := s.stores.db.Staff().ByEmail(t.Context(), "nora@gov.example")
	must(t, err)
	member := "/console/staff/member?" + url.Values{"id": {nora.ID}}.Encode()
	bas.get(member).press(member, "action", "roles", "helpdesk", "yes").at("/console/staff")
	told("roles", "nora@gov.example")
	bas.get(member).press(member, "action", "remove", "sure", "yes").at("/console/staff")
	told("removed", "nora@gov.example")

	// What was not done is not told.
	if bas.get(member); bas.status != 404 {
		t.Error("a removed member has a page:", bas.status)
	}
	bas.get("/console/staff").press("/console/staff", "name", "", "email", "nobody@gov.example", "reviewer", "yes")
	if got := s.taken(); len(got) > 0 {
		t.Errorf("an invitation that was refused is told: %v", got)
	}
}

// taken takes the kinds of all mails that wait, by recipient.
func (s *site) taken() map[string][]string {
	s.t.Helper()
	items, err := s.stores.db.Outbox().Take(s.t.Context(), s.clock.now(), time.Hour, 100)
	must(s.t, err)
	kinds := map[string][]string{}
	for _, item := range items {
		kinds[item.To] = append(kinds[item.To], item.Kind)
	}
	return kinds
}

// At the command line the same rules invite and remove.
func TestStaffAddAndRemove(t *testing.T) {
	dir := demoFolder(t)
	if code, _, errs := command(t, "migrate", "--data", dir); code != exitOK {
		t.Fatal(errs)
	}
	if code, out, errs := command(t, "staff", "add", "--data", dir, "--name", "Bas Beheerder", "--role", "administrator", "bas@gov.example"); code != exitOK || !strings.Contains(out, "/console/invite?token=") {
		t.Fatal(code, out, errs)
	}
	if code, _, errs := command(t, "staff", "remove", "--data", dir, "bas@gov.example"); code != exitOK {
		t.Fatal(code, errs)
	}
	if code, _, errs := command(t, "staff", "remove", "--data", dir, "bas@gov.example"); code != exitFailed || !strings.Contains(errs, "no such official") {
		t.Error("removed twice:", code, errs)
	}
}
