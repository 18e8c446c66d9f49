package me

import (
	"testing"

	"omgevingsloket-id/e2e/pages"
)

func TestPagesFitTheirStructs(t *testing.T) {
	t.Parallel()
	pages.Check(t, "me", map[string]any{
		"me/me": &mePage{}, "me/data": &dataPage{}, "me/sessions": &sessionsPage{}, "me/portals": &portalsPage{}, "me/events": &eventsPage{}, "me/looked": &lookedPage{}, "me/logout": &logoutPage{},
	})
}
