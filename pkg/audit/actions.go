package audit

import "slices"

// Group is a set of actions that belong together, for lists.
type Group struct {
	Name    string // "account", …: a key of texts
	Actions []string
}

// Groups are all actions that this program writes. A page or a filter that
// names an action takes it from here, and a test holds the list against the
// code that writes them.
var Groups = []Group{
	{"application", []string{
		"application.started", "application.code_sent", "application.submitted", "application.status_code_sent", "application.status_opened",
		"application.answered", "application.document_replaced", "application.withdrawn", "document.scanned", "document.destroyed",
	}},
	{"review", []string{
		"application.searched", "application.viewed", "document.viewed", "document.downloaded", "application.taken", "application.released", "application.noted", "application.more_asked",
		"application.proposed", "application.approved", "application.rejected",
		"application.reminded", "application.expired",
	}},
	{"account", []string{
		"account.created", "account.qr_shown", "account.factor_linked", "account.login", "account.logout", "account.code_wrong",
		"account.blocked", "account.unblocked", "account.address_changed", "account.closed", "account.reopened", "consent.given", "grant.issued", "grant.revoked", "grant.code_replayed",
	}},
	{"helpdesk", []string{
		"account.searched", "account.viewed", "account.mail_resent", "unblock.begun", "unblock.answers", "unblock.identified", "unblock.reason",
		"unblock.proposed", "unblock.refused", "unblock.cancelled", "address.begun", "address.answers", "address.identified", "address.reason",
		"address.proposed", "address.confirmed", "address.refused", "address.cancelled", "address.codes_wrong",
		"closing.proposed", "closing.refused", "closing.cancelled",
	}},
	{"staff", []string{
		"staff.invited", "staff.joined", "staff.login", "staff.code_wrong", "staff.proven", "staff.blocked", "staff.roles", "staff.removed", "staff.told", "staff.alarm",
	}},
	{"system", []string{"client.added", "client.removed", "key.moved", "record.viewed", "record.pruned", "applications.exported", "statistics.exported", "installation.claimed", "installation.moved"}},
}

// ActorKinds are all kinds of actors.
var ActorKinds = []string{ActorApplicant, ActorHolder, ActorStaff, ActorClient, ActorOperator, ActorSystem}

// ObjectKinds are all kinds of objects.
var ObjectKinds = []string{"application", "account", "client", "staff", "key", "record", "installation", "export", "search"}

// Known tells whether this program writes the action.
func Known(action string) bool {
	return slices.ContainsFunc(Groups, func(g Group) bool { return slices.Contains(g.Actions, action) })
}
