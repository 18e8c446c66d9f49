// Package record owns what goes with a change: its lines in the audit record
// and the mails that tell people of it. Stores write all of it in the
// transaction of the change, so that there is never a change without a line,
// nor a mail about something that did not happen.
package record

import (
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/mail"
)

// Record accompanies one change. The zero value is only right for changes
// that nobody needs to know of.
type Record struct {
	Events []audit.Event
	Mails  []mail.Message
}

// Of is a record of one event and any mails.
func Of(e audit.Event, mails ...mail.Message) Record {
	return Record{Events: []audit.Event{e}, Mails: mails}
}
