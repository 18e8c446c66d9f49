package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/staff"
)

// commandLine runs the program's command line in this process.
func commandLine(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(world{ctx: t.Context(), stdout: &out, stderr: &errs, getenv: func(string) string { return "" }}, args)
	return code, out.String(), errs.String()
}

// demoSite returns a site on the data of a demo, and its folder. The commands use
// the machine's clock, so the site does too.
func demoSite(t *testing.T) (*site.Site, string) {
	t.Helper()
	dir := t.TempDir()
	return site.Start(t, site.Setup{At: time.Now().UTC().Truncate(time.Second), Config: func(c *config.Config) {
		_, err := demoCommand{Data: dir, Listen: strings.TrimPrefix(c.Issuer, "http://")}.prepare(c.Issuer, "http://localhost:1")
		site.Must(t, err)
		loaded, err := target{Data: dir}.load(world{getenv: func(string) string { return "" }})
		site.Must(t, err)
		loaded.Clients, loaded.Password, loaded.Limits, loaded.HomeClient = c.Clients, c.Password, c.Limits, ""
		*c = loaded
	}}), dir
}

// `account unblock` works while the server runs.
func TestEN20_UnblockAtTheCommandLine(t *testing.T) {
	t.Parallel()
	s, dir := demoSite(t)
	a, b := s.Active(site.Email)
	if code, _, stderr := commandLine(t, "account", "unblock", "--data", dir, site.Email); code != exitFailed || !strings.Contains(stderr, "not blocked; it is active") {
		t.Error("an active account:", code, stderr)
	}
	a = s.Blocked(a)
	s.Mails("")
	code, stdout, _ := commandLine(t, "account", "show", "--data", dir, strings.ToLower(a.BlockRef))
	if code != exitOK || !strings.Contains(stdout, site.Email) || !strings.Contains(stdout, "blocked") || strings.Contains(stdout, b.Seed.Reveal()) || strings.Contains(stdout, a.PasswordHash.Reveal()) {
		t.Error("show:", code, stdout)
	}
	code, stdout, stderr := commandLine(t, "account", "unblock", "--data", dir, "--reason", "ticket 4711", a.BlockRef)
	if code != exitOK || !strings.Contains(stdout, "unblocked") {
		t.Fatal(code, stdout, stderr)
	}
	if got := s.Reload(a); got.State != account.AwaitingEnrolment || got.Factor.Sealed != nil {
		t.Fatalf("%+v", got)
	}
	if e := s.Events(a)[0]; e.Action != "account.unblocked" || e.Reason != "ticket 4711" || e.ActorID == "" || e.Origin != "cli" {
		t.Errorf("%+v", e)
	}
	if b.LoggedIn() {
		t.Error("the session lives on")
	}
	s.Clock.Add(time.Minute)
	if m := s.Mails(site.Email); len(m) != 1 || m[0] != "account-unblocked" {
		t.Error("mails:", m)
	}
	s.ToMailbox(site.Email).Mailbox().Submit().At("/enrol/qr").Scan()

	for args, want := range map[string]int{"nobody@example.com": exitFailed, "no address": exitWrongUse, "": exitWrongUse} {
		if code, _, stderr := commandLine(t, "account", "unblock", "--data", dir, args); code != want || stderr == "" {
			t.Errorf("%q: %d %s", args, code, stderr)
		}
	}
}

// OF-12: at the command line an unblock takes two people whenever it does in the console.
func TestOF12_TwoPeopleAtTheCommandLine(t *testing.T) {
	t.Parallel()
	s, dir := demoSite(t)
	moved, b := s.Active("moved@example.com")
	b.Get("/address/change").Submit("email", site.NewEmail).At("/address/code").Submit("code", s.MailedCode("own-address-code", site.NewEmail)).At("/address/changed")
	unblocked := s.Person("unblocked@example.com")
	site.Must(t, s.Unblock(s.Blocked(unblocked)))
	for what, a := range map[string]account.Account{
		"of a company": s.Person("company@example.com", func(a *account.Account) { a.Kind = account.LegalPerson }), "of a holder who moved": moved, "that was unblocked": unblocked,
	} {
		a = s.Blocked(s.Reload(a))
		if code, _, stderr := commandLine(t, "account", "unblock", "--data", dir, a.Email); code != exitFailed || !strings.Contains(stderr, "--second") || s.Reload(a).State != account.Blocked {
			t.Errorf("an account %s, by one person: %d, %s", what, code, stderr)
		}
		if code, _, stderr := commandLine(t, "account", "unblock", "--data", dir, "--second", "Bea", a.Email); code != exitOK {
			t.Errorf("an account %s, by two people: %d, %s", what, code, stderr)
		}
	}
}

// X4: soon after a change of address an unblock takes two people at the command
// line too, and its mail goes to both addresses.
func TestX4_TwoPeopleAtTheCommandLine(t *testing.T) {
	t.Parallel()
	s, dir := demoSite(t)
	a := s.Person(site.Email)
	s.ChangeAddress(s.Official("first@example.org", staff.Helpdesk), s.Official("other@example.org", staff.Helpdesk), a, site.NewEmail)
	a = s.Blocked(a)
	if code, _, stderr := commandLine(t, "account", "unblock", "--data", dir, site.NewEmail); code != exitFailed || !strings.Contains(stderr, "--second") || s.Reload(a).State != account.Blocked {
		t.Fatal("by one person:", code, stderr)
	}
	code, stdout, stderr := commandLine(t, "account", "unblock", "--data", dir, "--reason", "ticket 4711", "--second", "Bea", site.NewEmail)
	if code != exitOK || !strings.Contains(stdout, "a code that is mailed") {
		t.Fatal(code, stdout, stderr)
	}
	if e := s.Events(a)[0]; e.Reason != "ticket 4711; agreed by Bea" {
		t.Errorf("%+v", e)
	}
	s.Clock.Add(time.Minute)
	if o, n := s.CancelLink("account-unblocked", site.Email), s.CancelLink("account-unblocked", site.NewEmail); o != n {
		t.Error("the mailboxes get different links")
	}
	s.Browser().Get(s.CancelLink("account-unblocked", site.Email)).Submit().At("/enrol/cancelled")
}
