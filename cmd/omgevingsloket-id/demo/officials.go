// Package demo makes the data of `demo --review`: officials with their passwords and
// keys, applications in each situation, and a blocked account.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/staff"
)

// Scanner is the socket of Debian's clamd.
const Scanner = "/run/clamav/clamd.ctl"

// Official is an official of the demo's console. Its secrets, which are never shown
// elsewhere, are stored and printed, since they only open a demo.
type Official struct {
	Name     string     `json:"name"`
	Email    string     `json:"email"`
	Role     staff.Role `json:"role"`
	Password string     `json:"password"`
	Key      string     `json:"key"` // of the authenticator app, Base32
}

// officials are one official for each role, and two where an approval takes two.
var officials = []Official{
	{Name: "Ria Reviewer", Email: "ria@demo.example", Role: staff.Reviewer},
	{Name: "Rob Reviewer", Email: "rob@demo.example", Role: staff.Reviewer},
	{Name: "Hanna Helpdesk", Email: "hanna@demo.example", Role: staff.Helpdesk},
	{Name: "Hugo Helpdesk", Email: "hugo@demo.example", Role: staff.Helpdesk},
	{Name: "Bas Beheerder", Email: "bas@demo.example", Role: staff.Administrator},
	{Name: "Bea Beheerder", Email: "bea@demo.example", Role: staff.Administrator},
	{Name: "Ada Auditor", Email: "ada@demo.example", Role: staff.Auditor},
}

// peopleFile is the file with the made-up people, so that a later start can print them
// again.
const peopleFile = "review.json"

// People are the made-up officials and account holders.
type People struct {
	Officials []Official `json:"officials"`
	Password  string     `json:"password"` // of all made-up applicants and account holders
}

// Fill fills the demo for officials once, and returns who can log in. It stores them in
// dir.
func Fill(ctx context.Context, a *app.App, dir string) (People, error) {
	var made People
	path := filepath.Join(dir, peopleFile)
	text, err := os.ReadFile(path)
	if err == nil {
		err := json.Unmarshal(text, &made)
		return made, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return made, err
	}
	made.Password = password(a)
	for _, o := range officials {
		o.Password = password(a)
		if o.Key, err = join(ctx, a, o); err != nil {
			return made, fmt.Errorf("official %s: %w", o.Email, err)
		}
		made.Officials = append(made.Officials, o)
	}
	if err := fillCases(ctx, a, made.Password); err != nil {
		return made, fmt.Errorf("applications: %w", err)
	}
	if text, err = json.MarshalIndent(made, "", "  "); err != nil {
		return made, err
	}
	return made, os.WriteFile(path, append(text, '\n'), 0o600)
}

// password returns a password that is easy to type.
func password(a *app.App) string {
	s := secret.NewID(a.Rand)[:16]
	return s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:]
}

// by is the actor of what the demo does.
var by = audit.Operator("demo")

// join invites an official and accepts the invitation.
func join(ctx context.Context, a *app.App, o Official) (key string, err error) {
	invite, _, err := a.Staff.Invite(ctx, o.Name, o.Email, "nl", []staff.Role{o.Role}, by)
	if err != nil {
		return "", err
	}
	_, seed, err := a.Staff.Accept(ctx, invite, o.Password, signin.From{Origin: "cli"})
	return seed.Reveal(), err
}

const peopleText = `
Put the key into an authenticator app by hand (time-based, 6 digits). A browser holds one official at a time: log out
first, or use a private window for the next one.

  1. Reviewer: take an application, read it, decide. A company needs both reviewers.
  2. Helpdesk: in another browser, log in at the portal as %s (password %s).
     That account is blocked: its page shows a reference and a code. In the console, find the account by the reference
     and unblock it. The caller's answers: %s.
  3. Helpdesk, both members: give %s another e-mail address. The caller's answers:
     %s. The code is in the mail.
  4. Administrator: invite a colleague. Auditor: see who did what.

`

// answers returns the right answers to the helpdesk's questions.
func answers(email string) string {
	for _, c := range applications() {
		if c.email == email {
			return fmt.Sprintf("born %s, %s, %s", letter.Date(c.person.Birthdate, "en"), c.person.Address.Line1, c.person.Address.Line2)
		}
	}
	return ""
}

// Text returns who can log in where, to be printed.
func (r People) Text(issuer string, scanner bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nOfficials work at %s/console\n\n", issuer)
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  ROLE\tE-MAIL\tPASSWORD\tKEY FOR THE AUTHENTICATOR APP")
	for _, o := range r.Officials {
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", o.Role, o.Email, o.Password, o.Key)
	}
	_ = table.Flush()
	fmt.Fprintf(&b, peopleText, Blocked, r.Password, answers(Blocked), Other, answers(Other))
	if !scanner {
		b.WriteString("No malware scanner was found: documents that you send yourself stay unscanned, and cannot be opened.\n" +
			"With ClamAV running (clamd at " + Scanner + "), start the demo again.\n\n")
	}
	return b.String()
}
