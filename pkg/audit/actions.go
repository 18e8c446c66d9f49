package audit

import "slices"

// Action names what was done, as in "account.blocked".
type Action string

// Group is a set of actions that lists show together.
type Group string

// ObjectKind is the kind of thing that an action is about.
type ObjectKind string

// The object kinds.
const (
	ObjectApplication  ObjectKind = "application"
	ObjectAccount      ObjectKind = "account"
	ObjectClient       ObjectKind = "client"
	ObjectStaff        ObjectKind = "staff"
	ObjectKey          ObjectKind = "key"
	ObjectAuditLog     ObjectKind = "record" // the audit log itself; no id
	ObjectInstallation ObjectKind = "installation"
	ObjectExport       ObjectKind = "export" // no id
	ObjectSearch       ObjectKind = "search" // id: a keyed hash of what was typed
	ObjectList         ObjectKind = "list"   // id: a keyed hash of the ids on it
)

// ObjectKinds are all object kinds, in the order of lists.
var ObjectKinds = []ObjectKind{
	ObjectApplication, ObjectAccount, ObjectClient, ObjectStaff, ObjectKey, ObjectAuditLog, ObjectInstallation, ObjectExport, ObjectSearch, ObjectList,
}

// The groups.
const (
	GroupApplication Group = "application"
	GroupReview      Group = "review"
	GroupAccount     Group = "account"
	GroupHelpdesk    Group = "helpdesk"
	GroupStaff       Group = "staff"
	GroupSystem      Group = "system"
)

// The actions.
const (
	ApplicationStarted          Action = "application.started"
	ApplicationCodeSent         Action = "application.code_sent"
	ApplicationSubmitted        Action = "application.submitted"
	ApplicationStatusCodeSent   Action = "application.status_code_sent"
	ApplicationStatusOpened     Action = "application.status_opened"
	ApplicationAnswered         Action = "application.answered"
	ApplicationDocumentReplaced Action = "application.document_replaced"
	ApplicationWithdrawn        Action = "application.withdrawn"
	DocumentScanned             Action = "document.scanned"
	DocumentDestroyed           Action = "document.destroyed"

	ApplicationSearched  Action = "application.searched"
	ApplicationViewed    Action = "application.viewed"
	DocumentViewed       Action = "document.viewed"
	DocumentDownloaded   Action = "document.downloaded"
	ApplicationTaken     Action = "application.taken"
	ApplicationReleased  Action = "application.released"
	ApplicationNoted     Action = "application.noted"
	ApplicationMoreAsked Action = "application.more_asked"
	ApplicationProposed  Action = "application.proposed"
	ApplicationApproved  Action = "application.approved"
	ApplicationRejected  Action = "application.rejected"
	ApplicationReminded  Action = "application.reminded"
	ApplicationExpired   Action = "application.expired"

	AccountCreated        Action = "account.created"
	AccountQRShown        Action = "account.qr_shown"
	AccountFactorLinked   Action = "account.factor_linked"
	AppShown              Action = "account.app_shown"
	AppDropped            Action = "account.app_dropped"
	AppRenamed            Action = "account.app_renamed"
	FactorChanged         Action = "account.factor_changed"
	AccountLogin          Action = "account.login"
	AccountLogout         Action = "account.logout"
	AccountCodeWrong      Action = "account.code_wrong"
	AccountRefused        Action = "account.password_refused"
	AccountLocked         Action = "account.passwords_locked"
	AccountRefusals       Action = "account.passwords_refused"
	AccountBlocked        Action = "account.blocked"
	AccountUnblocked      Action = "account.unblocked"
	AccountAddressChanged Action = "account.address_changed"
	AccountDataChanged    Action = "account.data_changed"
	AccountSessionsEnded  Action = "account.sessions_ended"
	AddressAsked          Action = "address.asked"
	AddressCodeWrong      Action = "address.code_wrong"
	AddressUndone         Action = "address.undone"
	AccountDataApproved   Action = "account.data_approved"
	AccountMailRefused    Action = "account.mail_refused"
	RecoveryCodeSent      Action = "recovery.code_sent"
	RecoveryCodeWrong     Action = "recovery.code_wrong"
	RecoveryCancelled     Action = "recovery.cancelled"
	AccountClosed         Action = "account.closed"
	AccountReopened       Action = "account.reopened"
	PasswordLinkUsed      Action = "account.password_link_used"
	PasswordCodeRight     Action = "account.password_code_right"
	PasswordReset         Action = "account.password_reset"
	PasswordChanged       Action = "account.password_changed"
	AccountDisavowed      Action = "account.disavowed"
	ConsentGiven          Action = "consent.given"
	ConsentWithdrawn      Action = "consent.withdrawn"
	GrantIssued           Action = "grant.issued"
	GrantRevoked          Action = "grant.revoked"
	GrantCodeReplayed     Action = "grant.code_replayed"

	AccountSearched    Action = "account.searched"
	AccountViewed      Action = "account.viewed"
	AccountMailResent  Action = "account.mail_resent"
	AccountLanesOpened Action = "account.lanes_opened"
	AccountLangChanged Action = "account.lang_changed"
	UnblockBegun       Action = "unblock.begun"
	UnblockAnswers     Action = "unblock.answers"
	UnblockIdentified  Action = "unblock.identified"
	UnblockReason      Action = "unblock.reason"
	UnblockProposed    Action = "unblock.proposed"
	UnblockRefused     Action = "unblock.refused"
	UnblockCancelled   Action = "unblock.cancelled"
	AddressBegun       Action = "address.begun"
	AddressAnswers     Action = "address.answers"
	AddressIdentified  Action = "address.identified"
	AddressReason      Action = "address.reason"
	AddressProposed    Action = "address.proposed"
	AddressConfirmed   Action = "address.confirmed"
	AddressRefused     Action = "address.refused"
	AddressCancelled   Action = "address.cancelled"
	AddressCodesWrong  Action = "address.codes_wrong"
	ClosingProposed    Action = "closing.proposed"
	ClosingRefused     Action = "closing.refused"
	ClosingCancelled   Action = "closing.cancelled"

	StaffInvited     Action = "staff.invited"
	StaffJoined      Action = "staff.joined"
	StaffLogin       Action = "staff.login"
	StaffCodeWrong   Action = "staff.code_wrong"
	StaffProven      Action = "staff.proven"
	StaffRefused     Action = "staff.password_refused"
	StaffLocked      Action = "staff.passwords_locked"
	StaffRefusals    Action = "staff.passwords_refused"
	StaffBlocked     Action = "staff.blocked"
	StaffRoles       Action = "staff.roles"
	StaffRemoved     Action = "staff.removed"
	StaffLanesOpened Action = "staff.lanes_opened"

	StaffRenewalProposed  Action = "staff.renewal_proposed"
	StaffRenewalConfirmed Action = "staff.renewal_confirmed"
	StaffRenewalRefused   Action = "staff.renewal_refused"
	StaffRenewalCancelled Action = "staff.renewal_cancelled"

	StaffTold  Action = "staff.told"
	StaffAlarm Action = "staff.alarm"

	ClientAdded          Action = "client.added"
	ClientChanged        Action = "client.changed"
	ClientRemoved        Action = "client.removed"
	KeyMoved             Action = "key.moved"
	AuditLogViewed       Action = "record.viewed"
	AuditLogPruned       Action = "record.pruned"
	NamesListed          Action = "names.listed"
	ApplicationsExported Action = "applications.exported"
	StatisticsExported   Action = "statistics.exported"
	InstallationClaimed  Action = "installation.claimed"
	InstallationMoved    Action = "installation.moved"
)

// entry is the group of an action and the kind of object of its events.
type entry struct {
	action Action
	group  Group
	object ObjectKind
}

// vocabulary is every action that this program writes, in the order of lists.
var vocabulary = []entry{
	{ApplicationStarted, GroupApplication, ObjectApplication},
	{ApplicationCodeSent, GroupApplication, ObjectApplication},
	{ApplicationSubmitted, GroupApplication, ObjectApplication},
	{ApplicationStatusCodeSent, GroupApplication, ObjectApplication},
	{ApplicationStatusOpened, GroupApplication, ObjectApplication},
	{ApplicationAnswered, GroupApplication, ObjectApplication},
	{ApplicationDocumentReplaced, GroupApplication, ObjectApplication},
	{ApplicationWithdrawn, GroupApplication, ObjectApplication},
	{DocumentScanned, GroupApplication, ObjectApplication},
	{DocumentDestroyed, GroupApplication, ObjectApplication},

	{ApplicationSearched, GroupReview, ObjectSearch},
	{ApplicationViewed, GroupReview, ObjectApplication},
	{DocumentViewed, GroupReview, ObjectApplication},
	{DocumentDownloaded, GroupReview, ObjectApplication},
	{ApplicationTaken, GroupReview, ObjectApplication},
	{ApplicationReleased, GroupReview, ObjectApplication},
	{ApplicationNoted, GroupReview, ObjectApplication},
	{ApplicationMoreAsked, GroupReview, ObjectApplication},
	{ApplicationProposed, GroupReview, ObjectApplication},
	{ApplicationApproved, GroupReview, ObjectApplication},
	{ApplicationRejected, GroupReview, ObjectApplication},
	{ApplicationReminded, GroupReview, ObjectApplication},
	{ApplicationExpired, GroupReview, ObjectApplication},

	{AccountCreated, GroupAccount, ObjectAccount},
	{AccountQRShown, GroupAccount, ObjectAccount},
	{AccountFactorLinked, GroupAccount, ObjectAccount},
	{AppShown, GroupAccount, ObjectAccount},
	{AppDropped, GroupAccount, ObjectAccount},
	{AppRenamed, GroupAccount, ObjectAccount},
	{FactorChanged, GroupAccount, ObjectAccount},
	{AccountLogin, GroupAccount, ObjectAccount},
	{AccountLogout, GroupAccount, ObjectAccount},
	{AccountCodeWrong, GroupAccount, ObjectAccount},
	{AccountRefused, GroupAccount, ObjectAccount},
	{AccountLocked, GroupAccount, ObjectAccount},
	{AccountRefusals, GroupAccount, ObjectAccount},
	{AccountBlocked, GroupAccount, ObjectAccount},
	{AccountUnblocked, GroupAccount, ObjectAccount},
	{AccountAddressChanged, GroupAccount, ObjectAccount},
	{AccountDataChanged, GroupAccount, ObjectAccount},
	{AccountSessionsEnded, GroupAccount, ObjectAccount},
	{AddressAsked, GroupAccount, ObjectAccount},
	{AddressCodeWrong, GroupAccount, ObjectAccount},
	{AddressUndone, GroupAccount, ObjectAccount},
	{AccountDataApproved, GroupAccount, ObjectAccount},
	{AccountMailRefused, GroupAccount, ObjectAccount},
	{RecoveryCodeSent, GroupAccount, ObjectAccount},
	{RecoveryCodeWrong, GroupAccount, ObjectAccount},
	{RecoveryCancelled, GroupAccount, ObjectAccount},
	{AccountClosed, GroupAccount, ObjectAccount},
	{AccountReopened, GroupAccount, ObjectAccount},
	{PasswordLinkUsed, GroupAccount, ObjectAccount},
	{PasswordCodeRight, GroupAccount, ObjectAccount},
	{PasswordReset, GroupAccount, ObjectAccount},
	{PasswordChanged, GroupAccount, ObjectAccount},
	{AccountDisavowed, GroupAccount, ObjectAccount},
	{ConsentGiven, GroupAccount, ObjectAccount},
	{ConsentWithdrawn, GroupAccount, ObjectAccount},
	{GrantIssued, GroupAccount, ObjectAccount},
	{GrantRevoked, GroupAccount, ObjectClient},
	{GrantCodeReplayed, GroupAccount, ObjectClient},

	{AccountSearched, GroupHelpdesk, ObjectSearch},
	{AccountViewed, GroupHelpdesk, ObjectAccount},
	{AccountMailResent, GroupHelpdesk, ObjectAccount},
	{AccountLanesOpened, GroupHelpdesk, ObjectAccount},
	{AccountLangChanged, GroupHelpdesk, ObjectAccount},
	{UnblockBegun, GroupHelpdesk, ObjectAccount},
	{UnblockAnswers, GroupHelpdesk, ObjectAccount},
	{UnblockIdentified, GroupHelpdesk, ObjectAccount},
	{UnblockReason, GroupHelpdesk, ObjectAccount},
	{UnblockProposed, GroupHelpdesk, ObjectAccount},
	{UnblockRefused, GroupHelpdesk, ObjectAccount},
	{UnblockCancelled, GroupHelpdesk, ObjectAccount},
	{AddressBegun, GroupHelpdesk, ObjectAccount},
	{AddressAnswers, GroupHelpdesk, ObjectAccount},
	{AddressIdentified, GroupHelpdesk, ObjectAccount},
	{AddressReason, GroupHelpdesk, ObjectAccount},
	{AddressProposed, GroupHelpdesk, ObjectAccount},
	{AddressConfirmed, GroupHelpdesk, ObjectAccount},
	{AddressRefused, GroupHelpdesk, ObjectAccount},
	{AddressCancelled, GroupHelpdesk, ObjectAccount},
	{AddressCodesWrong, GroupHelpdesk, ObjectAccount},
	{ClosingProposed, GroupHelpdesk, ObjectAccount},
	{ClosingRefused, GroupHelpdesk, ObjectAccount},
	{ClosingCancelled, GroupHelpdesk, ObjectAccount},

	{StaffInvited, GroupStaff, ObjectStaff},
	{StaffJoined, GroupStaff, ObjectStaff},
	{StaffLogin, GroupStaff, ObjectStaff},
	{StaffCodeWrong, GroupStaff, ObjectStaff},
	{StaffProven, GroupStaff, ObjectStaff},
	{StaffRefused, GroupStaff, ObjectStaff},
	{StaffLocked, GroupStaff, ObjectStaff},
	{StaffRefusals, GroupStaff, ObjectStaff},
	{StaffBlocked, GroupStaff, ObjectStaff},
	{StaffRoles, GroupStaff, ObjectStaff},
	{StaffRemoved, GroupStaff, ObjectStaff},
	{StaffLanesOpened, GroupStaff, ObjectStaff},
	{StaffRenewalProposed, GroupStaff, ObjectStaff},
	{StaffRenewalConfirmed, GroupStaff, ObjectStaff},
	{StaffRenewalRefused, GroupStaff, ObjectStaff},
	{StaffRenewalCancelled, GroupStaff, ObjectStaff},
	{StaffTold, GroupStaff, ObjectStaff},
	{StaffAlarm, GroupStaff, ObjectStaff},

	{ClientAdded, GroupSystem, ObjectClient},
	{ClientChanged, GroupSystem, ObjectClient},
	{ClientRemoved, GroupSystem, ObjectClient},
	{KeyMoved, GroupSystem, ObjectKey},
	{AuditLogViewed, GroupSystem, ObjectAuditLog},
	{AuditLogPruned, GroupSystem, ObjectAuditLog},
	{NamesListed, GroupSystem, ObjectList},
	{ApplicationsExported, GroupSystem, ObjectExport},
	{StatisticsExported, GroupSystem, ObjectExport},
	{InstallationClaimed, GroupSystem, ObjectInstallation},
	{InstallationMoved, GroupSystem, ObjectInstallation},
}

// Groups are all groups, in the order of lists.
var Groups = func() (out []Group) {
	for _, e := range vocabulary {
		if !slices.Contains(out, e.group) {
			out = append(out, e.group)
		}
	}
	return out
}()

// Actions returns the actions of the group, in the order of lists.
func (g Group) Actions() (out []Action) {
	for _, e := range vocabulary {
		if e.group == g {
			out = append(out, e.action)
		}
	}
	return out
}

func (a Action) entry() entry {
	i := slices.IndexFunc(vocabulary, func(e entry) bool { return e.action == a })
	if i < 0 {
		return entry{}
	}
	return vocabulary[i]
}

// Group returns the group of the action; "" for an unknown action.
func (a Action) Group() Group { return a.entry().group }

// Object returns the kind of object that the action is about; "" for an
// unknown action.
func (a Action) Object() ObjectKind { return a.entry().object }

// Known reports whether this program writes the action.
func Known(a Action) bool { return a.Group() != "" }
