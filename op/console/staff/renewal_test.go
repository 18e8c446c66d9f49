package staff_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/staff"
)

// renewal is a site where bas and bea are administrators and hanna works at the
// helpdesk; at is the address of hanna's page.
type renewal struct {
	*site.Site
	bas, bea, hanna *site.Browser
	at              string
}

func newRenewal(t *testing.T) *renewal {
	s := site.New(t, nil)
	r := &renewal{Site: s, bas: s.Official("bas@gov.example", staff.Administrator), bea: s.Official("bea@gov.example", staff.Administrator, staff.Reviewer)}
	r.hanna = s.Official("hanna@gov.example", staff.Helpdesk)
	r.at = member(s, "hanna@gov.example")
	taken(s)
	return r
}

func member(s *site.Site, email string) string {
	return "/console/staff/member?" + url.Values{"id": {s.Member(email).ID}}.Encode()
}

var proposalID = regexp.MustCompile(`name="renewal" value="([^"]+)"`)

// proposed proposes to renew hanna, by bas, and returns the id of the proposal.
func (r *renewal) proposed() string {
	r.T.Helper()
	r.bas.Get(r.at).Press(r.at, "action", "propose", "reason", "new_phone").At("/console/staff").Says("Uw voorstel is opgeslagen")
	return r.waiting()
}

func (r *renewal) waiting() string {
	r.T.Helper()
	m := proposalID.FindStringSubmatch(r.bea.Get(r.at).Body)
	if m == nil {
		r.T.Fatal("no proposal on the page of bea:", r.bea.Body)
	}
	return m[1]
}

// OF-20: an official with a new phone is invited again by two administrators. Until
// the second confirms it nothing changes; then the old password, secret and sessions
// end at once, and the roles rest until the official is back.
func TestOF20_TwoAdministratorsRenew(t *testing.T) {
	t.Parallel()
	r := newRenewal(t)
	id := r.proposed()
	if got := taken(r.Site); len(got) != 3 || len(got["hanna@gov.example"]) != 1 || len(got["bea@gov.example"]) != 1 || len(got["bas@gov.example"]) != 1 {
		t.Errorf("a proposal is told to %v, want all administrators and hanna, once", got)
	}
	r.hanna.Get("/console/helpdesk").Is(http.StatusOK)
	r.bea.Get("/console").Says("Nieuwe uitnodigingen om te bevestigen").Says("voorgesteld door Olga Official")
	if r.bas.Get("/console"); strings.Contains(r.bas.Body, "Nieuwe uitnodigingen om te bevestigen") {
		t.Error("what bas proposed waits for bas")
	}

	// The proposer cannot confirm it, and a colleague can confirm only the proposal on the
	// page, with the box ticked that they have spoken to the member.
	r.bas.Get(r.at).Press(r.at, "action", "confirm", "spoken", "yes", "renewal", id).Is(http.StatusConflict).Says("intussen iets veranderd")
	r.bea.Get(r.at).Press(r.at, "action", "confirm", "renewal", id).Is(http.StatusUnprocessableEntity).Says("dat u deze collega zelf heeft gesproken")
	r.bea.Get(r.at).Press(r.at, "action", "confirm", "spoken", "yes", "renewal", "another").Is(http.StatusConflict)
	if m := r.Member("hanna@gov.example"); m.State != staff.Active || len(taken(r.Site)) > 0 {
		t.Errorf("after refused confirmations hanna is %s", m.State)
	}

	r.bea.Get(r.at).Press(r.at, "action", "confirm", "spoken", "yes", "renewal", id).At("/console/staff").Says("De nieuwe uitnodiging is per e-mail verstuurd")
	if strings.Contains(r.bea.Body, "token=") {
		t.Error("who confirms sees the link")
	}
	r.hanna.Get("/console/helpdesk").At("/console/login")
	r.Clock.Add(30 * time.Second)
	if b := r.hanna.Submit("email", "hanna@gov.example", "password", site.StaffPassword); b.Status != http.StatusUnprocessableEntity {
		t.Error("the old password is taken:", b.Status)
	}
	link := r.link("hanna@gov.example")
	back := r.Browser().Join(link).StaffLogin("hanna@gov.example").At("/console")
	back.Get("/console/helpdesk").Is(http.StatusOK)
	r.bea.Get(r.at).Press(r.at, "action", "confirm", "spoken", "yes", "renewal", id).Is(http.StatusConflict)

	var got []audit.Action
	events, err := r.Stores.DB.Audit().EventsAbout(t.Context(), audit.ObjectStaff, r.Member("hanna@gov.example").ID, 50)
	site.Must(t, err)
	for _, e := range events {
		if strings.HasPrefix(string(e.Action), "staff.renewal") {
			got = append(got, e.Action)
			if e.Reason != "new_phone" || e.ActorKind != audit.ActorStaff {
				t.Errorf("recorded as %+v", e)
			}
		}
	}
	if len(got) != 2 {
		t.Errorf("the audit log has %v, want a proposal and a confirmation", got)
	}
}

// link returns the link in the mail about a renewal, which only that mail has.
func (r *renewal) link(email string) string {
	r.T.Helper()
	items, err := r.Stores.DB.Outbox().Take(r.T.Context(), r.Clock.Now(), 1, 100)
	site.Must(r.T, err)
	link := ""
	for _, item := range items {
		i := strings.Index(item.Text.Reveal(), "/console/invite?token=")
		if (i >= 0) != (item.To == email) {
			r.T.Errorf("the mail %s to %s has a link: %t", item.Kind, item.To, i >= 0)
		}
		if i >= 0 {
			link = strings.Fields(item.Text.Reveal()[i:])[0]
		}
	}
	return link
}

// The proposer can withdraw a proposal, and another administrator or the member can
// refuse it; each is mailed and recorded, and nothing else changes.
func TestProposalEnds(t *testing.T) {
	t.Parallel()
	r := newRenewal(t)
	admin := r.Official("ann@gov.example", staff.Administrator)
	for name, c := range map[string]struct {
		by      *site.Browser
		act     string
		says    string
		refused []*site.Browser
	}{
		"withdrawn": {r.bas, "cancel", "Het voorstel is ingetrokken", []*site.Browser{r.bea, admin}},
		"refused":   {r.bea, "refuse", "Het voorstel is geweigerd", []*site.Browser{r.bas}},
	} {
		id := r.proposed()
		taken(r.Site)
		for _, b := range c.refused {
			b.Get(r.at).Press(r.at, "action", c.act, "renewal", id).Is(http.StatusConflict)
		}
		c.by.Get(r.at).Press(r.at, "action", c.act, "renewal", id).At("/console/staff").Says(c.says)
		if got := taken(r.Site); len(got["hanna@gov.example"]) != 1 {
			t.Errorf("%s: told to %v", name, got)
		}
		if m := r.Member("hanna@gov.example"); m.State != staff.Active || m.Renewal.ID != "" {
			t.Errorf("%s: hanna is %s with a proposal %q", name, m.State, m.Renewal.ID)
		}
		r.hanna.Get("/console").At("/console")
	}
	at := member(r.Site, "ann@gov.example")
	r.bas.Get(at).Press(at, "action", "propose", "reason", "new_phone").At("/console/staff")
	id := proposalID.FindStringSubmatch(admin.Get(at).Says("Een collega wil u een nieuwe uitnodiging sturen").Body)[1]
	admin.Press(at, "action", "confirm", "spoken", "yes", "renewal", id).Is(http.StatusConflict)
	admin.Get(at).Press(at, "action", "refuse", "renewal", id).At("/console/staff").Says("Het voorstel is geweigerd")
	admin.Get(at).Press(at, "action", "propose", "reason", "new_phone").Is(http.StatusConflict)
	admin.Get(at).Press(at, "action", "remove", "sure", "yes").Is(http.StatusUnprocessableEntity)
}

// OF-20: one administrator cannot get a link in the name of a colleague who joined: not
// with the form, not after a removal, not by giving other roles.
func TestOF20_OneAdministratorTakesOverNobody(t *testing.T) {
	t.Parallel()
	r := newRenewal(t)
	invite := func(name string) *site.Browser {
		return r.bas.Get("/console/staff").Press("/console/staff", "name", name, "email", "hanna@gov.example", "reviewer", "yes")
	}
	linked := func(when string) {
		t.Helper()
		for to, kinds := range taken(r.Site) {
			for _, kind := range kinds {
				if kind != "staff-managed" {
					t.Errorf("%s: a mail %s to %s", when, kind, to)
				}
			}
		}
		if m := r.Member("hanna@gov.example"); m.Invite != "" || m.State == staff.Invited {
			t.Errorf("%s: hanna is %s", when, m.State)
		}
	}
	invite("Hanna").Is(http.StatusUnprocessableEntity).Says("werkt hier al met dit e-mailadres")
	linked("the form")
	r.bas.Get(r.at).Press(r.at, "action", "invite").Is(http.StatusConflict)
	linked("the button of an unused invitation")
	r.bas.Get(r.at).Press(r.at, "action", "roles", "auditor", "yes").At("/console/staff")
	invite("Hanna").Is(http.StatusUnprocessableEntity)
	linked("other roles")
	r.bas.Get(r.at).Press(r.at, "action", "remove", "sure", "yes").At("/console/staff")
	invite("Hanna Terug").At("/console/staff").Says("Uw voorstel is opgeslagen")
	linked("a removal")
	invite("Hanna Anders").At("/console/staff/member")
	id := r.waiting()
	r.bas.Get(r.at).Press(r.at, "action", "confirm", "spoken", "yes", "renewal", id).Is(http.StatusConflict)
	linked("a confirmation of one's own")
	r.bea.Get(r.at).Says("Hanna Terug").Press(r.at, "action", "remove", "sure", "yes").Is(http.StatusUnprocessableEntity)
	r.bea.Get(r.at).Press(r.at, "action", "confirm", "spoken", "yes", "renewal", id).At("/console/staff")
	if m := r.Member("hanna@gov.example"); m.State != staff.Invited || m.Name != "Hanna Terug" || !m.Has(staff.Reviewer) || m.Has(staff.Auditor) {
		t.Errorf("hanna came back as %+v", m)
	}
}

// One administrator is enough to send an unused invitation again.
func TestUnusedInvitationIsSentAgain(t *testing.T) {
	t.Parallel()
	r := newRenewal(t)
	old := r.Invite("nora@gov.example", staff.Reviewer)
	taken(r.Site)
	at := member(r.Site, "nora@gov.example")
	r.bas.Get(at).Says("heeft de uitnodiging nog niet gebruikt").Press(at, "action", "invite").At("/console/staff").Says("De uitnodiging is per e-mail verstuurd")
	if b := r.Browser().Get(old); b.Status != http.StatusGone {
		t.Error("the earlier link answers", b.Status)
	}
	r.Browser().Join(r.link("nora@gov.example")).StaffLogin("nora@gov.example").At("/console")
}

// Without another administrator the page names the command and offers no proposal.
func TestLastAdministratorIsToldOfTheCommand(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	bas := s.Official("bas@gov.example", staff.Administrator)
	s.Official("hanna@gov.example", staff.Helpdesk)
	at := member(s, "hanna@gov.example")
	if bas.Get(at).Says("omgevingsloket-id staff renew"); strings.Contains(bas.Body, `value="propose"`) {
		t.Error("the page offers a proposal that nobody can confirm")
	}
	bas.Press(at, "action", "remove", "sure", "yes").At("/console/staff")
	bas.Get("/console/staff").Press("/console/staff", "name", "Hanna", "email", "hanna@gov.example", "helpdesk", "yes").Is(http.StatusUnprocessableEntity).Says("omgevingsloket-id staff renew")
}

// The pages of a login say what to do when the password or the phone is lost.
func TestConsoleLoginSaysWhatToDo(t *testing.T) {
	t.Parallel()
	r := newRenewal(t)
	b := r.Browser().Get("/console/login").Says("Wachtwoord vergeten of telefoon kwijt?")
	b.Submit("email", "hanna@gov.example", "password", site.StaffPassword).At("/console/login/code").Says("Wachtwoord vergeten of telefoon kwijt?")
	b.Get("/console/login?lang=en").Says("Forgot your password or lost your phone?")
}

// OF-22: pages that act on renewals ask for a code again.
func TestOF22_RenewalAsksForACode(t *testing.T) {
	t.Parallel()
	r := newRenewal(t)
	id := r.proposed()
	for range 3 {
		r.Clock.Add(14 * time.Minute)
		r.bea.Get("/console").At("/console")
	}
	r.bea.Get(r.at).At("/console/again")
	r.bea.Get("/console").Press(r.at, "action", "confirm", "spoken", "yes", "renewal", id)
	if m := r.Member("hanna@gov.example"); m.State != staff.Active {
		t.Errorf("confirmed without a code: hanna is %s", m.State)
	}
}
