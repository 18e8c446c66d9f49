package helpdesk_test

import (
	"fmt"
	"strings"
	"testing"

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
