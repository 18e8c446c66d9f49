package console_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/staff"
)

func persons(s *site.Site, n int) []account.Account {
	s.T.Helper()
	var out []account.Account
	for i := range n {
		out = append(out, s.Person(fmt.Sprintf("p%d@example.com", i)))
	}
	return out
}

// alarms counts the alarms about one member in the audit log.
func alarms(s *site.Site, email string) int {
	s.T.Helper()
	events, err := s.Stores.DB.Audit().EventsAbout(s.T.Context(), "staff", s.Member(email).ID, 100)
	site.Must(s.T, err)
	n := 0
	for _, e := range events {
		if e.Action == "staff.alarm" {
			n++
		}
	}
	return n
}

// OF-21: an official who opens more than a number of different dossiers in an hour
// raises one alarm: a mail to each administrator, an event and a line in the log. The
// same dossier again does not count; beyond three times the number no dossier opens.
func TestOF21_ManyFilesRaiseAnAlarm(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	const most = 3
	s := site.New(t, func(c *config.Config) { c.Console.ViewsPerHour = most })
	var log bytes.Buffer
	s.Console.Log = slog.New(slog.NewTextHandler(&log, nil))
	files := persons(s, 3*most+2)
	desk := s.Official("desk@example.org", staff.Helpdesk)
	s.Official("admin@example.org", staff.Administrator)
	s.Official("boss@example.org", staff.Administrator, staff.Auditor)
	s.Official("auditor@example.org", staff.Auditor)
	s.Mails("")
	open := func(a account.Account) *site.Browser { return desk.Get("/console/helpdesk/account?id=" + a.ID) }
	for range 2 {
		for _, a := range files[:most] {
			open(a).Is(http.StatusOK)
		}
	}
	if alarms(s, "desk@example.org") != 0 {
		t.Fatal("an alarm for", most, "files")
	}
	for _, a := range files[most : 3*most] {
		open(a).Is(http.StatusOK)
	}
	items, err := s.Stores.DB.Outbox().Take(t.Context(), s.Clock.Now(), time.Hour, 100)
	site.Must(t, err)
	told := map[string]int{}
	for _, m := range items {
		told[m.To+" "+m.Kind]++
		for _, a := range files {
			if strings.Contains(m.Text.Reveal(), a.Email) || strings.Contains(m.Text.Reveal(), "Muster") {
				t.Error("the mail names a holder:", m.Text.Reveal())
			}
		}
		if !strings.Contains(strings.Join(strings.Fields(m.Text.Reveal()), " "), "Olga Official heeft in 1 uur 4 verschillende dossiers geopend") {
			t.Error(m.Text.Reveal())
		}
	}
	if len(told) != 2 || told["admin@example.org staff-alarm"] != 1 || told["boss@example.org staff-alarm"] != 1 || alarms(s, "desk@example.org") != 1 {
		t.Error(told, alarms(s, "desk@example.org"))
	}
	if n := strings.Count(log.String(), "opened many files"); n != 1 || !strings.Contains(log.String(), s.Member("desk@example.org").ID) || strings.Contains(log.String(), "@example.com") {
		t.Error(n, "lines:", log.String())
	}
	// One more than three times the number.
	open(files[3*most]).Is(http.StatusTooManyRequests).Says("te veel dossiers")
	if strings.Contains(desk.Body, files[3*most].Email) {
		t.Error("the file is shown all the same")
	}
	before := len(s.Events(files[3*most+1]))
	open(files[3*most+1]).Is(http.StatusTooManyRequests)
	if len(s.Events(files[3*most+1])) != before {
		t.Error("a look that was stopped is in the audit log")
	}
	// Another session does not help; waiting an hour does.
	desk.Post("/console/logout").StaffLogin("desk@example.org").Get("/console/helpdesk/account?id=" + files[0].ID).Is(http.StatusTooManyRequests)
	s.Clock.Add(staff.WatchTime)
	desk.StaffLogin("desk@example.org")
	for i := range most + 1 {
		open(files[i]).Is(http.StatusOK)
	}
	if alarms(s, "desk@example.org") != 2 {
		t.Error("the next hour:", alarms(s, "desk@example.org"), "alarms")
	}
	for _, who := range []string{"admin@example.org", "boss@example.org"} {
		if alarms(s, who) != 0 {
			t.Error(who, "is the subject of an alarm")
		}
	}
}

// OF-21 on two servers: simultaneous requests in two sessions raise one alarm, and no
// more dossiers open than three times the number.
func TestOF21_AtOnce(t *testing.T) {
	t.Parallel()
	const most = 2
	s := site.New(t, func(c *config.Config) {
		site.OnServers(t)(c)
		c.Console.ViewsPerHour = most
	})
	files := persons(s, 20)
	desk := s.Official("desk@example.org", staff.Helpdesk)
	s.Official("admin@example.org", staff.Administrator)
	second := s.Browser()
	second.Seed = desk.Seed
	second.StaffLogin("desk@example.org").At("/console")
	twin := s.Twin(0)
	sessions := []*site.Browser{desk, second, desk.On(twin)}
	s.Mails("")
	var shown, faults atomic.Int64
	site.AtOnce(len(files), func(i int) {
		b := sessions[i%len(sessions)]
		req, err := http.NewRequest(http.MethodGet, b.Site.Server.URL+"/console/helpdesk/account?id="+files[i].ID, nil)
		if err == nil {
			var res *http.Response
			if res, err = b.HTTP.Do(req); err == nil {
				_ = res.Body.Close()
				switch res.StatusCode {
				case http.StatusOK:
					shown.Add(1)
				case http.StatusTooManyRequests:
				default:
					faults.Add(1)
				}
			}
		}
		if err != nil {
			faults.Add(1)
		}
	})
	if alarms(s, "desk@example.org") != 1 || len(s.Mails("admin@example.org")) != 1 {
		t.Error(alarms(s, "desk@example.org"), "alarms")
	}
	if shown.Load() > staff.StopFactor*most || shown.Load() == 0 || faults.Load() != 0 {
		t.Errorf("%d files shown, %d faults", shown.Load(), faults.Load())
	}
}

// OF-21: applications count like accounts.
func TestOF21_ApplicationsCount(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) { c.Console.ViewsPerHour = 1 })
	b := s.Official("both@example.org", staff.Reviewer, staff.Helpdesk)
	b.Get("/console/helpdesk/account?id=" + s.Person(site.Email).ID).Is(http.StatusOK)
	for i, status := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
		c := s.Sent(fmt.Sprintf("q%d@example.com", i), func(*application.Application) {})
		b.Get(site.CasePath(c)).Is(status)
		if want := min(i+1, 1); alarms(s, "both@example.org") != want {
			t.Errorf("after %d files: %d alarms", i+2, alarms(s, "both@example.org"))
		}
	}
}
