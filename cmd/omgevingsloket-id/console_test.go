package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

const staffPassword = "a quiet harbour at dawn"

// invite makes an invitation, as `staff add` does, and gives its link's path.
func (s *site) invite(email string, roles ...staff.Role) string {
	s.t.Helper()
	handle, _, err := s.staff.Rules.Invite(s.t.Context(), "Olga Official", email, "nl", roles, audit.Operator(""))
	must(s.t, err)
	return console.InviteLink("", handle).Reveal()
}

// join accepts an invitation and scans the QR; the browser's app knows it.
func (b *browser) join(link string) *browser {
	b.s.t.Helper()
	b.get(link).at("/console/invite").submit("password", staffPassword)
	return b.at("/console/invite").scan()
}

// staffLogin logs an official in, with the code of the next step.
func (b *browser) staffLogin(email string) *browser {
	b.s.t.Helper()
	b.s.clock.add(30 * time.Second)
	b.get("/console/login").submit("email", email, "password", staffPassword)
	return b.at("/console/login/code").submit("code", b.code())
}

// official is a browser of an official who is logged in.
func (s *site) official(email string, roles ...staff.Role) *browser {
	s.t.Helper()
	return s.browser().join(s.invite(email, roles...)).staffLogin(email).at("/console")
}

func TestConsoleInviteAndLogin(t *testing.T) {
	s := newSite(t, nil)
	link := s.invite("olga@example.org", staff.Administrator, staff.Auditor)
	b := s.browser()

	// Looking at an invitation spends nothing, and its handle leaves the address.
	for range 3 {
		if b.get(link).at("/console/invite"); b.url.RawQuery != "" || b.status != http.StatusOK {
			t.Fatal("invitation:", b.url, b.status)
		}
	}
	if b.submit("password", "short"); b.status != http.StatusUnprocessableEntity {
		t.Error("weak password:", b.status)
	}
	b.submit("password", staffPassword).scan()
	if again := s.browser().get(link); again.status != http.StatusGone {
		t.Error("a spent invitation answers", again.status)
	}
	// Password alone opens nothing but the code page.
	b.get("/console/login").submit("email", "olga@example.org", "password", staffPassword).at("/console/login/code")
	b.get("/console").at("/console/login")
	b.staffLogin("olga@example.org").at("/console")
	if !strings.Contains(b.body, "Olga Official") || !strings.Contains(b.body, "/console/staff") || !strings.Contains(b.body, "/console/record") {
		t.Error("home:", b.body)
	}
	b.get("/console/record").at("/console/record")
	for _, want := range []string{"staff.invited", "staff.joined", "staff.login"} {
		if !strings.Contains(b.body, want) {
			t.Error("the record does not tell of", want)
		}
	}
	// Another page's account session is nothing here, and the reverse.
	if b.get("/portals"); b.url.Path == "/portals" {
		t.Error("an official is taken for an account holder")
	}
	b.post("/console/logout")
	b.get("/console").at("/console/login")
}

// OF-01: every route of the console against every role and none. The routes
// come from the console itself, so that a new one cannot be forgotten.
func TestOF01_ConsoleMatrix(t *testing.T) {
	s := newSite(t, nil)
	people := map[staff.Role]*browser{"": s.browser()}
	people[""].get("/console/login")
	for _, r := range staff.Roles {
		people[r] = s.official(string(r)+"@example.org", r)
	}
	checked := 0
	for _, a := range s.staff.Access() {
		if len(a.Roles) == 0 {
			continue
		}
		for role, b := range people {
			// Each try starts on a page of one's own, for the form token.
			if b.get("/console"); role == "" {
				b.at("/console/login")
			}
			var req *http.Request
			if a.Method == http.MethodGet {
				var err error
				req, err = http.NewRequest(a.Method, s.server.URL+a.Path, nil)
				must(t, err)
			} else {
				req = b.formTo(a.Path)
			}
			res, err := b.http.Do(req)
			must(t, err)
			_ = res.Body.Close()
			checked++
			allowed := slices.Contains(a.Roles, role)
			switch {
			case role == "" && res.StatusCode != http.StatusSeeOther:
				t.Errorf("%s %s without login: %d", a.Method, a.Path, res.StatusCode)
			case role != "" && !allowed && res.StatusCode != http.StatusForbidden:
				t.Errorf("%s %s as %s: %d, want 403", a.Method, a.Path, role, res.StatusCode)
			case allowed && (res.StatusCode == http.StatusForbidden || res.StatusCode >= 500):
				t.Errorf("%s %s as %s: %d, is allowed", a.Method, a.Path, role, res.StatusCode)
			}
		}
	}
	if checked < 5*5 {
		t.Error("only", checked, "cells")
	}
	for _, r := range s.kit.Routes() {
		if strings.HasPrefix(r.Path, "/console") && !slices.ContainsFunc(s.staff.Access(), func(a console.Access) bool { return a.Method == r.Method && a.Path == r.Path }) {
			t.Errorf("%s %s is mounted beside the table of roles", r.Method, r.Path)
		}
	}
}

// OF-07: a role taken away and a removal count at the next request.
func TestOF07_ConsoleRemovalCountsAtOnce(t *testing.T) {
	s := newSite(t, nil)
	auditor := s.official("auditor@example.org", staff.Auditor)
	admin := s.official("admin@example.org", staff.Administrator)
	m, err := s.stores.db.Staff().ByEmail(t.Context(), "auditor@example.org")
	must(t, err)

	auditor.get("/console/record").at("/console/record")
	admin.post("/console/staff/member?id="+m.ID, "action", "roles", "helpdesk", "yes").at("/console/staff")
	auditor.get("/console/record").at("/console/login")
	auditor.staffLogin("auditor@example.org").at("/console")
	if auditor.get("/console/record"); auditor.status != http.StatusForbidden {
		t.Error("a role that was taken away still opens the record:", auditor.status)
	}
	admin.post("/console/staff/member?id="+m.ID, "action", "remove", "sure", "yes").at("/console/staff")
	auditor.get("/console").at("/console/login")
	if auditor.submit("email", "auditor@example.org", "password", staffPassword); auditor.status != http.StatusUnprocessableEntity {
		t.Error("a removed official logs in:", auditor.status)
	}
	// Nobody does it to oneself.
	self, err := s.stores.db.Staff().ByEmail(t.Context(), "admin@example.org")
	must(t, err)
	if admin.post("/console/staff/member?id="+self.ID, "action", "remove", "sure", "yes"); admin.status != http.StatusUnprocessableEntity {
		t.Error("an administrator removed oneself:", admin.status)
	}
}

// One invitation, 32 at once: one password and one secret count.
func TestConsoleInviteRace(t *testing.T) {
	s := newSite(t, nil)
	handle, _, err := s.staff.Rules.Invite(t.Context(), "Olga", "olga@example.org", "nl", []staff.Role{staff.Auditor}, audit.Actor{})
	must(t, err)
	var done atomic.Int32
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if _, _, err := s.staff.Rules.Accept(context.Background(), handle, staffPassword, "test"); err == nil {
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if done.Load() != 1 {
		t.Error(done.Load(), "accepted one invitation")
	}
	late := secret.New(rand.Reader, secret.KindInvite)
	if _, _, err := s.staff.Rules.Accept(t.Context(), late, staffPassword, "test"); err != errs.ErrNotFound && err == nil {
		t.Error("an invitation nobody made is accepted")
	}
}

// An invitation ends after 72 hours; being invited again ends everything
// before, also an earlier invitation.
func TestConsoleInviteAgain(t *testing.T) {
	s := newSite(t, nil)
	old := s.invite("olga@example.org", staff.Auditor)
	b := s.official("olga@example.org", staff.Auditor) // invited again
	if stale := s.browser().get(old); stale.status != http.StatusGone {
		t.Error("the earlier invitation answers", stale.status)
	}
	third := s.invite("olga@example.org", staff.Auditor)
	b.get("/console").at("/console/login")
	s.clock.add(staff.InviteLifetime)
	if late := s.browser().get(third); late.status != http.StatusGone {
		t.Error("after 72 hours the invitation answers", late.status)
	}
}

// LG-23 for officials: a quarter of an hour idle, ten hours in all.
func TestOF22_ConsoleSessionEnds(t *testing.T) {
	s := newSite(t, nil)
	b := s.official("olga@example.org", staff.Auditor)
	s.clock.add(15*time.Minute - time.Second)
	b.get("/console").at("/console")
	s.clock.add(15 * time.Minute)
	b.get("/console").at("/console/login")
	b.staffLogin("olga@example.org").at("/console")
	for range 10 * 60 / 10 {
		s.clock.add(10 * time.Minute)
		b.get("/console")
	}
	b.at("/console/login")
}

// Ten wrong codes in a row block an official; the same code counts once.
func TestTP05_ConsoleWrongCodes(t *testing.T) {
	s := newSite(t, nil)
	b := s.browser().join(s.invite("olga@example.org", staff.Auditor))
	b.staffLogin("olga@example.org").at("/console")
	used := b.code()
	other := s.browser()
	other.seed = b.seed
	if other.get("/console/login").submit("email", "olga@example.org", "password", staffPassword).submit("code", used); other.status != http.StatusUnprocessableEntity {
		t.Error("a code counts twice:", other.status)
	}
	for i := range staff.WrongCodes {
		s.clock.add(3 * time.Minute)
		other.get("/console/login").submit("email", "olga@example.org", "password", staffPassword)
		if other.at("/console/login/code").submit("code", "000000"); i == staff.WrongCodes-1 && other.status != http.StatusForbidden {
			t.Error("after the last wrong code:", other.status)
		}
	}
	b.get("/console").at("/console/login")
	if b.submit("email", "olga@example.org", "password", staffPassword); b.status != http.StatusUnprocessableEntity {
		t.Error("blocked, but the password is taken:", b.status)
	}
}
