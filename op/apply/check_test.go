package apply_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/application"
)

func TestApplyCheckNeedsDeclaration(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "")
	v.post("/apply/check", form()).Wrong("declared")
	v.post("/apply/check", form("declared", "no")).Wrong("declared")
	if v.application().State != application.EmailConfirmed {
		t.Error("it was sent")
	}
}

// Each answer can be changed, and the changed page leads back to the check page.
func TestApplyCheckChange(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("bedrijf", "jo@example.com", "")
	check := v.get("/apply/check").Is(200)
	for _, path := range []string{"/apply/password#password", "/apply/person#given_name", "/apply/person#birth", "/apply/company#role", "/apply/address#line1", "/apply/document#document"} {
		check.Has(`href="` + path + `"`)
		page, field, _ := strings.Cut(path, "#")
		v.get(page).Is(200).Has(`id="` + field + `"`)
	}
	fields := personFields()
	fields.Set("given_name", "-")
	fields.Set("phone", "")
	v.post("/apply/person", fields).Leads("/apply/check")
	v.get("/apply/check").Has("Niet ingevuld")
	v.send().Leads("/apply/done")
	if p := s.account("jo@example.com").Profile; p.GivenName != "" || p.Phone != "" {
		t.Errorf("%+v", p)
	}
}

// What is sent is what the page showed.
func TestApplyCheckChangedMeanwhile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "")
	seen := v.get("/apply/check").Hidden("seen")
	fields := personFields()
	fields.Set("family_name", "Anders")
	v.post("/apply/person", fields).Leads("/apply/check")
	p := v.post("/apply/check", form("declared", "yes", "seen", seen)).Is(http.StatusConflict).Has("Controleer ze nog een keer", "Anders", " checked")
	if v.application().Sent() {
		t.Error("answers were sent that the applicant had not seen")
	}
	v.post("/apply/check", form("declared", "yes", "seen", p.Hidden("seen"))).Leads("/apply/done")
}

// UP-25, UP-28: sixteen clicks at the same time, or the whole form replayed, make
// one application and one account.
func TestUP25_SentOnce(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"practice", "production"} {
		t.Run(where, func(t *testing.T) {
			s := newIn(t, where)
			v := s.visitor()
			v.fill("burger", "jo@example.com", "")
			seen := v.get("/apply/check").Hidden("seen")
			var clicks sync.WaitGroup
			answers := make([]site.Answer, 16)
			for i := range answers {
				clicks.Go(func() { answers[i] = v.post("/apply/check", form("declared", "yes", "seen", seen)) })
			}
			clicks.Wait()
			for _, p := range answers {
				p.Leads("/apply/done")
			}
			v.post("/apply/check", form("declared", "yes", "seen", seen)).Leads("/apply/done")
			counts := map[string]int{}
			for _, action := range s.actions() {
				counts[action]++
			}
			accounts := map[string]int{"practice": 1, "production": 0}[where]
			if counts["application.submitted"] != 1 || counts["account.created"] != accounts || counts["application.approved"] != accounts {
				t.Errorf("record: %v", counts)
			}
			receipts := 0
			for _, m := range s.mailsTo("jo@example.com") {
				if m.Kind == "receipt" {
					receipts++
				}
			}
			if receipts != 1 {
				t.Errorf("%d receipts", receipts)
			}
		})
	}
}

// After sending, Back leads to the reference number, and the forms no longer work.
func TestApplyBackAfterSending(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "")
	v.send().Leads("/apply/done")
	sent, holder := v.application(), *s.account("jo@example.com")
	mails, events := len(s.mails()), len(s.events())
	for _, path := range append([]string{"/apply/email?kind=burger"}, formPaths...) {
		if path != "/apply/done" {
			v.get(path).Leads("/apply/done")
		}
	}
	v.post("/apply/email?kind=burger", form("email", "an@example.com")).Leads("/apply/done")
	v.post("/apply/code", form("code", "123456")).Leads("/apply/done")
	v.post("/apply/code", form("resend", "yes")).Leads("/apply/done")
	v.post("/apply/password", form("password", "een heel ander wachtwoord")).Leads("/apply/done")
	v.post("/apply/person", personFields()).Leads("/apply/done")
	v.post("/apply/company", companyFields()).Leads("/apply/done")
	v.post("/apply/address", addressFields("burger")).Leads("/apply/done")
	v.upload("anders.pdf", []byte(smallPDF)).Leads("/apply/done")
	v.send().Leads("/apply/done")
	if got := v.application(); got != sent {
		t.Errorf("it changed:\n%+v\n%+v", sent, got)
	}
	if got := *s.account("jo@example.com"); got.PasswordHash != holder.PasswordHash || got.Epoch != holder.Epoch {
		t.Error("the account changed")
	}
	if len(s.mails()) != mails || len(s.events()) != events {
		t.Error("something was mailed or recorded")
	}
	// The start page links to it and to another application.
	v.get("/apply").Has(`href="/apply/done"`)
	v.begin("bedrijf", "jo@bau.example")
	v.get("/apply/code").Is(200)
}

// Two browsers prove the same address; the slower one sees an explanation.
func TestApplyAddressTakenMeanwhile(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"practice", "production"} {
		t.Run(where, func(t *testing.T) {
			s := newSite(t)
			s.Kit.Pages.Settings.Practice = where == "practice"
			first, second := s.visitor(), s.visitor()
			first.fill("burger", "jo@example.com", "")
			second.fill("bedrijf", "jo@example.com", "")
			first.send().Leads("/apply/done")
			s.Kit.Pages.Settings.AtOnce = where == "practice"
			p := second.send().Is(http.StatusConflict).Has("intussen al", "jo@example.com", `href="/start"`)
			if second.application().Sent() {
				t.Error("it was sent all the same")
			}
			if p.Header.Get("Location") != "" {
				t.Error("it leads away")
			}
		})
	}
}

// Of sixteen browsers with the same proven address one gets the account.
func TestUP25_OneAccountAnAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var browsers []*visitor
	for range 8 {
		v := s.visitor()
		v.fill("burger", "jo@example.com", "")
		browsers = append(browsers, v)
	}
	var crowd sync.WaitGroup
	answers := make([]site.Answer, len(browsers))
	for i, v := range browsers {
		crowd.Go(func() { answers[i] = v.send() })
	}
	crowd.Wait()
	won := 0
	for _, p := range answers {
		switch p.Status {
		case http.StatusSeeOther:
			won++
		default:
			p.Is(http.StatusConflict)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d were sent", won, len(answers))
	}
}
