package main

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/staff"
)

var sureToClose = []string{"reason", "holder_asked_closing", "ticket", "M-9", "sure", "yes"}

// A closed account is closed: no login, no session, no token, a mail that
// says until when it can be undone; and undone it is blocked.
func TestHelpdeskCloses(t *testing.T) {
	s := newSite(t, nil)
	a, holder := s.active(testEmail)
	desk := s.official("desk@example.org", staff.Helpdesk)
	s.mails("")
	at := "/console/account/close?id=" + a.ID
	desk.get("/console/account?id=" + a.ID).says("Account opzeggen").get(at).says("30 dagen")
	for _, bad := range [][]string{{}, {"sure", "yes"}, {"reason", "misuse", "ticket", "M-1"}, {"reason", "suspicion", "ticket", "M-1", "sure", "yes"}, {"reason", "misuse", "ticket", "bel Anna", "sure", "yes"}} {
		if desk.post(at, bad...); desk.status != http.StatusUnprocessableEntity || s.reload(a).State != account.Active {
			t.Error(bad, desk.status)
		}
	}
	desk.post(at, sureToClose...).at("/console/account").says("Dit account is opgezegd").says("Account opgezegd").says("(M-9)")
	got := s.reload(a)
	if got.State != account.Closed || got.Epoch != a.Epoch+1 || !got.ClosedAt.Equal(s.clock.now()) || holder.loggedIn() {
		t.Errorf("%+v", got)
	}
	letter := s.letters()["account-closed"]
	if !strings.Contains(letter.Text.Reveal(), "terugdraaien") || !strings.Contains(letter.Text.Reveal(), "Was u dit niet?") {
		t.Error("mail:", letter.Text.Reveal())
	}
	b := s.browser().authorize(newRequest("web", callbackURI))
	if b.submit("email", testEmail, "password", testPassword); b.status != http.StatusUnprocessableEntity || strings.Contains(b.body, "opgezegd") {
		t.Error("a closed account logs in:", b.status)
	}
	for _, gone := range []string{"/console/account/block", "/console/account/address", "/console/account/close"} {
		if desk.get("/console/account?id=" + a.ID); strings.Contains(desk.body, gone) {
			t.Error(gone, "is offered for a closed account")
		}
		if desk.post(gone+"?id="+a.ID, "reason", "suspicion", "ticket", "M-1", "sure", "yes"); desk.status == http.StatusOK || s.reload(a).Epoch != got.Epoch {
			t.Error(gone, desk.status)
		}
	}
	// Undone: blocked, and the unblock asks who it is.
	reopen := "/console/account/reopen?id=" + a.ID
	desk.get("/console/account?id=" + a.ID).says("Opzeggen terugdraaien")
	desk.post(reopen, "reason", "closing_mistaken", "ticket", "M-10").is(http.StatusUnprocessableEntity)
	desk.post(reopen, "reason", "closing_mistaken", "ticket", "M-10", "sure", "yes").at("/console/account").says("Ten onrechte opgezegd (M-10)")
	if got = s.reload(a); got.State != account.Blocked || got.BlockReason != account.Reopened || got.BlockRef == "" {
		t.Errorf("%+v", got)
	}
	if m := s.mails(testEmail); !slices.Equal(m, []string{"account-blocked"}) {
		t.Error("mails:", m)
	}
	code := s.caller(testEmail).says("Dat is teruggedraaid").callback()
	unblock := desk.begin(got)
	desk.identified(unblock, code).post(unblock, "action", "confirm")
	if s.reload(a).State != account.AwaitingEnrolment {
		t.Error("not to be had back:", s.reload(a).State)
	}
	// After thirty days it is too late.
	desk.post(at, sureToClose...)
	other := s.official("other@example.org", staff.Helpdesk)
	closing, err := s.stores.db.Changes().Waiting(t.Context(), s.clock.now())
	must(t, err)
	if len(closing) != 1 || !closing[0].Second {
		t.Fatal("so soon after an unblock a colleague has to confirm:", closing)
	}
	other.post("/console/change?id="+closing[0].ID, "action", "confirm").says("Het account is opgezegd")
	s.clock.add(helpdesk.ReopenTime)
	desk.staffLogin("desk@example.org").post(reopen, "reason", "closing_mistaken", "ticket", "M-10", "sure", "yes").is(http.StatusConflict)
	if s.reload(a).State != account.Closed {
		t.Error("after thirty days it is had back")
	}
}

// OF-12, OF-20: a company is closed by two; of a crowd one wins.
func TestOF12_ClosingAtOnce(t *testing.T) {
	s := newSite(t, onServers(t))
	a := s.person(testEmail, func(a *account.Account) { a.Kind = account.LegalPerson })
	first := s.official("first@example.org", staff.Helpdesk)
	first.post("/console/account/close?id="+a.ID, sureToClose...).at("/console/change").says("wacht op een collega")
	at := "/console/change?" + first.url.RawQuery
	if first.post(at, "action", "confirm"); s.reload(a).State == account.Closed {
		t.Fatal("who proposed has confirmed")
	}
	colleagues := []*browser{s.official("b@example.org", staff.Helpdesk), s.official("c@example.org", staff.Helpdesk), s.official("d@example.org", staff.Helpdesk)}
	colleagues[0].get("/console/accounts").says(strings.TrimPrefix(at, "/console/change"))
	s.mails("")
	var faults atomic.Int64
	atOnce(2*len(colleagues), func(i int) {
		b := colleagues[i%len(colleagues)]
		res, err := b.http.Do(b.formTo(at, "action", "confirm"))
		if err != nil || res.StatusCode != http.StatusSeeOther && res.StatusCode != http.StatusConflict {
			faults.Add(1)
		}
		if err == nil {
			_ = res.Body.Close()
		}
	})
	if got := s.reload(a); faults.Load() != 0 || got.State != account.Closed || got.Epoch != a.Epoch+1 {
		t.Errorf("%d faults, %+v", faults.Load(), got)
	}
	if m := s.mails(testEmail); !slices.Equal(m, []string{"account-closed"}) {
		t.Error("mails:", m)
	}
	// A colleague's no; one that waited too long.
	b := s.person("bob@example.com", func(a *account.Account) { a.Kind = account.LegalPerson })
	first.post("/console/account/close?id="+b.ID, sureToClose...)
	at = "/console/change?" + first.url.RawQuery
	colleagues[0].post(at, "action", "stop").says("geweigerd").post(at, "action", "confirm").is(http.StatusConflict)
	c := s.person("cor@example.com", func(a *account.Account) { a.Kind = account.LegalPerson })
	first.post("/console/account/close?id="+c.ID, sureToClose...)
	at = "/console/change?" + first.url.RawQuery
	s.clock.add(helpdesk.ProposalTime)
	colleagues[1].staffLogin("c@example.org").post(at, "action", "confirm").is(http.StatusConflict)
	for _, still := range []account.Account{b, c} {
		if got := s.reload(still); got.State != account.AwaitingEnrolment {
			t.Error(still.Email, got.State)
		}
	}
}

// OF-03, OF-09: changes of nobody, without a form's token, by another role.
func TestOF03_ChangesOfNobody(t *testing.T) {
	s := newSite(t, nil)
	a := s.person(testEmail)
	desk := s.official("desk@example.org", staff.Helpdesk)
	at := desk.correcting(a)
	for _, odd := range []string{"", "nobody", "%00", "a%27b", a.ID, strings.Repeat("x", 500)} {
		for _, page := range []string{"/console/change?id=", "/console/account/address?id=x", "/console/account/close?id=x", "/console/account/reopen?id=x"} {
			if desk.get(page + odd); desk.status != http.StatusNotFound && desk.status != http.StatusBadRequest {
				t.Errorf("%s%.20s: %d", page, odd, desk.status)
			}
		}
	}
	for _, page := range []string{at, "/console/account/address?id=" + a.ID, "/console/account/close?id=" + a.ID, "/console/account/reopen?id=" + a.ID} {
		req := desk.formTo(page, append([]string{"action", "stop"}, sureToClose...)...)
		req.Body, req.ContentLength = http.NoBody, 0
		if got := desk.send(req).status; got != http.StatusForbidden && got != http.StatusBadRequest {
			t.Error(page, "without a token:", got)
		}
		foreign := desk.formTo(page, sureToClose...)
		foreign.Header.Set("Sec-Fetch-Site", "cross-site")
		if got := desk.send(foreign).status; got != http.StatusForbidden {
			t.Error(page, "from another site:", got)
		}
	}
	if got := s.reload(a); got.State != account.AwaitingEnrolment {
		t.Error(got.State)
	}
	for _, role := range []staff.Role{staff.Reviewer, staff.Administrator, staff.Auditor} {
		b := s.official(string(role)+"@example.org", role)
		b.post(at, "action", "stop").is(http.StatusForbidden)
	}
}

// OF-12: nobody at the helpdesk does anything with the own account, nor gives
// an account the own address.
func TestOF12_NotForOneself(t *testing.T) {
	s := newSite(t, nil)
	const own = "desk@example.org"
	a, b := s.blocked(s.person(own)), s.person(testEmail)
	desk := s.official(own, staff.Helpdesk)
	desk.post("/console/account?id=" + a.ID).is(http.StatusForbidden).says("eigen account")
	for _, act := range []string{"block", "close", "reopen", "mail", "address"} {
		desk.get("/console/account/" + act + "?id=" + a.ID).is(http.StatusForbidden)
		desk.post("/console/account/"+act+"?id="+a.ID, sureToClose...)
		if desk.status != http.StatusForbidden && desk.status != http.StatusBadRequest {
			t.Error(act, desk.status)
		}
	}
	at := desk.correcting(b)
	desk.post(at, right...).post(at, "email", strings.ToUpper(own), "reason", "address_lost", "ticket", "M-1").is(http.StatusForbidden)
	// Nor as the colleague who confirms.
	other := s.official("other@example.org", staff.Helpdesk)
	code := s.caller(own).callback()
	unblock := other.begin(a)
	other.identified(unblock, code)
	desk.post(unblock, "action", "confirm").is(http.StatusForbidden)
	c := s.person("bob@example.com")
	at = other.proposed(c, "desk2@example.net")
	desk2 := s.official("desk2@example.net", staff.Helpdesk)
	desk2.post(at, "action", "confirm").is(http.StatusForbidden)
	if s.reload(a).Epoch != a.Epoch || s.reload(c).Email != "bob@example.com" {
		t.Error("something was done for oneself")
	}
}
