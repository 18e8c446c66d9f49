package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/demo"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

// The logins that the demo for officials prints work: each role can log in and finds
// work, and a second start prints the same.
func TestDemoReview(t *testing.T) {
	t.Parallel()
	d := demoCommand{Data: t.TempDir(), Review: true}
	s := site.New(t, func(c *config.Config) {
		d.Listen = strings.TrimPrefix(c.Issuer, "http://")
		_, err := d.prepare(c.Issuer, "http://localhost:1")
		site.Must(t, err)
		loaded, err := target{Data: d.Data}.load(world{getenv: func(string) string { return "" }})
		site.Must(t, err)
		if !loaded.Review.Always || loaded.Production() {
			t.Error("the demo for officials approves at once")
		}
		loaded.Clients, loaded.Password, loaded.Limits, loaded.HomeClient = c.Clients, c.Password, c.Limits, ""
		*c = loaded
	})
	made, err := demo.Fill(t.Context(), s.App, d.Data)
	site.Must(t, err)
	if again, err := demo.Fill(t.Context(), s.App, d.Data); err != nil || again.Text("", true) != made.Text("", true) {
		t.Fatal("a second start says something else", err)
	}
	roles := map[staff.Role]string{staff.Reviewer: "Dupont", staff.Helpdesk: "/console/helpdesk", staff.Administrator: "Hugo Helpdesk", staff.Auditor: "application.approved"}
	pages := map[staff.Role]string{staff.Reviewer: "/console/review", staff.Helpdesk: "/console/helpdesk", staff.Administrator: "/console/staff", staff.Auditor: "/console/audit"}
	for _, o := range made.Officials {
		b := s.Browser()
		b.Seed = secret.Text(o.Key)
		s.Clock.Add(30 * time.Second)
		b.Get("/console/login").Submit("email", o.Email, "password", o.Password).At("/console/login/code").Submit("code", b.Code()).At("/console")
		if b.Get(pages[o.Role]).At(pages[o.Role]); !strings.Contains(b.Body, roles[o.Role]) {
			t.Errorf("%s sees no %s\n%s", o.Email, roles[o.Role], b.Body)
		}
	}
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login").Submit("email", demo.Blocked, "password", made.Password).At("/login/blocked")
	if !strings.Contains(b.Body, "OLID") && b.Status != 403 {
		t.Error("the blocked account:", b.Status, b.Body)
	}
	for _, show := range []review.Show{review.ShowWaiting, review.ShowMore, review.ShowDecided} {
		if cases, err := s.Stores.DB.Cases().Queue(t.Context(), review.Query{Show: show, Limit: 50}); err != nil || len(cases.Cases) == 0 {
			t.Error("nothing to see:", show, err)
		}
	}
	waiting, err := s.Stores.DB.Scans().Unscanned(t.Context(), application.Document{}, 50)
	if err != nil || len(waiting) > 0 {
		t.Error("documents of the demo are not scanned:", len(waiting), err)
	}
	site.Must(t, s.Stores.DB.Chain(t.Context()))
	if report, err := audit.Verify(t.Context(), s.Stores.DB.Audit(), s.Stores.DB.Heads(), "", time.Now()); err != nil || !report.OK() {
		t.Error("the audit log of a demo does not verify:", report, err)
	}
	// A new application waits for an official too.
	if c := s.Sent("new@example.com"); c.State != application.Submitted || !s.Config.Reviewed() || s.Kit.Pages.Settings.AtOnce {
		t.Error("an application is", c.State)
	}
}

// The made-up documents are valid files of their types.
func TestDemoReviewDocuments(t *testing.T) {
	t.Parallel()
	for _, make := range []func() (string, string, []byte){demo.PDF, demo.ActivePDF, demo.Picture} {
		name, kind, content := make()
		if got, wrong := document.Judge(content, false); got != kind || wrong != "" || document.CleanName(name, kind) != name || filepath.Ext(name) == "" {
			t.Error(name, kind, got, wrong)
		}
	}
}
