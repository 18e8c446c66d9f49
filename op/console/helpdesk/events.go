package helpdesk

import (
	"omgevingsloket-id/op/console"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/helpdesk"
)

type accountEvent struct{ At, What, Who, Why string }

// accountEvents is how many events of an account the page shows.
const accountEvents = 50

// eventLine returns a line about an event. An action or reason without a text is
// shown as its code, so that nothing is left out.
func eventLine(p *web.Page, e audit.Event, names func(*web.Page, string) string) accountEvent {
	row := accountEvent{At: console.Moment(e.At, p.Lang), What: console.ActionText(p, e.Action), Why: reasonText(p, e)}
	switch e.ActorKind {
	case audit.ActorStaff:
		row.Who = names(p, e.ActorID)
	case audit.ActorHolder, audit.ActorApplicant:
		row.Who = p.T("console-helpdesk.who.holder")
	case audit.ActorOperator:
		row.Who = p.T("console-helpdesk.who.operator")
	default:
		row.Who = p.T("console-helpdesk.who.system")
	}
	return row
}

// reasonText returns the text of a reason, with the ticket.
func reasonText(p *web.Page, e audit.Event) string {
	why := ""
	switch {
	case e.Reason == "":
	case knownReason(e.Reason):
		why = p.T("console.helpdesk_reason." + e.Reason)
	case e.Action == audit.AccountBlocked:
		why = p.T("console-helpdesk.why." + e.Reason)
	default:
		why = e.Reason
	}
	if ticket := e.Details["ticket"]; ticket != "" {
		why += " (" + ticket + ")"
	}
	return why
}

func knownReason(code string) bool {
	for _, list := range [][]helpdesk.Reason{
		helpdesk.UnblockReasons, helpdesk.BlockReasons, helpdesk.MailReasons, helpdesk.AddressReasons, helpdesk.CloseReasons, helpdesk.ReopenReasons,
		helpdesk.LaneReasons, helpdesk.LangReasons,
	} {
		for _, reason := range list {
			if string(reason) == code {
				return true
			}
		}
	}
	return false
}
