package main

import (
	"bytes"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
)

// produce starts production: https, two sites, no shortcut. desk is the
// officials' site, with a server and cookies of its own.
func produce(t *testing.T, change ...func(*config.Config)) (main, desk *site) {
	t.Helper()
	listener, err := net.Listen("tcp", "[::1]:0")
	must(t, err)
	s := newSite(t, func(c *config.Config) {
		practice := *c
		*c = config.Default(config.Production)
		c.Issuer, c.MasterKeyFile, c.Database, c.Clients, c.Limits = strings.Replace(practice.Issuer, "http:", "https:", 1), practice.MasterKeyFile, practice.Database, practice.Clients[:1], practice.Limits
		c.Policy = client.General
		c.Mail.From, c.Mail.SMTPURL = "noreply@id.example", "smtps://relay.example:465"
		c.Helpdesk.Phone = "+31 88 123 45 67"
		c.Console.Origin, c.Console.Listen = "https://"+listener.Addr().String(), listener.Addr().String()
		for _, alter := range change {
			alter(c)
		}
	})
	console := httptest.NewUnstartedServer(s.console)
	_ = console.Listener.Close()
	console.Listener = listener
	console.StartTLS()
	t.Cleanup(console.Close)
	other := *s.app
	other.kit = s.staff.Kit
	return s, &site{app: &other, t: t, clock: s.clock, server: console}
}

// mailed gives the last mail of a kind to an address, from the outbox.
func (s *site) mailed(kind, to string) string {
	s.t.Helper()
	items, err := s.stores.db.Outbox().Take(s.t.Context(), s.clock.now().Add(time.Hour), 0, 1000)
	must(s.t, err)
	text := ""
	var last time.Time
	for _, item := range items {
		if item.Kind == kind && item.To == to && !item.At.Before(last) {
			text, last = item.Subject+"\n"+item.Text.Reveal(), item.At
		}
	}
	if text == "" {
		s.t.Fatalf("no mail %s to %s among %d", kind, to, len(items))
	}
	return strings.Join(strings.Fields(text), " ")
}

var sixInARow = regexp.MustCompile(`\b[0-9]{6}\b`)

const aPDF = "%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n0\n%%EOF\n"

// upload sends a file with the form on the page.
func (b *browser) upload(name, content string) *browser {
	b.s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	must(b.s.t, form.WriteField("csrf", csrfField.FindStringSubmatch(b.body)[1]))
	file, err := form.CreateFormFile("document", name)
	must(b.s.t, err)
	_, err = file.Write([]byte(content))
	must(b.s.t, err)
	must(b.s.t, form.Close())
	req := b.request(http.MethodPost, b.url.RequestURI(), &body)
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

// apply goes through an application of a company, from the first page to the
// last.
func (b *browser) apply(email string) *browser {
	b.s.t.Helper()
	b.get("/apply").submit("kind", "bedrijf").at("/apply/email").submit("email", email)
	b.at("/apply/code").submit("code", sixInARow.FindString(b.s.mailed("confirm-email", email)))
	b.at("/apply/password").submit("password", testPassword)
	b.at("/apply/person").submit("given_name", "Zoë", "family_name", "Bauer", "birth_day", "2", "birth_month", "3", "birth_year", "1980", "phone", "")
	b.at("/apply/company").submit("organization_name", "Bau GmbH", "registration_country", "AT", "register", "Firmenbuch", "registration_number", "FN 1", "not_registered", "", "role", "director")
	b.at("/apply/address").submit("line1", "Ring 9", "line2", "1010 Wien", "line3", "", "country", "AT")
	b.at("/apply/document").upload("verkeerd.pdf", aPDF+"%1").get("/apply/document").upload("uittreksel.pdf", aPDF)
	return b.at("/apply/check").submit("declared", "yes").at("/apply/done")
}

func (s *site) byReference(b *browser) application.Case {
	s.t.Helper()
	reference := regexp.MustCompile(`OLID-[A-Z0-9]{4}-[A-Z0-9]{4}`).FindString(b.body)
	a, err := s.stores.db.Applications().ByReference(s.t.Context(), reference)
	must(s.t, err)
	return s.aCase(a.ID)
}

// Production, whole: apply, a question and its answer, two pairs of eyes, the
// mail, the first login with the QR, the code at the client.
func TestProductionJourney(t *testing.T) {
	const zoe = "zoe@example.at"
	s, desk := produce(t)
	b := s.browser().apply(zoe)
	c := s.byReference(b)
	if c.State != application.Submitted || strings.Contains(b.body, "Oefenomgeving") {
		t.Fatal("after sending:", c.State)
	}
	// No login before the decision.
	if early := s.browser().authorize(newRequest("web", callbackURI)).submit("email", zoe, "password", testPassword); early.status != http.StatusUnprocessableEntity {
		t.Error("login before the decision:", early.status)
	}
	if s.browser().get("/console").status != http.StatusNotFound {
		t.Error("the console is on the citizens' site")
	}
	olga, otto := desk.reviewer("olga"), desk.reviewer("otto")
	olga.take(c)
	if !strings.Contains(olga.body, "uittreksel.pdf") || !strings.Contains(olga.body, "nog niet op virussen gecontroleerd") {
		t.Error("the facts of the document are not on the page")
	}
	olga.decide(c, "more", "send", "text", "Stuur een recent uittreksel.\nEn wie tekent er?").at("/console/applications/case")
	letter := s.mailed("more-asked", zoe)
	if !strings.Contains(letter, "Stuur een recent uittreksel. En wie tekent er?") || !strings.Contains(letter, s.config.Issuer+"/apply/status") {
		t.Error(letter)
	}

	// Another browser, days later: by the reference and a mailed code.
	s.clock.add(100 * time.Hour)
	b = s.browser().get("/apply/status").at("/apply/status/find").submit("reference", " "+strings.ToLower(c.Reference))
	b.at("/apply/status/code").submit("reference", c.Reference, "code", "000000")
	if b.status != http.StatusUnprocessableEntity {
		t.Error("a guess:", b.status)
	}
	code := sixInARow.FindString(s.mailed("status-code", zoe))
	b.submit("reference", c.Reference, "code", code).at("/apply/status")
	if !strings.Contains(b.body, "En wie tekent er?") {
		t.Error("the question is not on the page")
	}
	before := s.documents(c)
	s.proven(c) // a choice before sending leaves nothing
	b.get("/apply/status/document").upload("nieuw.pdf", aPDF+"%2").at("/apply/status")
	s.proven(c, before...)
	if b.submit("text", " "); b.status != http.StatusUnprocessableEntity {
		t.Error("an empty answer:", b.status)
	}
	b.submit("text", "Ik <b>teken</b>").at("/apply/status")
	if !strings.Contains(b.body, "Wij hebben uw antwoord ontvangen") {
		t.Error(b.body)
	}

	olga.staffLogin("olga@gov.example").get(casePath(c))
	for _, want := range []string{"nieuw.pdf", "Ik &lt;b&gt;teken&lt;/b&gt;", "antwoord gegeven"} {
		if !strings.Contains(olga.body, want) {
			t.Errorf("the file lacks %q", want)
		}
	}
	otto.staffLogin("otto@gov.example")
	// Who asked may approve first, and then a colleague has to.
	olga.decide(c, "approve", "send").at("/console/applications/case")
	wantState(t, s, c, application.InReview)
	otto.take(c).decide(c, "approve", "send").at("/console/applications/case")
	wantState(t, s, c, application.Approved)

	if letter := s.mailed("approved", zoe); !strings.Contains(letter, "Ga naar inloggen met Omgevingsloket-ID: "+s.config.Issuer+"/start") {
		t.Error(letter)
	}
	if b.get("/apply/status"); !strings.Contains(b.body, "goedgekeurd") || !strings.Contains(b.body, "/start") {
		t.Error("status after the approval:", b.body)
	}
	r := newRequest("web", callbackURI)
	b.authorize(r).enrol(zoe)
	status, tokens := s.redeem(r, b.answered().Get("code"))
	if status != http.StatusOK || idToken(t, tokens)["acr"] != config.ProductionACR {
		t.Error("tokens:", status, tokens["error"])
	}
	a, err := s.stores.db.Accounts().ByEmail(t.Context(), zoe)
	must(t, err)
	if a.Kind != account.LegalPerson || a.Profile.Organization.Name != "Bau GmbH" {
		t.Errorf("%+v", a.Profile)
	}
}

func TestProductionJourneyRejected(t *testing.T) {
	const zoe = "zoe@example.at"
	s, desk := produce(t)
	b := s.browser().apply(zoe)
	c := s.byReference(b)
	desk.reviewer("olga").take(c).decide(c, "reject", "send", "reason", "authority", "text", "Er is geen volmacht.").at("/console/applications/case")
	letter := s.mailed("rejected", zoe)
	for _, want := range []string{"Wij kunnen niet vaststellen dat u voor het bedrijf mag handelen.", "Er is geen volmacht.", "bezwaar", "binnen 6 weken", c.Reference} {
		if !strings.Contains(letter, want) {
			t.Errorf("the mail lacks %q: %s", want, letter)
		}
	}
	if b.get("/apply/done").at("/apply/status"); !strings.Contains(b.body, "afgewezen") {
		t.Error(b.body)
	}
	if b.authorize(newRequest("web", callbackURI)).submit("email", zoe, "password", testPassword); b.status != http.StatusUnprocessableEntity {
		t.Error("login after the rejection:", b.status)
	}
}

// OF-25: withdrawn while an official is about to approve: no account, no mail.
func TestOF25_WithdrawnMeanwhile(t *testing.T) {
	const zoe = "zoe@example.at"
	s, desk := produce(t)
	b := s.browser().apply(zoe)
	c := s.byReference(b)
	olga := desk.reviewer("olga").take(c)
	olga.get(decidePath(c, "reject"))
	seen := olga.seen()
	b.get("/apply/status/withdraw").submit().at("/apply/status")
	if !strings.Contains(b.body, "ingetrokken") {
		t.Error(b.body)
	}
	olga.press(decidePath(c, "reject"), "step", "send", "seen", seen, "reason", "identity")
	if olga.status != http.StatusConflict || !strings.Contains(olga.body, "Aanvrager: ingetrokken") {
		t.Error("decided on what was withdrawn:", olga.status)
	}
	if got := s.aCase(c.ID); got.State != application.Withdrawn || got.PasswordHash != "" {
		t.Errorf("%s, password kept: %v", got.State, got.PasswordHash != "")
	}
	s.mailed("withdrawn", zoe)
	items, err := s.stores.db.Outbox().Take(t.Context(), s.clock.now().Add(time.Hour), 0, 1000)
	must(t, err)
	for _, item := range items {
		if item.Kind == "rejected" || item.Kind == "approved" {
			t.Error("a mail about a decision on what was withdrawn:", item.Kind)
		}
	}
}

// UP-26: a number that nobody has looks like one that somebody has; a code
// opens one application, once.
func TestUP26_StatusByGuess(t *testing.T) {
	s, _ := produce(t)
	c := s.sent("anna@example.com")
	ask := func(reference string) *browser {
		b := s.browser().get("/apply/status/find").submit("reference", reference).at("/apply/status/code")
		return b
	}
	known, unknown := ask(c.Reference), ask("OLID-AAAA-AAAA")
	strip := func(b *browser, reference string) string {
		return csrfField.ReplaceAllString(strings.ReplaceAll(b.body, reference, ""), "")
	}
	if strip(known, strings.ToUpper(c.Reference)) != strip(unknown, "OLID-AAAA-AAAA") {
		t.Error("an unknown number is told apart")
	}
	for range application.CodeTries {
		known.submit("reference", c.Reference, "code", "000000")
		if known.status != http.StatusUnprocessableEntity {
			t.Fatal("a guess:", known.status)
		}
	}
	code := sixInARow.FindString(s.mailed("status-code", "anna@example.com"))
	if known.submit("reference", c.Reference, "code", code); known.status != http.StatusUnprocessableEntity {
		t.Error("after five guesses the code still opens:", known.status)
	}
	if bad := s.browser().get("/apply/status/find").submit("reference", "' OR 1=1"); bad.status != http.StatusUnprocessableEntity {
		t.Error("nonsense:", bad.status)
	}
}
