package helpdesk_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/staff"
)

// The account's page shows which mails its address refused, when and with which code.
func TestAccountMailRefused(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Person(site.Email)
	b := s.Official("desk@example.org", staff.Helpdesk)
	page := "/console/helpdesk/account?id=" + a.ID
	if b.Get(page).Is(200); strings.Contains(b.Body, "geweigerd:") {
		t.Error("a notice without a refusal")
	}
	db := s.Stores.DB
	for i, kind := range []string{"kind-of-tomorrow", "login-notice"} {
		id := fmt.Sprint("m", i)
		m := mail.Message{ID: id, To: a.Email, Lang: "nl", Kind: kind, Subject: "s", Text: "t", At: s.Clock.Now()}
		site.Must(t, db.Helpdesk().Note(t.Context(), effect.Effects{Mails: []mail.Message{m}}))
		if kind == "login-notice" {
			site.Must(t, db.Outbox().Refused(t.Context(), m, s.Clock.Now(), mail.Refusal{Code: 550, Status: "5.1.1"}))
			continue
		}
		site.Must(t, db.Outbox().Sent(t.Context(), m, s.Clock.Now()))
		_, err := db.Bounces().Mark(t.Context(), id, a.Email, mail.Refusal{Status: "5.2.2"}, s.Clock.Now())
		site.Must(t, err)
	}
	b.Get(page).Says("bericht over inloggen (code 550 5.1.1, meteen geweigerd)").Says("kind-of-tomorrow (code 5.2.2, later gemeld)").Says("E-mail aan de gebruiker geweigerd")
	b.Get(page + "&lang=en").Says("message about logins (code 550 5.1.1, refused at once)").Says("kind-of-tomorrow (code 5.2.2, reported later)")
}

// Each kind of mail to an applicant or holder has a name on the account's page.
func TestAccountMailRefusedNames(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Person(site.Email)
	letters, err := app.NewLetters(s.Config, rand.Reader)
	site.Must(t, err)
	letters.Disavowal = s.SignIn.Disavowal
	kinds := map[string]bool{}
	for _, m := range letters.Samples("nl", s.Clock.Now()) {
		if !kinds[m.Kind] && !strings.HasPrefix(m.Kind, "staff-") {
			kinds[m.Kind], m.ID, m.To = true, m.Kind, a.Email
			site.Must(t, s.Stores.DB.Helpdesk().Note(t.Context(), effect.Effects{Mails: []mail.Message{m}}))
			site.Must(t, s.Stores.DB.Outbox().Refused(t.Context(), m, s.Clock.Now(), mail.Refusal{Code: 550, Status: "5.1.1"}))
		}
	}
	b := s.Official("desk@example.org", staff.Helpdesk).Get("/console/helpdesk/account?id=" + a.ID).Is(200)
	if got := strings.Count(b.Body, "(code 550 5.1.1, meteen geweigerd)"); got != len(kinds) || got < 30 {
		t.Errorf("%d refused mails, want %d, and 30 at least", got, len(kinds))
	}
	for kind := range kinds {
		if strings.Contains(b.Body, ": "+kind+" (code") {
			t.Errorf("a refused mail %s has no name", kind)
		}
	}
}
