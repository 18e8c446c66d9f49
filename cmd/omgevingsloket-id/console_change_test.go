package main

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/staff"
)

const newEmail = "anna.muster@example.net"

// letters gives the mails since the last call, by kind.
func (s *site) letters() map[string]mail.Item {
	s.t.Helper()
	items, err := s.stores.db.Outbox().Take(s.t.Context(), s.clock.now(), time.Hour, 100)
	must(s.t, err)
	out := map[string]mail.Item{}
	for _, item := range items {
		out[item.Kind] = item
	}
	return out
}

// correcting begins a change of address and gives where it is.
func (b *browser) correcting(a account.Account) string {
	b.s.t.Helper()
	b.get("/console/account?id=" + a.ID).says("E-mailadres verbeteren").get("/console/account/address?id=" + a.ID).post("/console/account/address?id=" + a.ID).at("/console/change")
	return "/console/change?" + b.url.RawQuery
}

// proposed takes a change of address up to its proposal.
func (b *browser) proposed(a account.Account, email string) string {
	b.s.t.Helper()
	at := b.correcting(a)
	b.post(at, right...).at("/console/change").says(`name="email"`)
	b.post(at, "email", email, "reason", "address_lost", "ticket", "M-7").says("letter voor letter")
	b.post(at, "action", "propose").says("wacht op een collega")
	return at
}

var (
	mailedReference = regexp.MustCompile(`kenmerk in: ([A-Z2-9]{4}-[A-Z2-9]{4})`)
	mailedCode      = regexp.MustCompile(`code in: (\d{6})`)
)

// mailed reads reference and code as the holder does.
func mailed(t *testing.T, m mail.Item) (reference, code string) {
	t.Helper()
	text := m.Text.Reveal()
	r, c := mailedReference.FindStringSubmatch(text), mailedCode.FindStringSubmatch(text)
	if r == nil || c == nil {
		t.Fatal("no reference or code in\n", text)
	}
	return r[1], c[1]
}

// OF-20: an address is corrected by two members and by whoever reads the new
// mailbox; both addresses are told; sessions die; the login goes on with it.
func TestOF20_AddressIsCorrected(t *testing.T) {
	s := newSite(t, nil)
	a, holder := s.active(testEmail)
	first, other := s.official("first@example.org", staff.Helpdesk), s.official("other@example.org", staff.Helpdesk)
	s.mails("")
	at := first.proposed(a, "  Anna.Muster@Example.NET ")
	for _, again := range [][]string{{"action", "confirm"}, {"action", "propose"}, {"email", "x@example.org", "reason", "address_lost", "ticket", "M-1"}} {
		if first.post(at, again...); len(s.mails(newEmail)) != 0 {
			t.Fatal("who proposed has confirmed:", again)
		}
	}
	other.get("/console/accounts").says(strings.TrimPrefix(at, "/console/change")).says("E-mailadres verbeteren")
	other.get(at).says(newEmail).says(testEmail).says("M-7").says("3 antwoorden goed").post(at, "action", "confirm").says("nog bevestigen")
	announced := s.letters()
	if len(announced) != 2 || announced["address-announced"].To != testEmail || announced["address-confirm"].To != newEmail {
		t.Fatal("mails:", announced)
	}
	reference, code := mailed(t, announced["address-confirm"])
	if got := s.reload(a); got.Email != testEmail || got.Epoch != a.Epoch {
		t.Fatalf("changed before the code: %+v", got)
	}
	stranger := s.browser().get("/address").at("/address")
	wrong := "000000"
	if code == wrong {
		wrong = "111111"
	}
	for _, bad := range [][2]string{{reference, wrong}, {"AAAA-AAAA", code}, {"", ""}, {reference, ""}, {"x\x00y", code}, {a.ID, code}} {
		if stranger.submit("reference", bad[0], "code", bad[1]); stranger.status != http.StatusUnprocessableEntity && stranger.status != http.StatusBadRequest {
			t.Error(bad, stranger.status)
		}
		stranger.get("/address")
	}
	stranger.submit("reference", strings.ToLower(reference), "code", code[:3]+" "+code[3:]).at("/address/done").says("Uw e-mailadres is veranderd")
	got := s.reload(a)
	if got.Email != newEmail || got.Epoch != a.Epoch+1 || got.State != account.Active {
		t.Fatalf("%+v", got)
	}
	if holder.loggedIn() {
		t.Error("the session lives on")
	}
	if told := s.letters(); len(told) != 2 || told["address-changed"].To != testEmail || told["address-new"].To != newEmail {
		t.Error("mails:", told)
	}
	e := s.happened(a)[0]
	if e.Action != "account.address_changed" || e.Reason != "address_lost" || e.Details["ticket"] != "M-7" ||
		e.Details["proposed_by"] != s.member("first@example.org").ID || e.Details["confirmed_by"] != s.member("other@example.org").ID {
		t.Errorf("%+v", e)
	}
	for _, e := range s.happened(a) {
		for _, said := range append([]string{e.Reason}, mapValues(e.Details)...) {
			if strings.Contains(said, "@") || strings.Contains(said, "example") {
				t.Errorf("%s holds an address: %q", e.Action, said)
			}
		}
	}
	// The same code opens nothing again; the old address neither.
	if stranger.get("/address").submit("reference", reference, "code", code); stranger.status != http.StatusUnprocessableEntity {
		t.Error("the code counts twice:", stranger.status)
	}
	b := s.browser().authorize(newRequest("web", callbackURI))
	if b.submit("email", testEmail, "password", testPassword); b.status != http.StatusUnprocessableEntity {
		t.Error("the address of before logs in:", b.status)
	}
	b = s.browser().authorize(newRequest("web", callbackURI))
	b.seed = holder.seed
	b.login(newEmail).answered()
	desk := s.official("third@example.org", staff.Helpdesk)
	for q, found := range map[string]bool{newEmail: true, reference: true, testEmail: false} {
		if desk.get("/console/accounts?q=" + q); strings.Contains(desk.body, "/console/account?id="+a.ID) != found {
			t.Errorf("by %q: found %v", q, !found)
		}
	}
	desk.get("/console/account?id=" + a.ID).says("E-mailadres veranderd").says("Kan niet meer bij het oude e-mailadres (M-7)")
	desk.receiptHeld(a)
}

func mapValues(m map[string]string) (out []string) {
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

// OF-02: no step is skipped; what cannot be an address is not one.
func TestOF02_AddressSkipsNoStep(t *testing.T) {
	s := newSite(t, nil)
	a := s.person(testEmail)
	s.person("taken@example.com")
	desk, other := s.official("desk@example.org", staff.Helpdesk), s.official("other@example.org", staff.Helpdesk)
	at := desk.correcting(a)
	other.get(at).says("bezig").post(at, right...).is(http.StatusConflict)
	for _, form := range [][]string{{"action", "propose"}, {"action", "confirm"}, {"email", newEmail, "reason", "address_lost", "ticket", "M-1"}} {
		if desk.post(at, form...); desk.status != http.StatusUnprocessableEntity {
			t.Error(form, desk.status)
		}
	}
	desk.post(at, "said_birthdate", "03-02-1980", "said_street", "Hauptstrasse 1").is(http.StatusUnprocessableEntity)
	desk.post(at, "said_phone", "030 123456").says(`name="email"`)
	for _, bad := range []string{"", "x", "anna@", testEmail, "ANNA@example.com", "taken@example.com", "a@b@c.nl", "anna@example.com\r\nBcc: x@y.nl", "<x@y.nl>"} {
		if desk.post(at, "email", bad, "reason", "address_lost", "ticket", "M-1"); desk.status != http.StatusUnprocessableEntity || !strings.Contains(desk.body, "kan niet worden gebruikt") {
			t.Errorf("%q: %d", bad, desk.status)
		}
	}
	for _, bad := range [][]string{{"email", newEmail, "ticket", "M-1"}, {"email", newEmail, "reason", "address_lost"}, {"email", newEmail, "reason", "suspicion", "ticket", "M-1"}} {
		if desk.post(at, bad...); desk.status != http.StatusUnprocessableEntity {
			t.Error(bad, desk.status)
		}
	}
	desk.post(at, "email", "typo@example.net", "reason", "address_lost", "ticket", "M-1").says("typo@example.net").post(at, "action", "again").says(`name="email"`)
	desk.post(at, "email", newEmail, "reason", "address_lost", "ticket", "M-1").says(newEmail)
	if desk.post(at, "action", "confirm"); len(s.mails(newEmail)) != 0 {
		t.Error("confirmed before it was proposed")
	}
	other.post(at, "action", "confirm").is(http.StatusConflict)
	// Guessing ends it, and the account is left alone for a while.
	b := s.person("bob@example.com")
	at = desk.correcting(b)
	for range helpdesk.WrongAnswers {
		desk.post(at, "said_place", "99999 Elders")
	}
	desk.says("geweigerd").post("/console/account/address?id=" + b.ID).is(http.StatusConflict)
	if e := s.happened(b); e[0].Action != "address.refused" {
		t.Errorf("%+v", e[0])
	}
}

// Of a blocked account's holder the code is asked as well.
func TestOF20_AddressOfBlockedAccountNeedsTheCode(t *testing.T) {
	s := newSite(t, nil)
	a := s.blocked(s.person(testEmail))
	code := s.caller(testEmail).callback()
	desk, other := s.official("desk@example.org", staff.Helpdesk), s.official("other@example.org", staff.Helpdesk)
	at := desk.correcting(a)
	if desk.post(at, right...); desk.status != http.StatusUnprocessableEntity || strings.Contains(desk.body, `name="email"`) {
		t.Fatal("three answers are enough:", desk.status)
	}
	desk.post(at, "code", code).says(`name="email"`).post(at, "email", newEmail, "reason", "address_lost", "ticket", "M-1").post(at, "action", "propose")
	other.get(at).says("Code juist").post(at, "action", "confirm")
	reference, mailedCode := mailed(t, s.letters()["address-confirm"])
	s.browser().get("/address").submit("reference", reference, "code", mailedCode).at("/address/done")
	if got := s.reload(a); got.Email != newEmail || got.State != account.Blocked {
		t.Errorf("%+v", got)
	}
}

// OF-20: with a delay the holder can object at the old address; the helpdesk
// then takes it back.
func TestOF20_AddressDelay(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Helpdesk.AddressDelay = 24 * time.Hour })
	a := s.person(testEmail)
	first, other := s.official("first@example.org", staff.Helpdesk), s.official("other@example.org", staff.Helpdesk)
	propose := func() (reference, code, at string) {
		at = first.proposed(a, newEmail)
		other.post(at, "action", "confirm")
		s.clock.add(time.Second)
		reference, code = mailed(t, s.letters()["address-confirm"])
		return reference, code, at
	}
	reference, code, at := propose()
	b := s.browser()
	for range 2 * helpdesk.HolderTries { // right but early is not counted
		if b.get("/address").submit("reference", reference, "code", code); b.status != http.StatusUnprocessableEntity || !strings.Contains(b.body, "De code klopt") {
			t.Fatal("early:", b.status)
		}
	}
	first.get(at).says("Twee medewerkers zijn akkoord").post(at, "action", "stop").says("gestopt")
	s.clock.add(24 * time.Hour)
	if b.get("/address").submit("reference", reference, "code", code); b.status != http.StatusUnprocessableEntity || s.reload(a).Email != testEmail {
		t.Error("an objection does not count")
	}
	first.staffLogin("first@example.org")
	other.staffLogin("other@example.org")
	reference, code, _ = propose()
	s.clock.add(24 * time.Hour)
	b.get("/address").submit("reference", reference, "code", code).at("/address/done")
	if s.reload(a).Email != newEmail {
		t.Error("a day later it is not changed")
	}
}

// Five wrong codes end it, also when they come at the same moment, and then
// the right one is nothing; of a crowd with the right one, one wins.
func TestOF12_AddressAtOnce(t *testing.T) {
	s := newSite(t, onServers(t))
	first, other := s.official("first@example.org", staff.Helpdesk), s.official("other@example.org", staff.Helpdesk)
	confirmed := func(email, next string) (a account.Account, reference, code string) {
		a = s.person(email)
		at := first.proposed(a, next)
		other.post(at, "action", "confirm")
		reference, code = mailed(t, s.letters()["address-confirm"])
		return a, reference, code
	}
	try := func(reference, code string) int {
		b := s.browser().get("/address")
		res, err := b.http.Do(b.form("reference", reference, "code", code))
		must(t, err)
		_ = res.Body.Close()
		return res.StatusCode
	}
	a, reference, code := confirmed(testEmail, newEmail)
	wrong := "000000"
	if code == wrong {
		wrong = "111111"
	}
	atOnce(16, func(int) { try(reference, wrong) })
	if status := try(reference, code); status != http.StatusUnprocessableEntity || s.reload(a).Email != testEmail {
		t.Error("after sixteen wrong codes:", status)
	}
	n := 0
	for _, e := range s.happened(a) {
		if e.Action == "address.codes_wrong" {
			n++
		}
	}
	if n != 1 {
		t.Error(n, "ends")
	}
	b, reference, code := confirmed("bob@example.com", "bob@example.net")
	s.mails("")
	statuses := make([]int, 8)
	atOnce(len(statuses), func(i int) { statuses[i] = try(reference, code) })
	slices.Sort(statuses)
	if statuses[0] != http.StatusSeeOther || statuses[1] != http.StatusUnprocessableEntity || s.reload(b).Epoch != b.Epoch+1 {
		t.Error(statuses, s.reload(b).Epoch)
	}
	if m := s.mails("bob@example.net"); !slices.Equal(m, []string{"address-new"}) {
		t.Error("mails:", m)
	}
}
