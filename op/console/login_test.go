package console_test

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

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/op/console"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/storage/storagetest"
)

func TestConsoleInviteAndLogin(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	link := s.Invite("olga@example.org", staff.Administrator, staff.Auditor)
	b := s.Browser()

	// Opening an invitation does not use it up, and its handle leaves the address.
	for range 3 {
		if b.Get(link).At("/console/invite"); b.URL.RawQuery != "" || b.Status != http.StatusOK {
			t.Fatal("invitation:", b.URL, b.Status)
		}
	}
	if b.Submit("password", "short"); b.Status != http.StatusUnprocessableEntity {
		t.Error("weak password:", b.Status)
	}
	b.Submit("password", site.StaffPassword).Scan()
	if again := s.Browser().Get(link); again.Status != http.StatusGone {
		t.Error("a spent invitation answers", again.Status)
	}
	// The password alone leads only to the page of the code.
	b.Get("/console/login").Submit("email", "olga@example.org", "password", site.StaffPassword).At("/console/login/code")
	b.Get("/console").At("/console/login")
	b.StaffLogin("olga@example.org").At("/console")
	if !strings.Contains(b.Body, "Olga Official") || !strings.Contains(b.Body, "/console/staff") || !strings.Contains(b.Body, "/console/audit") {
		t.Error("home:", b.Body)
	}
	b.Get("/console/audit").At("/console/audit")
	for _, want := range []string{"staff.invited", "staff.joined", "staff.login"} {
		if !strings.Contains(b.Body, want) {
			t.Error("the audit log does not tell of", want)
		}
	}
	// Sessions of account holders and of officials are not interchangeable.
	if b.Get("/portals"); b.URL.Path == "/portals" {
		t.Error("an official is taken for an account holder")
	}
	b.Post("/console/logout")
	b.Get("/console").At("/console/login")
}

// OF-01: every route of the console with every role and without a session. The
// routes come from the console itself, so that a new one cannot be forgotten.
func TestOF01_ConsoleMatrix(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	s := site.New(t, nil)
	people := map[staff.Role]*site.Browser{"": s.Browser()}
	people[""].Get("/console/login")
	for _, r := range staff.Roles {
		people[r] = s.Official(string(r)+"@example.org", r)
	}
	checked := 0
	for _, a := range s.Console.Access() {
		if len(a.Roles) == 0 {
			continue
		}
		for role, b := range people {
			// Each try starts on a page that the role can open, for the form token.
			if b.Get("/console"); role == "" {
				b.At("/console/login")
			}
			var req *http.Request
			if a.Method == http.MethodGet {
				var err error
				req, err = http.NewRequest(a.Method, s.Server.URL+a.Path, nil)
				site.Must(t, err)
			} else {
				req = b.FormTo(a.Path)
			}
			res, err := b.HTTP.Do(req)
			site.Must(t, err)
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
	for _, r := range s.Kit.Router.Routes() {
		if strings.HasPrefix(r.Path, "/console") && !slices.ContainsFunc(s.Console.Access(), func(a console.Access) bool { return a.Method == r.Method && a.Path == r.Path }) {
			t.Errorf("%s %s is mounted beside the table of roles", r.Method, r.Path)
		}
	}
}

// OF-07: losing a role and being removed take effect at the next request.
func TestOF07_ConsoleRemovalCountsAtOnce(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	auditor := s.Official("auditor@example.org", staff.Auditor)
	admin := s.Official("admin@example.org", staff.Administrator)
	m, err := s.Stores.DB.Staff().ByEmail(t.Context(), "auditor@example.org")
	site.Must(t, err)

	auditor.Get("/console/audit").At("/console/audit")
	admin.Post("/console/staff/member?id="+m.ID, "action", "roles", "helpdesk", "yes").At("/console/staff")
	auditor.Get("/console/audit").At("/console/login")
	auditor.StaffLogin("auditor@example.org").At("/console")
	if auditor.Get("/console/audit"); auditor.Status != http.StatusForbidden {
		t.Error("a role that was taken away still opens the audit log:", auditor.Status)
	}
	admin.Post("/console/staff/member?id="+m.ID, "action", "remove", "sure", "yes").At("/console/staff")
	auditor.Get("/console").At("/console/login")
	if auditor.Submit("email", "auditor@example.org", "password", site.StaffPassword); auditor.Status != http.StatusUnprocessableEntity {
		t.Error("a removed official logs in:", auditor.Status)
	}
	// Administrators cannot do this to themselves.
	self, err := s.Stores.DB.Staff().ByEmail(t.Context(), "admin@example.org")
	site.Must(t, err)
	if admin.Post("/console/staff/member?id="+self.ID, "action", "remove", "sure", "yes"); admin.Status != http.StatusUnprocessableEntity {
		t.Error("an administrator removed oneself:", admin.Status)
	}
}

// W12: the QR code that an invitation was spent for is shown, also when a store fails
// right after.
func TestW12_ConsoleInviteShowsItsQR(t *testing.T) {
	t.Parallel()
	s, f := site.New(t, nil), &storagetest.Faults{}
	s.Staff.Lanes = f.Wrap(storagetest.Stores{Lanes: s.Staff.Lanes}).Lanes
	f.Always("Lanes.Remember", storagetest.NotWritten)
	b := s.Browser().Join(s.Invite("olga@example.org", staff.Reviewer))
	f.Heal()
	b.StaffLogin("olga@example.org").At("/console")
}

// Of 32 simultaneous uses of one invitation one sets the password and the secret.
func TestConsoleInviteRace(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	handle, _, err := s.Staff.Invite(t.Context(), "Olga", "olga@example.org", "nl", []staff.Role{staff.Auditor}, audit.Actor{})
	site.Must(t, err)
	var done atomic.Int32
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if _, _, err := s.Staff.Accept(context.Background(), handle, site.StaffPassword, signin.From{Origin: "test"}); err == nil {
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if done.Load() != 1 {
		t.Error(done.Load(), "accepted one invitation")
	}
	late := secret.New(rand.Reader, secret.KindInvite)
	if _, _, err := s.Staff.Accept(t.Context(), late, site.StaffPassword, signin.From{Origin: "test"}); err == nil {
		t.Error("an invitation nobody made is accepted")
	}
}

// An invitation ends after 72 hours. A new invitation ends everything from before,
// also an earlier invitation.
func TestConsoleInviteAgain(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	old := s.Invite("olga@example.org", staff.Auditor)
	b := s.Official("olga@example.org", staff.Auditor) // invited again
	if stale := s.Browser().Get(old); stale.Status != http.StatusGone {
		t.Error("the earlier invitation answers", stale.Status)
	}
	third := s.Invite("olga@example.org", staff.Auditor)
	b.Get("/console").At("/console/login")
	s.Clock.Add(staff.InviteLifetime)
	if late := s.Browser().Get(third); late.Status != http.StatusGone {
		t.Error("after 72 hours the invitation answers", late.Status)
	}
}

// LG-23 for officials: the limits are a quarter of an hour idle and ten hours in all.
func TestOF22_ConsoleSessionEnds(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	s := site.New(t, nil)
	b := s.Official("olga@example.org", staff.Auditor)
	s.Clock.Add(15*time.Minute - time.Second)
	b.Get("/console").At("/console")
	s.Clock.Add(15 * time.Minute)
	b.Get("/console").At("/console/login")
	b.StaffLogin("olga@example.org").At("/console")
	for range 10 * 60 / 10 {
		s.Clock.Add(10 * time.Minute)
		b.Get("/console")
	}
	b.At("/console/login")
}

// Ten wrong codes in a row block an official; the same code counts once.
func TestTP05_ConsoleWrongCodes(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	b := s.Browser().Join(s.Invite("olga@example.org", staff.Auditor))
	b.StaffLogin("olga@example.org").At("/console")
	used := b.Code()
	other := s.Browser()
	other.Seed = b.Seed
	if other.Get("/console/login").Submit("email", "olga@example.org", "password", site.StaffPassword).Submit("code", used); other.Status != http.StatusUnprocessableEntity {
		t.Error("a code counts twice:", other.Status)
	}
	for i := range staff.WrongCodes {
		s.Clock.Add(3 * time.Minute)
		other.Get("/console/login").Submit("email", "olga@example.org", "password", site.StaffPassword)
		if other.At("/console/login/code").Submit("code", "000000"); i == staff.WrongCodes-1 && other.Status != http.StatusForbidden {
			t.Error("after the last wrong code:", other.Status)
		}
	}
	b.Get("/console").At("/console/login")
	if b.Submit("email", "olga@example.org", "password", site.StaffPassword); b.Status != http.StatusUnprocessableEntity {
		t.Error("blocked, but the password is taken:", b.Status)
	}
}
