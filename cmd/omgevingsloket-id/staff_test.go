package main

import (
	"net/http"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/staff"
)

// OF-18: the first official can only be made by command, not over the web, and no
// official starts with a password.
func TestOF18_FirstOfficialOnlyByCommand(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	nobody := func(when string) {
		t.Helper()
		all, err := s.Stores.DB.Staff().Everyone(t.Context())
		site.Must(t, err)
		for _, m := range all {
			if m.State == staff.Active {
				t.Fatal(when, m.Email)
			}
		}
		b := s.Browser()
		for _, a := range s.Console.Access() {
			if b.Get("/console/login").Status != http.StatusOK {
				t.Fatal(when, b.Status)
			}
			if len(a.Roles) == 0 {
				continue
			}
			if a.Method == http.MethodPost {
				b.Press(a.Path, "name", "Eve", "email", "eve@example.org", "administrator", "yes", "action", "roles")
			} else {
				b.Get(a.Path)
			}
			if b.Status == http.StatusOK && b.URL.Path == a.Path {
				t.Errorf("%s: %s %s is open", when, a.Method, a.Path)
			}
		}
		for _, guess := range [][2]string{{"admin@example.org", "admin"}, {"admin", "admin"}, {"root@localhost", ""}, {"olga@example.org", site.StaffPassword}, {"", ""}} {
			if b.Get("/console/login").Submit("email", guess[0], "password", guess[1]); b.URL.Path != "/console/login" {
				t.Errorf("%s: %s gets to %s", when, guess[0], b.URL)
			}
		}
		if b.Get("/console/invite?token=").Status < 400 {
			t.Error(when, "an invitation of nobody")
		}
	}
	nobody("empty")
	s.Official("olga@example.org", staff.Administrator)
	m, err := s.Stores.DB.Staff().ByEmail(t.Context(), "olga@example.org")
	site.Must(t, err)
	site.Must(t, s.Stores.DB.Staff().Remove(t.Context(), "", m.ID, site.NoEffects))
	nobody("after the last one was removed")
}

// The same rules apply to inviting and removing at the command line.
func TestStaffAddAndRemove(t *testing.T) {
	t.Parallel()
	dir := demoFolder(t)
	if code, _, errs := command(t, "migrate", "--data", dir); code != exitOK {
		t.Fatal(errs)
	}
	if code, out, errs := command(t, "staff", "add", "--data", dir, "--name", "Bas Beheerder", "--role", "administrator", "bas@gov.example"); code != exitOK || !strings.Contains(out, "/console/invite?token=") {
		t.Fatal(code, out, errs)
	}
	if code, _, errs := command(t, "staff", "remove", "--data", dir, "bas@gov.example"); code != exitOK {
		t.Fatal(code, errs)
	}
	if code, _, errs := command(t, "staff", "remove", "--data", dir, "bas@gov.example"); code != exitFailed || !strings.Contains(errs, "no such official") {
		t.Error("removed twice:", code, errs)
	}
}

// OF-18: the last administrator comes back by a command on the host, with the same
// name and roles, and without the old password and secret.
func TestOF18_LastAdministratorIsRenewedByCommand(t *testing.T) {
	t.Parallel()
	dir := demoFolder(t)
	if code, _, errs := command(t, "migrate", "--data", dir); code != exitOK {
		t.Fatal(errs)
	}
	renew := func() (int, string, string) { return command(t, "staff", "renew", "--data", dir, "Bas@gov.example") }
	if code, _, errs := renew(); code != exitFailed || !strings.Contains(errs, "no such official") {
		t.Errorf("staff renew of nobody = %d, %q", code, errs)
	}
	if code, _, errs := command(t, "staff", "add", "--data", dir, "--name", "Bas Beheerder", "--role", "administrator", "--role", "auditor", "--lang", "en", "bas@gov.example"); code != exitOK {
		t.Fatal(errs)
	}
	links := map[string]bool{}
	for range 2 {
		code, out, errs := renew()
		if code != exitOK || !strings.HasPrefix(out, "Bas Beheerder is invited again") {
			t.Fatal(code, out, errs)
		}
		links[out] = true
	}
	if len(links) != 2 {
		t.Error("two renewals print one link")
	}
	if _, out, _ := command(t, "staff", "list", "--data", dir); !strings.Contains(out, "administrator auditor") || !strings.Contains(out, "invited") {
		t.Errorf("staff list after staff renew: %s", out)
	}
	if code, _, errs := command(t, "staff", "remove", "--data", dir, "bas@gov.example"); code != exitOK {
		t.Fatal(errs)
	}
	if code, _, errs := renew(); code != exitFailed || !strings.Contains(errs, "no such official") {
		t.Errorf("staff renew of a removed one = %d, %q, want %d: staff add invites again", code, errs, exitFailed)
	}
	if code, _, _ := command(t, "staff", "renew", "--data", dir, "no address"); code != exitWrongUse {
		t.Errorf("staff renew of no address = %d, want %d", code, exitWrongUse)
	}
}

// X19: `staff add` refuses what the console refuses.
func TestX19_StaffAddAtForeignDomain(t *testing.T) {
	t.Parallel()
	dir := demoFolder(t)
	if code, _, errs := command(t, "migrate", "--data", dir); code != exitOK {
		t.Fatal(errs)
	}
	add := func(email string) (int, string) {
		code, _, errs := commandWith(t, []string{"OLID_CONSOLE_DOMAINS", "gov.example"}, "staff", "add", "--data", dir, "--name", "Bas Beheerder", "--role", "administrator", email)
		return code, errs
	}
	if code, errs := add("bas@mail.example"); code != exitWrongUse || !strings.Contains(errs, "console.domains (gov.example)") {
		t.Errorf("staff add at another domain = %d, %q, want %d and the domains", code, errs, exitWrongUse)
	}
	if code, errs := add("bas@gov.example"); code != exitOK {
		t.Errorf("staff add at the domain = %d, %q, want %d", code, errs, exitOK)
	}
}
