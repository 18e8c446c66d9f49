package review_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/op/console"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/staff"
)

// An official finds a case, takes it, reads the mail before it goes, approves.
func TestConsoleApplicationsApprove(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	c := s.Sent("anna@example.com")
	olga := s.Reviewer("olga")
	if !strings.Contains(olga.Body, "1 aanvraag wacht") {
		t.Error("home does not tell that a case waits:", olga.Body)
	}
	for _, q := range []string{"", "?q=" + strings.ToLower(c.Reference), "?show=all&q=MUSTER", "?q=anna%40example.com"} {
		if olga.Get("/console/review" + q); !strings.Contains(olga.Body, c.Reference) {
			t.Error("not found with", q)
		}
	}
	for _, q := range []string{"?show=mine", "?show=decided", "?q=nobody", "?q=%25"} {
		if olga.Get("/console/review" + q); olga.Status != http.StatusOK || strings.Contains(olga.Body, c.Reference) {
			t.Error(q, olga.Status)
		}
	}
	// A case has to be taken before it is decided on.
	if olga.Get(site.DecidePath(c, "approve")); olga.Status != http.StatusConflict {
		t.Error("decide without taking:", olga.Status)
	}
	olga.Take(c)
	if olga.Get("/console"); !strings.Contains(olga.Body, "U heeft 1 aanvraag") {
		t.Error("home does not tell that it is mine")
	}
	olga.Get(site.DecidePath(c, "approve"))
	for _, want := range []string{"Uw aanvraag is goedgekeurd", "anna@example.com", "Ga naar inloggen met Omgevingsloket-ID"} {
		if !strings.Contains(olga.Body, want) {
			t.Errorf("the preview lacks %q", want)
		}
	}
	site.WantState(t, s, c, application.InReview) // the preview does not decide
	olga.Decide(c, "approve", "send").At("/console/review/case")
	site.WantState(t, s, c, application.Approved)
	a, err := s.Stores.DB.Accounts().ByEmail(t.Context(), "anna@example.com")
	site.Must(t, err)
	if a.State != account.AwaitingEnrolment || a.ID != s.Case(c.ID).AccountID {
		t.Error("account:", a.State)
	}
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Enrol("anna@example.com")
	if b.Answered().Get("code") == "" {
		t.Error("no code at the client:", b.URL)
	}
	// Each look and each act is in the audit log, with who did it.
	m, err := s.Stores.DB.Staff().ByEmail(t.Context(), "olga@gov.example")
	site.Must(t, err)
	events, err := s.Stores.DB.Audit().EventsAbout(t.Context(), "application", c.ID, 100)
	site.Must(t, err)
	counted := map[audit.Action]int{}
	for _, e := range events {
		if e.ActorKind == audit.ActorStaff && e.ActorID == m.ID {
			counted[e.Action]++
		}
	}
	if counted["application.viewed"] < 3 || counted["application.taken"] != 1 || counted["application.approved"] != 1 {
		t.Error("events:", counted)
	}
}

// For a company two officials approve. The official who approved first, or who asked
// a question, cannot be the second.
func TestConsoleApplicationsSecondPairOfEyes(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	c := s.Sent("bau@example.at", site.Company)
	olga, otto := s.Reviewer("olga"), s.Reviewer("otto")
	olga.Take(c).Decide(c, "approve", "send").At("/console/review/case")
	site.WantState(t, s, c, application.InReview)
	if got := s.Case(c.ID); got.Proposal == "" || got.Reviewer != "" {
		t.Errorf("after the first: %+v", got)
	}
	olga.Get(site.CasePath(c)).Post(site.CasePath(c), "action", "take", "seen", olga.Seen())
	if olga.Status != http.StatusConflict || !strings.Contains(olga.Body, "U heeft al over deze aanvraag beslist") {
		t.Error("the first takes it again:", olga.Status)
	}
	otto.Take(c).Decide(c, "approve", "send")
	site.WantState(t, s, c, application.Approved)

	c = s.Sent("bau2@example.at", site.Company)
	otto.Take(c).Decide(c, "more", "send", "text", "Wie bent u?")
	site.WantState(t, s, c, application.MoreInformation)
	site.Must(t, s.Stores.DB.Cases().Answer(t.Context(), s.Case(c.ID), review.Act{Kind: review.ActAnswer, Text: "Ik", At: s.Clock.Now()}, site.NoEffects))
	otto.Get(site.CasePath(c)).Post(site.CasePath(c), "action", "release", "seen", otto.Seen())
	olga.Take(c).Decide(c, "approve", "send")
	otto.Take(c)
	if otto.Get(site.DecidePath(c, "approve")); otto.Status != http.StatusConflict || !strings.Contains(otto.Body, "een andere collega als tweede") {
		t.Error("who asked for more is the second:", otto.Status)
	}
	site.WantState(t, s, c, application.InReview)

	everyone := site.New(t, func(c *config.Config) { c.Review.SecondReviewer = config.SecondForEveryone })
	c = everyone.Sent("anna@example.com")
	everyone.Reviewer("olga").Take(c).Decide(c, "approve", "send")
	site.WantState(t, everyone, c, application.InReview)
}

func TestConsoleApplicationsReject(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) { c.Review.Reasons = []string{"identity", "else"} })
	c := s.Sent("anna@example.com")
	olga := s.Reviewer("olga")
	olga.Take(c)
	for _, wrong := range [][]string{
		{"text", "x"}, {"reason", "mismatch"}, {"reason", "else"}, {"reason", "identity", "text", strings.Repeat("é", review.LongestWords+1)},
	} {
		if olga.Decide(c, "reject", "send", wrong...); olga.Status != http.StatusUnprocessableEntity {
			t.Errorf("%.20q: %d", wrong, olga.Status)
		}
	}
	olga.Decide(c, "reject", "preview", "reason", "identity", "text", "De foto is onscherp.")
	for _, want := range []string{"Uit uw document blijkt niet wie u bent.", "De foto is onscherp.", "binnen 6 weken"} {
		if !strings.Contains(strings.Join(strings.Fields(olga.Body), " "), want) {
			t.Errorf("the preview lacks %q", want)
		}
	}
	site.WantState(t, s, c, application.InReview)
	olga.Decide(c, "reject", "change", "reason", "identity", "text", "Anders.")
	if !strings.Contains(olga.Body, ">Anders.</textarea>") {
		t.Error("the text cannot be changed")
	}
	olga.Decide(c, "reject", "send", "reason", "identity", "text", "De foto is onscherp.").At("/console/review/case")
	got := s.Case(c.ID)
	if got.State != application.Rejected || got.PasswordHash != "" {
		t.Error("rejected:", got.State, "password kept:", got.PasswordHash != "")
	}
}

// OF-03: unknown ids, ids of another kind and drafts get the same answer.
func TestOF03_ConsoleApplicationUnknown(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	holder := s.Person("holder@example.com")
	olga := s.Reviewer("olga")
	for _, id := range []string{"", "nobody", holder.ID, "' OR 1=1 --", strings.Repeat("x", 5000), "%00"} {
		for _, path := range []string{"/console/review/case?id=", "/console/review/decide?act=approve&id="} {
			if olga.Get(path + strings.ReplaceAll(strings.ReplaceAll(id, " ", "+"), "'", "%27")); olga.Status != http.StatusNotFound {
				t.Errorf("%s%.20s: %d", path, id, olga.Status)
			}
		}
		if olga.Post("/console/review/case?id=x"+id[:min(len(id), 5)], "action", "take", "seen", "1"); olga.Status == http.StatusOK {
			t.Errorf("taken: %.20s", id)
		}
	}
	c := s.Sent("anna@example.com")
	for _, act := range []string{"", "withdraw", "answer", "take", "propose"} {
		if olga.Get(site.DecidePath(c, act)); olga.Status != http.StatusNotFound {
			t.Errorf("decide %q: %d", act, olga.Status)
		}
	}
}

// OF-06: fields that a form does not have change nothing.
func TestOF06_ConsoleApplicationFields(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	c := s.Sent("anna@example.com")
	olga := s.Reviewer("olga").Take(c)
	for _, extra := range []string{"state", "member", "reviewer", "version", "email", "kind", "account_id", "proposal"} {
		if olga.Decide(c, "approve", "send", extra, "approved"); olga.Status != http.StatusBadRequest {
			t.Errorf("%s: %d", extra, olga.Status)
		}
	}
	site.WantState(t, s, c, application.InReview)
}

// Z1: the page with what is wrong, shown after a redirect, does not repeat what was done before.
func TestZ1_ConsoleErrorWithoutWhatWasDone(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	c := s.Sent("anna@example.com")
	olga := s.Reviewer("olga").Take(c)
	page := console.DoneURL(site.CasePath(c), "take")
	const done, wrong = "U behandelt deze aanvraag nu.", "Vul een notitie in"
	if olga.Get(page); !strings.Contains(olga.Body, done) {
		t.Fatal("the page does not say what was done")
	}
	olga.Post(page, "action", "note", "seen", "", "text", "")
	if !strings.Contains(olga.Body, wrong) || strings.Contains(olga.Body, done) {
		t.Errorf("after an empty note: %s", olga.Body)
	}
}

// OF-10, UP-23: what an applicant wrote is shown as text.
func TestOF10_ConsoleApplicationInert(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>{{.CSRF}}javascript:`
	s := site.New(t, nil)
	s.OfficialsKit.Pages.Catalog.Missing = func(string, string) {} // the application's language does not exist
	c := s.Sent("anna@example.com", site.Company, func(a *application.Application) {
		p := &a.Answers.Profile
		p.GivenName, p.FamilyName, p.Phone, p.Address.Line1, a.Lang = evil, evil, evil, evil, evil
		p.Birthdate, a.Answers.Stay, p.Address.Country = evil, evil, evil
		o := p.Organization
		o.Name, o.Register, o.RegistrationNumber, o.NotRegistered, o.Role, o.Address.Line2, o.RegistrationCountry = evil, evil, evil, evil, evil, evil, evil
	})
	olga := s.Reviewer("olga").Take(c)
	olga.Post(site.CasePath(c), "action", "note", "seen", "", "text", evil).At("/console/review/case")
	for _, page := range []string{site.CasePath(c), site.DecidePath(c, "approve"), site.DecidePath(c, "reject"), "/console/review?show=all", "/console/review?q=" + `%22%3E%3Cscript%3Ealert(1)%3C/script%3E`} {
		olga.Get(page)
		if olga.Status != http.StatusOK || strings.Contains(olga.Body, "<script>alert") || strings.Contains(olga.Body, "<img src=x") {
			t.Errorf("%s: %d", page, olga.Status)
		}
	}
	if olga.Get(site.CasePath(c)); strings.Count(olga.Body, "&lt;script&gt;") < 8 {
		t.Error("the answers are not on the page")
	}
	if olga.Decide(c, "more", "preview", "text", evil); strings.Contains(olga.Body, "<script>alert") || !strings.Contains(olga.Body, "&lt;script&gt;") {
		t.Error("the preview is not text")
	}
}

// OF-12: of two officials who decide at the same time one succeeds, and the other
// sees who did what. Officials cannot decide on their own applications.
func TestOF12_ConsoleApplicationsAtOnce(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	c := s.Sent("anna@example.com")
	olga, otto := s.Reviewer("olga"), s.Reviewer("otto")
	olga.Get(site.CasePath(c))
	otto.Get(site.CasePath(c))
	seen := otto.Seen()
	olga.Take(c)
	otto.Post(site.CasePath(c), "action", "take", "seen", seen)
	if otto.Status != http.StatusConflict || !strings.Contains(otto.Body, "Olga Official: in behandeling genomen") {
		t.Error("too late to take:", otto.Status)
	}
	// Two tabs of one official send different decisions.
	olga.Get(site.DecidePath(c, "approve"))
	seen = olga.Seen()
	olga.Decide(c, "reject", "send", "reason", "identity")
	olga.Post(site.DecidePath(c, "approve"), "step", "send", "seen", seen)
	if olga.Status != http.StatusConflict || !strings.Contains(olga.Body, "Olga Official: afgewezen") {
		t.Error("decided twice:", olga.Status)
	}
	site.WantState(t, s, c, application.Rejected)
	if _, err := s.Stores.DB.Accounts().ByEmail(t.Context(), c.Email); err == nil {
		t.Error("rejected, with an account")
	}

	// A page that a note has overtaken does not show the mail either.
	c = s.Sent("bob@example.com")
	olga.Take(c).Get(site.DecidePath(c, "reject"))
	seen = olga.Seen()
	olga.Post(site.CasePath(c), "action", "note", "seen", "", "text", "belt terug")
	if olga.Post(site.DecidePath(c, "reject"), "step", "preview", "seen", seen, "reason", "identity"); olga.Status != http.StatusConflict {
		t.Error("a stale page goes on:", olga.Status)
	}
	olga.Get(site.DecidePath(c, "approve"))
	seen = olga.Seen()
	var wg sync.WaitGroup
	for i := range 16 {
		path, fields := site.DecidePath(c, "approve"), []string{"step", "send", "seen", seen}
		if i%2 == 0 {
			path, fields = site.DecidePath(c, "reject"), append(fields, "reason", "identity")
		}
		req := olga.FormTo(path, fields...)
		wg.Go(func() {
			if res, err := olga.HTTP.Do(req); err == nil {
				_ = res.Body.Close()
			}
		})
	}
	wg.Wait()
	acts, err := s.Stores.DB.Cases().Acts(t.Context(), c.ID)
	site.Must(t, err)
	if len(acts) != 3 { // take, note, and one decision
		t.Error("of a crowd of decisions:", acts)
	}

	own := s.Sent("olga@gov.example")
	olga.Get(site.CasePath(own))
	if strings.Contains(olga.Body, `value="take"`) || !strings.Contains(olga.Body, "uw eigen aanvraag") {
		t.Error("one's own application can be taken")
	}
	if olga.Post(site.CasePath(own), "action", "take", "seen", "9"); olga.Status != http.StatusConflict {
		t.Error("one's own application:", olga.Status)
	}
	site.WantState(t, s, own, application.Submitted)
}

// The address gets an account while its application waits.
func TestConsoleApplicationsAddressTaken(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	c := s.Sent("anna@example.com")
	olga := s.Reviewer("olga").Take(c)
	s.Person("anna@example.com")
	olga.Decide(c, "approve", "send")
	if olga.Status != http.StatusConflict || !strings.Contains(olga.Body, "hoort al een account") {
		t.Error(olga.Status)
	}
	site.WantState(t, s, c, application.InReview)
	if s.Official("aud@gov.example", staff.Auditor).Get(site.CasePath(c)).Status != http.StatusForbidden {
		t.Error("an auditor opens a file")
	}
}
