package main

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/staff"
)

// OF-20: for a company, and for a second unblock within 30 days, somebody
// else confirms.
func TestOF20_SecondMemberConfirms(t *testing.T) {
	for name, second := range map[string]func(*site) account.Account{
		"company": func(s *site) account.Account {
			return s.blocked(s.person(testEmail, func(a *account.Account) {
				a.Kind = account.LegalPerson
				a.Profile.Organization = &account.Organization{Name: "Bau <b>GmbH</b>", RegistrationNumber: "HRB 1", RegistrationCountry: "DE", Address: a.Profile.Address, Role: "director"}
			}))
		},
		"second within 30 days": func(s *site) account.Account {
			a := s.blocked(s.person(testEmail))
			must(s.t, s.unblock(a))
			s.clock.add(helpdesk.SecondWithin - time.Hour)
			return s.blocked(a)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			a := second(s)
			first, other := s.official("first@example.org", staff.Helpdesk), s.official("other@example.org", staff.Helpdesk)
			code := s.caller(testEmail).callback()
			at := first.begin(a)
			first.identified(at, code).says("wacht op een collega")
			for _, again := range [][]string{{"action", "confirm"}, {"reason", "lost_phone", "ticket", "M-2"}} {
				if first.post(at, again...); s.reload(a).State != account.Blocked {
					t.Fatal("who proposed has confirmed")
				}
			}
			other.get("/console/accounts").says(strings.TrimPrefix(at, "/console/unblock"))
			s.mails("")
			other.get(at).says("M-2026-1234").post(at, "action", "confirm").says("Het account is gedeblokkeerd")
			e := s.happened(a)[0]
			if e.Action != "account.unblocked" || e.ActorID != s.member("other@example.org").ID || e.Details["proposed_by"] != s.member("first@example.org").ID {
				t.Errorf("%+v", e)
			}
			if m := s.mails(testEmail); !slices.Equal(m, []string{"account-unblocked"}) {
				t.Error("mails:", m)
			}
		})
	}
	t.Run("after 30 days one is enough", func(t *testing.T) {
		s := newSite(t, nil)
		a := s.blocked(s.person(testEmail))
		must(t, s.unblock(a))
		s.clock.add(helpdesk.SecondWithin)
		a = s.blocked(a)
		desk := s.official("first@example.org", staff.Helpdesk)
		at, code := desk.begin(a), s.caller(testEmail).callback()
		if desk.identified(at, code).post(at, "action", "confirm"); s.reload(a).State != account.AwaitingEnrolment {
			t.Error("not unblocked:", desk.body)
		}
	})
	t.Run("a colleague refuses", func(t *testing.T) {
		s := newSite(t, nil)
		a := s.blocked(s.person(testEmail, func(a *account.Account) { a.Kind = account.LegalPerson }))
		first, other := s.official("first@example.org", staff.Helpdesk), s.official("other@example.org", staff.Helpdesk)
		at, code := first.begin(a), s.caller(testEmail).callback()
		first.identified(at, code)
		other.post(at, "action", "stop").says("geweigerd").post(at, "action", "confirm").is(http.StatusConflict)
		if s.reload(a).State != account.Blocked {
			t.Error("a refused proposal unblocks")
		}
	})
}

// EN-21: two browsers of one member, or two colleagues, at once: one wins.
func TestEN21_HelpdeskAtOnce(t *testing.T) {
	s := newSite(t, onServers(t))
	a := s.blocked(s.person(testEmail, func(a *account.Account) { a.Kind = account.LegalPerson }))
	first := s.official("first@example.org", staff.Helpdesk)
	at, code := first.begin(a), s.caller(testEmail).callback()
	first.identified(at, code)
	colleagues := []*browser{s.official("b@example.org", staff.Helpdesk), s.official("c@example.org", staff.Helpdesk), s.official("d@example.org", staff.Helpdesk), s.official("e@example.org", staff.Helpdesk)}
	s.mails("")
	var faults atomic.Int64
	atOnce(len(colleagues), func(i int) {
		res, err := colleagues[i].http.Do(colleagues[i].formTo(at, "action", "confirm"))
		if err != nil || res.StatusCode != http.StatusSeeOther && res.StatusCode != http.StatusConflict {
			faults.Add(1)
		}
		if err == nil {
			_ = res.Body.Close()
		}
	})
	if got := s.reload(a); faults.Load() != 0 || got.Unblocks != 1 || got.Epoch != a.Epoch+1 {
		t.Errorf("%d faults, %d unblocks", faults.Load(), got.Unblocks)
	}
	if m := s.mails(testEmail); !slices.Equal(m, []string{"account-unblocked"}) {
		t.Error("mails:", m)
	}
}

// Blocking needs a reason, a ticket and a certain mind; it is told and on the
// record.
func TestHelpdeskBlocks(t *testing.T) {
	s := newSite(t, nil)
	a, holder := s.active(testEmail)
	desk := s.official("desk@example.org", staff.Helpdesk)
	s.mails("")
	at := "/console/account/block?id=" + a.ID
	desk.get(at).says("Account blokkeren")
	for _, bad := range [][]string{{}, {"sure", "yes"}, {"reason", "suspicion", "ticket", "M-1"}, {"reason", "suspicion", "ticket", "wie belt", "sure", "yes"}, {"reason", "lost_phone", "ticket", "M-1", "sure", "yes"}} {
		if desk.post(at, bad...); desk.status != http.StatusUnprocessableEntity || s.reload(a).State != account.Active {
			t.Error(bad, desk.status)
		}
	}
	desk.post(at, "reason", "phone_stolen", "ticket", "M-1", "sure", "yes").at("/console/account").says("Telefoon gestolen (M-1)")
	if got := s.reload(a); got.State != account.Blocked || got.BlockReason != account.Reported || got.BlockRef == "" || holder.loggedIn() {
		t.Errorf("%+v", got)
	}
	if m := s.mails(testEmail); !slices.Equal(m, []string{"account-blocked"}) {
		t.Error("mails:", m)
	}
	blocked := s.happened(a)[1] // then the page was viewed
	if blocked.Action != "account.blocked" || blocked.ActorID != s.member("desk@example.org").ID || blocked.Details["ticket"] != "M-1" {
		t.Errorf("%+v", blocked)
	}
	ref := s.reload(a).BlockRef
	if desk.post(at, "reason", "phone_stolen", "ticket", "M-1", "sure", "yes"); s.reload(a).BlockRef != ref {
		t.Error("blocked twice")
	}
}

// Mails go again, to the account's own address and only when they are true.
func TestHelpdeskSendsMailsAgain(t *testing.T) {
	s := newSite(t, nil)
	a := s.blocked(s.person(testEmail))
	desk := s.official("desk@example.org", staff.Helpdesk)
	s.mails("")
	at := "/console/account/mail?id=" + a.ID
	for _, bad := range [][]string{{}, {"mail", "unblocked", "reason", "not_received", "ticket", "M-1"}, {"mail", "blocked", "reason", "not_received"}, {"mail", "blocked", "ticket", "M-1"}} {
		if desk.post(at, bad...); desk.status != http.StatusUnprocessableEntity {
			t.Error(bad, desk.status)
		}
	}
	for _, mail := range []string{"blocked", "receipt"} {
		desk.get(at).says(`value="`+mail+`"`).post(at, "mail", mail, "reason", "not_received", "ticket", "M-1").at("/console/account")
	}
	if m := s.mails(testEmail); !slices.Equal(m, []string{"account-blocked", "receipt"}) && !slices.Equal(m, []string{"receipt", "account-blocked"}) {
		t.Error("mails:", m)
	}
	must(t, s.unblock(a))
	s.mails("")
	desk.post(at, "mail", "unblocked", "reason", "not_received", "ticket", "M-1").at("/console/account")
	if m := s.mails(testEmail); !slices.Equal(m, []string{"account-unblocked"}) {
		t.Error("mails:", m)
	}
	if e := s.happened(a)[1]; e.Action != "account.mail_resent" || e.Details["mail"] != "unblocked" || e.Reason != "not_received" {
		t.Errorf("%+v", e)
	}
}

// receiptHeld demands that the receipt, which holds what a caller is asked,
// does not go to an address that is new, and goes to one that is not.
func (b *browser) receiptHeld(a account.Account) {
	b.s.t.Helper()
	at := "/console/account/mail?id=" + a.ID
	asked := []string{"mail", "receipt", "reason", "not_received", "ticket", "M-1"}
	b.s.mails("")
	if b.get("/console/account?id=" + a.ID).says(at).get(at).says("in de afgelopen 30 dagen veranderd"); strings.Contains(b.body, `value="receipt"`) {
		b.s.t.Error("the receipt is offered")
	}
	if b.post(at, asked...); b.status != http.StatusUnprocessableEntity || len(b.s.letters()) != 0 {
		b.s.t.Error("the receipt went to a new address:", b.status)
	}
	b.s.clock.add(helpdesk.SecondWithin)
	b.staffLogin("third@example.org").get(at).says(`value="receipt"`).post(at, asked...).at("/console/account")
	if _, sent := b.s.letters()["receipt"]; !sent {
		b.s.t.Error("the receipt never goes again")
	}
}

// OF-20: nobody fills a mailbox with mails that go again.
func TestOF20_MailsAgainHaveAnEnd(t *testing.T) {
	s := newSite(t, nil)
	a := s.person(testEmail)
	desk := s.official("desk@example.org", staff.Helpdesk)
	s.mails("")
	at := "/console/account/mail?id=" + a.ID
	again := []string{"mail", "receipt", "reason", "not_received", "ticket", "M-1"}
	for range helpdesk.MailsAgain {
		desk.post(at, again...).at("/console/account")
	}
	if m := s.mails(testEmail); len(m) != helpdesk.MailsAgain {
		t.Error("mails:", m)
	}
	desk.post(at, again...).is(http.StatusTooManyRequests).says("al 5 e-mails opnieuw verstuurd")
	if m := s.mails(testEmail); len(m) != 0 {
		t.Error("one more:", m)
	}
	s.clock.add(helpdesk.MailsWithin)
	desk.staffLogin("desk@example.org").post(at, again...).at("/console/account")
}

// OF-10, OF-03: what people typed is text; ids of nobody are not found.
func TestOF10_HelpdeskShowsTextAsText(t *testing.T) {
	s := newSite(t, nil)
	const evil = `<script>alert(1)</script>"'><img src=x>`
	a := s.blocked(s.person(testEmail, func(a *account.Account) {
		a.Profile.GivenName, a.Profile.FamilyName = evil, "{{.CSRF}}"
		a.Profile.Organization = &account.Organization{Name: evil, RegistrationNumber: evil, RegistrationCountry: "DE", Address: account.Address{Line1: evil, Country: "DE"}}
	}))
	desk := s.official("desk@example.org", staff.Helpdesk)
	pages := []string{"/console/accounts?q=script", "/console/accounts?q=%3Cscript%3E", "/console/account?id=" + a.ID, "/console/account/block?id=" + a.ID, "/console/account/mail?id=" + a.ID, desk.begin(a)}
	for _, page := range pages {
		if desk.get(page).is(http.StatusOK); strings.Contains(desk.body, "<script>alert") || strings.Contains(desk.body, "<img src=x") {
			t.Error(page, "runs what somebody typed")
		}
	}
	for _, odd := range []string{"", "nobody", "%00", "a%27b", strings.Repeat("x", 500)} {
		for _, page := range []string{"/console/account?id=", "/console/account/block?id=", "/console/account/mail?id=", "/console/unblock?id="} {
			if desk.get(page + odd); desk.status != http.StatusNotFound && desk.status != http.StatusBadRequest {
				t.Errorf("%s%.20s: %d", page, odd, desk.status)
			}
		}
		if desk.get("/console/accounts?q=" + odd); desk.status != http.StatusOK && desk.status != http.StatusBadRequest {
			t.Errorf("search %.20s: %d", odd, desk.status)
		}
	}
}
