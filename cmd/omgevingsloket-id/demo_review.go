package main

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

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

// demoOfficial is somebody who works in the demo's console. What nobody may
// ever see elsewhere is kept and printed here: it opens a demo.
type demoOfficial struct {
	Name     string     `json:"name"`
	Email    string     `json:"email"`
	Role     staff.Role `json:"role"`
	Password string     `json:"password"`
	Key      string     `json:"key"` // of the authenticator app, Base32
}

// demoStaff is one official for each role, and a second one where the rules
// ask for two.
var demoStaff = []demoOfficial{
	{Name: "Ria Reviewer", Email: "ria@demo.example", Role: staff.Reviewer},
	{Name: "Rob Reviewer", Email: "rob@demo.example", Role: staff.Reviewer},
	{Name: "Hanna Helpdesk", Email: "hanna@demo.example", Role: staff.Helpdesk},
	{Name: "Hugo Helpdesk", Email: "hugo@demo.example", Role: staff.Helpdesk},
	{Name: "Bas Beheerder", Email: "bas@demo.example", Role: staff.Administrator},
	{Name: "Ada Auditor", Email: "ada@demo.example", Role: staff.Auditor},
}

// demoPeople is the file of what the demo made up, so that a later start can
// say it again.
const demoPeople = "review.json"

type demoReview struct {
	Officials []demoOfficial `json:"officials"`
	Password  string         `json:"password"` // of every applicant and account holder that the demo made up
}

// demoFill fills the demo for officials once, and returns who can log in. What
// it made up is kept in dir.
func demoFill(ctx context.Context, a *app, dir string) (demoReview, error) {
	var made demoReview
	path := filepath.Join(dir, demoPeople)
	text, err := os.ReadFile(path)
	if err == nil {
		return made, json.Unmarshal(text, &made)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return made, err
	}
	made.Password = a.demoPassword()
	for _, o := range demoStaff {
		o.Password = a.demoPassword()
		if o.Key, err = a.demoJoin(ctx, o); err != nil {
			return made, fmt.Errorf("official %s: %w", o.Email, err)
		}
		made.Officials = append(made.Officials, o)
	}
	if err := a.demoCases(ctx, made.Password); err != nil {
		return made, fmt.Errorf("applications: %w", err)
	}
	if text, err = json.MarshalIndent(made, "", "  "); err != nil {
		return made, err
	}
	return made, os.WriteFile(path, append(text, '\n'), 0o600)
}

// demoPassword makes a password that can be typed.
func (a *app) demoPassword() string {
	s := secret.NewID(a.rand)[:16]
	return s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:]
}

// demoBy is the actor of what the demo makes up.
var demoBy = audit.Operator("demo")

// demoJoin invites an official and accepts the invitation.
func (a *app) demoJoin(ctx context.Context, o demoOfficial) (key string, err error) {
	invite, _, err := a.staff.Rules.Invite(ctx, o.Name, o.Email, "nl", []staff.Role{o.Role}, demoBy)
	if err != nil {
		return "", err
	}
	_, seed, err := a.staff.Rules.Accept(ctx, invite, o.Password, "cli")
	return seed.Reveal(), err
}

const demoReviewText = `
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

// demoKnows is what a caller answers to the helpdesk's questions.
func demoKnows(email string) string {
	for _, c := range demoApplications() {
		if c.email == email {
			return fmt.Sprintf("born %s, %s, %s", letter.Date(c.person.Birthdate, "en"), c.person.Address.Line1, c.person.Address.Line2)
		}
	}
	return ""
}

// text says who can log in where.
func (r demoReview) text(issuer string, scanner bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nOfficials work at %s/console\n\n", issuer)
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  ROLE\tE-MAIL\tPASSWORD\tKEY FOR THE AUTHENTICATOR APP")
	for _, o := range r.Officials {
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", o.Role, o.Email, o.Password, o.Key)
	}
	_ = table.Flush()
	fmt.Fprintf(&b, demoReviewText, demoBlocked, r.Password, demoKnows(demoBlocked), demoOther, demoKnows(demoOther))
	if !scanner {
		b.WriteString("No malware scanner was found: documents that you send yourself stay unscanned, and cannot be opened.\n" +
			"With ClamAV running (clamd at " + demoScanner + "), start the demo again.\n\n")
	}
	return b.String()
}
