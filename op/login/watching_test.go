package login_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/staff"
)

// onBoth runs a test on SQLite and on PostgreSQL with Redis.
func onBoth(t *testing.T, run func(t *testing.T, s *site.Site)) {
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); run(t, site.New(t, nil)) })
	t.Run("servers", func(t *testing.T) { t.Parallel(); run(t, site.New(t, site.OnServers(t))) })
}

// refusals returns the actions of the events about refused passwords of an object, with
// the number of tries, oldest first.
func refusals(s *site.Site, kind audit.ObjectKind, id string) (out []string) {
	s.T.Helper()
	events, err := s.Stores.DB.Audit().EventsAbout(s.T.Context(), kind, id, 1000)
	site.Must(s.T, err)
	for _, e := range slices.Backward(events) {
		if strings.Contains(string(e.Action), ".password") {
			out = append(out, strings.TrimSpace(string(e.Action)+" "+e.Details["tries"]))
			if e.Outcome != audit.Refused || !strings.HasSuffix(e.Origin, "/24") {
				s.T.Errorf("event %+v, want a refusal with the network", e)
			}
		}
	}
	return out
}

// total returns how many events the audit log has.
func total(s *site.Site) int64 {
	s.T.Helper()
	h, err := s.Stores.DB.Heads().Head(s.T.Context())
	site.Must(s.T, err)
	return h.Seq
}

// X5: wrong passwords of a holder and of an administrator are in the metrics, one by
// one, and in the audit log: the first, the lock and the sum. Those for an unknown
// address are in the metrics only.
func TestX5_RefusedPasswords(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *site.Site) {
		a, _ := s.Active(site.Email)
		s.Official("bas@gov.example", staff.Administrator)
		bas := s.Member("bas@gov.example")
		s.RunJob("watch logins")
		before := total(s)
		for range 8 {
			s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.WrongPassword).At("/login").Is(http.StatusUnprocessableEntity)
			s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", "nobody@example.com", "password", site.WrongPassword).At("/login")
			s.Browser().Get("/console/login").Submit("email", bas.Email, "password", site.WrongPassword).At("/console/login").Is(http.StatusUnprocessableEntity)
		}
		if n := total(s) - before; n != 0 {
			t.Errorf("%d events are written while strangers try, want none", n)
		}
		for line, want := range map[string]string{
			`olid_refusals_total{realm="holder",reason="wrong_password"}`:   "5",
			`olid_refusals_total{realm="holder",reason="unknown_address"}`:  "5",
			`olid_refusals_total{realm="holder",reason="locked"}`:           "6",
			`olid_refusals_total{realm="official",reason="wrong_password"}`: "5",
			`olid_refusals_total{realm="official",reason="locked"}`:         "3",
		} {
			if got := s.Metric(line); got != want {
				t.Errorf("%s = %q, want %s", line, got, want)
			}
		}
		for range 3 { // servers repeat it
			s.RunJob("watch logins")
		}
		if got, want := refusals(s, "account", a.ID), []string{"account.password_refused", "account.passwords_locked 8"}; !slices.Equal(got, want) {
			t.Errorf("holder: %q, want %q", got, want)
		}
		if got, want := refusals(s, "staff", bas.ID), []string{"staff.password_refused", "staff.passwords_locked 8"}; !slices.Equal(got, want) {
			t.Errorf("administrator: %q, want %q", got, want)
		}
		s.Clock.Add(signin.SeriesTime)
		s.RunJob("watch logins")
		if got, want := refusals(s, "account", a.ID), []string{"account.password_refused", "account.passwords_locked 8", "account.passwords_refused 8"}; !slices.Equal(got, want) {
			t.Errorf("holder, a day later: %q, want %q", got, want)
		}
		if n := total(s) - before; n != 6 {
			t.Errorf("%d events in all, want 6", n)
		}
		// The next day is another series.
		s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.WrongPassword)
		s.RunJob("watch logins")
		if got := refusals(s, "account", a.ID); len(got) != 4 || got[3] != "account.password_refused" {
			t.Errorf("holder, the next day: %q", got)
		}
	})
}

// X5: however often strangers try, the log of a day has one event about the first, one
// for each lock and one sum for an account, and nothing for addresses of nobody.
func TestX5_StrangersDoNotFillTheLog(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, _ := s.Active(site.Email)
	s.RunJob("watch logins")
	before := total(s)
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	for i := range 150 {
		b.Submit("email", site.Email, "password", site.WrongPassword).At("/login")
		b.Submit("email", fmt.Sprintf("nobody%d@example.com", i), "password", site.WrongPassword).At("/login")
		s.RunJob("watch logins")
		if s.Clock.Add(time.Minute); i%50 == 49 {
			b = s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
		}
	}
	got := refusals(s, "account", a.ID)
	locks := 0
	for _, action := range got {
		if strings.HasPrefix(action, "account.passwords_locked") {
			locks++
		}
	}
	if n := total(s) - before; int(n) != len(got) || len(got) != 1+locks || locks < 5 || locks > 9 {
		t.Errorf("150 tries wrote %d events, %d of them about locks: %q", n, locks, got)
	}
	s.Clock.Add(signin.SeriesTime)
	s.RunJob("watch logins")
	if got := refusals(s, "account", a.ID); got[len(got)-1] != "account.passwords_refused 150" {
		t.Errorf("the last is %q, want the sum", got[len(got)-1])
	}
}

// X5: codes are counted by what was wrong.
func TestX5_RefusedCodes(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) { c.Login.Codes = 3 })
	_, b := s.Active(site.Email)
	s.Clock.Add(30 * time.Second)
	b.ToCode(site.Email).Submit("code", b.Code())
	b.ToCode(site.Email).Submit("code", b.Code()) // spent
	for range 3 {
		s.Clock.Add(time.Hour)
		b.ToCode(site.Email).Submit("code", b.WrongCode())
	}
	for reason, want := range map[string]string{"wrong_code": "2", "replayed_code": "1", "blocked": "1"} {
		if got := s.Metric(`olid_refusals_total{realm="holder",reason="` + reason + `"}`); got != want {
			t.Errorf("%s = %q, want %s", reason, got, want)
		}
	}
}

// notices counts the mails of a kind to an address, ever.
func notices(s *site.Site, kind, email string) (n int) {
	s.T.Helper()
	items, err := s.Stores.DB.Outbox().Take(s.T.Context(), s.Clock.Now().Add(time.Hour), 0, 1000)
	site.Must(s.T, err)
	for _, item := range items {
		if item.Kind == kind && item.To == email {
			n++
		}
	}
	return n
}

// X18: wrong codes after the right password, and a login in a new browser, are told to
// the holder in one mail after five minutes, in their language, and not again for an
// hour.
func TestX18_HolderIsTold(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *site.Site) {
		_, b := s.Active(site.Email)
		jan := s.Person("jan@example.com", func(a *account.Account) { a.Lang = "en" })
		told := func(when, email string, want int) {
			t.Helper()
			s.RunJob("watch logins")
			if got := notices(s, "login-notice", email); got != want {
				t.Errorf("%s: %d mails in all, want %d", when, got, want)
			}
		}
		login := func(in *site.Browser) {
			t.Helper()
			in.Seed = b.Seed
			in.ToCode(site.Email).Submit("code", in.Code()).Answered()
		}
		s.Clock.Add(time.Minute)
		login(b)
		s.Clock.Add(signin.GatherTime)
		told("a login in a known browser", site.Email, 0)

		for range 3 {
			s.Clock.Add(time.Minute)
			b.ToCode(site.Email).Submit("code", b.WrongCode()).At("/login/code")
		}
		s.Clock.Add(time.Minute)
		other := s.Browser()
		login(other)
		told("not five minutes after the first", site.Email, 0)
		s.Clock.Add(2 * time.Minute)
		told("after five minutes", site.Email, 1)
		text := s.Mailed("login-notice", site.Email)
		for _, want := range []string{"Was u dit niet?", "3 keer een verkeerde verificatiecode", "in een browser die wij niet herkennen", "helpdesk"} {
			if !strings.Contains(text, want) {
				t.Errorf("the mail lacks %q:\n%s", want, text)
			}
		}

		// The same browser is known now, and there is one mail an hour at most.
		s.Clock.Add(time.Minute)
		login(other)
		for range 5 {
			s.Clock.Add(5 * time.Minute)
			login(s.Browser())
			told("within an hour", site.Email, 1)
		}
		s.Clock.Add(time.Hour)
		told("after an hour", site.Email, 2)
		if text := s.Mailed("login-notice", site.Email); !strings.Contains(text, "(5 keer)") {
			t.Errorf("the second mail lacks the number:\n%s", text)
		}
		s.Clock.Add(24 * time.Hour)
		told("a day without anything", site.Email, 2)

		// The first login of all has a mail of its own; another language.
		second := s.Browser()
		second.Authorize(site.NewRequest("web", site.CallbackURI)).Enrol(jan.Email).Answered()
		s.Clock.Add(time.Hour)
		told("the first login", jan.Email, 0)
		second.ToCode(jan.Email).Submit("code", second.WrongCode())
		s.Clock.Add(signin.GatherTime)
		told("a wrong code", jan.Email, 1)
		if text := s.Mailed("login-notice", jan.Email); !strings.Contains(text, "If this was not you,") || !strings.Contains(text, "A wrong verification code was entered") {
			t.Errorf("in English:\n%s", text)
		}
	})
}

// X18: an official is told as well, not of the first login; nobody is told when the
// account is gone.
func TestX18_OfficialIsTold(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	olga := s.Official("olga@gov.example", staff.Reviewer)
	s.Official("piet@gov.example", staff.Reviewer)
	s.Clock.Add(time.Hour)
	s.RunJob("watch logins")
	if n := notices(s, "staff-login-notice", "olga@gov.example"); n != 0 {
		t.Errorf("%d mails about the first login, want none", n)
	}
	other := s.Browser()
	other.Seed = olga.Seed
	other.StaffLogin("olga@gov.example").At("/console")
	olga.StaffLogin("olga@gov.example").At("/console") // known
	again := s.Browser()
	again.Seed = olga.Seed
	again.Get("/console/login").Submit("email", "olga@gov.example", "password", site.StaffPassword).At("/console/login/code").Submit("code", again.WrongCode())
	again.Submit("code", again.WrongCode())
	s.Browser().Get("/console/login").Submit("email", "piet@gov.example", "password", site.StaffPassword).At("/console/login/code").Submit("code", "12")
	site.Must(t, s.Staff.Remove(t.Context(), s.Member("piet@gov.example"), audit.Operator("root")))
	s.Clock.Add(signin.GatherTime)
	for range 2 {
		s.RunJob("watch logins")
	}
	text := s.Mailed("staff-login-notice", "olga@gov.example")
	for _, want := range []string{"Was u dit niet?", "2 keer een verkeerde verificatiecode", "in een browser die wij niet herkennen", "beheerder"} {
		if !strings.Contains(text, want) {
			t.Errorf("the mail lacks %q:\n%s", want, text)
		}
	}
	if n, gone := notices(s, "staff-login-notice", "olga@gov.example"), notices(s, "staff-login-notice", "piet@gov.example"); n != 1 || gone != 0 {
		t.Errorf("%d mails, and %d to a removed official, want 1 and none", n, gone)
	}
}
