package console_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/staff"
)

// Z4: text that an official typed before the session ended is on the same page after
// logging in again, is not carried out, and is not shown to another official.
func TestZ4_TypedTextWaitsForTheOfficial(t *testing.T) {
	t.Parallel()
	const text = "De foto op het paspoort is niet te zien: één hoek is afgedekt."
	for name, other := range map[string]bool{"the same official": false, "another official": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := site.New(t, nil)
			c := s.Sent("anna@example.com")
			nora := s.Reviewer("nora").Take(c)
			page := site.DecidePath(c, "reject")
			nora.Get(page).At("/console/review/decide")
			before := nora.Cookies()["olid-owner"]
			s.Clock.Add(15 * time.Minute)
			nora.Press(page, "seen", nora.Seen(), "reason", "unreadable", "text", text, "step", "send").At("/console/login")
			if !strings.Contains(nora.Body, "bewaard") {
				t.Error("the login does not say that the text waits")
			}
			site.WantState(t, s, s.Case(c.ID), "in_review")
			email := "nora@gov.example"
			if other {
				email = "piet@gov.example"
				nora.Seed = s.Browser().Join(s.Invite(email, staff.Reviewer)).Seed
			}
			s.Clock.Add(time.Minute)
			nora.Submit("email", email, "password", site.StaffPassword).At("/console/login/code")
			nora.Submit("code", nora.Code()).At("/console/review/decide")
			if strings.Contains(nora.Body, text) == other || strings.Contains(nora.Body, `value="unreadable" selected`) == other {
				t.Error("what was typed is in the form:", !other)
			}
			if nora.Get(page); strings.Contains(nora.Body, text) {
				t.Error("it is shown twice")
			}
			if !other {
				return
			}
			// Not even with the cookie that names the first official.
			nora.HTTP.Jar.SetCookies(nora.URL, []*http.Cookie{{Name: "olid-owner", Value: before, Path: "/"}})
			nora.Get(page).At("/console/login")
		})
	}
}

// Z4: a kept text expires, also in a browser that holds its cookie for longer.
func TestZ4_KeptTextEnds(t *testing.T) {
	t.Parallel()
	const text = "De foto op het paspoort is niet te zien."
	s := site.New(t, nil)
	c := s.Sent("anna@example.com")
	nora := s.Reviewer("nora").Take(c)
	page := site.DecidePath(c, "reject")
	nora.Get(page)
	s.Clock.Add(15 * time.Minute)
	nora.Press(page, "seen", nora.Seen(), "reason", "unreadable", "text", text, "step", "send").At("/console/login")
	kept := map[string]string{}
	for name, value := range nora.Cookies() {
		if strings.HasPrefix(name, "olid-kept-") {
			kept[name] = value
		}
	}
	if len(kept) != 1 {
		t.Fatalf("kept texts: %d, want 1", len(kept))
	}
	s.Clock.Add(30 * time.Minute)
	nora.Submit("email", "nora@gov.example", "password", site.StaffPassword).At("/console/login/code")
	nora.Submit("code", nora.Code())
	nora.Give(kept)
	if nora.Get(page).At("/console/review/decide"); strings.Contains(nora.Body, text) {
		t.Error("a text of half an hour ago is shown")
	}
}

// Z4: after a login an official goes on at a page of the console that their roles may
// see, and nowhere else.
func TestZ4_GoesOnAtPagesOfTheConsoleAlone(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	b := s.Official("olga@gov.example", staff.Auditor)
	for then, want := range map[string]string{
		"/console/audit":                           "/console/audit",
		"/console/audit?from=2026-01-01&evil=1":    "/console/audit?from=2026-01-01",
		"/console/review":                          "/console", // another role's
		"/console/login":                           "/console",
		"/console/logout":                          "/console",
		"https://evil.example/console/audit":       "/console",
		"//evil.example/console/audit":             "/console",
		`/\evil.example/console/audit`:             "/console",
		"/console/audit/../../x":                   "/console",
		"console/audit":                            "/console",
		"javascript:alert(1)":                      "/console",
		"/console/audit#x":                         "/console/audit",
		"/console/audit?done=approve&lang=en&q=%0": "/console/audit",
	} {
		b.Post("/console/logout")
		s.Clock.Add(30 * time.Second)
		b.Get("/console/login?"+url.Values{"then": {then}}.Encode()).Submit("email", "olga@gov.example", "password", site.StaffPassword).At("/console/login/code")
		req := b.Form("code", b.Code())
		res, err := b.HTTP.Do(req)
		site.Must(t, err)
		_ = res.Body.Close()
		if got := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || got != want {
			t.Errorf("then=%q leads to %q (%d), want %q", then, got, res.StatusCode, want)
		}
	}
}

// Z4: the page says when the session ends, and one request makes it last longer.
func TestZ4_SessionIsExtended(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	b := s.Official("olga@gov.example", staff.Auditor)
	if !strings.Contains(b.Body, `data-ends="900" data-warn="120"`) || !strings.Contains(b.Body, "logt dit systeem u om") {
		t.Error("the page does not say when the session ends")
	}
	for range 3 {
		s.Clock.Add(14 * time.Minute)
		got := b.Send(b.FormTo("/console/stay"))
		var answer struct {
			Left    int
			Text    string
			Extends bool
		}
		if err := json.Unmarshal([]byte(got.Body), &answer); err != nil || got.Status != http.StatusOK || answer.Left != 900 || answer.Text == "" || !answer.Extends {
			t.Fatalf("%d %s %v", got.Status, got.Body, err)
		}
	}
	b.Get("/console").At("/console")
	s.Clock.Add(15 * time.Minute)
	if got := b.Send(b.FormTo("/console/stay")); got.Status != http.StatusSeeOther {
		t.Error("a session that has ended is extended:", got.Status)
	}
	b.Get("/console").At("/console/login")
}
