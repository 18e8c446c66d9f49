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
