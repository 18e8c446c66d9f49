package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

// Whatever the demo for officials prints opens what it says: each role gets
// in, there is work for each, and a second start says the same again.
func TestDemoReview(t *testing.T) {
	d := demoCommand{Data: t.TempDir(), Review: true}
	s := newSite(t, func(c *config.Config) {
		d.Listen = strings.TrimPrefix(c.Issuer, "http://")
		_, err := d.prepare(c.Issuer, "http://localhost:1")
		must(t, err)
		loaded, err := target{Data: d.Data}.load(world{getenv: func(string) string { return "" }})
		must(t, err)
		if !loaded.Review.Always || loaded.Production() {
			t.Error("the demo for officials approves at once")
		}
		loaded.Clients, loaded.Password, loaded.Limits, loaded.HomeClient = c.Clients, c.Password, c.Limits, ""
		*c = loaded
	})
	made, err := demoFill(t.Context(), s.app, d.Data)
	must(t, err)
	if again, err := demoFill(t.Context(), s.app, d.Data); err != nil || again.text("", true) != made.text("", true) {
		t.Fatal("a second start says something else", err)
	}
	roles := map[staff.Role]string{staff.Reviewer: "Dupont", staff.Helpdesk: "/console/accounts", staff.Administrator: "Hugo Helpdesk", staff.Auditor: "application.approved"}
	pages := map[staff.Role]string{staff.Reviewer: "/console/applications", staff.Helpdesk: "/console/accounts", staff.Administrator: "/console/staff", staff.Auditor: "/console/record"}
	for _, o := range made.Officials {
		b := s.browser()
		b.seed = secret.Text(o.Key)
		s.clock.add(30 * time.Second)
		b.get("/console/login").submit("email", o.Email, "password", o.Password).at("/console/login/code").submit("code", b.code()).at("/console")
		if b.get(pages[o.Role]).at(pages[o.Role]); !strings.Contains(b.body, roles[o.Role]) {
			t.Errorf("%s sees no %s\n%s", o.Email, roles[o.Role], b.body)
		}
	}
	b := s.browser().authorize(newRequest("web", callbackURI)).at("/login").submit("email", demoBlocked, "password", made.Password).at("/login/blocked")
	if !strings.Contains(b.body, "OLID") && b.status != 403 {
		t.Error("the blocked account:", b.status, b.body)
	}
	for _, show := range []application.Show{application.ShowWaiting, application.ShowMore, application.ShowDecided} {
		if cases, err := s.stores.db.Cases().Queue(t.Context(), application.Query{Show: show, Limit: 50}); err != nil || len(cases.Cases) == 0 {
			t.Error("nothing to see:", show, err)
		}
	}
	waiting, err := s.stores.db.Scans().Unscanned(t.Context(), application.Document{}, 50)
	if err != nil || len(waiting) > 0 {
		t.Error("documents of the demo are not scanned:", len(waiting), err)
	}
	if report, err := audit.Verify(t.Context(), s.stores.db.Audit(), s.stores.db.Heads(), ""); err != nil || !report.OK() {
		t.Error("the record of a demo does not verify:", report, err)
	}
	// An applicant's own application waits for an official too.
	if c := s.sent("new@example.com"); c.State != application.Submitted || !s.config.Reviewed() || s.kit.Settings.AtOnce {
		t.Error("an application is", c.State)
	}
}

// The documents that the demo makes up are what they say.
func TestDemoReviewDocuments(t *testing.T) {
	for _, make := range []func() (string, string, []byte){demoPDF, demoActivePDF, demoPicture} {
		name, kind, content := make()
		if got, wrong := application.Inspect(content, false); got != kind || wrong != "" || application.CleanName(name, kind) != name || filepath.Ext(name) == "" {
			t.Error(name, kind, got, wrong)
		}
	}
}
