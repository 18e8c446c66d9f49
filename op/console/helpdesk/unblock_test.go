package helpdesk_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/staff"
)

// EN-20: from a blocked account to a new QR code.
func TestEN20_HelpdeskUnblocks(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, holder := s.Active(site.Email)
	a = s.Blocked(a)
	code := s.Caller(site.Email).Says(a.BlockRef).Callback()
	s.Mails("")
	desk := s.Official("desk@example.org", staff.Helpdesk)

	for _, q := range []string{a.BlockRef, strings.ToLower(a.BlockRef), site.Email, "anna+muster", "Musté"} {
		desk.Get("/console/helpdesk?q=" + q).At("/console/helpdesk").Says("/console/helpdesk/account?id=" + a.ID)
	}
	desk.Get("/console/helpdesk/account?id=" + a.ID).Says("Het account is geblokkeerd door de helpdesk.").Says("Authenticatie-app gekoppeld")
	for _, hidden := range []string{"1980", "Hauptstrasse", "30123456", a.PasswordHash.Reveal(), holder.Seed.Reveal(), code} {
		if strings.Contains(desk.Body, hidden) {
			t.Errorf("the account page shows %q", hidden)
		}
	}
	if e := s.Events(a)[0]; e.Action != "account.viewed" || e.ActorID != s.Member("desk@example.org").ID || e.ActorKind != audit.ActorStaff {
		t.Errorf("the look is not in the audit log: %+v", e)
	}
	at := desk.Begin(a)
	desk.Identified(at, code).Says("M-2026-1234").Post(at, "action", "confirm").Says("Het account is gedeblokkeerd")

	got := s.Reload(a)
	if got.State != account.AwaitingEnrolment || got.Factor.Sealed != nil || got.Epoch != a.Epoch+1 || got.Unblocks != 1 || got.UnblockedAt.IsZero() {
		t.Fatalf("%+v", got)
	}
	e := s.Acts(a)[0]
	if e.Action != "account.unblocked" || e.ActorKind != audit.ActorStaff || e.ActorID != s.Member("desk@example.org").ID || e.Reason != "lost_phone" || e.Details["ticket"] != "M-2026-1234" {
		t.Errorf("%+v", e)
	}
	for _, said := range e.Details {
		if strings.Contains(said, "1980") || strings.Contains(said, "Haupt") {
			t.Error("the audit log holds an answer:", e.Details)
		}
	}
	s.WantMails(site.Email, "account-unblocked")
	if holder.LoggedIn() {
		t.Error("the session lives on")
	}
	if old := holder.Seed; s.ToMailbox(site.Email).Mailbox().Submit().At("/enrol/qr").Scan().Seed == old {
		t.Error("the old secret came back")
	}
	// EN-21: there is nothing to unblock a second time.
	if desk.Post(at, "action", "confirm"); desk.Status != http.StatusConflict || s.Reload(a).Unblocks != 1 {
		t.Error("again:", desk.Status)
	}
	if desk.Post("/console/helpdesk/account?id=" + a.ID); desk.Status != http.StatusConflict {
		t.Error("a case for an account that is not blocked:", desk.Status)
	}
}

// No step can be skipped: the stored request determines the step.
func TestOF02_UnblockSkipsNoStep(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Blocked(s.Person(site.Email))
	code := s.Caller(site.Email).Callback()
	desk := s.Official("desk@example.org", staff.Helpdesk)
	at := desk.Begin(a)
	for name, form := range map[string][]string{
		"confirm": {"action", "confirm"}, "reason": {"reason", "lost_phone", "ticket", "M-1"}, "both": {"action", "confirm", "reason", "lost_phone", "ticket", "M-1"},
	} {
		if desk.Post(at, form...); desk.Status != http.StatusUnprocessableEntity || s.Reload(a).State != account.Blocked {
			t.Error(name, desk.Status)
		}
	}
	desk.Post(at, append([]string{"action", "confirm"}, site.RightAnswers...)...).Says(`name="code"`) // three answers without the code
	desk.Post(at, "code", code, "action", "confirm").Says(`name="ticket"`)
	desk.Post(at, "action", "confirm").Is(http.StatusUnprocessableEntity)
	for _, bad := range [][]string{{"reason", "because", "ticket", "M-1"}, {"reason", "lost_phone", "ticket", ""}, {"reason", "lost_phone", "ticket", "Anna Muster, <script>"}} {
		if desk.Post(at, bad...); desk.Status != http.StatusUnprocessableEntity {
			t.Error(bad, desk.Status)
		}
	}
	// Another official cannot continue it or see it.
	other := s.Official("other@example.org", staff.Helpdesk)
	other.Post(at, "reason", "lost_phone", "ticket", "M-1").Is(http.StatusConflict)
	other.Post(at, "action", "stop").Is(http.StatusConflict)
	other.Post("/console/helpdesk/account?id=" + a.ID).Is(http.StatusConflict)
	if s.Reload(a).State != account.Blocked {
		t.Fatal("unblocked")
	}
	desk.Post(at, "reason", "lost_phone", "ticket", "M-1").Post(at, "nothing", "").Is(http.StatusBadRequest)
	desk.Get(at).Says(`value="confirm"`)
	for range 6 {
		s.Clock.Add(10 * time.Minute)
		desk.Get(at).At("/console/helpdesk/request")
	}
	desk.Post(at, "action", "confirm").Is(http.StatusConflict) // it has expired after an hour
	if s.Reload(a).State != account.Blocked {
		t.Error("a case of an hour ago unblocks")
	}
}

// Guessing ends the request, and the account cannot be unblocked for a while.
func TestOF20_WrongAnswersEndTheCase(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Blocked(s.Person(site.Email))
	code := s.Caller(site.Email).Callback()
	desk := s.Official("desk@example.org", staff.Helpdesk)
	at := desk.Begin(a)
	wrong := "0000 0000"
	if code == wrong {
		wrong = "1111 1111"
	}
	desk.Post(at, append([]string{"code", wrong}, site.RightAnswers...)...).Is(http.StatusUnprocessableEntity).Says("Deze code klopt niet")
	desk.Post(at, "said_place", "12345 Elders").Is(http.StatusUnprocessableEntity)
	if strings.Contains(desk.Body, "10115") {
		t.Error("the page tells the right answer")
	}
	for range helpdesk.WrongAnswers - 2 {
		desk.Post(at, "code", wrong)
	}
	desk.Says("geweigerd")
	desk.Post(at, "code", code).Is(http.StatusConflict)
	desk.Post("/console/helpdesk/account?id=" + a.ID).Is(http.StatusConflict)
	if e := s.Acts(a); e[0].Action != "unblock.refused" || s.Reload(a).State != account.Blocked {
		t.Errorf("%+v", e[0])
	}
	s.Clock.Add(helpdesk.Cooling)
	desk.StaffLogin("desk@example.org").Begin(a)
	if again := s.Caller(site.Email).Callback(); again == code {
		t.Error("an hour later the code is the same")
	}
}

// A code belongs to one block: the code of an earlier block is wrong.
func TestEN20_CodeOfAnotherBlock(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Blocked(s.Person(site.Email))
	old := s.Caller(site.Email).Callback()
	site.Must(t, s.Unblock(a))
	a = s.Blocked(a)
	if fresh := s.Caller(site.Email).Callback(); fresh == old {
		t.Fatal("the code is the one of the block before")
	}
	desk := s.Official("desk@example.org", staff.Helpdesk)
	desk.Post(desk.Begin(a), append([]string{"code", old}, site.RightAnswers...)...).Is(http.StatusUnprocessableEntity).Says("Deze code klopt niet")
}
