package password_test

import (
	"crypto/sha1"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/storage/storagetest"
)

const fresh = "quiet river under seven bridges"

// asked returns a browser that asked for a new password at the login of a portal.
func asked(s *site.Site, email string) *site.Browser {
	s.T.Helper()
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	return b.Get("/password/forgotten?"+b.URL.RawQuery).At("/password/forgotten").Submit("email", email).At("/password/sent")
}

// link returns the path of the link in the last mail about a forgotten password.
func link(s *site.Site, email string) string {
	s.T.Helper()
	return s.MailedLink("password-link", email, "/password/new")
}

// opened returns a new browser that used the link in the last mail.
func opened(s *site.Site, email string) *site.Browser {
	s.T.Helper()
	return s.Browser().Get(link(s, email)).At("/password/new").Submit()
}

// unchanged demands that the account still has the password that it began with.
func unchanged(t *testing.T, s *site.Site, a account.Account) {
	t.Helper()
	if got := s.Reload(a); got.PasswordHash != a.PasswordHash || !got.PasswordAt.Equal(a.PasswordAt) {
		t.Errorf("the password of %s changed", a.ID)
	}
}

// has demands that the audit log has an event of each action about an account.
func has(t *testing.T, s *site.Site, a account.Account, actions ...audit.Action) {
	t.Helper()
	events := s.Acts(a)
	for _, action := range actions {
		if !slices.ContainsFunc(events, func(e audit.Event) bool { return e.Action == action }) {
			t.Errorf("no event %s about %s", action, a.ID)
		}
	}
}

// The whole way: a link, in another browser; a code; a new password. Then everything of
// the old one is over, and the login leads back to the portal.
func TestPasswordForgotten(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) {
		for i := range c.Clients {
			c.Clients[i].InitiateLoginURI = "https://portal.example/login"
		}
	})
	a, phone := s.Active(site.Email)
	old := phone.Copy()
	asked(s, site.Email)
	b := opened(s, site.Email).At("/password/code")
	s.Clock.Add(30 * time.Second)
	b.Seed = phone.Seed
	b.Submit("code", b.WrongCode()).At("/password/code").Submit("code", b.Code()).At("/password/choose")
	b.Submit("password", "short").At("/password/choose")
	b.Submit("password", site.Email).At("/password/choose")
	unchanged(t, s, a)
	b.Submit("password", fresh).At("/password/done")
	b.Says("https://portal.example/login?iss=")
	if b.Cookies()[site.SessionCookie] != "" {
		t.Error("the reset logged the browser in (PW-07)")
	}
	got := s.Reload(a)
	if got.Epoch != a.Epoch+1 || got.State != account.Active || got.PasswordAt.IsZero() || !slices.Equal(got.Factor.Sealed, a.Factor.Sealed) {
		t.Errorf("afterwards: %+v", got)
	}
	old.Authorize(site.NewRequest("web", site.CallbackURI)).At("/login") // its session ended
	old.Submit("email", site.Email, "password", site.Password).At("/login").Is(http.StatusUnprocessableEntity)
	s.Clock.Add(30 * time.Second)
	b.Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", fresh).At("/login/code").Submit("code", b.Code()).Answered()
	if text := s.Mailed("password-changed", site.Email); !strings.Contains(text, "/login/disavow?link=") {
		t.Errorf("no way to disavow in the notice:\n%s", text)
	}
	has(t, s, a, audit.PasswordLinkUsed, audit.PasswordCodeRight, audit.PasswordReset)
}

// PW-02, PW-04, ML-01: a link is used by a POST, once; a look uses nothing; a newer one
// and the end of its time void it.
func TestPW02_LinkOnce(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	s.Active(site.Email)
	asked(s, site.Email)
	first := link(s, site.Email)
	for range 5 {
		s.Browser().Get(first).At("/password/new").Is(http.StatusOK)
	}
	asked(s, site.Email) // too soon for another mail: the first link goes on
	s.Browser().Get(first).At("/password/new").Is(http.StatusOK)
	s.Clock.Add(10 * time.Minute)
	asked(s, site.Email)
	second := link(s, site.Email)
	if second == first {
		t.Fatal("the second mail has the first link")
	}
	s.Browser().Get(first).Is(http.StatusGone)
	var browsers []*site.Browser
	for range 16 {
		browsers = append(browsers, s.Browser().Get(second).At("/password/new"))
	}
	site.OneGoesOn(t, browsers, "/password/code")
	s.Clock.Add(20 * time.Minute)
	asked(s, site.Email)
	third := s.Browser().Get(link(s, site.Email)).At("/password/new")
	s.Clock.Add(30*time.Minute - time.Second)
	third.Get("/password/new").Is(http.StatusOK)
	s.Clock.Add(time.Second)
	third.Get("/password/new").Is(http.StatusGone)
	third.Post("/password/new").Is(http.StatusGone)
}

// PW-01, CVE-2026-18963: no order of steps gets through without the mail and without the
// code, and one browser's steps are of no use to another.
func TestPW01_NoOrderWithoutTheMail(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, phone := s.Active(site.Email)
	mallory, own := s.Active("mallory@example.com")
	_ = mallory
	thief := asked(s, site.Email)
	steps := []string{"/password/new", "/password/code", "/password/choose", "/password/renew", "/password/change"}
	try := func(b *site.Browser) {
		t.Helper()
		for _, first := range steps {
			for _, then := range steps {
				for _, path := range []string{first, then} {
					b.Post(path, fieldsOf(path)...)
					b.Get(path)
				}
			}
		}
		unchanged(t, s, a)
	}
	try(thief)
	// A reset of one's own account opens nothing of another's.
	asked(s, "mallory@example.com")
	s.Clock.Add(30 * time.Second)
	ours := opened(s, "mallory@example.com").At("/password/code")
	ours.Seed = own.Seed
	ours.Post("/password/choose", "password", fresh)
	unchanged(t, s, a)
	// The link without the code: the mailbox alone changes nothing.
	mailbox := opened(s, site.Email).At("/password/code")
	mailbox.Get("/password/choose").At("/password/code")
	mailbox.Post("/password/choose", "password", fresh).At("/password/code")
	try(mailbox)
	// A right code of another account is a wrong one here.
	mailbox.Get("/password/code").Submit("code", ours.Code()).At("/password/code").Is(http.StatusUnprocessableEntity)
	unchanged(t, s, a)
	_ = phone
}

func fieldsOf(path string) []string {
	switch path {
	case "/password/code":
		return []string{"code", "123456"}
	case "/password/new":
		return nil
	}
	return []string{"password", fresh}
}

// PW-05: the answer, its cookies, the number of statements and of mails are the same
// for every address, and the mail says what there is to do.
func TestPW05_SameForEveryAddress(t *testing.T) {
	t.Parallel()
	s, calls := site.NewWatched(t, nil)
	s.Active("active@example.com")
	s.Person("new@example.com")
	a, _ := s.Active("blocked@example.com")
	s.Blocked(a)
	a, _ = s.Active("lost@example.com")
	site.Must(t, s.Unblock(s.Blocked(a)))
	s.Letters()
	var want string
	for _, c := range []struct{ email, says string }{
		{"active@example.com", "/password/new?link="}, {"new@example.com", "/password/new?link="},
		{"blocked@example.com", "is geblokkeerd"}, {"lost@example.com", "geen authenticatie-app gekoppeld"}, {"nobody@example.com", "geen account"},
	} {
		b := s.Browser().Get("/password/forgotten")
		calls.Reset()
		answer := b.Send(b.Form("email", c.email)).Plain()
		got := fmt.Sprint(answer, calls.Calls())
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("the answer for %s is\n%s\nwant\n%s", c.email, got, want)
		}
		text := s.Mailed("password-link", c.email)
		if !strings.Contains(text, c.says) || strings.Contains(text, "/password/new?link=") != (c.says == "/password/new?link=") {
			t.Errorf("the mail to %s does not say %q alone:\n%s", c.email, c.says, text)
		}
	}
}

// PW-10, EN-22: without the factor there is no new password by a link, and none for an
// account that is blocked meanwhile; one that was never active keeps its enrolment.
func TestPW10_MailboxAloneGivesNoBoth(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Person("new@example.com")
	asked(s, a.Email)
	opened(s, a.Email).At("/password/choose").Submit("password", fresh).At("/password/done")
	if got := s.Reload(a); got.State != account.AwaitingEnrolment || got.Epoch != a.Epoch+1 {
		t.Errorf("afterwards: %+v", got)
	}
	s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", a.Email, "password", fresh).At("/enrol")

	a, phone := s.Active(site.Email)
	asked(s, site.Email)
	b := opened(s, site.Email).At("/password/code")
	b.Seed = phone.Seed
	s.Clock.Add(30 * time.Second)
	b.Submit("code", b.Code()).At("/password/choose")
	blocked := s.Blocked(a)
	b.Submit("password", fresh).Is(http.StatusGone)
	unchanged(t, s, a)
	site.Must(t, s.Unblock(blocked))
	b.Get("/password/choose").Is(http.StatusGone)
	s.Clock.Add(time.Hour)
	asked(s, site.Email)
	if text := s.Mailed("password-link", site.Email); strings.Contains(text, "/password/new?") {
		t.Errorf("an account that lost its factor got a link:\n%s", text)
	}
}

// AZ-15 and the lane: strangers who fill the lane of an address do not shut out the
// owner who has the link, during the reset, and a reset opens the lane for good.
func TestPasswordLinkOpensALane(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, phone := s.Active(site.Email)
	s.FillLane(site.Email)
	owner := s.Browser()
	login := func(password string) *site.Browser {
		return owner.Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", password)
	}
	login(site.Password).At("/login").Is(http.StatusUnprocessableEntity)
	asked(s, site.Email)
	owner.Get(link(s, site.Email)).At("/password/new").Submit().At("/password/code")
	login(site.Password).At("/login/code") // remembered after all
	s.Clock.Add(30 * time.Minute)
	s.FillLane(site.Email)
	login(site.Password).At("/login").Is(http.StatusUnprocessableEntity) // the lane was lent
	s.Clock.Add(time.Hour)
	asked(s, site.Email)
	owner.Get(link(s, site.Email)).Submit().At("/password/code")
	owner.Seed = phone.Seed
	owner.Submit("code", owner.Code()).At("/password/choose").Submit("password", fresh).At("/password/done")
	s.FillLane(site.Email)
	login(fresh).At("/login/code")
}

// PW-06: however often somebody asks, at most three mails go to an address in an hour.
func TestPW06_FewMails(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	s.Active(site.Email)
	for _, email := range []string{site.Email, "nobody@example.com"} {
		s.Letters()
		mails := 0
		for range 60 {
			asked(s, email)
			mails += len(s.Mails(email))
			s.Clock.Add(time.Minute)
		}
		if mails > 3 {
			t.Errorf("%d mails to %s in an hour, want at most 3", mails, email)
		}
	}
}

// A change ends the sessions elsewhere, and this one goes on under a new handle; a
// session alone, without password and code of the last minutes, changes nothing.
func TestPasswordChange(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	other := s.Browser()
	other.Seed = b.Seed
	other.Authorize(site.NewRequest("web", site.CallbackURI)).Login(site.Email).Answered()
	stolen := other.Copy()
	before := b.Cookies()[site.SessionCookie]
	s.Clock.Add(10 * time.Minute)
	stolen.Post("/password/change", "password", fresh).At("/login")
	unchanged(t, s, a)
	b.Get("/.well-known/change-password").At("/login").Login(site.Email).At("/password/change")
	b.Submit("password", "kort").At("/password/change").Is(http.StatusUnprocessableEntity)
	b.Submit("password", fresh).At("/password/changed")
	if after := b.Cookies()[site.SessionCookie]; after == "" || after == before {
		t.Error("the session did not get a new handle")
	}
	b.Get("/portals").At("/portals")
	other.Get("/portals").At("/login")
	b.Get("/password/change").At("/password/change") // proven a moment ago
	has(t, s, a, audit.PasswordChanged)
	if got := s.Reload(a); got.Epoch != a.Epoch+1 || got.PasswordHash == a.PasswordHash {
		t.Errorf("afterwards: %+v", got)
	}
}

// After an unblock because somebody else knows the password, the login asks for a new
// one before the QR code, and cannot put it off.
func TestPasswordRenew(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, _ := s.Active(site.Email)
	site.Must(t, s.Unblock(s.Blocked(a)))
	site.Must(t, s.Stores.Accounts.Change(t.Context(), a.ID, func(a account.Account) (account.Account, effect.Effects, error) {
		a.Renewal = account.RenewalDue
		return a, effect.Effects{}, nil
	}))
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.Password).At("/enrol/code")
	b.Submit("send", "yes").Submit("code", s.MailedCode("recovery-code", site.Email)).At("/password/renew")
	b.Submit("later", "yes").At("/password/renew").Is(http.StatusUnprocessableEntity)
	b.Get("/enrol?" + b.URL.RawQuery).At("/password/renew")
	b.Submit("password", fresh).At("/enrol")
	b.Enrolled().Answered()
	if got := s.Reload(a); got.Renewal != account.NoRenewal || got.State != account.Active {
		t.Errorf("afterwards: %+v", got)
	}
	b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "login")).Submit("email", site.Email, "password", fresh).At("/login/code")
}

// DESIGN §3.7: who has neither password nor phone gets both back by two officials, the
// delay and the mailbox, and by nothing less.
func TestPasswordLostBoth(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) { c.Login.RecoveryDelay = 24 * time.Hour })
	a, _ := s.Active(site.Email)
	first, second := s.Official("first@gov.example", staff.Helpdesk), s.Official("second@gov.example", staff.Helpdesk)
	a = s.Blocked(a)
	asked(s, site.Email)
	text := s.Mailed("password-link", site.Email)
	code := strings.TrimSpace(regexp.MustCompile(`\s\d{4} \d{4}`).FindString(text))
	if code == "" || !strings.Contains(text, a.BlockRef) || strings.Contains(text, "/password/new?") {
		t.Fatalf("the mail to the holder of a blocked account:\n%s", text)
	}
	// A code of the mailbox alone: one official is not enough, whatever the reason.
	at := first.Begin(a)
	first.Identified(at, code).Says("wacht op een collega").Post(at, "action", "confirm").Says("wacht op een collega")
	if got := s.Reload(a); got.State != account.Blocked {
		t.Fatalf("one official unblocked for a code of the mailbox: %+v", got)
	}
	first.Post(at, "action", "stop").Says("gestopt")
	at = first.Begin(a)
	first.Post(at, append([]string{"code", code}, site.RightAnswers...)...).Post(at, "reason", string(helpdesk.LostBoth), "ticket", "M-2026-1234").Says("wacht op een collega")
	second.Post(at, "action", "confirm").Says("gedeblokkeerd")
	if got := s.Reload(a); got.State != account.AwaitingEnrolment || got.Renewal != account.RenewalLost {
		t.Fatalf("after two officials: %+v", got)
	}
	if text := s.Mailed("account-unblocked", site.Email); !strings.Contains(text, "Wachtwoord vergeten?") {
		t.Errorf("the mail does not say how to go on:\n%s", text)
	}
	s.Clock.Add(30 * time.Minute)
	asked(s, site.Email)
	if text := s.Mailed("password-link", site.Email); strings.Contains(text, "/password/new?") || !strings.Contains(text, "vanaf") {
		t.Errorf("a link before the delay is over:\n%s", text)
	}
	s.Clock.Add(24 * time.Hour)
	asked(s, site.Email)
	opened(s, site.Email).At("/password/choose").Submit("password", fresh).At("/password/done")
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", fresh).At("/enrol/code")
	b.Submit("send", "yes").Submit("code", s.MailedCode("recovery-code", site.Email)).Enrolled().Answered()
	if got := s.Reload(a); got.State != account.Active || got.Renewal != account.NoRenewal {
		t.Errorf("afterwards: %+v", got)
	}
}

// A login with a leaked password asks for another one, which can be put off; the login
// goes on to the portal either way, and the session that has begun goes on too.
func TestR317_LoginNudge(t *testing.T) {
	t.Parallel()
	list := filepath.Join(t.TempDir(), "leaked.txt")
	site.Must(t, os.WriteFile(list, fmt.Appendf(nil, "%X:3\r\n", sha1.Sum([]byte(site.Password))), 0o600))
	s := site.New(t, func(c *config.Config) { c.Password.LeakedFile = list })
	a := s.Person(site.Email)
	b := s.Browser()
	b.Authorize(site.NewRequest("web", site.CallbackURI)).Enrol(site.Email).At("/password/renew")
	b.Submit("later", "yes").Answered()
	unchanged(t, s, a)
	b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "login")).Login(site.Email).At("/password/renew")
	b.Submit("password", site.Password).At("/password/renew").Is(http.StatusUnprocessableEntity) // leaked, too
	before := b.Cookies()[site.SessionCookie]
	b.Submit("password", fresh).Answered()
	if got := s.Reload(a); got.PasswordHash == a.PasswordHash || got.Epoch != a.Epoch+1 {
		t.Errorf("afterwards: %+v", got)
	}
	if after := b.Cookies()[site.SessionCookie]; after == "" || after == before {
		t.Error("the session did not go on under a new handle")
	}
	b.Get("/portals").At("/portals")
	s.Clock.Add(30 * time.Second)
	b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "login")).Submit("email", site.Email, "password", fresh).At("/login/code").Submit("code", b.Code()).Answered()
}

// W12: what is stored stands if the browser cannot be made known afterwards: the link
// leads on, and the new password is the answer.
func TestW12_BrowserNotRemembered(t *testing.T) {
	t.Parallel()
	s, faults := site.NewWatched(t, nil)
	_, phone := s.Active(site.Email)
	asked(s, site.Email)
	b := s.Browser().Get("/login") // a browser with a handle
	b.Authorize(site.NewRequest("web", site.CallbackURI))
	b.Get(link(s, site.Email))
	faults.Once("Lanes.Lend", storagetest.NotWritten)
	b.Submit().At("/password/code")
	b.Seed = phone.Seed
	s.Clock.Add(30 * time.Second)
	b.Submit("code", b.Code()).At("/password/choose")
	faults.Once("Lanes.Remember", storagetest.NotWritten)
	b.Submit("password", fresh).At("/password/done")

	s.Clock.Add(30 * time.Second)
	b = s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	b.Seed = phone.Seed
	b.Submit("email", site.Email, "password", fresh).At("/login/code").Submit("code", b.Code()).Answered()
	b.Get("/password/change").At("/password/change")
	faults.Once("Lanes.Remember", storagetest.NotWritten)
	b.Submit("password", fresh+"er").At("/password/changed")
}

// One holder changes the password some times in an hour: each is a mail.
func TestPasswordChangeBudget(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	for n := range limit.PasswordChanges.Most {
		b.Get("/password/change").Submit("password", "short").Is(422)
		b.Get("/password/change").Submit("password", fmt.Sprint(fresh, n)).At("/password/changed")
	}
	before := s.Reload(a)
	b.Get("/password/change").Submit("password", fresh+"er").Is(429)
	if got := s.Reload(a); got.PasswordHash != before.PasswordHash || got.Epoch != before.Epoch {
		t.Error("the password changed beyond the budget")
	}
	_, other := s.Active("other@example.com")
	other.Get("/password/change").Submit("password", fresh).At("/password/changed")
}
