package staff_test

import (
	"net/http"
	"net/url"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/staff"
)

// X8: strangers who try passwords shut out an official in a new browser, who gets a
// mail; an administrator opens the lane, with an event. The browser that accepted
// the invitation has a lane of its own from then on.
func TestX8_AdministratorOpensALane(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	bas := s.Official("bas@gov.example", staff.Administrator)
	invite := s.Invite("nora@gov.example", staff.Reviewer)
	own := s.Browser().Join(invite)
	s.Mails("")
	for range 7 {
		s.Browser().Get("/console/login").Submit("email", "nora@gov.example", "password", "not the right password")
	}
	s.RunJob("watch logins")
	if mails := s.Mails("nora@gov.example"); len(mails) != 1 || mails[0] != "somebody-tries" {
		t.Errorf("nora is told by %v", mails)
	}
	fresh := func() *site.Browser {
		b := s.Browser()
		b.Seed = own.Seed
		return b.Get("/console/login").Submit("email", "nora@gov.example", "password", site.StaffPassword)
	}
	if b := fresh(); b.Status != http.StatusUnprocessableEntity {
		t.Fatal("not locked:", b.Status)
	}
	own.StaffLogin("nora@gov.example").At("/console")
	nora := s.Member("nora@gov.example")
	member := "/console/staff/member?" + url.Values{"id": {nora.ID}}.Encode()
	bas.Get(member).Says("Wachttijd bij inloggen weghalen").Press(member, "action", "lane").At("/console/staff").Says("Inloggen kan nu weer")
	fresh().At("/console/login/code")
	events, err := s.Stores.DB.Audit().EventsAbout(t.Context(), audit.ObjectStaff, nora.ID, 50)
	site.Must(t, err)
	found := false
	for _, e := range events {
		found = found || e.Action == audit.StaffLanesOpened
	}
	if !found {
		t.Error("no event of the administrator's act")
	}
}
