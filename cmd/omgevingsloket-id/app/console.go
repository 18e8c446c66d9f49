package app

import (
	"cmp"
	"context"

	"omgevingsloket-id/op"
	"omgevingsloket-id/op/console"
	auditroom "omgevingsloket-id/op/console/audit"
	helpdeskroom "omgevingsloket-id/op/console/helpdesk"
	reviewroom "omgevingsloket-id/op/console/review"
	staffroom "omgevingsloket-id/op/console/staff"
	statisticsroom "omgevingsloket-id/op/console/statistics"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/password"
	"omgevingsloket-id/pkg/realm"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/pkg/staff"
)

// newConsole makes the console and its rooms. With an origin of its own it becomes a
// site; without one it is part of the main site in practice, and absent in production.
func (a *App) newConsole(ctx context.Context, hasher *password.Hasher, laneKey []byte, letters *letter.Writer, calls *helpdesk.Service) (onMainSite web.Room, err error) {
	c, db := a.Config, a.Stores.DB
	if c.Console.Origin == "" && c.Production() {
		return nil, nil
	}
	kit := a.Kit
	if c.Console.Origin != "" {
		if kit, err = a.newKit(ctx, c.Console.Origin, "console form tokens"); err != nil {
			return nil, err
		}
	}
	a.OfficialsKit = kit
	inspector, err := newInspector()
	if err != nil {
		return nil, err
	}
	a.Staff = &staff.Service{Store: db.Staff(), Lanes: db.Lanes(), Hasher: hasher, Ring: a.Stores.Ring, LaneKey: laneKey, Letters: letters, Link: InviteLink(c), Domains: c.Console.Domains, Rand: a.Rand, Now: a.Now,
		Locks: db.Locks(), Watch: a.signInWatch()}
	a.Review, a.Viewing = a.newReview(letters), a.newViewing()
	a.Console = &console.Kit{
		Pages: kit.Pages, Cookies: kit.Cookies, Limits: kit.Limits, Now: a.Now, Rand: a.Rand, Log: a.Log,
		Staff: a.Staff, Queue: hasher, Sessions: officialSessions(a), Audit: db.Audit(), PerMinute: c.Limits.LoginPerMinute, Policy: a.Passwords,
		Watch: &staff.Watch{Store: db.Watched(), Members: db.Staff(), Letters: letters, PerHour: c.Console.ViewsPerHour, Now: a.Now},
	}
	a.Console.Rooms = []console.Room{
		&helpdeskroom.Room{Kit: a.Console, Helpdesk: calls},
		&reviewroom.Room{Kit: a.Console, Review: a.Review, Viewing: a.Viewing, Inspector: inspector, Scanner: a.Scanner.state},
		&statisticsroom.Room{Kit: a.Console, Statistics: db.Statistics()},
		&auditroom.Room{Kit: a.Console, Heads: db.Heads(), ByReference: db.Applications().ByReference},
		&staffroom.Room{Kit: a.Console},
	}
	if c.Console.Origin == "" {
		return a.Console, nil
	}
	a.Officials = op.New(kit, a.Console)
	return nil, nil
}

func officialSessions(a *App) *session.Service[staff.Member] {
	return &session.Service[staff.Member]{Realm: realm.Official, Store: a.Stores.Sessions, Limits: console.Limits, Person: a.Stores.DB.Staff().InSession, Now: a.Now}
}

// InviteLink returns a function that makes the address of an invitation.
func InviteLink(c config.Config) func(secret.Text) secret.Text {
	return func(invite secret.Text) secret.Text {
		return console.InviteLink(cmp.Or(c.Console.Origin, c.Issuer), invite)
	}
}

// newReview returns the service for deciding on applications.
func (a *App) newReview(letters *letter.Writer) *review.Service {
	db := a.Stores.DB
	return &review.Service{
		Cases: db.Cases(), Archive: db.Archive(), Letters: letters, Audit: db.Audit(), SecondAlways: a.Config.Review.SecondReviewer == config.SecondForEveryone,
		Reasons: a.Config.Review.Reasons, Accounts: a.Stores.Accounts.ByID, Rand: a.Rand, Now: a.Now,
	}
}

// newDeadlines returns the service for deadlines.
func (a *App) newDeadlines(letters *letter.Writer) *review.Deadlines {
	db := a.Stores.DB
	return &review.Deadlines{Store: db.Deadlines(), Acts: db.Cases().Acts, Letters: letters, Now: a.Now}
}

// consoleURL returns the address of the console.
func consoleURL(c config.Config) string {
	if c.Console.Origin != "" {
		return c.Console.Origin + "/console"
	}
	return c.Issuer + "/console"
}

// newViewing returns the service for looking at documents.
func (a *App) newViewing() *review.Viewing {
	db := a.Stores.DB
	return &review.Viewing{
		Cases: db.Cases(), Archive: db.Archive(), Content: db.Applications().DocumentContent, Ring: a.Stores.Ring, Rand: a.Rand, Now: a.Now,
	}
}
