package main

import (
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/letter"
)

// newDesk wires the rules of deciding on applications.
func (a *app) newDesk(letters *letter.Writer) *application.Desk {
	db := a.stores.db
	return &application.Desk{
		Cases: db.Cases(), Archive: db.Archive(), Letters: letters, SecondAlways: a.config.Review.SecondReviewer == config.SecondForEveryone,
		Reasons: a.config.Review.Reasons, Rand: a.rand, Now: a.now,
	}
}

// newDeadlines wires what happens when time passes.
func (a *app) newDeadlines(letters *letter.Writer) *application.Deadlines {
	db := a.stores.db
	return &application.Deadlines{Terms: db.Terms(), Acts: db.Cases().Acts, Letters: letters, Now: a.now}
}

// consoleURL is where officials work.
func consoleURL(c config.Config) string {
	if c.Console.Origin != "" {
		return c.Console.Origin + "/console"
	}
	return c.Issuer + "/console"
}

// newViewing wires the rules of looking at documents.
func (a *app) newViewing() *application.Viewing {
	db := a.stores.db
	return &application.Viewing{
		Cases: db.Cases(), Archive: db.Archive(), Content: db.Applications().DocumentContent, Ring: a.stores.ring, Rand: a.rand, Now: a.now,
	}
}
