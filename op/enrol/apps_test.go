package enrol_test

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/storage/storagetest"
)

const (
	phonePath  = "/enrol/apps/qr?id=1"
	secondPath = "/enrol/apps/qr?id=second"
)

// newPhone shows the QR of a new phone in the browser of the holder, who scans it, and goes
// on to the page that asks for its code. It returns the old key.
func newPhone(b *site.Browser) (old secret.Text) {
	b.Site.T.Helper()
	old = b.Seed
	b.Get(phonePath).At("/enrol/apps/qr").Submit().At("/enrol/apps/qr").Is(http.StatusOK).Scan()
	b.Get("/enrol/apps/code").At("/enrol/apps/code")
	return old
}

// withSecond gives the holder a second app, and returns its key; that of the first one
// stays in the browser.
func withSecond(b *site.Browser) (second secret.Text) {
	b.Site.T.Helper()
	first := b.Seed
	b.Get(secondPath).At("/enrol/apps/qr").Submit("name", "Tablet").At("/enrol/apps/qr").Is(http.StatusOK).Scan()
	b.Get("/enrol/apps/code").Submit("code", b.Code()).At("/enrol/apps/done")
	second, b.Seed = b.Seed, first
	return second
}

// codeOf returns the code that an app with this key shows now.
func codeOf(b *site.Browser, key secret.Text) string {
	b.Site.T.Helper()
	other := *b
	other.Seed = key
	return other.Code()
}

// logsIn reports whether a code logs in, after the right password.
func logsIn(s *site.Site, code string) bool {
	s.T.Helper()
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.Password).At("/login/code").Submit("code", code)
	return b.URL.Path != "/login/code"
}

// actions returns the actions and reasons of the events about apps, in order.
func actions(s *site.Site, a account.Account) (out []string) {
	for _, e := range s.Events(a) {
		if strings.HasPrefix(string(e.Action), "account.app_") || e.Action == "account.factor_changed" {
			out = append(out, strings.TrimSpace(string(e.Action)+" "+e.Reason))
		}
	}
	slices.Reverse(out)
	return out
}

// The old app works until the new one is confirmed; then only the new one does, sessions
// elsewhere end, and this one goes on.
func TestEnrolApps_NewPhone(t *testing.T) {
	everywhere(t, plain, func(t *testing.T, s *site.Site) {
		a, b := s.Active(site.Email)
		s.Clock.Add(30 * time.Second)
		elsewhere := s.Browser()
		elsewhere.Seed = b.Seed
		elsewhere.Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.Password).At("/login/code").Submit("code", elsewhere.Code()).Answered()
		elsewhere.Get("/enrol/apps").At("/enrol/apps")
		s.Mails("")

		b.Get("/enrol/apps").At("/enrol/apps").Says("Uw authenticatie-app").Says("Nieuwe telefoon")
		before := b.Cookies()[site.SessionCookie]
		old := newPhone(b)
		s.Clock.Add(30 * time.Second)
		// TP-10 for a new app: its code is right on its own page and nowhere else.
		if logsIn(s, b.Code()) {
			t.Fatal("a new app that was not confirmed logs in")
		}
		if !logsIn(s, codeOf(b, old)) {
			t.Fatal("the old app no longer logs in")
		}
		code := b.Code()
		b.Submit("code", code).At("/enrol/apps/done").Says("Uw nieuwe app is gekoppeld")
		if b.Cookies()[site.SessionCookie] == before {
			t.Error("the session has the same handle")
		}
		b.Get("/enrol/apps").At("/enrol/apps")
		elsewhere.Get("/enrol/apps").At("/login")
		got := s.Reload(a)
		if got.Epoch != a.Epoch+1 || got.State != account.Active {
			t.Errorf("afterwards: %s, epoch %d", got.State, got.Epoch)
		}
		if m := s.Mails(site.Email); !slices.Equal(m, []string{"factor-changed"}) {
			t.Error("mails:", m)
		}
		if acts := actions(s, a); !slices.Equal(acts, []string{"account.app_shown", "account.factor_changed replaced"}) {
			t.Error("events:", acts)
		}
		if logsIn(s, code) { // TP-10
			t.Error("the code that confirmed logs in")
		}
		s.Clock.Add(time.Minute)
		if logsIn(s, codeOf(b, old)) {
			t.Error("the old app logs in")
		}
		if !logsIn(s, b.Code()) {
			t.Error("the new app does not log in")
		}
		if strings.Contains(string(got.Factor.Sealed), b.Seed.Reveal()) {
			t.Error("the secret is not sealed")
		}
		plain, err := s.Stores.Ring.Open(got.Factor.Sealed, account.FactorAAD(a.ID, a.Unblocks))
		if err != nil || string(plain) != b.Seed.Reveal() {
			t.Error("sealed to another place, which earlier versions cannot open:", err)
		}
	})
}

// 64 clicks at two servers, in four browsers of the holder: one QR code. Each leads on, and
// only the browser that was shown it is asked for the code.
func TestEN04_EN11_OneRevealOfANewApp(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) { site.OnServers(t)(c); c.Password.Wait = time.Minute })
	a, b := s.Active(site.Email)
	servers := []*site.Site{s, s.Twin(0)}
	const all = 24
	var browsers []*site.Browser
	for i := range 4 {
		s.Clock.Add(30 * time.Second)
		other := servers[i%2].Browser()
		other.Seed = b.Seed
		other.Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.Password).At("/login/code").Submit("code", other.Code()).Answered()
		browsers = append(browsers, other.Get(phonePath).At("/enrol/apps/qr"))
	}
	var requests [all]*http.Request
	for i := range all {
		requests[i] = browsers[i%4].Form()
	}
	var shown, onward, by atomic.Int64
	site.AtOnce(all, func(i int) {
		got := browsers[i%4].Send(requests[i])
		switch {
		case got.Status == http.StatusOK && site.Reveals(got.Body):
			shown.Add(1)
			by.Store(int64(i % 4))
		case got.Status == http.StatusSeeOther && got.Body == "" && got.Header.Get("Location") == "/enrol/apps/code", got.Status == http.StatusServiceUnavailable && !site.Reveals(got.Body):
			onward.Add(1)
		}
	})
	if shown.Load() != 1 || onward.Load() != all-1 {
		t.Errorf("%d showed a QR code and %d led on, want 1 and %d", shown.Load(), onward.Load(), all-1)
	}
	for i, other := range browsers {
		if other.Get("/enrol/apps/code"); (other.URL.Path == "/enrol/apps/code") != (int64(i) == by.Load()) || site.Reveals(other.Body) {
			t.Errorf("browser %d of %d is at %s", i, by.Load(), other.URL.Path)
		}
	}
	if acts := actions(s, a); !slices.Equal(acts, []string{"account.app_shown"}) {
		t.Error("events:", acts)
	}
}

// EN-01, EN-02, EN-05: no GET shows the QR of a new app, the same POST leads to the code page,
// and that page changes a cookie.
func TestEN01_EN02_EN05_NewAppShownOnce(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	look := func(when string) {
		t.Helper()
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut} {
			for _, purpose := range []string{"", "prefetch", "prefetch;prerender"} {
				for _, path := range []string{"/enrol/apps", phonePath, secondPath, "/enrol/apps/qr", "/enrol/apps/code"} {
					req := b.Request(method, path, nil)
					if purpose != "" {
						req.Header.Set("Sec-Purpose", purpose)
					}
					if got := b.Send(req); site.Reveals(got.Body) || purpose != "" && method == http.MethodGet && got.Status != http.StatusForbidden {
						t.Fatalf("%s: %s %s, %q: %d", when, method, path, purpose, got.Status)
					}
				}
			}
		}
	}
	look("before")
	if got := s.Reload(a); got.Apps.Given != 0 {
		t.Fatalf("looking changed the account: %+v", got.Apps)
	}
	b.Get(phonePath)
	again := b.Form()
	b.Submit().At("/enrol/apps/qr").Is(http.StatusOK).Scan()
	if b.Header.Get("Cache-Control") != "no-store" || strings.Contains(b.Body, "?lang=") {
		t.Error("the page with the QR code can be kept, or leads away:", b.Header)
	}
	look("after")
	if got := b.Send(again); got.Status != http.StatusSeeOther || got.Body != "" || got.Header.Get("Location") != "/enrol/apps/code" {
		t.Errorf("the same POST: %d %s", got.Status, got.Header.Get("Location"))
	}
	turn := b.Cookies()["olid-turn"]
	if b.Get("/enrol/apps/code"); b.Cookies()["olid-turn"] == turn || b.Cookies()["olid-turn"] == "" {
		t.Error("the code page leaves the cookies as they were, and the QR page in the browser's memory")
	}
	tab := b.Copy() // a second tab of the browser
	tab.Get("/enrol/apps").Says("Code invullen")
	if strings.Contains(tab.Body, "Nieuwe telefoon") {
		t.Error("while a new app waits, another can be shown")
	}
	tab.Post(secondPath, "name", "x").At("/enrol/apps/code")
	if site.Reveals(tab.Body) {
		t.Error("a second QR code")
	}
	b.Submit("code", b.Code()).At("/enrol/apps/done")
}

// EN-08, EN-10: when the change is not written, or the answer of the store was lost, no QR
// leaves.
func TestEN08_EN10_NoQROfANewAppWithoutCommit(t *testing.T) {
	t.Parallel()
	for fault, shown := range map[storagetest.Fault]bool{storagetest.NotWritten: false, storagetest.Written: true} {
		s, calls := site.NewWatched(t, nil)
		a, b := s.Active(site.Email)
		b.Get(phonePath)
		calls.Once("Accounts.Change", fault)
		again := b.Form()
		if b.Submit().Is(http.StatusServiceUnavailable); site.Reveals(b.Body) || b.Header.Get("Retry-After") == "" {
			t.Error("fault", fault, ": a QR code, or no Retry-After")
		}
		b.Says("/enrol/apps")
		if _, waits := s.SignIn.Limits.NewApp(s.Reload(a), s.Clock.Now()); waits != shown {
			t.Error("fault", fault, ": counts as shown:", waits)
		}
		if b.Do(again); site.Reveals(b.Body) == shown {
			t.Error("fault", fault, ": the second click shows a QR code:", !shown)
		}
		if !shown {
			continue
		}
		b.Get("/enrol/apps").Says("Annuleren").Submit("cancel", "yes").At("/enrol/apps")
		b.Get(phonePath).Submit().At("/enrol/apps/qr").Scan()
		// The answer to the confirmation is lost: the session of an earlier epoch is over.
		b.Get("/enrol/apps/code")
		calls.Once("Accounts.Change", storagetest.Written)
		b.Submit("code", b.Code()).Is(http.StatusServiceUnavailable)
		if got := s.Reload(a); got.Epoch != a.Epoch+1 || got.State != account.Active {
			t.Errorf("after a lost answer: %s, epoch %d", got.State, got.Epoch)
		}
		b.Get("/enrol/apps").At("/login")
	}
}

// EN-09: the session is lost between QR and code: a new login of the holder cannot confirm it,
// and can cancel it.
func TestEN09_EN11_OtherSessionConfirms(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	old := newPhone(b)
	s.Clock.Add(time.Minute)
	other := s.Browser()
	other.Seed = old
	other.Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.Password).At("/login/code").Submit("code", other.Code()).Answered()
	other.Get("/enrol/apps").Says("In een andere browser")
	other.Post("/enrol/apps/code", "code", b.Code()).At("/enrol/apps")
	if got := s.Reload(a); got.Epoch != a.Epoch || len(got.AppList()) != 1 || got.Apps.New.Failures != 0 {
		t.Fatalf("another session confirmed: %+v", got.Apps)
	}
	if other.Get(phonePath).Post(phonePath); site.Reveals(other.Body) {
		t.Error("another session gets a second QR code")
	}
	other.Get("/enrol/apps").Submit("cancel", "yes").At("/enrol/apps").Says("Nieuwe telefoon")
	b.Post("/enrol/apps/code", "code", b.Code()).At("/enrol/apps")
	if got := s.Reload(a); got.Epoch != a.Epoch || got.Apps.New.Number != 0 {
		t.Errorf("confirmed after it was cancelled: %+v", got.Apps)
	}
	if acts := actions(s, a); !slices.Equal(acts, []string{"account.app_shown", "account.app_dropped cancelled"}) {
		t.Error("events:", acts)
	}
}

// EN-13: five wrong codes of a new app remove it. The account is not blocked, and what
// cannot be a code is no wrong one.
func TestEN13_WrongCodesOfANewApp(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	old := newPhone(b)
	right := b.Code()
	for _, text := range []string{"", "12345", "abcdef"} {
		b.Submit("code", text).At("/enrol/apps/code").Is(http.StatusUnprocessableEntity)
	}
	for range 4 {
		b.Submit("code", b.WrongCode()).At("/enrol/apps/code").Is(http.StatusUnprocessableEntity)
	}
	b.Says("Daarna moet u opnieuw beginnen").Submit("code", b.WrongCode()).At("/enrol/apps/done").Says("De nieuwe app is niet gekoppeld")
	b.Post("/enrol/apps/code", "code", right).At("/enrol/apps")
	got := s.Reload(a)
	if got.State != account.Active || got.Epoch != a.Epoch || got.Factor.Failures != 0 || got.Apps.New.Number != 0 {
		t.Errorf("afterwards: %+v", got)
	}
	if acts := actions(s, a); !slices.Equal(acts, []string{"account.app_shown", "account.app_dropped wrong codes"}) {
		t.Error("events:", acts)
	}
	s.Clock.Add(30 * time.Second)
	if !logsIn(s, codeOf(b, old)) {
		t.Error("the old app no longer logs in")
	}
	newPhone(b) // and begins again
}

// EN-14: a new app lapses after an hour, judged when it is used. Before that, the holder
// proves again with the old app, and the same session confirms.
func TestEN14_NewAppLapses(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	old := newPhone(b)
	prove := func() {
		t.Helper()
		b.Get("/enrol/apps/code").At("/login").Submit("email", site.Email, "password", site.Password).At("/login/code").Submit("code", codeOf(b, old))
	}
	s.Clock.Add(25 * time.Minute)
	prove()
	s.Clock.Add(25 * time.Minute)
	prove()
	b.At("/enrol/apps/code")
	s.Clock.Add(9*time.Minute + 59*time.Second)
	b.Get("/enrol/apps/code").At("/enrol/apps/code")
	late := b.Form("code", b.Code())
	s.Clock.Add(time.Second)
	b.Do(late)
	if got := s.Reload(a); got.Epoch != a.Epoch {
		t.Fatal("confirmed after an hour")
	}
	s.Clock.Add(30 * time.Second)
	b.Get("/enrol/apps").At("/login").Submit("email", site.Email, "password", site.Password).At("/login/code").Submit("code", codeOf(b, old))
	b.At("/enrol/apps").Says("niet op tijd")
	b.Get(phonePath).Submit().At("/enrol/apps/qr").Is(http.StatusOK).Scan()
	b.Get("/enrol/apps/code").Submit("code", b.Code()).At("/enrol/apps/done")
}

// TP-14: with a session alone, without a fresh login, nothing of the apps can be seen or
// changed.
func TestTP14_StolenSession(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	withSecond(b)
	before := s.Reload(a)
	s.Clock.Add(s.Config.Terms.StepUp)
	stolen := b.Copy()
	for _, path := range []string{"/enrol/apps", phonePath, "/enrol/apps/code", "/enrol/apps/rename?id=1", "/enrol/apps/remove?id=1"} {
		stolen.Get(path).At("/login")
		stolen.Post(path).At("/login")
		if site.Reveals(stolen.Body) {
			t.Fatal(path, "shows a QR code")
		}
	}
	stolen.Post("/enrol/apps/rename?id=1", "name", "mine").At("/login")
	if got := s.Reload(a); got.Epoch != before.Epoch || got.Apps.Given != before.Apps.Given || got.Apps.New.Number != 0 || got.Apps.First.Name != "" {
		t.Errorf("changed: %+v", got.Apps)
	}
	stranger := s.Browser()
	stranger.Get("/enrol/apps").At("/login")
	stranger.Post(phonePath).At("/login")
}

// EN-16, EN-18: nothing of a new app is the browser's choice but its name, which is a name.
func TestEN16_EN18_NewAppOfNobodysChoice(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	for _, field := range []string{"secret", "issuer", "account", "digits", "period", "algorithm", "email", "id", "replaces"} {
		if got := b.Send(b.FormTo(phonePath, field, "JBSWY3DPEHPK3PXP")); got.Status != http.StatusBadRequest || site.Reveals(got.Body) {
			t.Errorf("%s: %d", field, got.Status)
		}
	}
	for _, id := range []string{"", "0", "2", "-1", "1x", "99999999999999999999"} {
		if b.Post("/enrol/apps/qr?id="+id, "name", "x").At("/enrol/apps"); site.Reveals(b.Body) {
			t.Errorf("id %q shows a QR code", id)
		}
	}
	for _, name := range []string{"", " ", strings.Repeat("x", 41), "\u202ex"} {
		if b.Post(secondPath, "name", name).At("/enrol/apps/qr").Is(http.StatusUnprocessableEntity).Says("1 tot 40 tekens"); site.Reveals(b.Body) {
			t.Errorf("name %q shows a QR code", name)
		}
	}
	if got := s.Reload(a); got.Apps.Given != 0 {
		t.Fatalf("%+v", got.Apps)
	}
	const name = `"><script>alert(1)</script>`
	b.Post(secondPath+"&secret=JBSWY3DPEHPK3PXP", "name", name).At("/enrol/apps/qr").Scan()
	if key := otpauth(b); key.Secret() != b.Seed.Reveal() || key.AccountName() != site.Email {
		t.Error(key.URL())
	}
	b.Get("/enrol/apps/code").Submit("code", b.Code()).At("/enrol/apps/done").Get("/enrol/apps").Says("&lt;script&gt;")
	if strings.Contains(b.Body, "<script>alert") {
		t.Error("the name is markup")
	}
	for _, e := range s.Events(a) {
		for _, v := range e.Details {
			if strings.Contains(v, "alert") {
				t.Error("the name is in the audit log:", e.Action)
			}
		}
	}
}

// Either app logs in and steps up, each step once per app; the wrong codes are shared, and
// fewer than with one app block.
func TestTP05_TP10_TwoApps(t *testing.T) {
	everywhere(t, plain, func(t *testing.T, s *site.Site) {
		a, b := s.Active(site.Email)
		s.Mails("")
		second := withSecond(b)
		confirmed := codeOf(b, second)
		if got := s.Reload(a); got.Epoch != a.Epoch+1 || len(got.AppList()) != 2 {
			t.Fatalf("%+v", got.Apps)
		}
		if m := s.Mails(site.Email); !slices.Equal(m, []string{"factor-changed"}) {
			t.Error("mails:", m)
		}
		if logsIn(s, confirmed) {
			t.Error("the code that confirmed the second app logs in")
		}
		s.Clock.Add(30 * time.Second)
		for name, key := range map[string]secret.Text{"first": b.Seed, "second": second} {
			if !logsIn(s, codeOf(b, key)) {
				t.Error("the", name, "app does not log in")
			}
			if logsIn(s, codeOf(b, key)) {
				t.Error("the", name, "app's code logs in twice")
			}
		}
		if f := s.Reload(a).Factor; f.Failures != 0 {
			t.Errorf("the same code again counts as wrong: %d", f.Failures)
		}
		s.Clock.Add(s.Config.Terms.StepUp)
		b.Get("/enrol/apps").At("/login").Submit("email", site.Email, "password", site.Password).At("/login/code").Submit("code", codeOf(b, second)).At("/enrol/apps").Says("Tablet")
		b.Get("/enrol/apps").Says("Eerste app")
		b.Post(secondPath, "name", "third").At("/enrol/apps")
		if site.Reveals(b.Body) {
			t.Error("a third app")
		}

		attacker := s.Browser()
		attacker.Seed = b.Seed
		attacker.ToCode(site.Email)
		wrong := 0
		for s.Reload(a).State == account.Active {
			code := attacker.WrongCode()
			if code == codeOf(b, second) {
				continue
			}
			attacker.Submit("code", code)
			wrong++
			s.Clock.Add(2 * time.Minute)
		}
		if most := s.SignIn.Limits.Limit(account.Active, 2); wrong != most || most != 8 {
			t.Errorf("blocked after %d wrong codes, want %d", wrong, most)
		}
	})
}

// An app gets another name; one of two is removed, the last one is not.
func TestEnrolApps_RenameAndRemove(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	first := b.Seed
	b.Get("/enrol/apps/remove?id=1").Says("maar 1 app")
	b.Post("/enrol/apps/remove?id=1").At("/enrol/apps/remove").Says("maar 1 app")
	if got := s.Reload(a); len(got.AppList()) != 1 || got.Epoch != a.Epoch {
		t.Fatalf("the last app was removed: %+v", got)
	}
	second := withSecond(b)
	b.Get("/enrol/apps/rename?id=1").Submit("name", " oude   telefoon ").At("/enrol/apps").Says("oude telefoon")
	b.Get("/enrol/apps/rename?id=1").Submit("name", "").At("/enrol/apps/rename").Is(http.StatusUnprocessableEntity)
	b.Get("/enrol/apps/rename?id=7").At("/enrol/apps")
	epoch := s.Reload(a).Epoch
	s.Mails("")
	b.Get("/enrol/apps/remove?id=1").Says("oude telefoon").Submit().At("/enrol/apps/done").Says("De app is verwijderd")
	b.Get("/enrol/apps").At("/enrol/apps").Says("Tablet")
	got := s.Reload(a)
	if len(got.AppList()) != 1 || got.AppList()[0].Number != 2 || got.Epoch != epoch+1 {
		t.Errorf("afterwards: %+v", got)
	}
	if m := s.Mails(site.Email); !slices.Equal(m, []string{"factor-changed"}) {
		t.Error("mails:", m)
	}
	s.Clock.Add(30 * time.Second)
	if logsIn(s, codeOf(b, first)) {
		t.Error("a removed app logs in")
	}
	if !logsIn(s, codeOf(b, second)) {
		t.Error("the app that stayed does not log in")
	}
	b.Post("/enrol/apps/remove?id=2").At("/enrol/apps/remove").Says("maar 1 app")
	if acts := actions(s, a); !slices.Equal(acts, []string{"account.app_shown", "account.factor_changed added", "account.app_renamed", "account.factor_changed removed"}) {
		t.Error("events:", acts)
	}
}

// EN-20, EN-21: a block ends both apps and the new one; after the unblock, none of them
// works, and there is one app again.
func TestEN20_EN21_BlockEndsAllApps(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	first, second := b.Seed, withSecond(b)
	newPhone(b)
	third := b.Seed
	confirm := b.Form("code", b.Code())
	a = s.Blocked(a)
	b.Do(confirm)
	if got := s.Reload(a); got.State != account.Blocked || got.Epoch != a.Epoch || got.Apps.New.Number != 0 {
		t.Fatalf("confirmed while blocked: %+v", got)
	}
	site.Must(t, s.Unblock(a))
	b.Do(b.FormTo("/enrol/apps/code", "code", b.Code()))
	fresh := s.ToMailbox(site.Email).Mailbox()
	fresh.Enrolled()
	s.Clock.Add(30 * time.Second)
	for name, key := range map[string]secret.Text{"first": first, "second": second, "new": third} {
		if logsIn(s, codeOf(b, key)) {
			t.Error("the", name, "app of the earlier enrolment logs in")
		}
	}
	s.Clock.Add(30 * time.Second) // three wrong codes
	if !logsIn(s, fresh.Code()) || len(s.Reload(a).AppList()) != 1 {
		t.Error("the app of the new enrolment is not the only one")
	}
}
