package enrol_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/storage/storagetest"
)

const day = 24 * time.Hour

// delayed has production's delay.
func delayed(c *config.Config) { c.Login.RecoveryDelay = config.ProductionRecoveryDelay }

// everywhere runs a test on SQLite, and on PostgreSQL and Redis.
func everywhere(t *testing.T, change func(*config.Config), test func(*testing.T, *site.Site)) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) { test(t, site.New(t, change)) })
	t.Run("PostgreSQL and Redis", func(t *testing.T) {
		servers := site.OnServers(t)
		test(t, site.New(t, func(c *config.Config) { servers(c); change(c) }))
	})
}

// plain changes nothing.
func plain(*config.Config) {}

// locked is an active account that somebody with the password has blocked by
// wrong codes. It returns the browser of its holder too.
func locked(s *site.Site) (account.Account, *site.Browser) {
	s.T.Helper()
	a, holder := s.Active(site.Email)
	s.Clock.Add(time.Minute)
	attacker := s.Browser()
	attacker.Seed = holder.Seed
	attacker.ToCode(site.Email)
	for range s.Config.Login.Codes {
		attacker.Submit("code", attacker.WrongCode())
		s.Clock.Add(2 * time.Minute)
	}
	attacker.At("/login/blocked")
	return s.Reload(a), holder
}

// tryEverything sends all that a person with the password can send, and requires
// that no key is shown.
func tryEverything(t *testing.T, b *site.Browser) {
	t.Helper()
	query := b.URL.RawQuery
	for _, path := range []string{"/enrol", "/enrol/qr", "/enrol/wait", "/enrol/code", "/login/code", "/login/lost", "/login/blocked", "/consent", "/authorize/callback"} {
		if b.Get(path + "?" + query); site.Reveals(b.Body) || b.Status >= http.StatusInternalServerError {
			t.Fatalf("GET %s: status %d, a key: %t", path, b.Status, site.Reveals(b.Body))
		}
		for _, form := range [][]string{nil, {"code", "000000"}, {"code", ""}, {"send", "yes"}} {
			if b.Post(path+"?"+query, form...); site.Reveals(b.Body) || b.Status >= http.StatusInternalServerError {
				t.Fatalf("POST %s %v: status %d, a key: %t", path, form, b.Status, site.Reveals(b.Body))
			}
		}
	}
}

// X4: a caller with a leaked password and three facts from a breach blocks the
// account, has a patient official unblock it, and gets no further without the
// mailbox; and with the mailbox not before a day has passed, in which its holder
// has a link that ends it.
func TestX4_LeakedPasswordAndThreeFacts(t *testing.T) {
	everywhere(t, delayed, func(t *testing.T, s *site.Site) {
		a, holder := locked(s)
		old := holder.Seed
		desk := s.Official("desk@example.org", staff.Helpdesk)
		s.Mails("")
		at := desk.Unblocks(a, s.Caller(site.Email).Callback())
		from := s.Reload(a).UnblockedAt.Add(day)
		if m := s.Mailed("account-unblocked", site.Email); !strings.Contains(m, "kan dat vanaf 11 juni 2026 om ") {
			t.Error("the mail does not say from when:", m)
		}
		link := s.CancelLink("account-unblocked", site.Email) // from the first minute
		desk.Get(at).Says("vanaf 11 juni 2026, ").Get("/console/helpdesk/account?id=" + a.ID).Says("Nieuwe QR-code vanaf")

		attacker := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.Password)
		attacker.At("/enrol/wait").Says("11 juni 2026, ")
		tryEverything(t, attacker)
		s.Clock.Add(from.Sub(s.Clock.Now()) - time.Second)
		attacker = s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.Password).At("/enrol/wait")
		tryEverything(t, attacker)
		if m := s.Mails(site.Email); slices.Contains(m, "recovery-code") || s.Reload(a).State != account.AwaitingEnrolment {
			t.Fatalf("during the delay: mails %v, %s", m, s.Reload(a).State)
		}

		s.Clock.Add(time.Second)
		attacker.Get("/enrol/wait?" + attacker.URL.RawQuery).At("/enrol/code")
		if m := s.Mails(site.Email); m != nil {
			t.Error("opening the page mails", m)
		}
		attacker.Post("/enrol/qr?" + attacker.URL.RawQuery).At("/enrol/code")
		attacker.Submit("send", "yes").At("/enrol/code").Says(`name="code"`)
		right := s.MailedCode("recovery-code", site.Email)
		for left := s.Config.Login.Codes; left > 1; left-- {
			guess := fmt.Sprintf("%06d", left)
			if guess == right {
				guess = "999999"
			}
			if attacker.Submit("code", guess).At("/enrol/code").Is(http.StatusUnprocessableEntity); site.Reveals(attacker.Body) {
				t.Fatal("a guess shows the key")
			}
		}
		attacker.Submit("code", "999998").At("/login/blocked")
		got := s.Reload(a)
		if got.State != account.Blocked || got.BlockReason != account.RecoveryCodes || got.Factor.Sealed != nil {
			t.Fatalf("after ten guesses: %+v", got)
		}
		code := attacker.Callback()
		tryEverything(t, attacker)
		if e := s.Events(a); e[0].Action != "account.blocked" || e[1].Action != "recovery.code_wrong" || e[9].Action != "recovery.code_wrong" || e[10].Action != "recovery.code_sent" {
			t.Errorf("%+v", e[:11])
		}
		// A second unblock takes two officials, and the day begins again.
		desk.StaffLogin("desk@example.org")
		at = desk.Begin(got)
		desk.Identified(at, code).Says("wacht op een collega")
		if s.Reload(a).State != account.Blocked {
			t.Fatal("one official unblocks again")
		}
		s.Official("other@example.org", staff.Helpdesk).Post(at, "action", "confirm").Says("Het account is gedeblokkeerd")
		s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.Password).At("/enrol/wait")
		// The link of the first unblock is not one of the second.
		s.Browser().Get(link).Is(http.StatusGone)
		if holder.Seed != old || holder.LoggedIn() {
			t.Error("something of before the block is left")
		}
	})
}

// X4: the holder reads the mail and cancels. Opening the link does nothing; the
// button does, once; the helpdesk sees why; the next unblock takes two officials.
func TestX4_HolderCancels(t *testing.T) {
	everywhere(t, delayed, func(t *testing.T, s *site.Site) {
		a, _ := locked(s)
		desk := s.Official("desk@example.org", staff.Helpdesk)
		desk.Unblocks(a, s.Caller(site.Email).Callback())
		attacker := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.Password).At("/enrol/wait")
		link := s.CancelLink("account-unblocked", site.Email)
		holder := s.Browser()
		for range 3 {
			holder.Get(link).At("/enrol/cancel").Is(http.StatusOK)
		}
		if s.Reload(a).State != account.AwaitingEnrolment {
			t.Fatal("opening the link cancels")
		}
		if strings.Contains(holder.Body, site.Email) || strings.Contains(holder.Body, "Muster") {
			t.Error("the page says whose account it is")
		}
		s.Mails("")
		holder.Submit().At("/enrol/cancelled").Is(http.StatusOK)
		got := s.Reload(a)
		if got.State != account.Blocked || got.BlockReason != account.Cancelled || got.Epoch != s.AccountOf(attacker).Epoch {
			t.Fatalf("%+v", got)
		}
		if m := s.Mails(site.Email); !slices.Equal(m, []string{"account-blocked"}) {
			t.Error("mails:", m)
		}
		if e := s.Events(a); e[0].Action != "account.blocked" || e[0].Reason != "cancelled" || e[1].Action != "recovery.cancelled" {
			t.Errorf("%+v", e[:2])
		}
		holder.Get(link).Is(http.StatusGone).Post(link).Is(http.StatusGone)
		if s.Reload(a).Epoch != got.Epoch {
			t.Error("the link works twice")
		}
		attacker.Get("/enrol/wait?" + attacker.URL.RawQuery).At("/login/blocked").Says("dat het niet klopt")
		code := attacker.Callback()
		tryEverything(t, attacker)
		desk.Get("/console/helpdesk/account?id=" + a.ID).Says("via de link in de e-mail gemeld").Says("Deblokkeren teruggedraaid door de gebruiker")
		desk.Identified(desk.Begin(got), code).Says("wacht op een collega")

		for _, odd := range []string{"", "x", "olid_rcv_", strings.Replace(link[strings.Index(link, "=")+1:], "rcv", "req", 1), strings.Repeat("a", 500), "%00"} {
			if b := s.Browser().Get("/enrol/cancel?recovery=" + odd); b.Status != http.StatusGone && b.Status != http.StatusBadRequest {
				t.Errorf("%.30q: %d", odd, b.Status)
			}
			if b := s.Browser(); b.Get("/enrol/cancel").Post("/enrol/cancel?recovery="+odd).Status < 400 {
				t.Errorf("POST %.30q: %d", odd, b.Status)
			}
		}
	})
}

// X4: of many clicks on the link, from several browsers, one cancels.
func TestX4_CancelAtOnce(t *testing.T) {
	everywhere(t, plain, func(t *testing.T, s *site.Site) {
		a := s.Blocked(s.Person(site.Email))
		site.Must(t, s.Unblock(a))
		link := s.CancelLink("account-unblocked", site.Email)
		s.Mails("")
		browsers := make([]*site.Browser, 8)
		for i := range browsers {
			browsers[i] = s.Browser().Get(link).Is(http.StatusOK)
		}
		var done atomic.Int64
		site.AtOnce(len(browsers), func(i int) {
			res, err := browsers[i].HTTP.Do(browsers[i].Form())
			if err == nil && res.StatusCode == http.StatusSeeOther {
				done.Add(1)
			}
			if err == nil {
				_ = res.Body.Close()
			}
		})
		if got := s.Reload(a); done.Load() != 1 || got.State != account.Blocked || got.Epoch != a.Epoch+2 {
			t.Errorf("%d done, %+v", done.Load(), got)
		}
		if m := s.Mails(site.Email); !slices.Equal(m, []string{"account-blocked"}) {
			t.Error("mails:", m)
		}
	})
}

// X4: a holder who is late still ends it: after the QR was shown, and after
// somebody has logged in with it.
func TestX4_CancelAfterTheQR(t *testing.T) {
	t.Parallel()
	for _, enrolled := range []bool{false, true} {
		s := site.New(t, plain)
		a := s.Blocked(s.Person(site.Email))
		site.Must(t, s.Unblock(a))
		link := s.CancelLink("account-unblocked", site.Email)
		thief := s.ToMailbox(site.Email).Mailbox().Submit().At("/enrol/qr").Scan()
		page := thief.URL.RawQuery
		if enrolled {
			thief.Get("/login/code?"+page).Submit("code", thief.Code()).Answered()
		}
		s.Clock.Add(6 * day)
		s.Browser().Get(link).Submit().At("/enrol/cancelled")
		if got := s.Reload(a); got.State != account.Blocked || got.BlockReason != account.Cancelled {
			t.Fatalf("enrolled %t: %+v", enrolled, got)
		}
		if enrolled && thief.LoggedIn() {
			t.Error("the session lives on")
		}
		late := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.Password).At("/login/blocked")
		late.Post("/login/code?"+late.URL.RawQuery, "code", thief.Code()).At("/login/blocked")
	}
	// A week after the QR the link is over.
	s := site.New(t, plain)
	a := s.Blocked(s.Person(site.Email))
	site.Must(t, s.Unblock(a))
	link := s.CancelLink("account-unblocked", site.Email)
	b := s.ToMailbox(site.Email).Mailbox()
	b.Enrolled().Answered()
	s.Clock.Add(account.CancelTime)
	s.Browser().Get(link).Is(http.StatusGone).Post(link).Is(http.StatusGone)
	if s.Reload(a).State != account.Active {
		t.Error("the link of long ago blocks")
	}
}

// X4: the seed's sentence ("Uw account wordt gedeblokkeerd. Daarna kunt u de
// bovenstaande stappen opnieuw volgen"): a person who clicked the QR away is not
// delayed, in production either; the mailed code is enough.
func TestX4_QRClickedAway(t *testing.T) {
	everywhere(t, delayed, func(t *testing.T, s *site.Site) {
		a, b := s.Shown(site.Email)
		b.Get("/login/lost?" + b.URL.RawQuery).Submit().At("/login/blocked").Says("kunt u meteen weer inloggen")
		if m := s.Mailed("account-blocked", site.Email); !strings.Contains(m, "meteen een nieuwe QR-code") {
			t.Error("the mail about the block:", m)
		}
		desk := s.Official("desk@example.org", staff.Helpdesk)
		at := desk.Begin(s.Reload(a))
		desk.Identified(at, b.Callback()).Says("Meteen, met een code uit de e-mail").Post(at, "action", "confirm").Says("kan meteen inloggen")
		if m := s.Mailed("account-unblocked", site.Email); strings.Contains(m, "kan dat vanaf") {
			t.Error("the mail about the unblock names a delay:", m)
		}
		s.ToMailbox(site.Email).Mailbox().Says("Verwijder").Enrolled().Answered()
		// Now it was active: the same again takes a day.
		a = s.Blocked(a)
		site.Must(t, s.Unblock(a))
		wait := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.Password).At("/enrol/wait")
		s.Clock.Add(day)
		wait.Get("/enrol/wait?" + wait.URL.RawQuery) // the login is too old by now
		s.ToMailbox(site.Email).Mailbox().Enrolled().Answered()
	})
}

// X4: after a change of address code and notices go to both mailboxes for seven
// days, an unblock takes two officials, the delay begins again, and the holder of the
// old mailbox can still cancel. Then the old address is erased.
func TestX4_ChangeOfAddress(t *testing.T) {
	everywhere(t, delayed, func(t *testing.T, s *site.Site) {
		a, _ := locked(s)
		first, second := s.Official("first@example.org", staff.Helpdesk), s.Official("other@example.org", staff.Helpdesk)
		first.Unblocks(a, s.Caller(site.Email).Callback())
		link := s.CancelLink("account-unblocked", site.Email)
		s.Clock.Add(20 * time.Hour)
		first.StaffLogin("first@example.org")
		second.StaffLogin("other@example.org")
		s.ChangeAddress(first, second, s.Reload(a), site.NewEmail)
		if m := s.Mailed("address-changed", site.Email); !strings.Contains(m, "Tot 18 juni 2026 om ") {
			t.Error("the old mailbox is not told until when:", m)
		}
		s.Mails("")
		s.Clock.Add(5 * time.Hour) // a day after the unblock, not after the change
		attacker := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.NewEmail, "password", site.Password).At("/enrol/wait")
		tryEverything(t, attacker)
		s.Clock.Add(19 * time.Hour)
		attacker = s.ToMailbox(site.NewEmail).Submit("send", "yes").Says("ook naar uw vorige e-mailadres")
		if o, n := s.MailedCode("recovery-code", site.Email), s.MailedCode("recovery-code", site.NewEmail); o != n {
			t.Error("the mailboxes get different codes")
		}
		s.Browser().Get(link).Submit().At("/enrol/cancelled")
		if m := append(s.Mails(site.Email), "|"); s.Mailed("account-blocked", site.Email) == "" || len(m) == 1 {
			t.Error("mails to the old mailbox:", m)
		}
		s.Mailed("account-blocked", site.NewEmail)
		tryEverything(t, attacker)

		// Within seven days of the change one official is not enough.
		first.StaffLogin("first@example.org")
		second.StaffLogin("other@example.org")
		at := first.Begin(s.Reload(a))
		first.Identified(at, s.Caller(site.NewEmail).Callback()).Says("wacht op een collega").Post(at, "action", "confirm")
		if s.Reload(a).State != account.Blocked {
			t.Fatal("one official unblocks")
		}
		second.Post(at, "action", "confirm").Says("Het account is gedeblokkeerd")
		if s.CancelLink("account-unblocked", site.Email) != s.CancelLink("account-unblocked", site.NewEmail) {
			t.Error("the mailboxes get different links")
		}

		s.Mails("")
		s.Clock.Add(account.PreviousTime)
		s.ToMailbox(site.NewEmail).Mailbox()
		if m := s.Mails(site.Email); m != nil {
			t.Error("after seven days the old mailbox gets", m)
		}
		site.Must(t, s.Stores.DB.Sweep(t.Context()))
		if got := s.Reload(a); got.Previous != nil {
			t.Error("the old address is kept:", got.Previous)
		}
	})
}

// X4: two browsers, an old login in progress, a code of an earlier epoch.
func TestX4_OrdersOfSteps(t *testing.T) {
	everywhere(t, plain, func(t *testing.T, s *site.Site) {
		a := s.Person(site.Email)
		before := s.ToEnrol(site.Email) // with the button, before the block
		a = s.Blocked(a)
		site.Must(t, s.Unblock(a))
		press := before.Form()
		if before.Do(press); site.Reveals(before.Body) {
			t.Fatal("a login of before the block shows the QR")
		}
		before.At("/login")

		// A code belongs to the unblock that it was mailed for.
		early := s.ToMailbox(site.Email).Submit("send", "yes")
		code := s.MailedCode("recovery-code", site.Email)
		a = s.Blocked(a)
		site.Must(t, s.Unblock(a))
		early.Post("/enrol/code?"+early.URL.RawQuery, "code", code).At("/login")
		late := s.ToMailbox(site.Email)
		late.Post("/enrol/code?"+late.URL.RawQuery, "code", code).At("/enrol/code").Is(http.StatusUnprocessableEntity).Says("geen code die u kunt gebruiken")

		// The holder's code opens the holder's browser, not that of another
		// person who has the password, and is used up.
		s.Clock.Add(time.Minute)
		holder, other := s.ToMailbox(site.Email), s.ToMailbox(site.Email)
		other.Submit("send", "yes")
		code = s.MailedCode("recovery-code", site.Email)
		holder.Post("/enrol/code?"+holder.URL.RawQuery, "code", " "+code[:3]+"\u2009"+code[3:]+"\u200b").At("/enrol")
		other.Get("/enrol?" + other.URL.RawQuery).At("/enrol/code")
		other.Post("/enrol/code?"+other.URL.RawQuery, "code", code).At("/enrol/code").Is(http.StatusUnprocessableEntity)
		other.Post("/enrol/qr?" + other.URL.RawQuery).At("/enrol/code")
		// What cannot be a code is no wrong code.
		for _, typed := range []string{"", "12345", "1234567", "abcdef", "12345x", "\u0661\u0662"} {
			other.Post("/enrol/code?"+other.URL.RawQuery, "code", typed).Is(http.StatusUnprocessableEntity)
		}
		m, err := s.Stores.Recoveries.Mailed(t.Context(), a.ID)
		site.Must(t, err)
		if m.Failures != 0 {
			t.Errorf("%d wrong codes were counted", m.Failures)
		}
		// The password is asked again after a while, and then the code too.
		s.Clock.Add(30 * time.Minute)
		holder.Get("/enrol?"+holder.URL.RawQuery).At("/login").Submit("email", site.Email, "password", site.Password).At("/enrol/code")
		holder.Mailbox().Enrolled().Answered()
		other.Get("/enrol/code?" + other.URL.RawQuery).At("/login")
		tryEverything(t, other)
	})
}

// X4: mails are spaced: of many presses at once one mails, and the page says from
// when the next can be sent. Guesses at once are each counted.
func TestX4_CodesAtOnce(t *testing.T) {
	everywhere(t, plain, func(t *testing.T, s *site.Site) {
		a := s.Blocked(s.Person(site.Email))
		site.Must(t, s.Unblock(a))
		browsers := make([]*site.Browser, 24)
		for i := range browsers {
			browsers[i] = s.ToMailbox(site.Email)
		}
		send := func(fields ...string) *[600]atomic.Int64 {
			var statuses [600]atomic.Int64
			site.AtOnce(len(browsers), func(i int) {
				res, err := browsers[i].HTTP.Do(browsers[i].Form(fields...))
				if err == nil {
					statuses[site.Status(res)].Add(1)
					_ = res.Body.Close()
				}
			})
			return &statuses
		}
		s.Mails("")
		got := send("send", "yes")
		if m := s.Mails(site.Email); !slices.Equal(m, []string{"recovery-code"}) || got[http.StatusSeeOther].Load() != 1 || got[http.StatusUnprocessableEntity].Load() != 23 {
			t.Errorf("mails %v, %d sent, %d spaced", m, got[http.StatusSeeOther].Load(), got[http.StatusUnprocessableEntity].Load())
		}
		browsers[0].Submit("send", "yes").Is(http.StatusUnprocessableEntity).Says("vanaf " + s.Dutch().Add(time.Minute).Format("15:04"))

		wrong := "000000"
		if s.MailedCode("recovery-code", site.Email) == wrong {
			wrong = "111111"
		}
		send("code", wrong)
		m, err := s.Stores.Recoveries.Mailed(t.Context(), a.ID)
		site.Must(t, err)
		if got := s.Reload(a); got.State != account.Blocked || got.BlockReason != account.RecoveryCodes || m.Failures != s.Config.Login.Codes {
			t.Errorf("after 24 guesses at once: %d counted, %s %s", m.Failures, got.State, got.BlockReason)
		}
	})
}

// X4: an answer that is lost costs the holder nothing: the same code in the same
// login is right again. A store that is away is no wrong code.
func TestX4_LostAnswer(t *testing.T) {
	t.Parallel()
	s, calls := site.NewWatched(t, nil)
	a := s.Blocked(s.Person(site.Email))
	site.Must(t, s.Unblock(a))
	b := s.ToMailbox(site.Email).Submit("send", "yes")
	code := s.MailedCode("recovery-code", site.Email)
	for _, lost := range []struct {
		call  string
		fault storagetest.Fault
	}{{"Recoveries.Try", storagetest.NotWritten}, {"Recoveries.Try", storagetest.Written}, {"Requests.Create", storagetest.NotWritten}, {"Requests.Create", storagetest.Written}} {
		calls.Once(lost.call, lost.fault)
		again := b.Form("code", code)
		b.Do(again).Is(http.StatusServiceUnavailable)
		b.Get("/enrol/code?" + again.URL.RawQuery).At("/enrol/code")
	}
	b.Post("/enrol/code?"+b.URL.RawQuery, "code", code).At("/enrol")
	m, err := s.Stores.Recoveries.Mailed(t.Context(), a.ID)
	if err != nil || m.Failures != 0 {
		t.Error("counted:", m.Failures, err)
	}
	calls.Once("Recoveries.Mailed", storagetest.NotWritten)
	s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.Password).Is(http.StatusServiceUnavailable)
}

// X4: a thief of the password who left the page open that asks for the mailed code, and
// knows the browser's secret, sees no QR code when the holder types the code there.
func TestX4_FixationOfTheLogin(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	site.Must(t, s.Unblock(s.Blocked(s.Person(site.Email))))
	thief := s.ToMailbox(site.Email)
	holder := s.Browser()
	holder.Give(thief.Cookies())
	holder.Get(thief.URL.String()).Mailbox()
	thief.Get("/enrol?" + thief.URL.RawQuery).At("/enrol/code")
	if thief.Post("/enrol/qr?" + thief.URL.RawQuery).At("/enrol/code"); site.Reveals(thief.Body) {
		t.Error("the thief sees the key of the holder")
	}
	holder.Submit().At("/enrol/qr").Scan()
}

// X4: a browser that a thief logged in with before is not known after the recovery: it
// shares the lane of strangers.
func TestX4_NoBrowserIsKnownFromBefore(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, thief := s.Active(site.Email)
	site.Must(t, s.Unblock(s.Blocked(a)))
	holder := s.ToMailbox(site.Email).Mailbox().Enrolled()
	s.FillLane(site.Email)
	for _, b := range []*site.Browser{thief, holder} {
		b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "login")).Submit("email", site.Email, "password", site.Password)
	}
	thief.At("/login").Is(http.StatusUnprocessableEntity)
	holder.At("/login/code")
}

// X4: an account that a server of an earlier version unblocked, without a link,
// needs the code and gets the link with it.
func TestX4_UnblockedByAnEarlierVersion(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Blocked(s.Person(site.Email))
	site.Must(t, s.Stores.Accounts.Change(t.Context(), a.ID, func(a account.Account) (account.Account, effect.Effects, error) {
		next, err := a.Unblock(0, "", s.Clock.Now())
		return next, site.NoEffects, err
	}))
	b := s.ToMailbox(site.Email).Submit("send", "yes")
	link := s.CancelLink("recovery-code", site.Email)
	b.Submit("code", s.MailedCode("recovery-code", site.Email)).At("/enrol").Submit().At("/enrol/qr")
	s.Browser().Get(link).Submit().At("/enrol/cancelled")
	if got := s.Reload(a); got.State != account.Blocked || got.BlockReason != account.Cancelled {
		t.Errorf("%+v", got)
	}
}

// X4: a link of an earlier unblock, which a server of an earlier version leaves in
// the account, cancels no later one.
func TestX4_LinkOfAnEarlierUnblock(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Blocked(s.Person(site.Email))
	site.Must(t, s.Unblock(a))
	link, hash := s.CancelLink("account-unblocked", site.Email), s.Reload(a).CancelHash
	a = s.Blocked(a)
	site.Must(t, s.Unblock(a))
	site.Must(t, s.Stores.Accounts.Change(t.Context(), a.ID, func(a account.Account) (account.Account, effect.Effects, error) {
		a.CancelHash = hash
		return a, effect.Effects{}, nil
	}))
	s.Browser().Get(link).Is(http.StatusGone).Post(link).Is(http.StatusGone)
	if got := s.Reload(a); got.State != account.AwaitingEnrolment {
		t.Errorf("%+v", got)
	}
	s.ToMailbox(site.Email).Mailbox() // with a link of its own
	s.Browser().Get(s.CancelLink("recovery-code", site.Email)).Submit().At("/enrol/cancelled")
}

// X4: the service shows no QR before its time, whatever a page does.
func TestX4_ServiceGuardsTheQR(t *testing.T) {
	t.Parallel()
	s := site.New(t, delayed)
	a, _ := s.Active(site.Email)
	a = s.Blocked(a)
	site.Must(t, s.Unblock(a))
	a = s.Reload(a)
	for _, c := range []struct {
		wait    time.Duration
		mailbox bool
		shown   bool
	}{{0, true, false}, {day - time.Second, true, false}, {time.Second, false, false}, {0, true, true}} {
		s.Clock.Add(c.wait)
		key, err := s.SignIn.ShowQR(t.Context(), a, c.mailbox, signin.From{})
		if (err == nil) != c.shown || (key != "") != c.shown {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
