package helpdesk_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/staff"
)

// OF-20: changing an address takes two officials and the code from the new mailbox.
// Both addresses get a mail, sessions end, and the new address can log in.
func TestOF20_AddressIsCorrected(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, holder := s.Active(site.Email)
	first, other := s.Official("first@example.org", staff.Helpdesk), s.Official("other@example.org", staff.Helpdesk)
	s.Mails("")
	at := first.Proposed(a, "  Anna.Muster@Example.NET ")
	for _, again := range [][]string{{"action", "confirm"}, {"action", "propose"}, {"email", "x@example.org", "reason", "address_lost", "ticket", "M-1"}} {
		if first.Post(at, again...); len(s.Mails(site.NewEmail)) != 0 {
			t.Fatal("who proposed has confirmed:", again)
		}
	}
	other.Get("/console/helpdesk").Says(strings.TrimPrefix(at, "/console/helpdesk/request")).Says("E-mailadres verbeteren")
	other.Get(at).Says(site.NewEmail).Says(site.Email).Says("M-7").Says("3 antwoorden goed").Post(at, "action", "confirm").Says("nog bevestigen")
	announced := s.Letters()
	if len(announced) != 2 || announced["address-announced"].To != site.Email || announced["address-confirm"].To != site.NewEmail {
		t.Fatal("mails:", announced)
	}
	reference, code := site.Confirmation(t, announced["address-confirm"])
	if got := s.Reload(a); got.Email != site.Email || got.Epoch != a.Epoch {
		t.Fatalf("changed before the code: %+v", got)
	}
	stranger := s.Browser().Get("/address").At("/address")
	wrong := "000000"
	if code == wrong {
		wrong = "111111"
	}
	for _, bad := range [][2]string{{reference, wrong}, {"AAAA-AAAA", code}, {"", ""}, {reference, ""}, {"x\x00y", code}, {a.ID, code}} {
		if stranger.Submit("reference", bad[0], "code", bad[1]); stranger.Status != http.StatusUnprocessableEntity && stranger.Status != http.StatusBadRequest {
			t.Error(bad, stranger.Status)
		}
		stranger.Get("/address")
	}
	stranger.Submit("reference", strings.ToLower(reference), "code", code[:3]+" "+code[3:]).At("/address/done").Says("Uw e-mailadres is veranderd")
	got := s.Reload(a)
	if got.Email != site.NewEmail || got.Epoch != a.Epoch+1 || got.State != account.Active {
		t.Fatalf("%+v", got)
	}
	if holder.LoggedIn() {
		t.Error("the session lives on")
	}
	if told := s.Letters(); len(told) != 2 || told["address-changed"].To != site.Email || told["address-new"].To != site.NewEmail {
		t.Error("mails:", told)
	}
	e := s.Events(a)[0]
	if e.Action != "account.address_changed" || e.Reason != "address_lost" || e.Details["ticket"] != "M-7" ||
		e.Details["proposed_by"] != s.Member("first@example.org").ID || e.Details["confirmed_by"] != s.Member("other@example.org").ID {
		t.Errorf("%+v", e)
	}
	for _, e := range s.Events(a) {
		for _, said := range append([]string{e.Reason}, mapValues(e.Details)...) {
			if strings.Contains(said, "@") || strings.Contains(said, "example") {
				t.Errorf("%s holds an address: %q", e.Action, said)
			}
		}
	}
	// The same code cannot be used again, nor the old address.
	if stranger.Get("/address").Submit("reference", reference, "code", code); stranger.Status != http.StatusUnprocessableEntity {
		t.Error("the code counts twice:", stranger.Status)
	}
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	if b.Submit("email", site.Email, "password", site.Password); b.Status != http.StatusUnprocessableEntity {
		t.Error("the address of before logs in:", b.Status)
	}
	b = s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	b.Seed = holder.Seed
	b.Login(site.NewEmail).Answered()
	desk := s.Official("third@example.org", staff.Helpdesk)
	for q, found := range map[string]bool{site.NewEmail: true, reference: true, site.Email: false} {
		if desk.Get("/console/helpdesk?q=" + q); strings.Contains(desk.Body, "/console/helpdesk/account?id="+a.ID) != found {
			t.Errorf("by %q: found %v", q, !found)
		}
	}
	desk.Get("/console/helpdesk/account?id=" + a.ID).Says("E-mailadres veranderd").Says("Kan niet meer bij het oude e-mailadres (M-7)")
	receiptHeld(desk, a)
}

func mapValues(m map[string]string) (out []string) {
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

// OF-02: no step can be skipped, and an invalid address is refused.
func TestOF02_AddressSkipsNoStep(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Person(site.Email)
	s.Person("taken@example.com")
	desk, other := s.Official("desk@example.org", staff.Helpdesk), s.Official("other@example.org", staff.Helpdesk)
	at := desk.Correcting(a)
	other.Get(at).Says("bezig").Post(at, site.RightAnswers...).Is(http.StatusConflict)
	for _, form := range [][]string{{"action", "propose"}, {"action", "confirm"}, {"email", site.NewEmail, "reason", "address_lost", "ticket", "M-1"}} {
		if desk.Post(at, form...); desk.Status != http.StatusUnprocessableEntity {
			t.Error(form, desk.Status)
		}
	}
	desk.Post(at, "said_birthdate", "03-02-1980", "said_street", "Hauptstrasse 1").Is(http.StatusUnprocessableEntity)
	desk.Post(at, "said_phone", "030 123456").Says(`name="email"`)
	for _, bad := range []string{"", "x", "anna@", site.Email, "ANNA@example.com", "taken@example.com", "a@b@c.nl", "anna@example.com\r\nBcc: x@y.nl", "<x@y.nl>"} {
		if desk.Post(at, "email", bad, "reason", "address_lost", "ticket", "M-1"); desk.Status != http.StatusUnprocessableEntity || !strings.Contains(desk.Body, "kan niet worden gebruikt") {
			t.Errorf("%q: %d", bad, desk.Status)
		}
	}
	for _, bad := range [][]string{{"email", site.NewEmail, "ticket", "M-1"}, {"email", site.NewEmail, "reason", "address_lost"}, {"email", site.NewEmail, "reason", "suspicion", "ticket", "M-1"}} {
		if desk.Post(at, bad...); desk.Status != http.StatusUnprocessableEntity {
			t.Error(bad, desk.Status)
		}
	}
	desk.Post(at, "email", "typo@example.net", "reason", "address_lost", "ticket", "M-1").Says("typo@example.net").Post(at, "action", "again").Says(`name="email"`)
	desk.Post(at, "email", site.NewEmail, "reason", "address_lost", "ticket", "M-1").Says(site.NewEmail)
	if desk.Post(at, "action", "confirm"); len(s.Mails(site.NewEmail)) != 0 {
		t.Error("confirmed before it was proposed")
	}
	other.Post(at, "action", "confirm").Is(http.StatusConflict)
	// Guessing ends the request, and the account cannot be changed for a while.
	b := s.Person("bob@example.com")
	at = desk.Correcting(b)
	for range helpdesk.WrongAnswers {
		desk.Post(at, "said_place", "99999 Elders")
	}
	desk.Says("geweigerd").Post("/console/helpdesk/address?id=" + b.ID).Is(http.StatusConflict)
	if e := s.Acts(b); e[0].Action != "address.refused" {
		t.Errorf("%+v", e[0])
	}
}

// The holder of a blocked account is asked for the code of the block as well.
func TestOF20_AddressOfBlockedAccountNeedsTheCode(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Blocked(s.Person(site.Email))
	code := s.Caller(site.Email).Callback()
	desk, other := s.Official("desk@example.org", staff.Helpdesk), s.Official("other@example.org", staff.Helpdesk)
	at := desk.Correcting(a)
	if desk.Post(at, site.RightAnswers...); desk.Status != http.StatusUnprocessableEntity || strings.Contains(desk.Body, `name="email"`) {
		t.Fatal("three answers are enough:", desk.Status)
	}
	desk.Post(at, "code", code).Says(`name="email"`).Post(at, "email", site.NewEmail, "reason", "address_lost", "ticket", "M-1").Post(at, "action", "propose")
	other.Get(at).Says("Code juist").Post(at, "action", "confirm")
	reference, mailedCode := site.Confirmation(t, s.Letters()["address-confirm"])
	s.Browser().Get("/address").Submit("reference", reference, "code", mailedCode).At("/address/done")
	if got := s.Reload(a); got.Email != site.NewEmail || got.State != account.Blocked {
		t.Errorf("%+v", got)
	}
}

// OF-20: with a delay the holder can object at the old address; the helpdesk then
// cancels the change.
func TestOF20_AddressDelay(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) { c.Helpdesk.AddressDelay = 24 * time.Hour })
	a := s.Person(site.Email)
	first, other := s.Official("first@example.org", staff.Helpdesk), s.Official("other@example.org", staff.Helpdesk)
	propose := func() (reference, code, at string) {
		at = first.Proposed(a, site.NewEmail)
		other.Post(at, "action", "confirm")
		s.Clock.Add(time.Second)
		reference, code = site.Confirmation(t, s.Letters()["address-confirm"])
		return reference, code, at
	}
	reference, code, at := propose()
	b := s.Browser()
	for range 2 * helpdesk.HolderTries { // a right code that is too early is not counted
		if b.Get("/address").Submit("reference", reference, "code", code); b.Status != http.StatusUnprocessableEntity || !strings.Contains(b.Body, "De code klopt") {
			t.Fatal("early:", b.Status)
		}
	}
	first.Get(at).Says("Twee medewerkers zijn akkoord").Post(at, "action", "stop").Says("gestopt")
	s.Clock.Add(24 * time.Hour)
	if b.Get("/address").Submit("reference", reference, "code", code); b.Status != http.StatusUnprocessableEntity || s.Reload(a).Email != site.Email {
		t.Error("an objection does not count")
	}
	first.StaffLogin("first@example.org")
	other.StaffLogin("other@example.org")
	reference, code, _ = propose()
	s.Clock.Add(24 * time.Hour)
	b.Get("/address").Submit("reference", reference, "code", code).At("/address/done")
	if s.Reload(a).Email != site.NewEmail {
		t.Error("a day later it is not changed")
	}
}

// OF-12: five wrong codes, also simultaneous ones, end the request, and then the
// right one is refused. Of simultaneous right codes one is accepted.
func TestOF12_AddressAtOnce(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.OnServers(t))
	first, other := s.Official("first@example.org", staff.Helpdesk), s.Official("other@example.org", staff.Helpdesk)
	confirmed := func(email, next string) (a account.Account, reference, code string) {
		a = s.Person(email)
		at := first.Proposed(a, next)
		other.Post(at, "action", "confirm")
		reference, code = site.Confirmation(t, s.Letters()["address-confirm"])
		return a, reference, code
	}
	try := func(reference, code string) int {
		b := s.Browser().Get("/address")
		res, err := b.HTTP.Do(b.Form("reference", reference, "code", code))
		site.Must(t, err)
		_ = res.Body.Close()
		return site.Status(res)
	}
	a, reference, code := confirmed(site.Email, site.NewEmail)
	wrong := "000000"
	if code == wrong {
		wrong = "111111"
	}
	site.AtOnce(16, func(int) { try(reference, wrong) })
	if status := try(reference, code); status != http.StatusUnprocessableEntity || s.Reload(a).Email != site.Email {
		t.Error("after sixteen wrong codes:", status)
	}
	n := 0
	for _, e := range s.Events(a) {
		if e.Action == "address.codes_wrong" {
			n++
		}
	}
	if n != 1 {
		t.Error(n, "ends")
	}
	b, reference, code := confirmed("bob@example.com", "bob@example.net")
	s.Mails("")
	statuses := make([]int, 8)
	site.AtOnce(len(statuses), func(i int) { statuses[i] = try(reference, code) })
	slices.Sort(statuses)
	if statuses[0] != http.StatusSeeOther || statuses[1] != http.StatusUnprocessableEntity || s.Reload(b).Epoch != b.Epoch+1 {
		t.Error(statuses, s.Reload(b).Epoch)
	}
	s.WantMails("bob@example.net", "address-new")
}
