package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/staff"
)

type staffCommand struct {
	Add    staffAdd    `cmd:"" help:"Invite an official; the first administrator comes from here."`
	List   staffList   `cmd:"" help:"List the officials."`
	Renew  staffRenew  `cmd:"" help:"Invite an official again who lost the password or the phone, when no two administrators can do it."`
	Remove staffRemove `cmd:"" help:"Remove an official; it counts at once on every server."`
}

type staffAdd struct {
	target
	Email string   `arg:"" help:"E-mail address."`
	Name  string   `required:"" help:"Name, as colleagues see it."`
	Role  []string `required:"" enum:"helpdesk,reviewer,administrator,auditor" help:"One or more of: ${enum}."`
	Lang  string   `default:"nl" enum:"nl,en" help:"Language: ${enum}."`
}

// Run invites an official and prints the link of the invitation. An existing official is
// invited again and loses the password and the authenticator app.
func (t staffAdd) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, c config.Config, s *app.Stores) error {
		if c.Console.Origin == "" && c.Production() {
			return errors.New("there is no console: set console.origin and console.listen first")
		}
		var roles []staff.Role
		for _, r := range t.Role {
			roles = append(roles, staff.Role(r))
		}
		service, err := staffService(c, s)
		if err != nil {
			return err
		}
		handle, m, err := service.Invite(ctx, t.Name, t.Email, t.Lang, roles, audit.Operator(operator()))
		if err := notInvited(c, t.Email, err); err != nil {
			return err
		}
		fmt.Fprintf(w.stdout, "%s is invited. This link works once and for 72 hours; hand it over in a safe way:\n%s\n",
			m.Name, service.Link(handle).Reveal())
		return nil
	})
}

// notInvited returns err, as wrong use if the address is the reason.
func notInvited(c config.Config, email string, err error) error {
	if errors.Is(err, mail.ErrAddress) {
		return fmt.Errorf("%w: %q is not an e-mail address", errUse, email)
	}
	if errors.Is(err, staff.ErrDomain) {
		return fmt.Errorf("%w: %q is at none of the domains of console.domains (%s)", errUse, email, strings.Join(c.Console.Domains, ", "))
	}
	return err
}

type staffRenew struct {
	target
	Email string `arg:"" help:"E-mail address."`
}

// Run invites an official again, with the same name and roles, and prints the link. The
// password, the authenticator app and the sessions of the official end.
func (t staffRenew) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, c config.Config, s *app.Stores) error {
		service, err := staffService(c, s)
		if err != nil {
			return err
		}
		m, err := memberAt(ctx, s, t.Email)
		if err != nil {
			return err
		}
		handle, m, err := service.Renew(ctx, m, audit.Operator(operator()))
		if err := notInvited(c, t.Email, err); err != nil {
			return err
		}
		fmt.Fprintf(w.stdout, "%s is invited again; the old password, authenticator app and sessions have ended. This link works once and for 72 hours; hand it over in a safe way:\n%s\n",
			m.Name, service.Link(handle).Reveal())
		return nil
	})
}

// memberAt returns the official with this address who is not removed.
func memberAt(ctx context.Context, s *app.Stores, email string) (staff.Member, error) {
	address, err := mail.CanonicalAddress(email)
	if err != nil {
		return staff.Member{}, fmt.Errorf("%w: %q is not an e-mail address", errUse, email)
	}
	m, err := s.DB.Staff().ByEmail(ctx, address)
	if errors.Is(err, errs.ErrNotFound) || err == nil && m.State == staff.Removed {
		return staff.Member{}, errors.New("there is no such official")
	}
	return m, err
}

// staffService returns the service that invites and removes officials.
func staffService(c config.Config, s *app.Stores) (*staff.Service, error) {
	letters, err := app.NewLetters(c, rand.Reader)
	return &staff.Service{Store: s.DB.Staff(), Letters: letters, Link: app.InviteLink(c), Domains: c.Console.Domains, Rand: rand.Reader, Now: time.Now}, err
}

type staffList struct{ target }

// Run lists the officials.
func (t staffList) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, _ config.Config, s *app.Stores) error {
		all, err := s.DB.Staff().List(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(w.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "NAME\tE-MAIL\tROLES\tSTATE")
		for _, m := range all {
			var roles []string
			for _, r := range m.Roles {
				roles = append(roles, string(r))
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", m.Name, m.Email, strings.Join(roles, " "), m.State)
		}
		return table.Flush()
	})
}

type staffRemove struct {
	target
	Email string `arg:"" help:"E-mail address."`
}

// Run removes an official.
func (t staffRemove) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, c config.Config, s *app.Stores) error {
		m, err := memberAt(ctx, s, t.Email)
		if err == nil {
			var service *staff.Service
			if service, err = staffService(c, s); err == nil {
				err = service.Remove(ctx, m, audit.Operator(operator()))
			}
		}
		if errors.Is(err, errs.ErrConflict) {
			return errors.New("there is no such official")
		}
		if err == nil {
			fmt.Fprintf(w.stdout, "%s is removed.\n", m.Name)
		}
		return err
	})
}
