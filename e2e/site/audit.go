package site

import (
	"context"
	"slices"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
)

// Events returns the events about an account, newest first.
func (s *Site) Events(a account.Account) []audit.Event {
	s.T.Helper()
	events, err := s.Stores.DB.Audit().EventsAbout(context.Background(), "account", a.ID, 100)
	Must(s.T, err)
	return events
}

// Acts returns the events about an account that are no looks, newest first.
func (s *Site) Acts(a account.Account) []audit.Event {
	s.T.Helper()
	return slices.DeleteFunc(s.Events(a), func(e audit.Event) bool { return e.Action == audit.AccountViewed })
}

// Put adds events to the audit log, oldest first.
func (s *Site) Put(events ...audit.Event) {
	s.T.Helper()
	for _, e := range events {
		Must(s.T, s.Stores.DB.Audit().Note(s.T.Context(), e))
	}
}

// knownEvents holds the actions that the test made the program write against
// audit.Known.
func (s *Site) knownEvents() {
	for after := int64(0); ; {
		events, err := s.Stores.DB.Audit().Events(s.T.Context(), after, 1000)
		if err != nil || len(events) == 0 {
			return // some tests take the database away
		}
		for _, e := range events {
			after = e.Seq
			if !audit.Known(e.Action) {
				s.T.Errorf("event %d: action %q is not in audit.Groups", e.Seq, e.Action)
			}
		}
	}
}
