package main

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/totp"
)

// toCode brings a browser to the code page of an active account.
func (b *browser) toCode(email string) *browser {
	b.s.t.Helper()
	return b.authorize(newRequest("web", callbackURI).with("prompt", "login")).submit("email", email, "password", testPassword).at("/login/code")
}

// codeOf is the code of a step that is so many steps from now.
func (b *browser) codeOf(steps int64) string {
	b.s.t.Helper()
	code, err := totp.Code(b.seed, totp.Step(b.s.clock.now())+steps)
	must(b.s.t, err)
	return code
}

// A code is good once: in the same session, another browser, at another
// server, after a restart, after Redis lost everything.
func TestTP01_TP10_CodeIsGoodOnce(t *testing.T) {
	s := newSite(t, onServers(t))
	a, b := s.active(testEmail) // its first login spent the code of now
	other := s.browser()
	other.seed = b.seed
	for _, b := range []*browser{b, other, other.on(s.twin(0))} {
		b.toCode(testEmail).submit("code", b.code()).at("/login/code").is(http.StatusUnprocessableEntity).says("al gebruikt. Wacht")
	}
	if f := s.reload(a).Factor; f.Failures != 0 {
		t.Error("a code that was spent counts as wrong:", f.Failures)
	}
	b.toCode(testEmail)
	s.clock.add(30 * time.Second)
	b.submit("code", b.codeOf(-1)).at("/login/code").says("al gebruikt")
	b.submit("code", b.code()).answered()
}

// 64 honest sessions, one code, two servers: one login.
func TestTP02_TP16_OneCodeAtOnceIsOneLogin(t *testing.T) {
	s := newSite(t, func(c *config.Config) { onServers(t)(c); c.Password.Wait = time.Minute })
	_, first := s.active(testEmail)
	s.clock.add(time.Minute)
	servers := []*site{s, s.twin(20 * time.Second)}
	const crowd = 64
	var requests [crowd]*http.Request
	var browsers [crowd]*browser
	for i := range crowd {
		b := servers[i%2].browser()
		b.seed = first.seed
		browsers[i] = b.toCode(testEmail)
		requests[i] = b.form("code", first.code())
	}
	var logins, others atomic.Int64
	atOnce(crowd, func(i int) {
		res, err := browsers[i].http.Do(requests[i])
		if err != nil {
			return
		}
		_ = res.Body.Close()
		switch {
		case res.Header.Get("Refresh") != "":
			logins.Add(1)
		case res.StatusCode == http.StatusUnprocessableEntity, res.StatusCode == http.StatusServiceUnavailable: // a crowd on a slow machine
			others.Add(1)
		}
	})
	if logins.Load() != 1 || others.Load() != crowd-1 {
		t.Errorf("%d logins and %d refusals, want 1 and %d", logins.Load(), others.Load(), crowd-1)
	}
	sessions := 0
	for _, b := range browsers {
		if b.cookies()[sessionCookie] != "" {
			sessions++
		}
	}
	if sessions != 1 {
		t.Errorf("%d browsers have a session", sessions)
	}
}

// Current and previous step, to the second; nothing of the future.
func TestTP03_Window(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	for _, second := range []int64{0, 1, 29} {
		for steps := int64(-3); steps <= 3; steps++ {
			s.clock.add(10*time.Minute + time.Duration(second-s.clock.now().Unix()%30)*time.Second)
			b.toCode(testEmail).submit("code", b.codeOf(steps))
			good := steps == 0 || steps == -1
			if in := b.url.Host == "rp.example"; in != good {
				t.Errorf("second %d, step %+d: logged in is %t", second, steps, in)
			}
		}
		s.clock.add(10 * time.Minute)
		b.toCode(testEmail).submit("code", b.code()).answered() // takes the wrong ones off the count
	}
}

// After the code of a step the one before it is gone.
func TestTP04_OlderStepAfterNewer(t *testing.T) {
	s := newSite(t, nil)
	a, b := s.active(testEmail)
	s.clock.add(10 * time.Minute)
	b.toCode(testEmail).submit("code", b.code()).answered()
	last := s.reload(a).Factor.LastStep
	b.toCode(testEmail).submit("code", b.codeOf(-1)).at("/login/code").says("al gebruikt")
	if f := s.reload(a).Factor; f.LastStep != last || f.Failures != 0 {
		t.Errorf("%+v", f)
	}
}

// Ten wrong codes in a row block; a delay grows in between, in which codes
// are neither looked at nor counted.
func TestTP05_WrongCodesDelayAndBlock(t *testing.T) {
	s := newSite(t, nil)
	a, b := s.active(testEmail)
	s.clock.add(10 * time.Minute)
	b.toCode(testEmail)
	delays := []time.Duration{0, 0, 5 * time.Second, 5 * time.Second, 30 * time.Second, 30 * time.Second, 2 * time.Minute, 2 * time.Minute, 2 * time.Minute}
	for i, delay := range delays {
		b.submit("code", b.wrong()).at("/login/code").is(http.StatusUnprocessableEntity)
		if delay > 0 {
			s.clock.add(delay - time.Second)
			b.submit("code", b.code()).at("/login/code").says("even geen code invullen. Wacht 1 seconde")
			if n := s.reload(a).Factor.Failures; n != i+1 {
				t.Fatalf("%d counted after %d wrong codes", n, i+1)
			}
			s.clock.add(time.Second)
		}
	}
	if s.mails(testEmail); s.reload(a).State != account.Active {
		t.Fatal("blocked before the tenth")
	}
	b.submit("code", b.wrong()).at("/login/blocked")
	got := s.reload(a)
	if got.State != account.Blocked || got.BlockReason != account.TooManyCodes || got.Epoch == a.Epoch {
		t.Fatalf("%+v", got)
	}
	b.says(got.BlockRef)
	if m := s.mails(testEmail); len(m) != 1 || m[0] != "account-blocked" {
		t.Error("mails:", m)
	}
	if e := s.happened(a)[0]; e.Action != "account.blocked" || e.Reason != string(account.TooManyCodes) {
		t.Errorf("%+v", e)
	}
	if b.loggedIn() {
		t.Error("the session outlived the block")
	}
}

// Wrong codes are counted over browsers; a right one begins anew.
func TestTP05_OneBudgetOfCodes(t *testing.T) {
	s := newSite(t, nil)
	a, b := s.active(testEmail)
	other := s.browser()
	other.seed = b.seed
	for i := range 9 {
		s.clock.add(10 * time.Minute)
		at := []*browser{b, other}[i%2]
		at.toCode(testEmail).submit("code", at.wrong()).at("/login/code")
	}
	s.clock.add(10 * time.Minute)
	b.toCode(testEmail).submit("code", b.code()).answered()
	if n := s.reload(a).Factor.Failures; n != 0 {
		t.Error("not forgotten after a right code:", n)
	}
	other.toCode(testEmail).submit("code", other.wrong()).at("/login/code").says("9 keer")
}

// Guesses at one moment are each counted before they are looked at: three
// are, and then the delay holds for all the others.
func TestTP06_ParallelGuesses(t *testing.T) {
	s := newSite(t, onServers(t))
	second := s.twin(0)
	a, b := s.shown(testEmail)
	const crowd = 64
	var requests [crowd]*http.Request
	for i := range crowd {
		requests[i] = b.on([]*site{s, second}[i%2]).form("code", b.wrong())
	}
	atOnce(crowd, func(i int) {
		if res, err := b.http.Do(requests[i]); err == nil {
			_ = res.Body.Close()
		}
	})
	got := s.reload(a)
	wrong := 0
	for _, e := range s.happened(a) {
		if e.Action == "account.code_wrong" {
			wrong++
		}
	}
	if wrong != got.Factor.Failures || got.Factor.Failures != 3 || got.State != account.QRShown {
		t.Errorf("%d wrong codes on the record, %d counted, %s", wrong, got.Factor.Failures, got.State)
	}
}

// Six ASCII digits, spaces apart; the rest is a wrong code.
func TestTP07_Formats(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	again := func() string { s.clock.add(10 * time.Minute); return b.toCode(testEmail).code() }
	spaced := func(code string) string { return code[:3] + " " + code[3:] }
	for what, typed := range map[string]func(string) string{
		"a space": spaced, "spaces around": func(c string) string { return " " + c + "  " },
		"a no-break space": func(c string) string { return c[:3] + "\u00a0" + c[3:] },
	} {
		if b.submit("code", typed(again())); b.url.Host != "rp.example" {
			t.Errorf("%s: refused", what)
		}
	}
	for what, typed := range map[string]func(string) string{
		"five digits": func(c string) string { return c[1:] }, "seven digits": func(c string) string { return c + "0" },
		"a sign": func(c string) string { return "+" + c }, "a fraction": func(c string) string { return c + ".0" },
		"a line break": func(c string) string { return c + "\n" }, "a tab": func(c string) string { return c + "\t" },
		"a dash": func(c string) string { return c[:3] + "-" + c[3:] }, "hexadecimal": func(c string) string { return "0x" + c },
		"Arabic digits": func(c string) string { return strings.Map(func(r rune) rune { return r - '0' + '٠' }, c) },
		"wide digits":   func(c string) string { return strings.Map(func(r rune) rune { return r - '0' + '０' }, c) },
		"an exponent":   func(c string) string { return c[:4] + "e1" }, "only spaces": func(string) string { return "      " },
	} {
		if b.submit("code", typed(again())); b.url.Path != "/login/code" || b.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %s", what, b.url)
		}
		b.submit("code", again()).answered()
	}
	again()
	b.submit("code", "").at("/login/code").says("Vul de 6 cijfers uit uw app in")
}

// A code without a right password before it leads nowhere, and costs the
// holder nothing.
func TestTP08_TP09_TP11_CodeAlone(t *testing.T) {
	s := newSite(t, nil)
	a, b := s.active(testEmail)
	s.clock.add(10 * time.Minute)
	other := s.browser().authorize(newRequest("web", callbackURI)).submit("email", testEmail, "password", wrongPassword).at("/login")
	other.post("/login/code?"+other.url.RawQuery, "code", b.code()).at("/login")
	if f := s.reload(a).Factor; f.Failures != 0 || f.LastStep >= totp.Step(s.clock.now()) {
		t.Errorf("%+v", f)
	}
	b.toCode(testEmail).submit("code", b.code()).answered()
}

// The server's clock jumps while somebody logs in: no step is good twice, and
// nothing breaks.
func TestTP15_ClockJumps(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	s.clock.add(10 * time.Minute)
	phone := b.code()
	b.toCode(testEmail)
	s.clock.add(-90 * time.Second) // ours went back: the phone is three steps ahead
	b.submit("code", phone).at("/login/code").is(http.StatusUnprocessableEntity)
	s.clock.add(90 * time.Second)
	b.submit("code", phone).answered()
	s.clock.add(-90 * time.Second)
	b.toCode(testEmail).submit("code", b.code()).at("/login/code").says("al gebruikt")
	s.clock.add(3 * time.Minute)
	b.submit("code", b.code()).answered()
}
