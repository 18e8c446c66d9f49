package address_test

import (
	"context"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/pkg/totp"
	"omgevingsloket-id/storage/storagetest"
)

var undoLink = regexp.MustCompile(`http\S+(/address/undo\?\S+)`)

// linkIn returns the path of the link in the last notice to an address.
func linkIn(t *testing.T, s *site.Site, to string) string {
	t.Helper()
	text := s.Mailed("own-address-changed", to)
	m := undoLink.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no link that undoes the change in the mail to %s:\n%s", to, text)
	}
	return m[1]
}

// move changes the address of the account that is logged in in a browser, and returns
// the path of the link to the address before.
func move(t *testing.T, b *site.Browser, from, to string) string {
	t.Helper()
	b.Get("/address/change").Submit("email", to).At("/address/code")
	b.Submit("code", b.Site.MailedCode("own-address-code", to)).At("/address/changed")
	return linkIn(t, b.Site, from)
}

// change changes an account as somebody does who is logged in.
func change(t *testing.T, s *site.Site, a account.Account, do func(account.Account) (account.Account, error)) account.Account {
	t.Helper()
	site.Must(t, s.Stores.DB.Accounts().Change(t.Context(), a.ID, func(locked account.Account) (account.Account, effect.Effects, error) {
		next, err := do(locked)
		return next, effect.Effects{}, err
	}))
	return s.Reload(a)
}

// PW-12: the code changes the address, once; the session goes on and others end. The
// old address is told, without a code in it, and the new one as well.
func TestPW12_AddressChange(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	elsewhere := s.Browser()
	elsewhere.Seed = b.Seed
	elsewhere.Authorize(site.NewRequest("web", site.CallbackURI)).Login(site.Email).Answered()
	b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "login")).Login(site.Email)
	s.Mails("")
	for typed, says := range map[string]string{"": "Vul het nieuwe e-mailadres in", "nobody": "Dit is geen e-mailadres", site.Email: "Dit is al het e-mailadres"} {
		b.Get("/address/change").Submit("email", typed).Is(http.StatusUnprocessableEntity).Says(says)
	}
	b.Get("/address/change").Says(site.Email).Submit("email", " "+strings.ToUpper(site.NewEmail)).At("/address/code").Says(site.NewEmail)
	code := s.MailedCode("own-address-code", site.NewEmail)
	b.Submit("code", code[1:]).Is(http.StatusUnprocessableEntity).Says("telt niet als een verkeerde code")
	b.Submit("code", wrongCode(code)).Is(http.StatusUnprocessableEntity).Says("nog 4 keer")
	if got := s.Reload(a); got.Email != site.Email || got.Epoch != a.Epoch {
		t.Errorf("after a wrong code: %s in epoch %d", got.Email, got.Epoch)
	}
	b.Get("/address/code").Submit("code", code).At("/address/changed")
	got := s.Reload(a)
	if got.Email != site.NewEmail || got.Epoch != a.Epoch+1 || got.State != account.Active {
		t.Errorf("after the code: %s, %s in epoch %d", got.Email, got.State, got.Epoch)
	}
	notice := s.Mailed("own-address-changed", site.Email)
	for _, hidden := range []string{code, site.NewEmail} {
		if strings.Contains(notice, hidden) {
			t.Errorf("the notice has %q:\n%s", hidden, notice)
		}
	}
	s.Mailed("own-address-new", site.NewEmail)
	if e := s.Events(a); e[0].Action != "account.address_changed" || e[1].Action != "address.code_wrong" || e[2].Action != "address.asked" {
		t.Errorf("events: %v, %v, %v", e[0].Action, e[1].Action, e[2].Action)
	}
	if !b.LoggedIn() || elsewhere.LoggedIn() {
		t.Error("want this session to go on, and the other one to end")
	}
	b.Get("/address/code").At("/address/change") // the code is used
	next := s.Browser()
	next.Seed = b.Seed
	next.Authorize(site.NewRequest("web", site.CallbackURI)).Login(site.NewEmail).Answered()
}

// The new address is asked for within ten minutes of password and code, or after them.
// The code is right in the session that asked for it only, and not after another change.
func TestLG21_AddressBoundToSession(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	s.Clock.Add(11 * time.Minute)
	b.Get("/address/change").At("/login").Submit("email", site.Email, "password", site.Password)
	b.At("/login/code").Submit("code", b.Code()).At("/address/change")
	b.Submit("email", site.NewEmail).At("/address/code")
	code := s.MailedCode("own-address-code", site.NewEmail)
	thief := s.Browser()
	thief.Seed = b.Seed
	thief.Authorize(site.NewRequest("web", site.CallbackURI)).Login(site.Email)
	thief.Get("/address/code").At("/address/change")
	thief.Post("/address/code", "code", code).At("/address/change")
	s.Browser().Get("/address/code").At("/login")
	if got := s.Reload(a); got.Email != site.Email {
		t.Fatal("the address was changed in another session")
	}
	change(t, s, a, func(a account.Account) (account.Account, error) { return a.EndSessions(a.Epoch) })
	b.Post("/address/code", "code", code)
	if got := s.Reload(a); got.Email != site.Email {
		t.Error("the address was changed after all sessions had ended")
	}
}

// LG-08: a free address and one that somebody has, had, or applied with get one answer,
// at the same cost; at a taken one every code is wrong.
func TestLG08_AddressTakenIsOneAnswer(t *testing.T) {
	t.Parallel()
	s, calls := site.NewWatched(t, nil)
	s.Active("p-taken-1@example.com")
	_, left := s.Active("p-left--1@example.com")
	move(t, left, "p-left--1@example.com", "p-away--1@example.com")
	s.Sent("p-apply-1@example.com")
	s.Mails("")
	var first []string
	var price map[string]int
	for i, email := range []string{"p-free--1@example.com", "p-taken-1@example.com", "p-left--1@example.com", "p-apply-1@example.com"} {
		_, b := s.Active("p-asker-" + string(rune('1'+i)) + "@example.com")
		s.Mails("")
		b.Get("/address/change")
		calls.Reset()
		var got []string
		answer := b.Send(b.Form("email", email)).Plain()
		got = append(got, answer.Location())
		mails := s.Mails(email)
		b.Get("/address/code")
		plain := func() string {
			return strings.ReplaceAll(site.WithoutToken(b.MainText()), email, "ADDRESS")
		}
		got = append(got, plain())
		for range account.AddressCodeTries + 1 {
			b.Get("/address/code").Submit("code", "000000").Is(http.StatusUnprocessableEntity)
			got = append(got, plain())
		}
		spent := calls.Calls()
		if len(mails) != 1 || (mails[0] == "own-address-code") != (i == 0) {
			t.Errorf("%s: mails %q", email, mails)
		}
		if i == 0 {
			first, price = got, spent
			continue
		}
		for n := range got {
			if got[n] != first[n] {
				t.Errorf("%s, answer %d: %s\nwant %s", email, n, got[n], first[n])
			}
		}
		if !maps.Equal(spent, price) {
			t.Errorf("%s: calls %v, want %v", email, spent, price)
		}
	}
}

// X12: five tries of a mailed code; ten mails a day.
func TestX12_AddressCodesAreFew(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	b.Get("/address/change").Submit("email", site.NewEmail)
	code := s.MailedCode("own-address-code", site.NewEmail)
	for range account.AddressCodeTries {
		b.Get("/address/code").Submit("code", wrongCode(code)).Is(http.StatusUnprocessableEntity)
	}
	b.Get("/address/code").Submit("code", code).Is(http.StatusUnprocessableEntity).Says("te vaak")
	if got := s.Reload(a); got.Email != site.Email {
		t.Fatal("a sixth code was right")
	}
	for range 9 {
		b.Get("/address/code").Press("/address/code", "resend", "yes").At("/address/code").Says("nieuwste e-mail")
	}
	b.Get("/address/code").Press("/address/code", "resend", "yes").Is(http.StatusTooManyRequests)
	b.Get("/address/code").Submit("code", code).At("/address/changed") // too early for another mail: the first code is the latest one
}

// ML-01, ML-02, ML-03: the link goes out of the address, nothing but the button uses
// it, and its host is that of the configuration.
func TestML01_ML02_ML03_AddressUndoLink(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	b.Get("/address/change")
	b.Submit("email", site.NewEmail).At("/address/code")
	form := b.Form("code", s.MailedCode("own-address-code", site.NewEmail))
	form.Header.Set("X-Forwarded-Host", "evil.example")
	form.Header.Set("Forwarded", "host=evil.example")
	b.Do(form).At("/address/changed")
	if text := s.Mailed("own-address-changed", site.Email); strings.Contains(text, "evil.example") || !strings.Contains(text, s.Config.Issuer+"/address/undo?") {
		t.Errorf("the link is not of the issuer:\n%s", text)
	}
	link := linkIn(t, s, site.Email)
	moved := s.Reload(a)
	scanner := s.Browser()
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
		for range 10 {
			scanner.Send(scanner.Request(method, link, nil))
		}
	}
	owner := s.Browser()
	answer := owner.Send(owner.Request(http.MethodGet, link, nil)).Is(http.StatusSeeOther)
	if to := answer.Location(); !strings.HasSuffix(to, "/address/undo") {
		t.Errorf("GET of the link leads to %s", to)
	}
	owner.Get(link).At("/address/undo").Is(http.StatusOK)
	if owner.URL.RawQuery != "" || strings.Contains(owner.Body, "olid_und") || strings.Contains(owner.Body, site.NewEmail) {
		t.Error("the page has the handle or the new address")
	}
	if got := s.Reload(a); got.Email != site.NewEmail || got.Epoch != moved.Epoch {
		t.Fatal("a GET changed the account")
	}
	s.Browser().Get("/address/undo").Is(http.StatusGone)
	s.Browser().Get("/address/undo?undo=olid_und_" + strings.Repeat("A", 43)).Is(http.StatusGone)
	copied := s.Browser().Get(link)
	owner.Submit().At("/address/undone")
	copied.Submit().Is(http.StatusGone)
	s.Browser().Get(link).Is(http.StatusGone)
	if got := s.Reload(a); got.Email != site.Email || got.State != account.Active || got.Epoch != moved.Epoch+1 || len(got.Previous) != 0 {
		t.Errorf("after the undo: %+v", got)
	}
	if b.LoggedIn() {
		t.Error("the session that changed the address goes on")
	}
	if e := s.Events(a)[0]; e.Action != "address.undone" {
		t.Errorf("the last event is %s", e.Action)
	}
	s.Mailed("own-address-undone", site.Email)
	s.Mailed("own-address-undone", site.NewEmail)
}

// The link works for seven days.
func TestCK05_AddressUndoEnds(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	link := move(t, b, site.Email, site.NewEmail)
	s.Clock.Add(7*24*time.Hour - time.Millisecond)
	owner := s.Browser().Get(link).Is(http.StatusOK)
	s.Clock.Add(time.Millisecond)
	owner.Submit().Is(http.StatusGone)
	if got := s.Reload(a); got.Email != site.NewEmail {
		t.Error("undone after seven days")
	}
}

// EN-22, ML-09: a thief has changed the address, the password and the app. After the
// undo, all three are refused, and the mailbox alone gives neither password nor factor.
func TestEN22_ML09_NothingOfAThiefWorksAfterTheUndo(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, thief := s.Active(site.Email)
	const mailbox = "thief@example.com"
	link := move(t, thief, site.Email, mailbox)
	own, err := totp.NewSecret(s.Rand)
	site.Must(t, err)
	sealed, err := s.Stores.Ring.Seal([]byte(own.Reveal()), account.FactorAAD(a.ID, a.Unblocks))
	site.Must(t, err)
	hasher := s.SignIn.Hasher
	phc, err := hasher.Hash(t.Context(), site.WrongPassword)
	site.Must(t, err)
	s.Clock.Add(time.Hour)
	change(t, s, a, func(a account.Account) (account.Account, error) {
		a.Factor = account.Factor{Sealed: sealed, LastStep: 1, ShownAt: s.Clock.Now()}
		return a.SetPassword(a.Epoch, secret.Text(phc), s.Clock.Now())
	})
	in := s.Browser()
	in.Seed = own
	in.Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", mailbox, "password", site.WrongPassword)
	in.At("/login/code").Submit("code", in.Code()).Answered()
	move(t, in, mailbox, "third@example.com")
	s.Browser().Get(link).Submit().At("/address/undone")

	got := s.Reload(a)
	if got.Email != site.Email || got.State != account.Blocked || got.BlockReason != account.AddressUndone || got.BlockRef == "" || got.PasswordHash != a.PasswordHash || string(got.Factor.Sealed) != string(a.Factor.Sealed) {
		t.Errorf("after the undo: %+v", got)
	}
	for _, b := range []*site.Browser{in, thief} {
		if b.LoggedIn() {
			t.Error("a session goes on")
		}
	}
	for email, passwords := range map[string][]string{site.Email: {site.WrongPassword}, mailbox: {site.WrongPassword, site.Password}, "third@example.com": {site.WrongPassword, site.Password}} {
		for _, password := range passwords {
			b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", email, "password", password)
			if b.URL.Path != "/login" {
				t.Errorf("%s with %q leads to %s", email, password, b.URL.Path)
			}
		}
	}
	if text := s.Mailed("own-address-undone", site.Email); !strings.Contains(text, got.BlockRef) {
		t.Errorf("the mail lacks the reference:\n%s", text)
	}
	for _, to := range []string{mailbox, "third@example.com"} {
		if text := s.Mailed("own-address-undone", to); strings.Contains(text, got.BlockRef) || strings.Contains(text, "Muster") {
			t.Errorf("the mail to %s has the reference or the name:\n%s", to, text)
		}
	}
	// Links of later changes are used up.
	s.Browser().Get(linkIn(t, s, mailbox)).Is(http.StatusGone)
	// Two officials unblock it; until then a mailed link sets no password.
	limits := account.DefaultLimits
	if road := limits.PasswordRoad(got, s.Clock.Now()); road != account.RoadHelpdesk {
		t.Errorf("the road to a new password is %s", road)
	}
	holder := s.Caller(site.Email)
	first, other := s.Official("first@example.org", staff.Helpdesk), s.Official("other@example.org", staff.Helpdesk)
	at := first.Begin(got)
	first.Identified(at, holder.Callback())
	first.Post(at, "action", "confirm")
	if got = s.Reload(a); got.State != account.Blocked {
		t.Fatalf("one official unblocked it: %s", got.State)
	}
	other.Post(at, "action", "confirm")
	if got = s.Reload(a); got.State != account.AwaitingEnrolment || limits.PasswordRoad(got, s.Clock.Now()) != account.RoadEnrol {
		t.Errorf("after the unblock: %s, the road to a new password is %s", got.State, limits.PasswordRoad(got, s.Clock.Now()))
	}
}

// A thief with a session and a new app, but without the password: after the undo the
// holder's own app and password work, and nothing else.
func TestEN22_AddressUndoRestoresTheApp(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	link := move(t, b, site.Email, site.NewEmail)
	own, err := totp.NewSecret(s.Rand)
	site.Must(t, err)
	sealed, err := s.Stores.Ring.Seal([]byte(own.Reveal()), account.FactorAAD(a.ID, a.Unblocks))
	site.Must(t, err)
	change(t, s, a, func(a account.Account) (account.Account, error) {
		a.Factor.Sealed, a.Factor.LastStep = sealed, 1
		a.Epoch++
		return a, nil
	})
	s.Browser().Get(link).Submit().At("/address/undone")
	if got := s.Reload(a); got.State != account.Active || got.Email != site.Email {
		t.Fatalf("after the undo: %+v", got)
	}
	thief := s.Browser()
	thief.Seed = own
	thief.Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.NewEmail, "password", site.Password).At("/login")
	thief.Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.Password).At("/login/code").Submit("code", thief.Code()).At("/login/code")
	s.Clock.Add(time.Minute)
	owner := s.Browser()
	owner.Seed = b.Seed
	owner.Authorize(site.NewRequest("web", site.CallbackURI)).Login(site.Email)
	if got := s.Reload(a); owner.URL.Path != "/password/renew" || got.Renewal != account.RenewalDue {
		t.Errorf("the holder's login leads to %s, renewal %q", owner.URL.Path, got.Renewal)
	}
}

// A link of one's own brings the address back after the helpdesk changed it, too, and
// its mail goes to each of them.
func TestML09_AddressUndoAfterTheHelpdesk(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	link := move(t, b, site.Email, "second@example.com")
	s.ChangeAddress(s.Official("first@example.org", staff.Helpdesk), s.Official("other@example.org", staff.Helpdesk), a, "third@example.com")
	s.Browser().Get(link).Submit().At("/address/undone")
	if got := s.Reload(a); got.Email != site.Email || len(got.Previous) != 0 || got.State != account.Active {
		t.Errorf("after the undo: %+v", got)
	}
	for _, to := range []string{site.Email, "second@example.com", "third@example.com"} {
		s.Mailed("own-address-undone", to)
	}
}

// A store that does not answer is never a wrong code, nor a link that is over.
func TestAddressChangeUnavailable(t *testing.T) {
	t.Parallel()
	s, faults := site.NewWatched(t, nil)
	a, b := s.Active(site.Email)
	b.Get("/address/change").Submit("email", site.NewEmail).At("/address/code")
	code := s.MailedCode("own-address-code", site.NewEmail)
	for _, name := range []string{"Addresses.Asked", "Addresses.Try"} {
		faults.Once(name, storagetest.NotWritten)
		b.Post("/address/code", "code", code).Is(http.StatusServiceUnavailable)
	}
	link := move(t, b, site.Email, "next@example.com")
	for _, name := range []string{"Addresses.ByUndo", "Addresses.Undo"} {
		owner := s.Browser().Get(link).Is(http.StatusOK)
		faults.Once(name, storagetest.NotWritten)
		owner.Submit().Is(http.StatusServiceUnavailable)
	}
	if got := s.Reload(a); got.Email != "next@example.com" {
		t.Error(got.Email)
	}
	// A lost reply: the address is changed, and the browser logs in again.
	b.Get("/address/change").Submit("email", "last@example.com").At("/address/code")
	code = s.MailedCode("own-address-code", "last@example.com")
	faults.Once("Addresses.Try", storagetest.Written)
	b.Submit("code", code).Is(http.StatusServiceUnavailable)
	if got, err := s.Stores.DB.Accounts().ByEmail(context.Background(), "last@example.com"); err != nil || got.ID != a.ID {
		t.Error(got.Email, err)
	}
}

// W12: the address is changed, and the session goes on, if the browser cannot be made
// known afterwards.
func TestW12_AddressBrowserNotRemembered(t *testing.T) {
	t.Parallel()
	s, faults := site.NewWatched(t, nil)
	a, b := s.Active(site.Email)
	b.Get("/address/change").Submit("email", site.NewEmail).At("/address/code")
	faults.Once("Lanes.Remember", storagetest.NotWritten)
	b.Submit("code", s.MailedCode("own-address-code", site.NewEmail)).At("/address/changed")
	if got := s.Reload(a); got.Email != site.NewEmail {
		t.Errorf("the address is %s, want %s", got.Email, site.NewEmail)
	}
	b.Get("/portals").At("/portals")
}
