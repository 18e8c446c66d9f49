// Package effect defines the effects of a change: its events in the audit log
// and the mails about it. Stores write them in the transaction of the change,
// so that there is no change without an event and no mail about a change that
// did not happen.
package effect

import (
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/mail"
)

// Effects are the events and mails of one change. The zero value has none.
type Effects struct {
	Events []audit.Event
	Mails  []mail.Message
}

// Of returns the effects with one event and any mails.
func Of(e audit.Event, mails ...mail.Message) Effects {
	return Effects{Events: []audit.Event{e}, Mails: mails}
}
