package login_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/totp"
)

// codeOf returns the code of the step so many steps from now.
func codeOf(b *site.Browser, steps int64) string {
	b.Site.T.Helper()
	code, err := totp.Code(b.Seed, totp.Step(b.Site.Clock.Now())+steps)
	site.Must(b.Site.T, err)
	return code
}

// A code can be used once: not again in the same session, in another browser, at
// another server, after a restart, or after Redis lost everything.
func TestTP01_TP10_CodeIsGoodOnce(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.OnServers(t))
	a, b := s.Active(site.Email) // its first login used the present code
	other := s.Browser()
	other.Seed = b.Seed
	for _, b := range []*site.Browser{b, other, other.On(s.Twin(0))} {
		b.ToCode(site.Email).Submit("code", b.Code()).At("/login/code").Is(http.StatusUnprocessableEntity).Says("al gebruikt. Wacht")
	}
	if f := s.Reload(a).Factor; f.Failures != 0 {
		t.Error("a code that was spent counts as wrong:", f.Failures)
	}
	b.ToCode(site.Email)
	s.Clock.Add(30 * time.Second)
	b.Submit("code", codeOf(b, -1)).At("/login/code").Says("al gebruikt")
	b.Submit("code", b.Code()).Answered()
}

// 64 honest browsers with one code at two servers make one login.
func TestTP02_TP16_OneCodeAtOnceIsOneLogin(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) { site.OnServers(t)(c); c.Password.Wait = time.Minute })
	_, first := s.Active(site.Email)
	s.Clock.Add(time.Minute)
	servers := []*site.Site{s, s.Twin(20 * time.Second)}
	const crowd = 64
	var requests [crowd]*http.Request
	var browsers [crowd]*site.Browser
	for i := range crowd {
		b := servers[i%2].Browser()
		b.Seed = first.Seed
		browsers[i] = b.ToCode(site.Email)
		requests[i] = b.Form("code", first.Code())
	}
	var logins, others atomic.Int64
	site.AtOnce(crowd, func(i int) {
		res, err := browsers[i].HTTP.Do(requests[i])
		if err != nil {
			return
		}
		_ = res.Body.Close()
		switch {
		case res.Header.Get("Refresh") != "":
			logins.Add(1)
		case site.Status(res) == http.StatusUnprocessableEntity, res.StatusCode == http.StatusServiceUnavailable: // many requests on a slow machine
			others.Add(1)
		}
	})
	if logins.Load() != 1 || others.Load() != crowd-1 {
		t.Errorf("%d logins and %d refusals, want 1 and %d", logins.Load(), others.Load(), crowd-1)
	}
	sessions := 0
	for _, b := range browsers {
		if b.Cookies()[site.SessionCookie] != "" {
			sessions++
		}
	}
	if sessions != 1 {
		t.Errorf("%d browsers have a session", sessions)
	}
}

// The codes of the current and the previous step are accepted, to the second, and
// no later ones.
func TestTP03_Window(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	for _, second := range []int64{0, 1, 29} {
		for steps := int64(-3); steps <= 3; steps++ {
			s.Clock.Add(10*time.Minute + time.Duration(second-s.Clock.Now().Unix()%30)*time.Second)
			b.ToCode(site.Email).Submit("code", codeOf(b, steps))
			good := steps == 0 || steps == -1
			if in := b.URL.Host == "rp.example"; in != good {
				t.Errorf("second %d, step %+d: logged in is %t", second, steps, in)
			}
		}
		s.Clock.Add(10 * time.Minute)
		b.ToCode(site.Email).Submit("code", b.Code()).Answered() // resets the count of wrong codes
	}
}

// After the code of a step, the code of the previous one is refused.
func TestTP04_OlderStepAfterNewer(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	s.Clock.Add(10 * time.Minute)
	b.ToCode(site.Email).Submit("code", b.Code()).Answered()
	last := s.Reload(a).Factor.LastStep
	b.ToCode(site.Email).Submit("code", codeOf(b, -1)).At("/login/code").Says("al gebruikt")
	if f := s.Reload(a).Factor; f.LastStep != last || f.Failures != 0 {
		t.Errorf("%+v", f)
	}
}

// Ten wrong codes in a row block the account. Between them a growing delay applies,
// in which codes are neither checked nor counted.
func TestTP05_WrongCodesDelayAndBlock(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	s.Clock.Add(10 * time.Minute)
	b.ToCode(site.Email)
	delays := []time.Duration{0, 0, 5 * time.Second, 5 * time.Second, 30 * time.Second, 30 * time.Second, 2 * time.Minute, 2 * time.Minute, 2 * time.Minute}
	for i, delay := range delays {
		b.Submit("code", b.WrongCode()).At("/login/code").Is(http.StatusUnprocessableEntity)
		if delay > 0 {
			s.Clock.Add(delay - time.Second)
			b.Submit("code", b.Code()).At("/login/code").Says("even geen code invullen. Wacht 1 seconde")
			if n := s.Reload(a).Factor.Failures; n != i+1 {
				t.Fatalf("%d counted after %d wrong codes", n, i+1)
			}
			s.Clock.Add(time.Second)
		}
	}
	if s.Mails(site.Email); s.Reload(a).State != account.Active {
		t.Fatal("blocked before the tenth")
	}
	b.Submit("code", b.WrongCode()).At("/login/blocked")
	got := s.Reload(a)
	if got.State != account.Blocked || got.BlockReason != account.TooManyCodes || got.Epoch == a.Epoch {
		t.Fatalf("%+v", got)
	}
	b.Says(got.BlockRef)
	if m := s.Mails(site.Email); len(m) != 1 || m[0] != "account-blocked" {
		t.Error("mails:", m)
	}
	if e := s.Events(a)[0]; e.Action != "account.blocked" || e.Reason != string(account.TooManyCodes) {
		t.Errorf("%+v", e)
	}
	if b.LoggedIn() {
		t.Error("the session outlived the block")
	}
}

// Wrong codes are counted over all browsers; a right one resets the count.
func TestTP05_OneBudgetOfCodes(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	other := s.Browser()
	other.Seed = b.Seed
	for i := range 9 {
		s.Clock.Add(10 * time.Minute)
		at := []*site.Browser{b, other}[i%2]
		at.ToCode(site.Email).Submit("code", at.WrongCode()).At("/login/code")
	}
	s.Clock.Add(10 * time.Minute)
	b.ToCode(site.Email).Submit("code", b.Code()).Answered()
	if n := s.Reload(a).Factor.Failures; n != 0 {
		t.Error("not forgotten after a right code:", n)
	}
	other.ToCode(site.Email).Submit("code", other.WrongCode()).At("/login/code").Says("9 keer")
}

// Simultaneous guesses are counted before they are checked: three are, and then the
// delay applies to all others.
func TestTP06_ParallelGuesses(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.OnServers(t))
	second := s.Twin(0)
	a, b := s.Shown(site.Email)
	const crowd = 64
	var requests [crowd]*http.Request
	for i := range crowd {
		requests[i] = b.On([]*site.Site{s, second}[i%2]).Form("code", b.WrongCode())
	}
	site.AtOnce(crowd, func(i int) {
		if res, err := b.HTTP.Do(requests[i]); err == nil {
			_ = res.Body.Close()
		}
	})
	got := s.Reload(a)
	wrong := 0
	for _, e := range s.Events(a) {
		if e.Action == "account.code_wrong" {
			wrong++
		}
	}
	if wrong != got.Factor.Failures || got.Factor.Failures != 3 || got.State != account.QRShown {
		t.Errorf("%d wrong codes in the audit log, %d counted, %s", wrong, got.Factor.Failures, got.State)
	}
}

// Y5, Y7, TP-07: a code is six digits of any script, however they are divided.
// What cannot be a code is not counted, and the page says that six digits are wanted.
func TestY5_Y7_TP07_Formats(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	again := func() string { s.Clock.Add(10 * time.Minute); return b.ToCode(site.Email).Code() }
	inScript := func(zero rune) func(string) string {
		return func(c string) string { return strings.Map(func(r rune) rune { return zero + r - '0' }, c) }
	}
	divided := func(by string) func(string) string { return func(c string) string { return c[:3] + by + c[3:] } }
	for what, typing := range map[string]func(string) string{
		"a space": divided(" "), "a no-break space": divided("\u00a0"), "a dash": divided("-"), "an en dash": divided("\u2013"), "a wide space": divided("\u3000"),
		"something invisible": divided("\u200b"), "a tab": func(c string) string { return c + "\t" }, "a line break": func(c string) string { return c + "\r\n" },
		"spaces around": func(c string) string { return " " + c + "  " }, "directions": func(c string) string { return "\u202a" + c + "\u202c" },
		"Arabic digits": inScript('٠'), "Persian digits": inScript('۰'), "wide digits": inScript('０'), "mathematical digits": inScript('𝟘'),
	} {
		if b.Submit("code", typing(again())); b.URL.Host != "rp.example" {
			t.Errorf("%s: refused at %s", what, b.URL)
		}
	}
	again()
	for what, typing := range map[string]func(string) string{
		"five digits": func(c string) string { return c[1:] }, "seven digits": func(c string) string { return c + "0" },
		"a sign": func(c string) string { return "+" + c }, "a fraction": func(c string) string { return c + ".0" },
		"hexadecimal": func(c string) string { return "0x" + c }, "an exponent": func(c string) string { return c[:4] + "e1" },
		"only spaces": func(string) string { return "      " }, "an address": func(string) string { return "jan@example.org" }, "a word": func(string) string { return "wachtwoord" },
	} {
		for range 2 { // in all more than block an account
			if b.Submit("code", typing(b.Code())); b.URL.Path != "/login/code" || b.Status != http.StatusUnprocessableEntity || !strings.Contains(b.Body, "6 cijfers") {
				t.Errorf("%s: %d at %s", what, b.Status, b.URL)
			}
		}
	}
	if f := s.Reload(a).Factor; f.Failures != 0 || !f.NextTryAt.IsZero() {
		t.Errorf("what cannot be a code is counted: %+v", f)
	}
	for _, e := range s.Events(a) {
		if e.Action == audit.AccountCodeWrong {
			t.Errorf("the audit log has %+v", e)
		}
	}
	again()
	b.Submit("code", "").At("/login/code").Says("Vul de 6 cijfers uit uw app in")
	b.Submit("code", again()).Answered()
}

// A code without a right password before it leads nowhere, and is not counted
// against the holder.
func TestTP08_TP09_TP11_CodeAlone(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	s.Clock.Add(10 * time.Minute)
	other := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.WrongPassword).At("/login")
	other.Post("/login/code?"+other.URL.RawQuery, "code", b.Code()).At("/login")
	if f := s.Reload(a).Factor; f.Failures != 0 || f.LastStep >= totp.Step(s.Clock.Now()) {
		t.Errorf("%+v", f)
	}
	b.ToCode(site.Email).Submit("code", b.Code()).Answered()
}

// The server's clock jumps during logins: no step can be used twice, and later
// logins work.
func TestTP15_ClockJumps(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	s.Clock.Add(10 * time.Minute)
	phone := b.Code()
	b.ToCode(site.Email)
	s.Clock.Add(-90 * time.Second) // the server's clock went back: the phone is three steps ahead
	b.Submit("code", phone).At("/login/code").Is(http.StatusUnprocessableEntity)
	s.Clock.Add(90 * time.Second)
	b.Submit("code", phone).Answered()
	s.Clock.Add(-90 * time.Second)
	b.ToCode(site.Email).Submit("code", b.Code()).At("/login/code").Says("al gebruikt")
	s.Clock.Add(3 * time.Minute)
	b.Submit("code", b.Code()).Answered()
}
