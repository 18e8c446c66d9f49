package helpdesk_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/staff"
)

// OF-20: for a company, and for a second unblock within 30 days, a colleague has to
// confirm.
func TestOF20_SecondMemberConfirms(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]func(*site.Site) account.Account{
		"company": func(s *site.Site) account.Account {
			return s.Blocked(s.Person(site.Email, func(a *account.Account) {
				a.Kind = account.LegalPerson
				a.Profile.Organization = &account.Organization{Name: "Bau <b>GmbH</b>", RegistrationNumber: "HRB 1", RegistrationCountry: "DE", Address: a.Profile.Address, Role: "director"}
			}))
		},
		"second within 30 days": func(s *site.Site) account.Account {
			a := s.Blocked(s.Person(site.Email))
			site.Must(s.T, s.Unblock(a))
			s.Clock.Add(helpdesk.SecondWithin - time.Hour)
			return s.Blocked(a)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := site.New(t, nil)
			a := second(s)
			first, other := s.Official("first@example.org", staff.Helpdesk), s.Official("other@example.org", staff.Helpdesk)
			code := s.Caller(site.Email).Callback()
			at := first.Begin(a)
			first.Identified(at, code).Says("wacht op een collega")
			for _, again := range [][]string{{"action", "confirm"}, {"reason", "lost_phone", "ticket", "M-2"}} {
				if first.Post(at, again...); s.Reload(a).State != account.Blocked {
					t.Fatal("who proposed has confirmed")
				}
			}
			other.Get("/console/helpdesk").Says(strings.TrimPrefix(at, "/console/helpdesk/request"))
			s.Mails("")
			other.Get(at).Says("M-2026-1234").Post(at, "action", "confirm").Says("Het account is gedeblokkeerd")
			e := s.Acts(a)[0]
			if e.Action != "account.unblocked" || e.ActorID != s.Member("other@example.org").ID || e.Details["proposed_by"] != s.Member("first@example.org").ID {
				t.Errorf("%+v", e)
			}
			s.WantMails(site.Email, "account-unblocked")
		})
	}
	t.Run("after 30 days one is enough", func(t *testing.T) {
		s := site.New(t, nil)
		a := s.Blocked(s.Person(site.Email))
		site.Must(t, s.Unblock(a))
		s.Clock.Add(helpdesk.SecondWithin)
		a = s.Blocked(a)
		desk := s.Official("first@example.org", staff.Helpdesk)
		at, code := desk.Begin(a), s.Caller(site.Email).Callback()
		if desk.Identified(at, code).Post(at, "action", "confirm"); s.Reload(a).State != account.AwaitingEnrolment {
			t.Error("not unblocked:", desk.Body)
		}
	})
	t.Run("a colleague refuses", func(t *testing.T) {
		s := site.New(t, nil)
		a := s.Blocked(s.Person(site.Email, func(a *account.Account) { a.Kind = account.LegalPerson }))
		first, other := s.Official("first@example.org", staff.Helpdesk), s.Official("other@example.org", staff.Helpdesk)
		at, code := first.Begin(a), s.Caller(site.Email).Callback()
		first.Identified(at, code)
		other.Post(at, "action", "stop").Says("geweigerd").Post(at, "action", "confirm").Is(http.StatusConflict)
		if s.Reload(a).State != account.Blocked {
			t.Error("a refused proposal unblocks")
		}
	})
}

// EN-21: of two browsers of one official, or of two officials, one succeeds.
func TestEN21_HelpdeskAtOnce(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.OnServers(t))
	a := s.Blocked(s.Person(site.Email, func(a *account.Account) { a.Kind = account.LegalPerson }))
	first := s.Official("first@example.org", staff.Helpdesk)
	at, code := first.Begin(a), s.Caller(site.Email).Callback()
	first.Identified(at, code)
	colleagues := []*site.Browser{s.Official("b@example.org", staff.Helpdesk), s.Official("c@example.org", staff.Helpdesk), s.Official("d@example.org", staff.Helpdesk), s.Official("e@example.org", staff.Helpdesk)}
	s.Mails("")
	var faults atomic.Int64
	site.AtOnce(len(colleagues), func(i int) {
		res, err := colleagues[i].HTTP.Do(colleagues[i].FormTo(at, "action", "confirm"))
		if err != nil || res.StatusCode != http.StatusSeeOther && res.StatusCode != http.StatusConflict {
			faults.Add(1)
		}
		if err == nil {
			_ = res.Body.Close()
		}
	})
	if got := s.Reload(a); faults.Load() != 0 || got.Unblocks != 1 || got.Epoch != a.Epoch+1 {
		t.Errorf("%d faults, %d unblocks", faults.Load(), got.Unblocks)
	}
	s.WantMails(site.Email, "account-unblocked")
}

// Blocking takes a reason, a ticket and a ticked box. It is mailed and added to the
// audit log.
func TestHelpdeskBlocks(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, holder := s.Active(site.Email)
	desk := s.Official("desk@example.org", staff.Helpdesk)
	s.Mails("")
	at := "/console/helpdesk/block?id=" + a.ID
	desk.Get(at).Says("Account blokkeren")
	for _, bad := range [][]string{{}, {"sure", "yes"}, {"reason", "suspicion", "ticket", "M-1"}, {"reason", "suspicion", "ticket", "wie belt", "sure", "yes"}, {"reason", "lost_phone", "ticket", "M-1", "sure", "yes"}} {
		if desk.Post(at, bad...); desk.Status != http.StatusUnprocessableEntity || s.Reload(a).State != account.Active {
			t.Error(bad, desk.Status)
		}
	}
	desk.Post(at, "reason", "phone_stolen", "ticket", "M-1", "sure", "yes").At("/console/helpdesk/account").Says("Telefoon gestolen (M-1)")
	if got := s.Reload(a); got.State != account.Blocked || got.BlockReason != account.Reported || got.BlockRef == "" || holder.LoggedIn() {
		t.Errorf("%+v", got)
	}
	s.WantMails(site.Email, "account-blocked")
	blocked := s.Events(a)[1] // [0] is the view of the page
	if blocked.Action != "account.blocked" || blocked.ActorID != s.Member("desk@example.org").ID || blocked.Details["ticket"] != "M-1" {
		t.Errorf("%+v", blocked)
	}
	ref := s.Reload(a).BlockRef
	if desk.Post(at, "reason", "phone_stolen", "ticket", "M-1", "sure", "yes"); s.Reload(a).BlockRef != ref {
		t.Error("blocked twice")
	}
}

// Mails are sent again to the account's own address, while they are still true.
func TestHelpdeskSendsMailsAgain(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Blocked(s.Person(site.Email))
	desk := s.Official("desk@example.org", staff.Helpdesk)
	s.Mails("")
	at := "/console/helpdesk/mail?id=" + a.ID
	for _, bad := range [][]string{{}, {"mail", "unblocked", "reason", "not_received", "ticket", "M-1"}, {"mail", "blocked", "reason", "not_received"}, {"mail", "blocked", "ticket", "M-1"}} {
		if desk.Post(at, bad...); desk.Status != http.StatusUnprocessableEntity {
			t.Error(bad, desk.Status)
		}
	}
	for _, mail := range []string{"blocked", "receipt"} {
		desk.Get(at).Says(`value="`+mail+`"`).Post(at, "mail", mail, "reason", "not_received", "ticket", "M-1").At("/console/helpdesk/account")
	}
	s.WantMails(site.Email, "account-blocked", "receipt")
	site.Must(t, s.Unblock(a))
	s.Mails("")
	desk.Post(at, "mail", "unblocked", "reason", "not_received", "ticket", "M-1").At("/console/helpdesk/account")
	s.WantMails(site.Email, "account-unblocked")
	if e := s.Events(a)[1]; e.Action != "account.mail_resent" || e.Details["mail"] != "unblocked" || e.Reason != "not_received" {
		t.Errorf("%+v", e)
	}
}

// receiptHeld requires that the receipt, which holds answers that a caller is asked
// for, is not sent to a new address, and is sent to one that is not new.
func receiptHeld(b *site.Browser, a account.Account) {
	b.Site.T.Helper()
	at := "/console/helpdesk/mail?id=" + a.ID
	asked := []string{"mail", "receipt", "reason", "not_received", "ticket", "M-1"}
	b.Site.Mails("")
	if b.Get("/console/helpdesk/account?id=" + a.ID).Says(at).Get(at).Says("in de afgelopen 30 dagen veranderd"); strings.Contains(b.Body, `value="receipt"`) {
		b.Site.T.Error("the receipt is offered")
	}
	if b.Post(at, asked...); b.Status != http.StatusUnprocessableEntity || len(b.Site.Letters()) != 0 {
		b.Site.T.Error("the receipt went to a new address:", b.Status)
	}
	b.Site.Clock.Add(helpdesk.SecondWithin)
	b.StaffLogin("third@example.org").Get(at).Says(`value="receipt"`).Post(at, asked...).At("/console/helpdesk/account")
	if _, sent := b.Site.Letters()["receipt"]; !sent {
		b.Site.T.Error("the receipt never goes again")
	}
}

// OF-20: the number of mails that are sent again is limited.
func TestOF20_MailsAgainHaveAnEnd(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Person(site.Email)
	desk := s.Official("desk@example.org", staff.Helpdesk)
	s.Mails("")
	at := "/console/helpdesk/mail?id=" + a.ID
	again := []string{"mail", "receipt", "reason", "not_received", "ticket", "M-1"}
	for range helpdesk.MailsAgain {
		desk.Post(at, again...).At("/console/helpdesk/account")
	}
	if m := s.Mails(site.Email); len(m) != helpdesk.MailsAgain {
		t.Error("mails:", m)
	}
	desk.Post(at, again...).Is(http.StatusTooManyRequests).Says("al 5 e-mails opnieuw verstuurd")
	if m := s.Mails(site.Email); len(m) != 0 {
		t.Error("one more:", m)
	}
	s.Clock.Add(helpdesk.MailsWithin)
	desk.StaffLogin("desk@example.org").Post(at, again...).At("/console/helpdesk/account")
}

// OF-10, OF-03: typed text is shown as text, and unknown ids are not found.
func TestOF10_HelpdeskShowsTextAsText(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	const evil = `<script>alert(1)</script>"'><img src=x>`
	a := s.Blocked(s.Person(site.Email, func(a *account.Account) {
		a.Profile.GivenName, a.Profile.FamilyName = evil, "{{.CSRF}}"
		a.Profile.Organization = &account.Organization{Name: evil, RegistrationNumber: evil, RegistrationCountry: "DE", Address: account.Address{Line1: evil, Country: "DE"}}
	}))
	desk := s.Official("desk@example.org", staff.Helpdesk)
	pages := []string{"/console/helpdesk?q=script", "/console/helpdesk?q=%3Cscript%3E", "/console/helpdesk/account?id=" + a.ID, "/console/helpdesk/block?id=" + a.ID, "/console/helpdesk/mail?id=" + a.ID, desk.Begin(a)}
	for _, page := range pages {
		if desk.Get(page).Is(http.StatusOK); strings.Contains(desk.Body, "<script>alert") || strings.Contains(desk.Body, "<img src=x") {
			t.Error(page, "runs what somebody typed")
		}
	}
	for _, odd := range []string{"", "nobody", "%00", "a%27b", strings.Repeat("x", 500)} {
		for _, page := range []string{"/console/helpdesk/account?id=", "/console/helpdesk/block?id=", "/console/helpdesk/mail?id=", "/console/helpdesk/request?id="} {
			if desk.Get(page + odd); desk.Status != http.StatusNotFound && desk.Status != http.StatusBadRequest {
				t.Errorf("%s%.20s: %d", page, odd, desk.Status)
			}
		}
		if desk.Get("/console/helpdesk?q=" + odd); desk.Status != http.StatusOK && desk.Status != http.StatusBadRequest {
			t.Errorf("search %.20s: %d", odd, desk.Status)
		}
	}
}
