package review_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/review"
)

const PDF = SmallPDF

// upload sends a file with the form on the page.
func upload(b *site.Browser, name, content string) *site.Browser {
	b.Site.T.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	site.Must(b.Site.T, form.WriteField("csrf", b.FormToken()))
	file, err := form.CreateFormFile("document", name)
	site.Must(b.Site.T, err)
	_, err = file.Write([]byte(content))
	site.Must(b.Site.T, err)
	site.Must(b.Site.T, form.Close())
	req := b.Request(http.MethodPost, b.URL.RequestURI(), &body)
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.Do(req)
}

// apply fills in the application of a company, from the first page to the last.
func apply(b *site.Browser, email string) *site.Browser {
	b.Site.T.Helper()
	b.Get("/apply").Submit("kind", "bedrijf").At("/apply/email").Submit("email", email)
	b.At("/apply/code").Submit("code", b.Site.MailedCode("confirm-email", email))
	b.At("/apply/password").Submit("password", site.Password)
	b.At("/apply/person").Submit("given_name", "Zoë", "family_name", "Bauer", "birth_day", "2", "birth_month", "3", "birth_year", "1980", "phone", "")
	b.At("/apply/company").Submit("organization_name", "Bau GmbH", "registration_country", "AT", "register", "Firmenbuch", "registration_number", "FN 1", "not_registered", "", "role", "director")
	b.At("/apply/address").Submit("line1", "Ring 9", "line2", "1010 Wien", "line3", "", "country", "AT")
	upload(upload(b.At("/apply/document"), "verkeerd.pdf", PDF+"%1").Get("/apply/document"), "uittreksel.pdf", PDF)
	return b.At("/apply/check").Submit("declared", "yes").At("/apply/done")
}

func byReference(s *site.Site, b *site.Browser) review.Case {
	s.T.Helper()
	reference := regexp.MustCompile(`OLID-[A-Z0-9]{4}-[A-Z0-9]{4}`).FindString(b.Body)
	a, err := s.Stores.DB.Applications().ByReference(s.T.Context(), reference)
	site.Must(s.T, err)
	return s.Case(a.ID)
}

// The whole journey in production: the application, a question and its answer, two
// officials, the mail, the first login with the QR code, the code at the client.
func TestProductionJourney(t *testing.T) {
	t.Parallel()
	const zoe = "zoe@example.at"
	s, desk := site.NewProduction(t)
	b := apply(s.Browser(), zoe)
	c := byReference(s, b)
	if c.State != application.Submitted || strings.Contains(b.Body, "Oefenomgeving") {
		t.Fatal("after sending:", c.State)
	}
	// Logging in before the decision fails.
	if early := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", zoe, "password", site.Password); early.Status != http.StatusUnprocessableEntity {
		t.Error("login before the decision:", early.Status)
	}
	if s.Browser().Get("/console").Status != http.StatusNotFound {
		t.Error("the console is on the citizens' site")
	}
	olga, otto := desk.Reviewer("olga"), desk.Reviewer("otto")
	olga.Take(c)
	if !strings.Contains(olga.Body, "uittreksel.pdf") || !strings.Contains(olga.Body, "nog niet op virussen gecontroleerd") {
		t.Error("the facts of the document are not on the page")
	}
	olga.Decide(c, "more", "send", "text", "Stuur een recent uittreksel.\nEn wie tekent er?").At("/console/review/case")
	letter := s.Mailed("more-asked", zoe)
	if !strings.Contains(letter, "Stuur een recent uittreksel. En wie tekent er?") || !strings.Contains(letter, s.Config.Issuer+"/apply/status") {
		t.Error(letter)
	}

	// Days later in another browser: by the reference and a mailed code.
	s.Clock.Add(100 * time.Hour)
	b = s.Browser().Get("/apply/status").At("/apply/status/find").Submit("reference", " "+strings.ToLower(c.Reference))
	b.At("/apply/status/code").Submit("reference", c.Reference, "code", "000000")
	if b.Status != http.StatusUnprocessableEntity {
		t.Error("a guess:", b.Status)
	}
	code := s.MailedCode("status-code", zoe)
	b.Submit("reference", c.Reference, "code", code).At("/apply/status")
	if !strings.Contains(b.Body, "En wie tekent er?") {
		t.Error("the question is not on the page")
	}
	before := documents(s, c)
	proven(s, c) // replacing a document before sending leaves no event
	upload(b.Get("/apply/status/document"), "nieuw.pdf", PDF+"%2").At("/apply/status")
	proven(s, c, before...)
	if b.Submit("text", " "); b.Status != http.StatusUnprocessableEntity {
		t.Error("an empty answer:", b.Status)
	}
	b.Submit("text", "Ik <b>teken</b>").At("/apply/status")
	if !strings.Contains(b.Body, "Wij hebben uw antwoord ontvangen") {
		t.Error(b.Body)
	}

	olga.StaffLogin("olga@gov.example").Get(site.CasePath(c))
	for _, want := range []string{"nieuw.pdf", "Ik &lt;b&gt;teken&lt;/b&gt;", "antwoord gegeven"} {
		if !strings.Contains(olga.Body, want) {
			t.Errorf("the file lacks %q", want)
		}
	}
	otto.StaffLogin("otto@gov.example")
	// The official who asked may approve first; then a colleague has to.
	olga.Decide(c, "approve", "send").At("/console/review/case")
	site.WantState(t, s, c, application.InReview)
	otto.Take(c).Decide(c, "approve", "send").At("/console/review/case")
	site.WantState(t, s, c, application.Approved)

	if letter := s.Mailed("approved", zoe); !strings.Contains(letter, "Ga naar inloggen met Omgevingsloket-ID: "+s.Config.Issuer+"/start") {
		t.Error(letter)
	}
	if b.Get("/apply/status"); !strings.Contains(b.Body, "goedgekeurd") || !strings.Contains(b.Body, "/start") {
		t.Error("status after the approval:", b.Body)
	}
	r := site.NewRequest("web", site.CallbackURI)
	b.Authorize(r).Enrol(zoe)
	status, tokens := s.Redeem(r, b.Answered().Get("code"))
	if status != http.StatusOK || site.IDToken(t, tokens)["acr"] != config.ProductionACR {
		t.Error("tokens:", status, tokens["error"])
	}
	a, err := s.Stores.DB.Accounts().ByEmail(t.Context(), zoe)
	site.Must(t, err)
	if a.Kind != account.LegalPerson || a.Profile.Organization.Name != "Bau GmbH" {
		t.Errorf("%+v", a.Profile)
	}
}

func TestProductionJourneyRejected(t *testing.T) {
	t.Parallel()
	const zoe = "zoe@example.at"
	s, desk := site.NewProduction(t)
	b := apply(s.Browser(), zoe)
	c := byReference(s, b)
	desk.Reviewer("olga").Take(c).Decide(c, "reject", "send", "reason", "authority", "text", "Er is geen volmacht.").At("/console/review/case")
	letter := s.Mailed("rejected", zoe)
	for _, want := range []string{"Wij kunnen niet vaststellen dat u voor het bedrijf mag handelen.", "Er is geen volmacht.", "bezwaar", "binnen 6 weken", c.Reference} {
		if !strings.Contains(letter, want) {
			t.Errorf("the mail lacks %q: %s", want, letter)
		}
	}
	if b.Get("/apply/done").At("/apply/status"); !strings.Contains(b.Body, "afgewezen") {
		t.Error(b.Body)
	}
	if b.Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", zoe, "password", site.Password); b.Status != http.StatusUnprocessableEntity {
		t.Error("login after the rejection:", b.Status)
	}
}

// OF-25: withdrawn while an official is about to approve: no account and no mail.
func TestOF25_WithdrawnMeanwhile(t *testing.T) {
	t.Parallel()
	const zoe = "zoe@example.at"
	s, desk := site.NewProduction(t)
	b := apply(s.Browser(), zoe)
	c := byReference(s, b)
	olga := desk.Reviewer("olga").Take(c)
	olga.Get(site.DecidePath(c, "reject"))
	seen := olga.Seen()
	b.Get("/apply/status/withdraw").Submit().At("/apply/status")
	if !strings.Contains(b.Body, "ingetrokken") {
		t.Error(b.Body)
	}
	olga.Press(site.DecidePath(c, "reject"), "step", "send", "seen", seen, "reason", "identity")
	if olga.Status != http.StatusConflict || !strings.Contains(olga.Body, "Aanvrager: ingetrokken") {
		t.Error("decided on what was withdrawn:", olga.Status)
	}
	if got := s.Case(c.ID); got.State != application.Withdrawn || got.PasswordHash != "" {
		t.Errorf("%s, password kept: %v", got.State, got.PasswordHash != "")
	}
	s.Mailed("withdrawn", zoe)
	items, err := s.Stores.DB.Outbox().Take(t.Context(), s.Clock.Now().Add(time.Hour), 0, 1000)
	site.Must(t, err)
	for _, item := range items {
		if item.Kind == "rejected" || item.Kind == "approved" {
			t.Error("a mail about a decision on what was withdrawn:", item.Kind)
		}
	}
}

// UP-26: an unknown number looks like a known one; a code opens one application,
// once.
func TestUP26_StatusByGuess(t *testing.T) {
	t.Parallel()
	s, _ := site.NewProduction(t)
	c := s.Sent("anna@example.com")
	ask := func(reference string) *site.Browser {
		b := s.Browser().Get("/apply/status/find").Submit("reference", reference).At("/apply/status/code")
		return b
	}
	known, unknown := ask(c.Reference), ask("OLID-AAAA-AAAA")
	strip := func(b *site.Browser, reference string) string {
		return site.WithoutToken(strings.ReplaceAll(b.Body, reference, ""))
	}
	if strip(known, strings.ToUpper(c.Reference)) != strip(unknown, "OLID-AAAA-AAAA") {
		t.Error("an unknown number is told apart")
	}
	for range intake.CodeTries {
		known.Submit("reference", c.Reference, "code", "000000")
		if known.Status != http.StatusUnprocessableEntity {
			t.Fatal("a guess:", known.Status)
		}
	}
	code := s.MailedCode("status-code", "anna@example.com")
	if known.Submit("reference", c.Reference, "code", code); known.Status != http.StatusUnprocessableEntity {
		t.Error("after five guesses the code still opens:", known.Status)
	}
	if bad := s.Browser().Get("/apply/status/find").Submit("reference", "' OR 1=1"); bad.Status != http.StatusUnprocessableEntity {
		t.Error("nonsense:", bad.Status)
	}
}
