package review_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/staff"
)

// pass runs the job of deadlines at a moment, on several servers at once.
func pass(s *site.Site, at time.Time) {
	s.T.Helper()
	s.Clock.Add(at.Sub(s.Clock.Now()))
	var servers sync.WaitGroup
	for range 4 {
		servers.Go(func() {
			if _, err := s.Deadlines.Run(s.T.Context()); err != nil {
				s.T.Errorf("Run() = %v, want nil", err)
			}
		})
	}
	servers.Wait()
}

// outbox returns the kinds of all mails to an address in order, without those
// about officials who joined.
func outbox(s *site.Site, to string) (kinds []string) {
	s.T.Helper()
	items, err := s.Stores.DB.Outbox().Take(s.T.Context(), s.Clock.Now().Add(time.Hour), 0, 1000)
	site.Must(s.T, err)
	slices.SortFunc(items, func(a, b mail.Item) int { return a.At.Compare(b.At) })
	for _, item := range items {
		if item.To == to && item.Kind != letter.KindStaffManaged && item.Kind != letter.KindStaffInvited {
			kinds = append(kinds, item.Kind)
		}
	}
	return kinds
}

// An unanswered question has two reminders and then expires, each once on any
// number of servers.
func TestDeadlinesUnanswered(t *testing.T) {
	t.Parallel()
	unanswered(t, site.Noon)
}

func unanswered(t *testing.T, at time.Time) {
	s := site.Start(t, site.Setup{At: at})
	olga := s.Reviewer("olga")
	c := s.Asked(olga, "anna@example.com")
	english := s.Asked(olga, "bob@example.com", func(a *application.Application) { a.Lang = "en" })
	answered, withdrawn := s.Asked(olga, "carl@example.com"), s.Asked(olga, "dora@example.com")
	if olga.Get(site.CasePath(c)).Says("Antwoord van de aanvrager: uiterlijk op"); strings.Contains(olga.Body, "te laat") {
		t.Error("a case that waits for its applicant is shown as late")
	}
	end := c.AnswerBy
	pass(s, end.AddDate(0, 0, -14).Add(-time.Minute))
	if got := outbox(s, c.Email); !slices.Equal(got, []string{"more-asked"}) {
		t.Fatalf("a minute before the first reminder the mails are %q", got)
	}
	pass(s, end.AddDate(0, 0, -14))
	pass(s, end.AddDate(0, 0, -14).Add(time.Hour))
	if got := outbox(s, c.Email); !slices.Equal(got, []string{"more-asked", "answer-reminder"}) {
		t.Fatalf("two weeks before the deadline the mails are %q", got)
	}
	if letter := s.Mailed("answer-reminder", c.Email); !strings.Contains(letter, "Wie bent u?") || !strings.Contains(letter, "Geef antwoord uiterlijk op ") {
		t.Errorf("the reminder lacks the question or the deadline: %s", letter)
	}
	site.Must(t, s.Stores.DB.Cases().Answer(t.Context(), s.Case(answered.ID), review.Act{Kind: review.ActAnswer, Text: "Ik", At: s.Clock.Now()}, site.NoEffects))
	site.Must(t, s.Stores.DB.Cases().Withdraw(t.Context(), s.Case(withdrawn.ID), review.Act{Kind: review.ActWithdraw, At: s.Clock.Now()}, site.NoEffects))
	pass(s, end.AddDate(0, 0, -3))
	pass(s, end.Add(-time.Millisecond))
	site.WantState(t, s, c, application.MoreInformation)
	pass(s, end)
	pass(s, end.Add(time.Hour))
	for _, c := range []review.Case{c, english} {
		if got := outbox(s, c.Email); !slices.Equal(got, []string{"more-asked", "answer-reminder", "answer-reminder", "unanswered"}) {
			t.Errorf("the mails to %s are %q", c.Email, got)
		}
		if got := s.Case(c.ID); got.State != application.Expired || got.PasswordHash != "" {
			t.Errorf("the case is %s, with a password hash: %t, want %s without", got.State, got.PasswordHash != "", application.Expired)
		}
	}
	for _, c := range []review.Case{answered, withdrawn} {
		if got := outbox(s, c.Email); !slices.Equal(got, []string{"more-asked", "answer-reminder"}) {
			t.Errorf("after an answer or a withdrawal the mails to %s are %q", c.Email, got)
		}
	}
	for to, want := range map[string]string{c.Email: "U kunt bezwaar maken", english.Email: "You can object to this decision"} {
		if letter := s.Mailed("unanswered", to); !strings.Contains(letter, want) || !strings.Contains(letter, s.Config.Issuer+"/apply ") {
			t.Errorf("the mail lacks %q or the link to apply again: %s", want, letter)
		}
	}
	events, err := s.Stores.DB.Audit().EventsAbout(t.Context(), "application", c.ID, 1)
	site.Must(t, err)
	if e := events[0]; e.Action != "application.expired" || e.ActorKind != audit.ActorSystem {
		t.Errorf("the last event is %+v, want application.expired by the system", e)
	}
	// Officials and the applicant see that it expired.
	olga.StaffLogin("olga@gov.example").Get("/console/review?show=decided").Says(c.Reference).Says("gestopt: geen antwoord")
	olga.Get(site.CasePath(c)).Says("Automatisch</bdi>: gestopt, want er kwam geen antwoord").Says("Automatisch</bdi>: herinnering aan de vraag gestuurd")
	if strings.Contains(olga.Body, `value="take"`) || strings.Contains(olga.Body, "/console/review/decide") {
		t.Error("an official can still act on it")
	}
	b := s.Browser().Get("/apply/status/find").Submit("reference", c.Reference).At("/apply/status/code")
	b.Submit("reference", c.Reference, "code", s.MailedCode("status-code", c.Email)).At("/apply/status")
	b.Says("Uw aanvraag is gestopt").Says(`href="/apply"`)
	if strings.Contains(b.Body, "withdraw") || strings.Contains(b.Body, "<textarea") {
		t.Error("an expired application can be answered or withdrawn")
	}
	if login := b.Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", c.Email, "password", site.Password); login.URL.Path != "/login" {
		t.Errorf("logging in leads to %s, want /login", login.URL)
	}
}

// workday returns a Monday after the clock's time, at this hour in the
// Netherlands.
func workday(s *site.Site, hour int) time.Time {
	day := s.Dutch().AddDate(0, 0, 7)
	for day.Weekday() != time.Monday {
		day = day.AddDate(0, 0, 1)
	}
	return time.Date(day.Year(), day.Month(), day.Day(), hour, 0, 0, 0, day.Location())
}

// Reviewers get one mail about urgent cases on a working day, if there are
// any, with references only and without their own application.
func TestDeadlinesStaffMailed(t *testing.T) {
	t.Parallel()
	officialsTold(t, site.Noon)
}

func officialsTold(t *testing.T, at time.Time) {
	s := site.Start(t, site.Setup{At: at})
	olga, otto := s.Reviewer("olga"), s.Reviewer("otto")
	s.Official("desk@gov.example", staff.Helpdesk, staff.Administrator, staff.Auditor)
	s.Invite("new@gov.example", staff.Reviewer)
	mine, free, waits := s.Sent("anna@example.com"), s.Sent("bob@example.com"), s.Asked(olga, "carl@example.com")
	own, seconds := s.Sent("otto@gov.example"), s.Sent("bau@example.at", site.Company)
	olga.Take(mine)
	otto.Take(seconds).Decide(seconds, "approve", "send")
	pass(s, workday(s, 12))
	if got := outbox(s, "olga@gov.example"); len(got) > 0 {
		t.Fatalf("without urgent cases the mails to olga are %q", got)
	}

	zone := workday(s, 0).Location()
	last, err := time.ParseInLocation(time.DateOnly, application.LastDay(mine.DueAt), zone)
	site.Must(t, err)
	monday := last.AddDate(0, 0, -14)
	for monday.Weekday() != time.Monday {
		monday = monday.AddDate(0, 0, 1)
	}
	pass(s, monday.AddDate(0, 0, -1).Add(12*time.Hour)) // a Sunday
	pass(s, monday.Add(6*time.Hour))                    // before hours
	if got := outbox(s, "olga@gov.example"); len(got) > 0 {
		t.Fatalf("on a Sunday and before seven the mails to olga are %q", got)
	}
	pass(s, monday.Add(9*time.Hour))
	pass(s, monday.Add(17*time.Hour))
	olgas, ottos := s.Mailed("staff-urgent", "olga@gov.example"), s.Mailed("staff-urgent", "otto@gov.example")
	for _, want := range []string{mine.Reference, free.Reference, own.Reference, seconds.Reference, "4 aanvragen"} {
		if !strings.Contains(olgas, want) {
			t.Errorf("the mail to olga lacks %s: %s", want, olgas)
		}
	}
	if !strings.Contains(ottos, free.Reference) || !strings.Contains(ottos, "1 aanvraag heeft haast") {
		t.Errorf("the mail to otto lacks the free case: %s", ottos)
	}
	for _, hidden := range []string{own.Reference, mine.Reference, seconds.Reference} {
		if strings.Contains(ottos, hidden) {
			t.Errorf("the mail to otto has %s: %s", hidden, ottos)
		}
	}
	for _, hidden := range []string{"Muster", "Bau", "@example", waits.Reference} {
		if strings.Contains(olgas, hidden) {
			t.Errorf("the mail to olga has %q: %s", hidden, olgas)
		}
	}
	pass(s, monday.AddDate(0, 0, 1).Add(9*time.Hour))
	for d := range 2 { // a weekend
		pass(s, monday.AddDate(0, 0, 5+d).Add(9*time.Hour))
	}
	for to, want := range map[string]int{"olga@gov.example": 2, "otto@gov.example": 2, "desk@gov.example": 0, "new@gov.example": 0} {
		if got := outbox(s, to); len(got) != want {
			t.Errorf("to %s: %v, want %d", to, got, want)
		}
	}
	pass(s, mine.DueAt.Add(33*time.Hour))
	if letter := s.Mailed("staff-urgent", "olga@gov.example"); mine.DueAt.Add(33*time.Hour).In(zone).Weekday()%6 != 0 && !strings.Contains(letter, "al te laat") {
		t.Errorf("the mail after the deadline lacks that: %s", letter)
	}
}

// Deadlines are days in the Netherlands, whatever the hour of the beginning.
func TestDatesAroundMidnight(t *testing.T) {
	t.Parallel()
	site.Moments(t, map[string]func(*testing.T, time.Time){
		"unanswered": unanswered,
		"officials":  officialsTold,
	})
}
