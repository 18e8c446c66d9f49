package login_test

import (
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/storage/storagetest"
)

// A holder whose address refuses mail reads so after the next login, until a mail is
// accepted; not when the relay refused for another reason than the address.
func TestPortalsMailRefused(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	outbox := s.Stores.DB.Outbox()
	sent := func(id string) mail.Message {
		m := mail.Message{ID: id, To: a.Email, Lang: "nl", Kind: "receipt", Subject: "s", Text: "t", At: s.Clock.Now()}
		site.Must(t, s.Stores.DB.Helpdesk().Note(t.Context(), effect.Effects{Mails: []mail.Message{m}}))
		return m
	}
	const nl, en = "komen niet aan", "are not being delivered"
	b.Get("/portals").Is(200)
	if strings.Contains(b.Body, nl) {
		t.Error("a notice without a refusal")
	}
	site.Must(t, outbox.Refused(t.Context(), sent("m1"), s.Clock.Now(), mail.Refusal{Code: 550, Status: "5.7.1"}))
	if b.Get("/portals"); strings.Contains(b.Body, nl) {
		t.Error("a notice about a refusal that is not of the address")
	}
	site.Must(t, outbox.Refused(t.Context(), sent("m2"), s.Clock.Now(), mail.Refusal{Code: 550, Status: "5.1.1"}))
	b.Get("/portals?lang=nl").Says(nl).Says(a.Email).Says("bel de helpdesk")
	b.Get("/portals?lang=en").Says(en).Says("call the helpdesk")
	if e := s.Acts(a)[0]; e.Action != "account.mail_refused" || e.Details["mail"] != "receipt" || e.Details["code"] != "550 5.1.1" {
		t.Errorf("the event is %+v", e)
	}

	login := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	login.Seed = b.Seed
	s.Clock.Add(30 * time.Second)
	login.Submit("email", a.Email, "password", site.Password).At("/login/code").Submit("code", login.Code())
	login.At("/login/mail").Says(nl).Says(a.Email).Get(login.URL.String()).At("/login/mail")
	login.Submit().Answered()
	login.Authorize(site.NewRequest("web", site.CallbackURI)).Answered() // once a login

	_, other := s.Active("other@example.com")
	if other.Get("/portals?lang=nl").Is(200); strings.Contains(other.Body, nl) {
		t.Error("another holder reads the notice")
	}
	site.Must(t, outbox.Sent(t.Context(), sent("m3"), s.Clock.Now().Add(time.Minute)))
	if b.Get("/portals?lang=nl"); strings.Contains(b.Body, nl) {
		t.Error("the notice remains after a mail was accepted")
	}
	s.Clock.Add(30 * time.Second)
	login = s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	login.Seed = b.Seed
	login.Submit("email", a.Email, "password", site.Password).Submit("code", login.Code()).Answered()
}

// Unavailable is never "no refusals".
func TestPortalsBouncesUnavailable(t *testing.T) {
	t.Parallel()
	s, faults := site.NewWatched(t, nil)
	_, b := s.Active(site.Email)
	login := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	faults.Always("Bounces.ByAddress", storagetest.NotWritten)
	b.Get("/portals").Is(503)
	login.Submit("email", site.Email, "password", site.Password).Is(503)
}
