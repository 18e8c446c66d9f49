package staff_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/staff"
)

// OF-12: an administrator cannot invent a colleague for a second approval unnoticed:
// the member, each administrator and each auditor get a mail about every invitation,
// change of roles and removal, in the transaction that does it.
func TestOF12_StaffChangesAreTold(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	watchers := []string{"bas@gov.example", "bea@gov.example", "ada@gov.example"}
	bas := s.Official(watchers[0], staff.Administrator)
	s.Official(watchers[1], staff.Administrator)
	s.Official(watchers[2], staff.Auditor)
	s.Official("hanna@gov.example", staff.Helpdesk)
	told := func(doing, member string) {
		t.Helper()
		got := taken(s)
		for _, email := range append(watchers, member) {
			want := "staff-managed"
			if doing == "invited" && email == member {
				want = "staff-invited" // with the link
			}
			if mails := got[email]; len(mails) != 1 || mails[0] != want {
				t.Errorf("%s: %s is told %q", doing, email, mails)
			}
		}
		if len(got) != len(watchers)+1 {
			t.Errorf("%s: others are told as well: %v", doing, got)
		}
	}
	taken(s) // drop the mails of their own invitations

	bas.Get("/console/staff").Press("/console/staff", "name", "Nora Nieuw", "email", "nora@gov.example", "reviewer", "yes")
	if bas.At("/console/staff"); strings.Contains(bas.Body, "token=") {
		t.Error("who invites sees the invitation")
	}
	told("invited", "nora@gov.example")
	nora, err := s.Stores.DB.Staff().ByEmail(t.Context(), "nora@gov.example")
	site.Must(t, err)
	member := "/console/staff/member?" + url.Values{"id": {nora.ID}}.Encode()
	bas.Get(member).Press(member, "action", "roles", "helpdesk", "yes").At("/console/staff")
	told("roles", "nora@gov.example")
	bas.Get(member).Press(member, "action", "remove", "sure", "yes").At("/console/staff")
	told("removed", "nora@gov.example")

	// A refused change sends no mail.
	if bas.Get(member); bas.Status != 404 {
		t.Error("a removed member has a page:", bas.Status)
	}
	bas.Get("/console/staff").Press("/console/staff", "name", "", "email", "nobody@gov.example", "reviewer", "yes")
	if got := taken(s); len(got) > 0 {
		t.Errorf("an invitation that was refused is told: %v", got)
	}
}

// taken removes all waiting mails, and returns their kinds by recipient.
func taken(s *site.Site) map[string][]string {
	s.T.Helper()
	items, err := s.Stores.DB.Outbox().Take(s.T.Context(), s.Clock.Now(), time.Hour, 100)
	site.Must(s.T, err)
	kinds := map[string][]string{}
	for _, item := range items {
		kinds[item.To] = append(kinds[item.To], item.Kind)
	}
	return kinds
}

// X19: an administrator cannot invite an address outside console.domains; the page shows
// the allowed domains, and nothing is stored or mailed.
func TestX19_InviteAtForeignDomain(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) { c.Console.Domains = []string{"gov.example", "rijk.example"} })
	bas := s.Official("bas@gov.example", staff.Administrator)
	taken(s)
	for _, email := range []string{"bas.private@mail.example", "bas@sub.gov.example", "bas@gov.example.evil.example"} {
		bas.Get("/console/staff").Press("/console/staff", "name", "Nora Nieuw", "email", email, "reviewer", "yes").Is(422).Says("gov.example, rijk.example")
		if _, err := s.Stores.DB.Staff().ByEmail(t.Context(), email); !errors.Is(err, errs.ErrNotFound) {
			t.Errorf("%s is stored: %v", email, err)
		}
	}
	if got := taken(s); len(got) > 0 {
		t.Errorf("refused invitations are mailed: %v", got)
	}
	bas.Get("/console/staff").Press("/console/staff", "name", "Nora Nieuw", "email", "Nora@Rijk.Example", "reviewer", "yes").At("/console/staff").Is(200)
	if m := s.Member("nora@rijk.example"); m.State != staff.Invited {
		t.Errorf("nora is %s, want %s", m.State, staff.Invited)
	}
}
