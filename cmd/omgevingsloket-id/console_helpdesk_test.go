package main

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/staff"
)

var callbackCode = regexp.MustCompile(`<code dir="ltr">(\d{4} \d{4})</code>`)

// caller is the holder of a blocked account, on the page that says so.
func (s *site) caller(email string) *browser {
	s.t.Helper()
	return s.browser().authorize(newRequest("web", callbackURI)).submit("email", email, "password", testPassword).at("/login/blocked")
}

// callback is the code on the caller's page.
func (b *browser) callback() string {
	b.s.t.Helper()
	m := callbackCode.FindStringSubmatch(b.body)
	if m == nil {
		b.s.t.Fatal("no code on the page of a blocked account:", b.body)
	}
	return m[1]
}

// begin opens a case and gives its address.
func (b *browser) begin(a account.Account) string {
	b.s.t.Helper()
	b.post("/console/account?id=" + a.ID).at("/console/unblock")
	return "/console/unblock?" + b.url.RawQuery
}

// right are three answers of site.person's file.
var right = []string{"said_birthdate", "03-02-1980", "said_street", "Hauptstraße 1", "said_phone", "030 123456"}

// identified takes a case up to its reason, and gives it.
func (b *browser) identified(at, code string) *browser {
	b.s.t.Helper()
	return b.post(at, append([]string{"code", code}, right...)...).at("/console/unblock").says(`name="ticket"`).post(at, "reason", "lost_phone", "ticket", "M-2026-1234")
}

func (s *site) member(email string) staff.Member {
	s.t.Helper()
	m, err := s.stores.db.Staff().ByEmail(s.t.Context(), email)
	must(s.t, err)
	return m
}

// EN-20, the whole act: from a blocked user to a fresh QR.
func TestEN20_HelpdeskUnblocks(t *testing.T) {
	s := newSite(t, nil)
	a, holder := s.active(testEmail)
	a = s.blocked(a)
	code := s.caller(testEmail).says(a.BlockRef).callback()
	s.mails("")
	desk := s.official("desk@example.org", staff.Helpdesk)

	for _, q := range []string{a.BlockRef, strings.ToLower(a.BlockRef), testEmail, "anna+muster", "Musté"} {
		desk.get("/console/accounts?q=" + q).at("/console/accounts").says("/console/account?id=" + a.ID)
	}
	desk.get("/console/account?id=" + a.ID).says("Het account is geblokkeerd door de helpdesk.").says("Authenticatie-app gekoppeld")
	for _, hidden := range []string{"1980", "Hauptstrasse", "30123456", a.PasswordHash.Reveal(), holder.seed.Reveal(), code} {
		if strings.Contains(desk.body, hidden) {
			t.Errorf("the account page shows %q", hidden)
		}
	}
	if e := s.happened(a)[0]; e.Action != "account.viewed" || e.ActorID != s.member("desk@example.org").ID || e.ActorKind != audit.ActorStaff {
		t.Errorf("the look is not on the record: %+v", e)
	}
	at := desk.begin(a)
	desk.identified(at, code).says("M-2026-1234").post(at, "action", "confirm").says("Het account is gedeblokkeerd")

	got := s.reload(a)
	if got.State != account.AwaitingEnrolment || got.Factor.Sealed != nil || got.Epoch != a.Epoch+1 || got.Unblocks != 1 || got.UnblockedAt.IsZero() {
		t.Fatalf("%+v", got)
	}
	e := s.happened(a)[0]
	if e.Action != "account.unblocked" || e.ActorKind != audit.ActorStaff || e.ActorID != s.member("desk@example.org").ID || e.Reason != "lost_phone" || e.Details["ticket"] != "M-2026-1234" {
		t.Errorf("%+v", e)
	}
	for _, said := range e.Details {
		if strings.Contains(said, "1980") || strings.Contains(said, "Haupt") {
			t.Error("the record holds an answer:", e.Details)
		}
	}
	if m := s.mails(testEmail); !slices.Equal(m, []string{"account-unblocked"}) {
		t.Error("mails:", m)
	}
	if holder.loggedIn() {
		t.Error("the session lives on")
	}
	if old := holder.seed; s.toEnrol(testEmail).submit().at("/enrol/qr").scan().seed == old {
		t.Error("the old secret came back")
	}
	// EN-21: a second time there is nothing to unblock.
	if desk.post(at, "action", "confirm"); desk.status != http.StatusConflict || s.reload(a).Unblocks != 1 {
		t.Error("again:", desk.status)
	}
	if desk.post("/console/account?id=" + a.ID); desk.status != http.StatusConflict {
		t.Error("a case for an account that is not blocked:", desk.status)
	}
}

// No step is skipped, whatever is posted; the case knows where it is.
func TestOF02_UnblockSkipsNoStep(t *testing.T) {
	s := newSite(t, nil)
	a := s.blocked(s.person(testEmail))
	code := s.caller(testEmail).callback()
	desk := s.official("desk@example.org", staff.Helpdesk)
	at := desk.begin(a)
	for name, form := range map[string][]string{
		"confirm": {"action", "confirm"}, "reason": {"reason", "lost_phone", "ticket", "M-1"}, "both": {"action", "confirm", "reason", "lost_phone", "ticket", "M-1"},
	} {
		if desk.post(at, form...); desk.status != http.StatusUnprocessableEntity || s.reload(a).State != account.Blocked {
			t.Error(name, desk.status)
		}
	}
	desk.post(at, append([]string{"action", "confirm"}, right...)...).says(`name="code"`) // three answers, no code
	desk.post(at, "code", code, "action", "confirm").says(`name="ticket"`)
	desk.post(at, "action", "confirm").is(http.StatusUnprocessableEntity)
	for _, bad := range [][]string{{"reason", "because", "ticket", "M-1"}, {"reason", "lost_phone", "ticket", ""}, {"reason", "lost_phone", "ticket", "Anna Muster, <script>"}} {
		if desk.post(at, bad...); desk.status != http.StatusUnprocessableEntity {
			t.Error(bad, desk.status)
		}
	}
	// Another member has no part in it, nor anything to see.
	other := s.official("other@example.org", staff.Helpdesk)
	other.post(at, "reason", "lost_phone", "ticket", "M-1").is(http.StatusConflict)
	other.post(at, "action", "stop").is(http.StatusConflict)
	other.post("/console/account?id=" + a.ID).is(http.StatusConflict)
	if s.reload(a).State != account.Blocked {
		t.Fatal("unblocked")
	}
	desk.post(at, "reason", "lost_phone", "ticket", "M-1").post(at, "nothing", "").is(http.StatusBadRequest)
	desk.get(at).says(`value="confirm"`)
	for range 6 {
		s.clock.add(10 * time.Minute)
		desk.get(at).at("/console/unblock")
	}
	desk.post(at, "action", "confirm").is(http.StatusConflict) // an hour is over
	if s.reload(a).State != account.Blocked {
		t.Error("a case of an hour ago unblocks")
	}
}

// Guessing ends the case, and the account is left alone for a while.
func TestOF20_WrongAnswersEndTheCase(t *testing.T) {
	s := newSite(t, nil)
	a := s.blocked(s.person(testEmail))
	code := s.caller(testEmail).callback()
	desk := s.official("desk@example.org", staff.Helpdesk)
	at := desk.begin(a)
	wrong := "0000 0000"
	if code == wrong {
		wrong = "1111 1111"
	}
	desk.post(at, append([]string{"code", wrong}, right...)...).is(http.StatusUnprocessableEntity).says("Deze code klopt niet")
	desk.post(at, "said_place", "12345 Elders").is(http.StatusUnprocessableEntity)
	if strings.Contains(desk.body, "10115") {
		t.Error("the page tells the right answer")
	}
	for range helpdesk.WrongAnswers - 2 {
		desk.post(at, "code", wrong)
	}
	desk.says("geweigerd")
	desk.post(at, "code", code).is(http.StatusConflict)
	desk.post("/console/account?id=" + a.ID).is(http.StatusConflict)
	if e := s.happened(a); e[1].Action != "unblock.refused" || s.reload(a).State != account.Blocked {
		t.Errorf("%+v", e[1])
	}
	s.clock.add(helpdesk.Cooling)
	desk.staffLogin("desk@example.org").begin(a)
	if again := s.caller(testEmail).callback(); again == code {
		t.Error("an hour later the code is the same")
	}
}

// The code belongs to this block: one of an earlier block is wrong.
func TestEN20_CodeOfAnotherBlock(t *testing.T) {
	s := newSite(t, nil)
	a := s.blocked(s.person(testEmail))
	old := s.caller(testEmail).callback()
	must(t, s.unblock(a))
	a = s.blocked(a)
	if fresh := s.caller(testEmail).callback(); fresh == old {
		t.Fatal("the code is the one of the block before")
	}
	desk := s.official("desk@example.org", staff.Helpdesk)
	desk.post(desk.begin(a), append([]string{"code", old}, right...)...).is(http.StatusUnprocessableEntity).says("Deze code klopt niet")
}
