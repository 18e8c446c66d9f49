package console_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/staff"
)

// lacks requires that a page does not contain texts.
func lacks(b *site.Browser, texts ...string) *site.Browser {
	b.Site.T.Helper()
	for _, text := range texts {
		if strings.Contains(b.Body, text) {
			b.Site.T.Errorf("%s says %q", b.URL, text)
		}
	}
	return b
}

// inOrder requires that texts follow each other on the page.
func inOrder(b *site.Browser, texts ...string) *site.Browser {
	b.Site.T.Helper()
	rest := b.Body
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			b.Site.T.Fatalf("%s does not say %q there\n%s", b.URL, text, b.Body)
		}
		rest = after
	}
	return b
}

// A reviewer sees their own cases first, by deadline, in words.
func TestConsoleHomeReviewer(t *testing.T) {
	t.Parallel()
	homeOfReviewer(t, site.Noon)
}

func homeOfReviewer(t *testing.T, at time.Time) {
	s := site.Start(t, site.Setup{At: at})
	olga, otto := s.Reviewer("olga"), s.Reviewer("otto")
	lacks(olga.Get("/console").Says("Er wacht nu niets op u."), "/console/review/next", "/console/helpdesk", "/console/staff")
	first := s.Sent("anna@example.com")
	s.Clock.Add(24 * time.Hour)
	second, third := s.Sent("bob@example.com"), s.Sent("carl@example.com")
	olga.StaffLogin("olga@gov.example")
	asked := s.Asked(olga, "dora@example.com")
	olga.Take(second)
	otto.StaffLogin("otto@gov.example").Take(third)
	lacks(inOrder(olga.Get("/console").Says(`role="search"`), "U heeft 1 aanvraag om te beslissen", second.Reference, "Nog 56 dagen: uiterlijk beslissen op",
		asked.Reference, "Antwoord van de aanvrager: uiterlijk op", "1 aanvraag wacht op een beoordelaar", first.Reference, "Nog 55 dagen"), third.Reference)
	if due := s.Case(first.ID).DueAt; s.Clock.Now().Before(due) {
		s.Clock.Add(due.Sub(s.Clock.Now()) - time.Second)
	}
	inOrder(olga.StaffLogin("olga@gov.example"), second.Reference, "Vandaag is de laatste dag om te beslissen", first.Reference, "Te laat: de beslissing had er") // half a minute later
	olga.Get("/console/review?show=all&q=" + first.Reference).Says("te laat")
	olga.Get("/console?lang=en").Says("Overdue: we should have decided by").Says("Today is the last day to decide")
	for range 10 {
		s.Sent("many@example.com")
	}
	inOrder(olga.Get("/console?lang=nl").Says("Alle aanvragen die op een beoordelaar wachten"), "11 aanvragen wachten", first.Reference)
	if n := strings.Count(olga.Body, "/console/review/case?"); n != 12 {
		t.Error("rows:", n)
	}
}

// Each role sees its own lists and no others.
func TestConsoleHomeByRole(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	c := s.Sent("anna@example.com")
	a := s.Blocked(s.Person("bau@example.at", func(a *account.Account) { a.Kind = account.LegalPerson }))
	code := s.Caller("bau@example.at").Callback()
	hanna, hugo := s.Official("hanna@gov.example", staff.Helpdesk), s.Official("hugo@gov.example", staff.Helpdesk)
	lacks(hanna.Get("/console").Says("Er wacht nu niets op u.").Says(`action="/console/helpdesk"`), c.Reference, "aanvraag wacht", `action="/console/review"`)
	at := hanna.Begin(a)
	inOrder(hanna.Get("/console"), "Uw gesprekken", at[len("/console/helpdesk/request?"):], "u bent ermee bezig")
	hugo.Get("/console").Says("Er wacht nu niets op u.")
	hanna.Post(at, "code", code, "said_birthdate", "03-02-1980", "said_phone", "030 123456", "said_street", "Hauptstraße 1").Says(`name="ticket"`).
		Post(at, "reason", "lost_phone", "ticket", "M-1")
	lacks(inOrder(hanna.Get("/console"), "Uw gesprekken", "wacht op een collega"), "Wacht op een tweede medewerker")
	lacks(inOrder(hugo.Get("/console"), "Wacht op een tweede medewerker", "Voorstel van Olga Official"), "Uw gesprekken")

	anna := s.Person("anna@example.com")
	hugo.Proposed(anna, site.NewEmail)
	inOrder(hanna.Get("/console"), "Wacht op een tweede medewerker", "E-mailadres verbeteren", "Anna Muster")
	inOrder(hugo.Get("/console"), "Uw gesprekken", "E-mailadres verbeteren", "wacht op een collega", "Wacht op een tweede medewerker", "Deblokkeren:")

	admin := s.Official("bas@gov.example", staff.Administrator)
	lacks(admin.Says("Er wacht nu niets op u."), "Tot 2")
	s.Invite("new@gov.example", staff.Reviewer)
	inOrder(admin.Get("/console"), "Medewerkers die niet kunnen inloggen", "/console/staff/member?", "Tot ", "uitgenodigd")
	s.Clock.Add(staff.InviteLifetime)
	admin.StaffLogin("bas@gov.example").Says("De uitnodiging is verlopen op ")

	auditor := s.Official("ada@gov.example", staff.Auditor)
	lacks(inOrder(auditor, "Het logboek", "nog niet ondertekend"), c.Reference)
	signer, err := s.Stores.AuditSigner(t.Context())
	site.Must(t, err)
	_, err = audit.Checkpoint(t.Context(), s.Stores.DB.Heads(), signer, s.Clock.Now())
	site.Must(t, err)
	lacks(auditor.Get("/console").Says("Laatst ondertekend: "), "Te lang")
	s.Clock.Add(2 * time.Hour)
	auditor.StaffLogin("ada@gov.example").Says("Te lang niet ondertekend.")
}

// Taking the next case takes the one with the first deadline, but not one's own
// application, nor one's own proposal; simultaneous calls get different cases.
func TestConsoleTakeNext(t *testing.T) {
	t.Parallel()
	takeNext(t, site.Noon)
}

func takeNext(t *testing.T, at time.Time) {
	s := site.Start(t, site.Setup{At: at})
	olga, otto := s.Reviewer("olga"), s.Reviewer("otto")
	own := s.Sent("olga@gov.example")
	s.Clock.Add(time.Second) // with the same last day, the older one comes first
	proposed := s.Sent("bau@example.at", site.Company)
	olga.Take(proposed).Decide(proposed, "approve", "send")
	s.Clock.Add(time.Minute)
	olga.Get("/console").Press("/console/review/next").At("/console/review").Says("Er is nu geen aanvraag die u in behandeling kunt nemen.")
	s.Clock.Add(24 * time.Hour)
	olga.StaffLogin("olga@gov.example")
	later := s.Sent("carl@example.com")
	olga.Get("/console/review").Says("Volgende aanvraag in behandeling nemen").Press("/console/review/next").At("/console/review/case").Says(later.Reference)
	if got := s.Case(later.ID); got.State != application.InReview || got.Reviewer != s.Member("olga@gov.example").ID {
		t.Errorf("%+v", got)
	}
	events, err := s.Stores.DB.Audit().EventsAbout(t.Context(), "application", later.ID, 10)
	site.Must(t, err)
	taken := 0
	for _, e := range events {
		if e.Action == "application.taken" && e.ActorID == s.Member("olga@gov.example").ID {
			taken++
		}
	}
	if taken != 1 {
		t.Error("in the audit log:", events)
	}
	otto.StaffLogin("otto@gov.example").Press("/console/review/next").At("/console/review/case")
	if got := s.Case(own.ID).Reviewer; got != s.Member("otto@gov.example").ID {
		t.Error("the oldest one is with", got)
	}
	if s.Official("desk@gov.example", staff.Helpdesk).Post("/console/review/next").Status != http.StatusForbidden {
		t.Error("the helpdesk takes an application")
	}
	if olga.Get("/console/review/next").Status == http.StatusOK {
		t.Error("a GET takes an application")
	}
}

// Of simultaneous calls each takes one case, all different.
func TestOF12_TakeNextAtOnce(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	for range 30 {
		s.Sent("many@example.com")
	}
	var got [30]string
	site.AtOnce(len(got), func(i int) {
		o := review.Official{ID: "member-" + string(rune('A'+i)), Email: "x@gov.example"}
		c, err := s.Review.TakeNext(t.Context(), o, audit.Official(o.ID))
		if err != nil {
			t.Error(err)
			return
		}
		got[i] = c.ID
	})
	seen := map[string]bool{}
	for i, id := range got {
		if seen[id] || s.Case(id).Reviewer != "member-"+string(rune('A'+i)) {
			t.Errorf("%d got %s, which is with %s", i, id, s.Case(id).Reviewer)
		}
		seen[id] = true
	}
}

// hasty is a store in which a colleague acts first, once.
type hasty struct {
	review.Cases
	between func(review.Case)
}

func (h *hasty) Queue(ctx context.Context, q review.Query) (review.Part, error) {
	part, err := h.Cases.Queue(ctx, q)
	if between := h.between; between != nil && err == nil {
		h.between = nil
		for _, c := range part.Cases {
			between(c)
		}
	}
	return part, err
}

// A case that a colleague takes and releases again can still be taken.
func TestTakeNextLooksAgain(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	c := s.Sent("anna@example.com")
	desk := *s.Review
	other := review.Official{ID: "other", Email: "other@gov.example"}
	desk.Cases = &hasty{desk.Cases, func(c review.Case) {
		site.Must(t, s.Review.Do(t.Context(), review.Dossier{Case: c}, other, review.Act{Kind: review.ActTake}, audit.Actor{}))
		site.Must(t, s.Review.Do(t.Context(), review.Dossier{Case: s.Case(c.ID)}, other, review.Act{Kind: review.ActRelease}, audit.Actor{}))
	}}
	got, err := desk.TakeNext(t.Context(), review.Official{ID: "me", Email: "me@gov.example"}, audit.Actor{})
	site.Must(t, err)
	if got.ID != c.ID || s.Case(c.ID).Reviewer != "me" {
		t.Errorf("%+v", got)
	}
}

// The number of days left and the order of the queue are right at any hour.
func TestDatesAroundMidnight(t *testing.T) {
	t.Parallel()
	site.Moments(t, map[string]func(*testing.T, time.Time){
		"home": homeOfReviewer,
		"next": takeNext,
	})
}
