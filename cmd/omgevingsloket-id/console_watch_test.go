package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/staff"
)

func (s *site) persons(n int) []account.Account {
	s.t.Helper()
	var out []account.Account
	for i := range n {
		out = append(out, s.person(fmt.Sprintf("p%d@example.com", i)))
	}
	return out
}

// alarms are those in the record, about one member.
func (s *site) alarms(email string) int {
	s.t.Helper()
	events, err := s.stores.db.Audit().EventsAbout(s.t.Context(), "staff", s.member(email).ID, 100)
	must(s.t, err)
	n := 0
	for _, e := range events {
		if e.Action == "staff.alarm" {
			n++
		}
	}
	return n
}

// OF-21: who opens more than a number of different files in an hour is told
// of, once: to each administrator, in the record, in the log. The same file
// again is the same file; beyond three times the number nothing opens.
func TestOF21_ManyFilesRaiseAnAlarm(t *testing.T) {
	const most = 3
	s := newSite(t, func(c *config.Config) { c.Console.ViewsPerHour = most })
	var log bytes.Buffer
	s.kit.Log = slog.New(slog.NewTextHandler(&log, nil))
	files := s.persons(3*most + 2)
	desk := s.official("desk@example.org", staff.Helpdesk)
	s.official("admin@example.org", staff.Administrator)
	s.official("boss@example.org", staff.Administrator, staff.Auditor)
	s.official("auditor@example.org", staff.Auditor)
	s.mails("")
	open := func(a account.Account) *browser { return desk.get("/console/account?id=" + a.ID) }
	for range 2 {
		for _, a := range files[:most] {
			open(a).is(http.StatusOK)
		}
	}
	if s.alarms("desk@example.org") != 0 {
		t.Fatal("an alarm for", most, "files")
	}
	for _, a := range files[most : 3*most] {
		open(a).is(http.StatusOK)
	}
	items, err := s.stores.db.Outbox().Take(t.Context(), s.clock.now(), time.Hour, 100)
	must(t, err)
	told := map[string]int{}
	for _, m := range items {
		told[m.To+" "+m.Kind]++
		for _, a := range files {
			if strings.Contains(m.Text.Reveal(), a.Email) || strings.Contains(m.Text.Reveal(), "Muster") {
				t.Error("the mail names a holder:", m.Text.Reveal())
			}
		}
		if !strings.Contains(m.Text.Reveal(), "Olga Official heeft in 1 uur 4 verschillende dossiers geopend") {
			t.Error(m.Text.Reveal())
		}
	}
	if len(told) != 2 || told["admin@example.org staff-alarm"] != 1 || told["boss@example.org staff-alarm"] != 1 || s.alarms("desk@example.org") != 1 {
		t.Error(told, s.alarms("desk@example.org"))
	}
	if n := strings.Count(log.String(), "opened many files"); n != 1 || !strings.Contains(log.String(), s.member("desk@example.org").ID) || strings.Contains(log.String(), "@example.com") {
		t.Error(n, "lines:", log.String())
	}
	// One more than three times the number.
	open(files[3*most]).is(http.StatusTooManyRequests).says("te veel dossiers")
	if strings.Contains(desk.body, files[3*most].Email) {
		t.Error("the file is shown all the same")
	}
	before := len(s.happened(files[3*most+1]))
	open(files[3*most+1]).is(http.StatusTooManyRequests)
	if len(s.happened(files[3*most+1])) != before {
		t.Error("a look that was none is on the record")
	}
	// Another session does not help; an hour does.
	desk.post("/console/logout").staffLogin("desk@example.org").get("/console/account?id=" + files[0].ID).is(http.StatusTooManyRequests)
	s.clock.add(staff.WatchTime)
	desk.staffLogin("desk@example.org")
	for i := range most + 1 {
		open(files[i]).is(http.StatusOK)
	}
	if s.alarms("desk@example.org") != 2 {
		t.Error("the next hour:", s.alarms("desk@example.org"), "alarms")
	}
	for _, who := range []string{"admin@example.org", "boss@example.org"} {
		if s.alarms(who) != 0 {
			t.Error(who, "is the subject of an alarm")
		}
	}
}

// OF-21 on two servers: requests at the same moment, in two sessions, raise
// one alarm, and no more files open than three times the number.
func TestOF21_AtOnce(t *testing.T) {
	const most = 2
	s := newSite(t, func(c *config.Config) {
		onServers(t)(c)
		c.Console.ViewsPerHour = most
	})
	files := s.persons(20)
	desk := s.official("desk@example.org", staff.Helpdesk)
	s.official("admin@example.org", staff.Administrator)
	second := s.browser()
	second.seed = desk.seed
	second.staffLogin("desk@example.org").at("/console")
	twin := s.twin(0)
	sessions := []*browser{desk, second, desk.on(twin)}
	s.mails("")
	var shown, faults atomic.Int64
	atOnce(len(files), func(i int) {
		b := sessions[i%len(sessions)]
		req, err := http.NewRequest(http.MethodGet, b.s.server.URL+"/console/account?id="+files[i].ID, nil)
		if err == nil {
			var res *http.Response
			if res, err = b.http.Do(req); err == nil {
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
	if s.alarms("desk@example.org") != 1 || len(s.mails("admin@example.org")) != 1 {
		t.Error(s.alarms("desk@example.org"), "alarms")
	}
	if shown.Load() > staff.StopFactor*most || shown.Load() == 0 || faults.Load() != 0 {
		t.Errorf("%d files shown, %d faults", shown.Load(), faults.Load())
	}
}

// OF-21: applications are files as well.
func TestOF21_ApplicationsCount(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Console.ViewsPerHour = 1 })
	b := s.official("both@example.org", staff.Reviewer, staff.Helpdesk)
	b.get("/console/account?id=" + s.person(testEmail).ID).is(http.StatusOK)
	for i, status := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
		c := s.sent(fmt.Sprintf("q%d@example.com", i), func(*application.Application) {})
		b.get(casePath(c)).is(status)
		if want := min(i+1, 1); s.alarms("both@example.org") != want {
			t.Errorf("after %d files: %d alarms", i+2, s.alarms("both@example.org"))
		}
	}
}
