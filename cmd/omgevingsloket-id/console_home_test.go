package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/staff"
)

// lacks demands that a page does not say something.
func (b *browser) lacks(texts ...string) *browser {
	b.s.t.Helper()
	for _, text := range texts {
		if strings.Contains(b.body, text) {
			b.s.t.Errorf("%s says %q", b.url, text)
		}
	}
	return b
}

// inOrder demands that texts follow each other on the page.
func (b *browser) inOrder(texts ...string) *browser {
	b.s.t.Helper()
	rest := b.body
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			b.s.t.Fatalf("%s does not say %q there\n%s", b.url, text, b.body)
		}
		rest = after
	}
	return b
}

// A reviewer sees first what is theirs, by the end of the term, in words.
func TestConsoleHomeReviewer(t *testing.T) {
	s := newSite(t, nil)
	olga, otto := s.reviewer("olga"), s.reviewer("otto")
	olga.get("/console").says("Er wacht nu niets op u.").lacks("/console/applications/next", "/console/accounts", "/console/staff")
	first := s.sent("anna@example.com")
	s.clock.add(24 * time.Hour)
	second, third := s.sent("bob@example.com"), s.sent("carl@example.com")
	olga.staffLogin("olga@gov.example")
	asked := s.asked(olga, "dora@example.com")
	olga.take(second)
	otto.staffLogin("otto@gov.example").take(third)
	olga.get("/console").says(`role="search"`).inOrder("U heeft 1 aanvraag om te beslissen", second.Reference, "Nog 56 dagen: uiterlijk beslissen op",
		asked.Reference, "Antwoord van de aanvrager: uiterlijk op", "1 aanvraag wacht op een beoordelaar", first.Reference, "Nog 55 dagen").lacks(third.Reference)
	if due := s.aCase(first.ID).DueAt; s.clock.now().Before(due) {
		s.clock.add(due.Sub(s.clock.now()) - time.Second)
	}
	olga.staffLogin("olga@gov.example").inOrder(second.Reference, "Vandaag is de laatste dag om te beslissen", first.Reference, "Te laat: de beslissing had er") // half a minute later
	olga.get("/console/applications?show=all&q=" + first.Reference).says("te laat")
	olga.get("/console?lang=en").says("Overdue: the decision should have been there").says("Today is the last day to decide")
	for range 10 {
		s.sent("many@example.com")
	}
	olga.get("/console?lang=nl").says("Alle aanvragen die op een beoordelaar wachten").inOrder("11 aanvragen wachten", first.Reference)
	if n := strings.Count(olga.body, "/console/applications/case?"); n != 12 {
		t.Error("rows:", n)
	}
}

// Each role sees its own, and nothing of the others.
func TestConsoleHomeByRole(t *testing.T) {
	s := newSite(t, nil)
	c := s.sent("anna@example.com")
	a := s.blocked(s.person("bau@example.at", func(a *account.Account) { a.Kind = account.LegalPerson }))
	code := s.caller("bau@example.at").callback()
	hanna, hugo := s.official("hanna@gov.example", staff.Helpdesk), s.official("hugo@gov.example", staff.Helpdesk)
	hanna.get("/console").says("Er wacht nu niets op u.").says(`action="/console/accounts"`).lacks(c.Reference, "aanvraag wacht", `action="/console/applications"`)
	at := hanna.begin(a)
	hanna.get("/console").inOrder("Uw gesprekken", at[len("/console/unblock?"):], "u bent ermee bezig")
	hugo.get("/console").says("Er wacht nu niets op u.")
	hanna.post(at, "code", code, "said_birthdate", "03-02-1980", "said_phone", "030 123456", "said_street", "Hauptstraße 1").says(`name="ticket"`).
		post(at, "reason", "lost_phone", "ticket", "M-1")
	hanna.get("/console").inOrder("Uw gesprekken", "wacht op een collega").lacks("Wacht op een tweede medewerker")
	hugo.get("/console").inOrder("Wacht op een tweede medewerker", "Voorstel van Olga Official").lacks("Uw gesprekken")

	anna := s.person("anna@example.com")
	hugo.proposed(anna, newEmail)
	hanna.get("/console").inOrder("Wacht op een tweede medewerker", "E-mailadres verbeteren", "Anna Muster")
	hugo.get("/console").inOrder("Uw gesprekken", "E-mailadres verbeteren", "wacht op een collega", "Wacht op een tweede medewerker", "Deblokkeren:")

	admin := s.official("bas@gov.example", staff.Administrator)
	admin.says("Er wacht nu niets op u.").lacks("Tot 2")
	s.invite("new@gov.example", staff.Reviewer)
	admin.get("/console").inOrder("Medewerkers die niet kunnen inloggen", "/console/staff/member?", "Tot ", "uitgenodigd")
	s.clock.add(staff.InviteLifetime)
	admin.staffLogin("bas@gov.example").says("De uitnodiging is verlopen op ")

	auditor := s.official("ada@gov.example", staff.Auditor)
	auditor.inOrder("Het logboek", "nog niet ondertekend").lacks(c.Reference)
	signer, err := s.stores.auditSigner(t.Context())
	must(t, err)
	_, err = audit.Checkpoint(t.Context(), s.stores.db.Heads(), signer, s.clock.now())
	must(t, err)
	auditor.get("/console").says("Laatst ondertekend: ").lacks("Te lang")
	s.clock.add(2 * time.Hour)
	auditor.staffLogin("ada@gov.example").says("Te lang niet ondertekend.")
}

// Taking the next one: the shortest term, not one's own, not what one
// proposed; of a crowd each gets another.
func TestConsoleTakeNext(t *testing.T) {
	s := newSite(t, nil)
	olga, otto := s.reviewer("olga"), s.reviewer("otto")
	own := s.sent("olga@gov.example")
	s.clock.add(time.Second) // of two with one last day, the older
	proposed := s.sent("bau@example.at", company)
	olga.take(proposed).decide(proposed, "approve", "send")
	s.clock.add(time.Minute)
	olga.get("/console").press("/console/applications/next").at("/console/applications").says("Er is nu geen aanvraag die u in behandeling kunt nemen.")
	s.clock.add(24 * time.Hour)
	olga.staffLogin("olga@gov.example")
	later := s.sent("carl@example.com")
	olga.get("/console/applications").says("Volgende aanvraag in behandeling nemen").press("/console/applications/next").at("/console/applications/case").says(later.Reference)
	if got := s.aCase(later.ID); got.State != application.InReview || got.Reviewer != s.member("olga@gov.example").ID {
		t.Errorf("%+v", got)
	}
	events, err := s.stores.db.Audit().EventsAbout(t.Context(), "application", later.ID, 10)
	must(t, err)
	taken := 0
	for _, e := range events {
		if e.Action == "application.taken" && e.ActorID == s.member("olga@gov.example").ID {
			taken++
		}
	}
	if taken != 1 {
		t.Error("on the record:", events)
	}
	otto.staffLogin("otto@gov.example").press("/console/applications/next").at("/console/applications/case")
	if got := s.aCase(own.ID).Reviewer; got != s.member("otto@gov.example").ID {
		t.Error("the oldest one is with", got)
	}
	if s.official("desk@gov.example", staff.Helpdesk).post("/console/applications/next").status != http.StatusForbidden {
		t.Error("the helpdesk takes an application")
	}
	if olga.get("/console/applications/next").status == http.StatusOK {
		t.Error("a GET takes an application")
	}
}

// A crowd that takes at once, of which each gets one and none the same.
func TestOF12_TakeNextAtOnce(t *testing.T) {
	s := newSite(t, nil)
	for range 30 {
		s.sent("many@example.com")
	}
	var got [30]string
	atOnce(len(got), func(i int) {
		o := application.Official{ID: "member-" + string(rune('A'+i)), Email: "x@gov.example"}
		c, err := s.staff.Desk.TakeNext(t.Context(), o, audit.Official(o.ID))
		if err != nil {
			t.Error(err)
			return
		}
		got[i] = c.ID
	})
	seen := map[string]bool{}
	for i, id := range got {
		if seen[id] || s.aCase(id).Reviewer != "member-"+string(rune('A'+i)) {
			t.Errorf("%d got %s, which is with %s", i, id, s.aCase(id).Reviewer)
		}
		seen[id] = true
	}
}

// hasty is a store in which a colleague comes between, once.
type hasty struct {
	application.Cases
	between func(application.Case)
}

func (h *hasty) Queue(ctx context.Context, q application.Query) (application.Part, error) {
	part, err := h.Cases.Queue(ctx, q)
	if between := h.between; between != nil && err == nil {
		h.between = nil
		for _, c := range part.Cases {
			between(c)
		}
	}
	return part, err
}

// A colleague who takes a case and lets go of it again hides it from nobody.
func TestTakeNextLooksAgain(t *testing.T) {
	s := newSite(t, nil)
	c := s.sent("anna@example.com")
	desk := *s.staff.Desk
	other := application.Official{ID: "other", Email: "other@gov.example"}
	desk.Cases = &hasty{desk.Cases, func(c application.Case) {
		must(t, s.staff.Desk.Do(t.Context(), application.File{Case: c}, other, application.Act{Kind: application.ActTake}, audit.Actor{}))
		must(t, s.staff.Desk.Do(t.Context(), application.File{Case: s.aCase(c.ID)}, other, application.Act{Kind: application.ActRelease}, audit.Actor{}))
	}}
	got, err := desk.TakeNext(t.Context(), application.Official{ID: "me", Email: "me@gov.example"}, audit.Actor{})
	must(t, err)
	if got.ID != c.ID || s.aCase(c.ID).Reviewer != "me" {
		t.Errorf("%+v", got)
	}
}
