package main

import (
	"context"

	"omgevingsloket-id/op"
	"omgevingsloket-id/op/console"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/staff"
)

// newConsole makes the officials' room. With an origin of its own it becomes
// a site of its own; without one it is given to the main site in practice,
// and to nobody in production.
func (a *app) newConsole(ctx context.Context, hasher signin.Hasher, letters *letter.Writer, desk *helpdesk.Rules) (onMainSite web.Room, err error) {
	c, db := a.config, a.stores.db
	if c.Console.Origin == "" && c.Production() {
		return nil, nil
	}
	emailKey, err := db.Constants().Constant(ctx, "staff address counters")
	if err != nil {
		return nil, err
	}
	kit := a.kit
	if c.Console.Origin != "" {
		if kit, err = a.newKit(ctx, c.Console.Origin, "console form tokens"); err != nil {
			return nil, err
		}
	}
	inspector, err := newInspector()
	if err != nil {
		return nil, err
	}
	a.staff = &console.Room{
		Kit:      kit,
		Rules:    &staff.Rules{Store: db.Staff(), Lanes: db.Lanes(), Hasher: hasher, Ring: a.stores.ring, EmailKey: emailKey, Letters: letters, Link: inviteLink(c), Rand: a.rand, Now: a.now},
		Sessions: a.stores.sessions, Audit: db.Audit(), Heads: db.Heads(), ByReference: db.Applications().ByReference, PerMinute: c.Limits.LoginPerMinute,
		Helpdesk:   desk,
		Watch:      &staff.Watch{Store: db.Watched(), Members: db.Staff(), Letters: letters, PerHour: c.Console.ViewsPerHour, Now: a.now},
		AfterMail:  a.mailer.Kick,
		Desk:       a.newDesk(letters),
		Viewing:    a.newViewing(),
		Inspector:  inspector,
		Statistics: db.Statistics(),
		Scanner:    a.scannerState,
	}
	if c.Console.Origin == "" {
		return a.staff, nil
	}
	a.console = op.New(kit, a.staff)
	return nil, nil
}
