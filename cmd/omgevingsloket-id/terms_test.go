package main

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/staff"
)

// pass runs the job of terms on several servers at once, at a moment.
func (s *site) pass(at time.Time) {
	s.t.Helper()
	s.clock.add(at.Sub(s.clock.now()))
	var servers sync.WaitGroup
	for range 4 {
		servers.Go(func() {
			if _, err := s.terms.Run(s.t.Context()); err != nil {
				s.t.Error(err)
			}
		})
	}
	servers.Wait()
}

// outbox gives the kinds of all mails to an address, in order, without those
// about officials who came.
func (s *site) outbox(to string) (kinds []string) {
	s.t.Helper()
	items, err := s.stores.db.Outbox().Take(s.t.Context(), s.clock.now().Add(time.Hour), 0, 1000)
	must(s.t, err)
	slices.SortFunc(items, func(a, b mail.Item) int { return a.At.Compare(b.At) })
	for _, item := range items {
		if item.To == to && item.Kind != letter.KindStaffManaged && item.Kind != letter.KindStaffInvited {
			kinds = append(kinds, item.Kind)
		}
	}
	return kinds
}

// asked is a case whose applicant was asked something by olga.
func (s *site) asked(olga *browser, email string, change ...func(*application.Application)) application.Case {
	s.t.Helper()
	c := s.sent(email, change...)
	olga.take(c).decide(c, "more", "send", "text", "Wie bent u?").at("/console/applications/case")
	return s.aCase(c.ID)
}

// A question that stays unanswered: two reminders, then the end, each once,
// on however many servers.
func TestTermsUnanswered(t *testing.T) {
	s := newSite(t, nil)
	olga := s.reviewer("olga")
	c := s.asked(olga, "anna@example.com")
	english := s.asked(olga, "bob@example.com", func(a *application.Application) { a.Lang = "en" })
	answered, withdrawn := s.asked(olga, "carl@example.com"), s.asked(olga, "dora@example.com")
	if olga.get(casePath(c)).says("Antwoord van de aanvrager: uiterlijk op"); strings.Contains(olga.body, "te laat") {
		t.Error("a case that waits for its applicant is late")
	}
	end := c.AnswerBy
	s.pass(end.AddDate(0, 0, -14).Add(-time.Minute))
	if got := s.outbox(c.Email); !slices.Equal(got, []string{"more-asked"}) {
		t.Fatal("before its time:", got)
	}
	s.pass(end.AddDate(0, 0, -14))
	s.pass(end.AddDate(0, 0, -14).Add(time.Hour))
	if got := s.outbox(c.Email); !slices.Equal(got, []string{"more-asked", "answer-reminder"}) {
		t.Fatal("two weeks before:", got)
	}
	if letter := s.mailed("answer-reminder", c.Email); !strings.Contains(letter, "Wie bent u?") || !strings.Contains(letter, "Geef antwoord uiterlijk op ") {
		t.Error(letter)
	}
	must(t, s.stores.db.Cases().Answer(t.Context(), s.aCase(answered.ID), application.Act{Kind: application.ActAnswer, Text: "Ik", At: s.clock.now()}, noRecord))
	must(t, s.stores.db.Cases().Withdraw(t.Context(), s.aCase(withdrawn.ID), application.Act{Kind: application.ActWithdraw, At: s.clock.now()}, noRecord))
	s.pass(end.AddDate(0, 0, -3))
	s.pass(end.Add(-time.Millisecond))
	wantState(t, s, c, application.MoreInformation)
	s.pass(end)
	s.pass(end.Add(time.Hour))
	for _, c := range []application.Case{c, english} {
		if got := s.outbox(c.Email); !slices.Equal(got, []string{"more-asked", "answer-reminder", "answer-reminder", "unanswered"}) {
			t.Error("to", c.Email, got)
		}
		if got := s.aCase(c.ID); got.State != application.Expired || got.PasswordHash != "" {
			t.Errorf("%s, password kept: %v", got.State, got.PasswordHash != "")
		}
	}
	for _, c := range []application.Case{answered, withdrawn} {
		if got := s.outbox(c.Email); !slices.Equal(got, []string{"more-asked", "answer-reminder"}) {
			t.Error("after answering or withdrawing:", c.Email, got)
		}
	}
	for to, want := range map[string]string{c.Email: "U kunt bezwaar maken", english.Email: "You can lodge an objection"} {
		if letter := s.mailed("unanswered", to); !strings.Contains(letter, want) || !strings.Contains(letter, s.config.Issuer+"/apply ") {
			t.Error(letter)
		}
	}
	events, err := s.stores.db.Audit().EventsAbout(t.Context(), "application", c.ID, 1)
	must(t, err)
	if e := events[0]; e.Action != "application.expired" || e.ActorKind != audit.ActorSystem {
		t.Errorf("%+v", e)
	}
	// Officials and the applicant see it.
	olga.staffLogin("olga@gov.example").get("/console/applications?show=decided").says(c.Reference).says("gestopt: geen antwoord")
	olga.get(casePath(c)).says("Automatisch</bdi>: gestopt, want er kwam geen antwoord").says("Automatisch</bdi>: herinnering aan de vraag gestuurd")
	if strings.Contains(olga.body, `value="take"`) || strings.Contains(olga.body, "/console/applications/decide") {
		t.Error("something can still be done with it")
	}
	b := s.browser().get("/apply/status/find").submit("reference", c.Reference).at("/apply/status/code")
	b.submit("reference", c.Reference, "code", sixInARow.FindString(s.mailed("status-code", c.Email))).at("/apply/status")
	b.says("Uw aanvraag is gestopt").says(`href="/apply"`)
	if strings.Contains(b.body, "withdraw") || strings.Contains(b.body, "<textarea") {
		t.Error("an ended application can be answered or withdrawn")
	}
	if login := b.authorize(newRequest("web", callbackURI)).submit("email", c.Email, "password", testPassword); login.url.Path != "/login" {
		t.Error("logged in:", login.url)
	}
}

// workday is a Monday at this hour in the Netherlands, behind the clock.
func (s *site) workday(hour int) time.Time {
	zone, err := time.LoadLocation("Europe/Amsterdam")
	must(s.t, err)
	day := s.clock.now().In(zone).AddDate(0, 0, 7)
	for day.Weekday() != time.Monday {
		day = day.AddDate(0, 0, 1)
	}
	return time.Date(day.Year(), day.Month(), day.Day(), hour, 0, 0, 0, zone)
}

// Reviewers are told what is urgent: once on a working day, nothing when
// nothing is, numbers alone, and nothing of their own application.
func TestTermsStaffTold(t *testing.T) {
	s := newSite(t, nil)
	olga, otto := s.reviewer("olga"), s.reviewer("otto")
	s.official("desk@gov.example", staff.Helpdesk, staff.Administrator, staff.Auditor)
	s.invite("new@gov.example", staff.Reviewer)
	mine, free, waits := s.sent("anna@example.com"), s.sent("bob@example.com"), s.asked(olga, "carl@example.com")
	own, seconds := s.sent("otto@gov.example"), s.sent("bau@example.at", company)
	olga.take(mine)
	otto.take(seconds).decide(seconds, "approve", "send")
	s.pass(s.workday(12))
	if got := s.outbox("olga@gov.example"); len(got) > 0 {
		t.Fatal("nothing is urgent, and olga is told:", got)
	}

	zone := s.workday(0).Location()
	last, err := time.ParseInLocation(time.DateOnly, application.LastDay(mine.DueAt), zone)
	must(t, err)
	monday := last.AddDate(0, 0, -14)
	for monday.Weekday() != time.Monday {
		monday = monday.AddDate(0, 0, 1)
	}
	s.pass(monday.AddDate(0, 0, -1).Add(12 * time.Hour)) // a Sunday
	s.pass(monday.Add(6 * time.Hour))                    // before hours
	if got := s.outbox("olga@gov.example"); len(got) > 0 {
		t.Fatal("told before hours:", got)
	}
	s.pass(monday.Add(9 * time.Hour))
	s.pass(monday.Add(17 * time.Hour))
	olgas, ottos := s.mailed("staff-urgent", "olga@gov.example"), s.mailed("staff-urgent", "otto@gov.example")
	for _, want := range []string{mine.Reference, free.Reference, own.Reference, seconds.Reference, "4 aanvragen"} {
		if !strings.Contains(olgas, want) {
			t.Errorf("olga is not told of %s: %s", want, olgas)
		}
	}
	if !strings.Contains(ottos, free.Reference) || !strings.Contains(ottos, "1 aanvraag heeft haast") {
		t.Error(ottos)
	}
	for _, hidden := range []string{own.Reference, mine.Reference, seconds.Reference} {
		if strings.Contains(ottos, hidden) {
			t.Errorf("otto is told of %s: %s", hidden, ottos)
		}
	}
	for _, hidden := range []string{"Muster", "Bau", "@example", waits.Reference} {
		if strings.Contains(olgas, hidden) {
			t.Errorf("%q in %s", hidden, olgas)
		}
	}
	s.pass(monday.AddDate(0, 0, 1).Add(9 * time.Hour))
	for d := range 2 { // a weekend
		s.pass(monday.AddDate(0, 0, 5+d).Add(9 * time.Hour))
	}
	for to, want := range map[string]int{"olga@gov.example": 2, "otto@gov.example": 2, "desk@gov.example": 0, "new@gov.example": 0} {
		if got := s.outbox(to); len(got) != want {
			t.Errorf("to %s: %v, want %d", to, got, want)
		}
	}
	s.pass(mine.DueAt.Add(33 * time.Hour))
	if letter := s.mailed("staff-urgent", "olga@gov.example"); mine.DueAt.Add(33*time.Hour).In(zone).Weekday()%6 != 0 && !strings.Contains(letter, "al te laat") {
		t.Error(letter)
	}
}
