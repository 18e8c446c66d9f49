// Package effect owns what goes with a change: its events in the audit log and
// the mails that tell people of it. Stores write all of it in the transaction
// of the change, so that there is no change without an event, and no mail about
// something that did not happen.
package effect

import (
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/mail"
)

// Effects accompany one change. The zero value is for changes that leave no
// trace.
type Effects struct {
	Events []audit.Event
	Mails  []mail.Message
}

// Of returns the effects of one event and any mails.
func Of(e audit.Event, mails ...mail.Message) Effects {
	return Effects{Events: []audit.Event{e}, Mails: mails}
}
