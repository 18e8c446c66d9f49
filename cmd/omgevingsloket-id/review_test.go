package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/staff"
)

// An official finds a case, takes it, reads the mail before it goes, approves.
func TestConsoleApplicationsApprove(t *testing.T) {
	s := newSite(t, nil)
	c := s.sent("anna@example.com")
	olga := s.reviewer("olga")
	if !strings.Contains(olga.body, "1 aanvraag wacht") {
		t.Error("home does not tell that a case waits:", olga.body)
	}
	for _, q := range []string{"", "?q=" + strings.ToLower(c.Reference), "?show=all&q=MUSTER", "?q=anna%40example.com"} {
		if olga.get("/console/applications" + q); !strings.Contains(olga.body, c.Reference) {
			t.Error("not found with", q)
		}
	}
	for _, q := range []string{"?show=mine", "?show=decided", "?q=nobody", "?q=%25"} {
		if olga.get("/console/applications" + q); olga.status != http.StatusOK || strings.Contains(olga.body, c.Reference) {
			t.Error(q, olga.status)
		}
	}
	// Nothing can be decided before the case is taken.
	if olga.get(decidePath(c, "approve")); olga.status != http.StatusConflict {
		t.Error("decide without taking:", olga.status)
	}
	olga.take(c)
	if olga.get("/console"); !strings.Contains(olga.body, "U heeft 1 aanvraag") {
		t.Error("home does not tell that it is mine")
	}
	olga.get(decidePath(c, "approve"))
	for _, want := range []string{"Uw aanvraag is goedgekeurd", "anna@example.com", "Ga naar inloggen met Omgevingsloket-ID"} {
		if !strings.Contains(olga.body, want) {
			t.Errorf("the preview lacks %q", want)
		}
	}
	wantState(t, s, c, application.InReview) // looking at the mail decides nothing
	olga.decide(c, "approve", "send").at("/console/applications/case")
	wantState(t, s, c, application.Approved)
	a, err := s.stores.db.Accounts().ByEmail(t.Context(), "anna@example.com")
	must(t, err)
	if a.State != account.AwaitingEnrolment || a.ID != s.aCase(c.ID).AccountID {
		t.Error("account:", a.State)
	}
	b := s.browser().authorize(newRequest("web", callbackURI)).enrol("anna@example.com")
	if b.answered().Get("code") == "" {
		t.Error("no code at the client:", b.url)
	}
	// Each look and each act is on the record, with who did it.
	m, err := s.stores.db.Staff().ByEmail(t.Context(), "olga@gov.example")
	must(t, err)
	events, err := s.stores.db.Audit().EventsAbout(t.Context(), "application", c.ID, 100)
	must(t, err)
	counted := map[audit.Action]int{}
	for _, e := range events {
		if e.ActorKind == audit.ActorStaff && e.ActorID == m.ID {
			counted[e.Action]++
		}
	}
	if counted["application.viewed"] < 3 || counted["application.taken"] != 1 || counted["application.approved"] != 1 {
		t.Error("record:", counted)
	}
}

// For a company two officials approve; the first one, and whoever asked for
// more, cannot be the second.
func TestConsoleApplicationsSecondPairOfEyes(t *testing.T) {
	s := newSite(t, nil)
	c := s.sent("bau@example.at", company)
	olga, otto := s.reviewer("olga"), s.reviewer("otto")
	olga.take(c).decide(c, "approve", "send").at("/console/applications/case")
	wantState(t, s, c, application.InReview)
	if got := s.aCase(c.ID); got.Proposal == "" || got.Reviewer != "" {
		t.Errorf("after the first: %+v", got)
	}
	olga.get(casePath(c)).post(casePath(c), "action", "take", "seen", olga.seen())
	if olga.status != http.StatusConflict || !strings.Contains(olga.body, "U heeft al over deze aanvraag beslist") {
		t.Error("the first takes it again:", olga.status)
	}
	otto.take(c).decide(c, "approve", "send")
	wantState(t, s, c, application.Approved)

	c = s.sent("bau2@example.at", company)
	otto.take(c).decide(c, "more", "send", "text", "Wie bent u?")
	wantState(t, s, c, application.MoreInformation)
	must(t, s.stores.db.Cases().Answer(t.Context(), s.aCase(c.ID), application.Act{Kind: application.ActAnswer, Text: "Ik", At: s.clock.now()}, noRecord))
	otto.get(casePath(c)).post(casePath(c), "action", "release", "seen", otto.seen())
	olga.take(c).decide(c, "approve", "send")
	otto.take(c)
	if otto.get(decidePath(c, "approve")); otto.status != http.StatusConflict || !strings.Contains(otto.body, "een andere collega als tweede") {
		t.Error("who asked for more is the second:", otto.status)
	}
	wantState(t, s, c, application.InReview)

	everyone := newSite(t, func(c *config.Config) { c.Review.SecondReviewer = config.SecondForEveryone })
	c = everyone.sent("anna@example.com")
	everyone.reviewer("olga").take(c).decide(c, "approve", "send")
	wantState(t, everyone, c, application.InReview)
}

func TestConsoleApplicationsReject(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Review.Reasons = []string{"identity", "else"} })
	c := s.sent("anna@example.com")
	olga := s.reviewer("olga")
	olga.take(c)
	for _, wrong := range [][]string{
		{"text", "x"}, {"reason", "mismatch"}, {"reason", "else"}, {"reason", "identity", "text", strings.Repeat("é", application.LongestWords+1)},
	} {
		if olga.decide(c, "reject", "send", wrong...); olga.status != http.StatusUnprocessableEntity {
			t.Errorf("%.20q: %d", wrong, olga.status)
		}
	}
	olga.decide(c, "reject", "preview", "reason", "identity", "text", "De foto is onscherp.")
	for _, want := range []string{"Uit uw document blijkt niet wie u bent.", "De foto is onscherp.", "binnen 6 weken"} {
		if !strings.Contains(strings.Join(strings.Fields(olga.body), " "), want) {
			t.Errorf("the preview lacks %q", want)
		}
	}
	wantState(t, s, c, application.InReview)
	olga.decide(c, "reject", "change", "reason", "identity", "text", "Anders.")
	if !strings.Contains(olga.body, ">Anders.</textarea>") {
		t.Error("the text cannot be changed")
	}
	olga.decide(c, "reject", "send", "reason", "identity", "text", "De foto is onscherp.").at("/console/applications/case")
	got := s.aCase(c.ID)
	if got.State != application.Rejected || got.PasswordHash != "" {
		t.Error("rejected:", got.State, "password kept:", got.PasswordHash != "")
	}
}

// OF-03: what is not there, of another kind or no case yet is one answer.
func TestOF03_ConsoleApplicationUnknown(t *testing.T) {
	s := newSite(t, nil)
	holder := s.person("holder@example.com")
	olga := s.reviewer("olga")
	for _, id := range []string{"", "nobody", holder.ID, "' OR 1=1 --", strings.Repeat("x", 5000), "%00"} {
		for _, path := range []string{"/console/applications/case?id=", "/console/applications/decide?act=approve&id="} {
			if olga.get(path + strings.ReplaceAll(strings.ReplaceAll(id, " ", "+"), "'", "%27")); olga.status != http.StatusNotFound {
				t.Errorf("%s%.20s: %d", path, id, olga.status)
			}
		}
		if olga.post("/console/applications/case?id=x"+id[:min(len(id), 5)], "action", "take", "seen", "1"); olga.status == http.StatusOK {
			t.Errorf("taken: %.20s", id)
		}
	}
	c := s.sent("anna@example.com")
	for _, act := range []string{"", "withdraw", "answer", "take", "propose"} {
		if olga.get(decidePath(c, act)); olga.status != http.StatusNotFound {
			t.Errorf("decide %q: %d", act, olga.status)
		}
	}
}

// OF-06: fields that a form does not have change nothing.
func TestOF06_ConsoleApplicationFields(t *testing.T) {
	s := newSite(t, nil)
	c := s.sent("anna@example.com")
	olga := s.reviewer("olga").take(c)
	for _, extra := range []string{"state", "member", "reviewer", "version", "email", "kind", "account_id", "proposal"} {
		if olga.decide(c, "approve", "send", extra, "approved"); olga.status != http.StatusBadRequest {
			t.Errorf("%s: %d", extra, olga.status)
		}
	}
	wantState(t, s, c, application.InReview)
}

// OF-10, UP-23: whatever an applicant wrote is text on the page.
func TestOF10_ConsoleApplicationInert(t *testing.T) {
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>{{.CSRF}}javascript:`
	s := newSite(t, nil)
	c := s.sent("anna@example.com", company, func(a *application.Application) {
		p := &a.Answers.Profile
		p.GivenName, p.FamilyName, p.Phone, p.Address.Line1, a.Lang = evil, evil, evil, evil, evil
		p.Birthdate, a.Answers.Stay, p.Address.Country = evil, evil, evil
		o := p.Organization
		o.Name, o.Register, o.RegistrationNumber, o.NotRegistered, o.Role, o.Address.Line2, o.RegistrationCountry = evil, evil, evil, evil, evil, evil, evil
	})
	olga := s.reviewer("olga").take(c)
	olga.post(casePath(c), "action", "note", "seen", "", "text", evil).at("/console/applications/case")
	for _, page := range []string{casePath(c), decidePath(c, "approve"), decidePath(c, "reject"), "/console/applications?show=all", "/console/applications?q=" + `%22%3E%3Cscript%3Ealert(1)%3C/script%3E`} {
		olga.get(page)
		if olga.status != http.StatusOK || strings.Contains(olga.body, "<script>alert") || strings.Contains(olga.body, "<img src=x") {
			t.Errorf("%s: %d", page, olga.status)
		}
	}
	if olga.get(casePath(c)); strings.Count(olga.body, "&lt;script&gt;") < 8 {
		t.Error("the answers are not on the page")
	}
	if olga.decide(c, "more", "preview", "text", evil); strings.Contains(olga.body, "<script>alert") || !strings.Contains(olga.body, "&lt;script&gt;") {
		t.Error("the preview is not text")
	}
}

// OF-12: two officials decide at once: one wins, the other is told who and
// what. Nobody decides on one's own application.
func TestOF12_ConsoleApplicationsAtOnce(t *testing.T) {
	s := newSite(t, nil)
	c := s.sent("anna@example.com")
	olga, otto := s.reviewer("olga"), s.reviewer("otto")
	olga.get(casePath(c))
	otto.get(casePath(c))
	seen := otto.seen()
	olga.take(c)
	otto.post(casePath(c), "action", "take", "seen", seen)
	if otto.status != http.StatusConflict || !strings.Contains(otto.body, "Olga Official: in behandeling genomen") {
		t.Error("too late to take:", otto.status)
	}
	// Two tabs of one official, each sure of another decision.
	olga.get(decidePath(c, "approve"))
	seen = olga.seen()
	olga.decide(c, "reject", "send", "reason", "identity")
	olga.post(decidePath(c, "approve"), "step", "send", "seen", seen)
	if olga.status != http.StatusConflict || !strings.Contains(olga.body, "Olga Official: afgewezen") {
		t.Error("decided twice:", olga.status)
	}
	wantState(t, s, c, application.Rejected)
	if _, err := s.stores.db.Accounts().ByEmail(t.Context(), c.Email); err == nil {
		t.Error("rejected, with an account")
	}

	// A mail is not previewed either from a page that a note has overtaken.
	c = s.sent("bob@example.com")
	olga.take(c).get(decidePath(c, "reject"))
	seen = olga.seen()
	olga.post(casePath(c), "action", "note", "seen", "", "text", "belt terug")
	if olga.post(decidePath(c, "reject"), "step", "preview", "seen", seen, "reason", "identity"); olga.status != http.StatusConflict {
		t.Error("a stale page goes on:", olga.status)
	}
	olga.get(decidePath(c, "approve"))
	seen = olga.seen()
	var wg sync.WaitGroup
	for i := range 16 {
		path, fields := decidePath(c, "approve"), []string{"step", "send", "seen", seen}
		if i%2 == 0 {
			path, fields = decidePath(c, "reject"), append(fields, "reason", "identity")
		}
		req := olga.formTo(path, fields...)
		wg.Go(func() {
			if res, err := olga.http.Do(req); err == nil {
				_ = res.Body.Close()
			}
		})
	}
	wg.Wait()
	acts, err := s.stores.db.Cases().Acts(t.Context(), c.ID)
	must(t, err)
	if len(acts) != 3 { // taken, noted, and one decision
		t.Error("of a crowd of decisions:", acts)
	}

	own := s.sent("olga@gov.example")
	olga.get(casePath(own))
	if strings.Contains(olga.body, `value="take"`) || !strings.Contains(olga.body, "uw eigen aanvraag") {
		t.Error("one's own application can be taken")
	}
	if olga.post(casePath(own), "action", "take", "seen", "9"); olga.status != http.StatusConflict {
		t.Error("one's own application:", olga.status)
	}
	wantState(t, s, own, application.Submitted)
}

// The address got an account while its application waited.
func TestConsoleApplicationsAddressTaken(t *testing.T) {
	s := newSite(t, nil)
	c := s.sent("anna@example.com")
	olga := s.reviewer("olga").take(c)
	s.person("anna@example.com")
	olga.decide(c, "approve", "send")
	if olga.status != http.StatusConflict || !strings.Contains(olga.body, "hoort al een account") {
		t.Error(olga.status)
	}
	wantState(t, s, c, application.InReview)
	if s.official("aud@gov.example", staff.Auditor).get(casePath(c)).status != http.StatusForbidden {
		t.Error("an auditor opens a file")
	}
}
