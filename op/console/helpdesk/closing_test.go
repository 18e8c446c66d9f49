package helpdesk_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/staff"
)

var sureToClose = []string{"reason", "holder_asked_closing", "ticket", "M-9", "sure", "yes"}

// Closing an account ends logins, sessions and tokens, and mails until when it can
// be reopened. A reopened account is blocked.
func TestHelpdeskCloses(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, holder := s.Active(site.Email)
	desk := s.Official("desk@example.org", staff.Helpdesk)
	s.Mails("")
	at := "/console/helpdesk/close?id=" + a.ID
	desk.Get("/console/helpdesk/account?id=" + a.ID).Says("Account opzeggen").Get(at).Says("30 dagen")
	for _, bad := range [][]string{{}, {"sure", "yes"}, {"reason", "misuse", "ticket", "M-1"}, {"reason", "suspicion", "ticket", "M-1", "sure", "yes"}, {"reason", "misuse", "ticket", "bel Anna", "sure", "yes"}} {
		if desk.Post(at, bad...); desk.Status != http.StatusUnprocessableEntity || s.Reload(a).State != account.Active {
			t.Error(bad, desk.Status)
		}
	}
	desk.Post(at, sureToClose...).At("/console/helpdesk/account").Says("Dit account is opgezegd").Says("Account opgezegd").Says("(M-9)")
	got := s.Reload(a)
	if got.State != account.Closed || got.Epoch != a.Epoch+1 || !got.ClosedAt.Equal(s.Clock.Now()) || holder.LoggedIn() {
		t.Errorf("%+v", got)
	}
	letter := s.Letters()["account-closed"]
	if !strings.Contains(letter.Text.Reveal(), "terugdraaien") || !strings.Contains(letter.Text.Reveal(), "Was u dit niet?") {
		t.Error("mail:", letter.Text.Reveal())
	}
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	if b.Submit("email", site.Email, "password", site.Password); b.Status != http.StatusUnprocessableEntity || strings.Contains(b.Body, "opgezegd") {
		t.Error("a closed account logs in:", b.Status)
	}
	for _, gone := range []string{"/console/helpdesk/block", "/console/helpdesk/address", "/console/helpdesk/close"} {
		if desk.Get("/console/helpdesk/account?id=" + a.ID); strings.Contains(desk.Body, gone) {
			t.Error(gone, "is offered for a closed account")
		}
		if desk.Post(gone+"?id="+a.ID, "reason", "suspicion", "ticket", "M-1", "sure", "yes"); desk.Status == http.StatusOK || s.Reload(a).Epoch != got.Epoch {
			t.Error(gone, desk.Status)
		}
	}
	// After reopening the account is blocked, and unblocking identifies the caller.
	reopen := "/console/helpdesk/reopen?id=" + a.ID
	desk.Get("/console/helpdesk/account?id=" + a.ID).Says("Opzeggen terugdraaien")
	desk.Post(reopen, "reason", "closing_mistaken", "ticket", "M-10").Is(http.StatusUnprocessableEntity)
	desk.Post(reopen, "reason", "closing_mistaken", "ticket", "M-10", "sure", "yes").At("/console/helpdesk/account").Says("Ten onrechte opgezegd (M-10)")
	if got = s.Reload(a); got.State != account.Blocked || got.BlockReason != account.Reopened || got.BlockRef == "" {
		t.Errorf("%+v", got)
	}
	s.WantMails(site.Email, "account-blocked")
	code := s.Caller(site.Email).Says("Dat is teruggedraaid").Callback()
	unblock := desk.Begin(got)
	desk.Identified(unblock, code).Post(unblock, "action", "confirm")
	if s.Reload(a).State != account.AwaitingEnrolment {
		t.Error("not to be had back:", s.Reload(a).State)
	}
	// After thirty days it is too late to reopen.
	desk.Post(at, sureToClose...)
	other := s.Official("other@example.org", staff.Helpdesk)
	closing, err := s.Stores.DB.Helpdesk().Waiting(t.Context(), s.Clock.Now())
	site.Must(t, err)
	if len(closing) != 1 || !closing[0].Second {
		t.Fatal("so soon after an unblock a colleague has to confirm:", closing)
	}
	other.Post("/console/helpdesk/request?id="+closing[0].ID, "action", "confirm").Says("Het account is opgezegd")
	s.Clock.Add(helpdesk.ReopenTime)
	desk.StaffLogin("desk@example.org").Post(reopen, "reason", "closing_mistaken", "ticket", "M-10", "sure", "yes").Is(http.StatusConflict)
	if s.Reload(a).State != account.Closed {
		t.Error("after thirty days it is had back")
	}
}

// OF-12, OF-20: closing the account of a company takes two officials; of
// simultaneous confirmations one succeeds.
func TestOF12_ClosingAtOnce(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.OnServers(t))
	a := s.Person(site.Email, func(a *account.Account) { a.Kind = account.LegalPerson })
	first := s.Official("first@example.org", staff.Helpdesk)
	first.Post("/console/helpdesk/close?id="+a.ID, sureToClose...).At("/console/helpdesk/request").Says("wacht op een collega")
	at := "/console/helpdesk/request?" + first.URL.RawQuery
	if first.Post(at, "action", "confirm"); s.Reload(a).State == account.Closed {
		t.Fatal("who proposed has confirmed")
	}
	colleagues := []*site.Browser{s.Official("b@example.org", staff.Helpdesk), s.Official("c@example.org", staff.Helpdesk), s.Official("d@example.org", staff.Helpdesk)}
	colleagues[0].Get("/console/helpdesk").Says(strings.TrimPrefix(at, "/console/helpdesk/request"))
	s.Mails("")
	var faults atomic.Int64
	site.AtOnce(2*len(colleagues), func(i int) {
		b := colleagues[i%len(colleagues)]
		res, err := b.HTTP.Do(b.FormTo(at, "action", "confirm"))
		if err != nil || res.StatusCode != http.StatusSeeOther && res.StatusCode != http.StatusConflict {
			faults.Add(1)
		}
		if err == nil {
			_ = res.Body.Close()
		}
	})
	if got := s.Reload(a); faults.Load() != 0 || got.State != account.Closed || got.Epoch != a.Epoch+1 {
		t.Errorf("%d faults, %+v", faults.Load(), got)
	}
	s.WantMails(site.Email, "account-closed")
	// A colleague refuses one; another one expires.
	b := s.Person("bob@example.com", func(a *account.Account) { a.Kind = account.LegalPerson })
	first.Post("/console/helpdesk/close?id="+b.ID, sureToClose...)
	at = "/console/helpdesk/request?" + first.URL.RawQuery
	colleagues[0].Post(at, "action", "stop").Says("geweigerd").Post(at, "action", "confirm").Is(http.StatusConflict)
	c := s.Person("cor@example.com", func(a *account.Account) { a.Kind = account.LegalPerson })
	first.Post("/console/helpdesk/close?id="+c.ID, sureToClose...)
	at = "/console/helpdesk/request?" + first.URL.RawQuery
	s.Clock.Add(helpdesk.ProposalTime)
	colleagues[1].StaffLogin("c@example.org").Post(at, "action", "confirm").Is(http.StatusConflict)
	for _, still := range []account.Account{b, c} {
		if got := s.Reload(still); got.State != account.AwaitingEnrolment {
			t.Error(still.Email, got.State)
		}
	}
}

// OF-03, OF-09: changes of unknown accounts, without a token or by another role are
// refused.
func TestOF03_ChangesOfNobody(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Person(site.Email)
	desk := s.Official("desk@example.org", staff.Helpdesk)
	at := desk.Correcting(a)
	for _, odd := range []string{"", "nobody", "%00", "a%27b", a.ID, strings.Repeat("x", 500)} {
		for _, page := range []string{"/console/helpdesk/request?id=", "/console/helpdesk/address?id=x", "/console/helpdesk/close?id=x", "/console/helpdesk/reopen?id=x"} {
			if desk.Get(page + odd); desk.Status != http.StatusNotFound && desk.Status != http.StatusBadRequest {
				t.Errorf("%s%.20s: %d", page, odd, desk.Status)
			}
		}
	}
	for _, page := range []string{at, "/console/helpdesk/address?id=" + a.ID, "/console/helpdesk/close?id=" + a.ID, "/console/helpdesk/reopen?id=" + a.ID} {
		req := desk.FormTo(page, append([]string{"action", "stop"}, sureToClose...)...)
		req.Body, req.ContentLength = http.NoBody, 0
		if got := desk.Send(req).Status; got != http.StatusForbidden && got != http.StatusBadRequest {
			t.Error(page, "without a token:", got)
		}
		foreign := desk.FormTo(page, sureToClose...)
		foreign.Header.Set("Sec-Fetch-Site", "cross-site")
		if got := desk.Send(foreign).Status; got != http.StatusForbidden {
			t.Error(page, "from another site:", got)
		}
	}
	if got := s.Reload(a); got.State != account.AwaitingEnrolment {
		t.Error(got.State)
	}
	for _, role := range []staff.Role{staff.Reviewer, staff.Administrator, staff.Auditor} {
		b := s.Official(string(role)+"@example.org", role)
		b.Post(at, "action", "stop").Is(http.StatusForbidden)
	}
}

// OF-12: an official can do nothing with their own account, nor change another
// account to their own address.
func TestOF12_NotForOneself(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	const own = "desk@example.org"
	a, b := s.Blocked(s.Person(own)), s.Person(site.Email)
	desk := s.Official(own, staff.Helpdesk)
	desk.Post("/console/helpdesk/account?id=" + a.ID).Is(http.StatusForbidden).Says("eigen account")
	for _, act := range []string{"block", "close", "reopen", "mail", "address"} {
		desk.Get("/console/helpdesk/" + act + "?id=" + a.ID).Is(http.StatusForbidden)
		desk.Post("/console/helpdesk/"+act+"?id="+a.ID, sureToClose...)
		if desk.Status != http.StatusForbidden && desk.Status != http.StatusBadRequest {
			t.Error(act, desk.Status)
		}
	}
	at := desk.Correcting(b)
	desk.Post(at, site.RightAnswers...).Post(at, "email", strings.ToUpper(own), "reason", "address_lost", "ticket", "M-1").Is(http.StatusForbidden)
	// Nor can they confirm as the colleague.
	other := s.Official("other@example.org", staff.Helpdesk)
	code := s.Caller(own).Callback()
	unblock := other.Begin(a)
	other.Identified(unblock, code)
	desk.Post(unblock, "action", "confirm").Is(http.StatusForbidden)
	c := s.Person("bob@example.com")
	at = other.Proposed(c, "desk2@example.net")
	desk2 := s.Official("desk2@example.net", staff.Helpdesk)
	desk2.Post(at, "action", "confirm").Is(http.StatusForbidden)
	if s.Reload(a).Epoch != a.Epoch || s.Reload(c).Email != "bob@example.com" {
		t.Error("something was done for oneself")
	}
}
