package helpdesk_test

import (
	"html"
	"net/http"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/staff"
)

// The helpdesk changes the language of mails, with a reason and an event. The holder
// gets a mail about it in the new language, of which the official reads out the
// subject, and stays logged in.
func TestHelpdeskChangesTheLanguage(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, holder := s.Active(site.Email)
	desk := s.Official("desk@example.org", staff.Helpdesk)
	s.Mails("")
	page, at := "/console/helpdesk/account?id="+a.ID, "/console/helpdesk/lang?id="+a.ID
	desk.Get(page).Says("Taal van e-mails veranderen").Get(at).Says("Voortaan in het Engels")
	for _, bad := range [][]string{{}, {"mails", "en"}, {"mails", "en", "reason", "holder_asked_lang"}, {"mails", "en", "reason", "holder_asked", "ticket", "M-1"}, {"mails", "en", "reason", "holder_asked_lang", "ticket", "wie"}} {
		if desk.Get(at).Post(at, bad...); desk.Status != http.StatusUnprocessableEntity {
			t.Error(bad, desk.Status)
		}
	}
	for _, lang := range []string{"nl", "de", ""} { // the present one, an unknown one, none
		desk.Get(at).Post(at, "mails", lang, "reason", "holder_asked_lang", "ticket", "M-1").Is(http.StatusConflict)
	}
	if got := s.Reload(a); got.Lang != "nl" || len(s.Acts(a)) != len(s.Acts(got)) {
		t.Errorf("refused, the language is %s", got.Lang)
	}
	s.WantMails(site.Email)

	desk.Get(at).Post(at, "mails", "en", "reason", "holder_asked_lang", "ticket", "M-9").At("/console/helpdesk/account").
		Says("De taal van de e-mails is veranderd.").Says("You will get our emails in English from now on").Says("Engels").Says("Taal van e-mails veranderd")
	got := s.Reload(a)
	if got.Lang != "en" || got.Epoch != a.Epoch {
		t.Errorf("the language is %s and the epoch %d, want en and %d", got.Lang, got.Epoch, a.Epoch)
	}
	e := s.Acts(a)[0]
	if e.Action != audit.AccountLangChanged || e.Reason != "holder_asked_lang" || e.Details["ticket"] != "M-9" || e.Details["lang"] != "en" || e.ActorID != s.Member("desk@example.org").ID {
		t.Errorf("recorded as %+v", e)
	}
	m := s.Letters()["lang-changed"]
	if m.To != site.Email || m.Lang != "en" || m.Subject != "[Practice] You will get our emails in English from now on" {
		t.Errorf("the mail to %s in %s is %q", m.To, m.Lang, m.Subject)
	}
	holder.Authorize(site.NewRequest("web", site.CallbackURI)).Answered()

	// A page that another official opened before is too old, and a closed account has no
	// mails.
	desk.Get(at).Says("Voortaan in het Nederlands").Post(at, "mails", "en", "reason", "holder_asked_lang", "ticket", "M-9").Is(http.StatusConflict)
	site.Must(t, s.SignIn.Accounts.Change(t.Context(), a.ID, closes))
	desk.Get(at).Post(at, "mails", "nl", "reason", "holder_asked_lang", "ticket", "M-9").Is(http.StatusConflict)
	desk.Get(page + "&lang=en").Is(http.StatusOK)
}

// An official who sends a mail again reads its subject before and after, in the language
// of the mail; one who clears a lock reads what to say to the caller.
func TestHelpdeskSaysWhatToTell(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Blocked(s.Person(site.Email, func(a *account.Account) { a.Lang = "en" }))
	desk := s.Official("desk@example.org", staff.Helpdesk)
	s.Mails("")
	at := "/console/helpdesk/mail?id=" + a.ID
	desk.Get(at)
	before := desk.Body
	desk.Post(at, "mail", "blocked", "reason", "not_received", "ticket", "M-1").At("/console/helpdesk/account")
	m := s.Letters()["account-blocked"]
	if m.Subject == "" {
		t.Fatal("no mail")
	}
	desk.Says("De e-mail wordt opnieuw verstuurd.").Says("U krijgt nu een e-mail met het onderwerp: " + html.EscapeString(m.Subject))
	desk.Body = before
	desk.Says("Onderwerp: " + html.EscapeString(m.Subject))
	if e := s.Acts(a)[0]; e.Action != audit.AccountMailResent || e.Details["mail"] != "blocked" || e.Details["ticket"] != "M-1" {
		t.Errorf("recorded as %+v", e)
	}
	// The address names the mail, never the words.
	desk.Get("/console/helpdesk/account?id=" + a.ID + "&done=mail&mail=" + "You+won").Says("De e-mail wordt opnieuw verstuurd.")

	free := s.Person("free@example.com")
	lane := "/console/helpdesk/lane?id=" + free.ID
	desk.Get(lane).Post(lane, "reason", "holder_asked", "ticket", "M-2", "sure", "yes").At("/console/helpdesk/account").Says("U kunt nu weer inloggen, met uw eigen wachtwoord")
}
