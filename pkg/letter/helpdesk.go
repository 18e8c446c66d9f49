package letter

import (
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

// Kinds of mails about acts of the helpdesk and about staff.
const (
	KindAddressAnnounced = "address-announced"
	KindAddressConfirm   = "address-confirm"
	KindAddressChanged   = "address-changed"
	KindAddressNew       = "address-new"
	KindAccountClosed    = "account-closed"
	KindLangChanged      = "lang-changed"
	KindStaffAlarm       = "staff-alarm"
	KindSomebodyTries    = "somebody-tries"
	KindStaffManaged     = "staff-managed"
	KindStaffInvited     = "staff-invited"
	KindStaffRenewed     = "staff-renewed"
)

var (
	_ helpdesk.Letters = (*Writer)(nil)
	_ staff.Letters    = (*Writer)(nil)
)

// AddressURL returns the URL of the page where a new address is confirmed.
func (w *Writer) AddressURL() string { return w.Issuer + "/address" }

// AddressAnnounced returns the mail to the present address about a change of
// address.
func (w *Writer) AddressAnnounced(a account.Account, r helpdesk.Request, now time.Time) mail.Message {
	return w.toMailboxes(KindAddressAnnounced, a, aboutRequest(toHolder(a, now, addressTimes(r, now)), r))
}

// AddressConfirm returns the mail with the code to the new address. It holds
// no data of the account, not even a name, because that address is not proven
// to be the holder's.
func (w *Writer) AddressConfirm(a account.Account, r helpdesk.Request, code secret.Text, now time.Time) mail.Message {
	times := addressTimes(r, now)
	times["Code"] = code.Reveal()
	return w.write(KindAddressConfirm, r.Email, aboutRequest(envelope{Lang: a.Lang, At: now, Expires: r.Until, Letter: times}, r))
}

// AddressChanged returns the mail to the address that was replaced, with until
// when messages also go there.
func (w *Writer) AddressChanged(a account.Account, r helpdesk.Request, now time.Time) mail.Message {
	return w.toMailboxes(KindAddressChanged, a, aboutRequest(toHolder(a, now, map[string]any{"Until": now.Add(account.PreviousTime)}), r))
}

// AddressNew returns the first mail to the new address.
func (w *Writer) AddressNew(a account.Account, r helpdesk.Request, now time.Time) mail.Message {
	return w.write(KindAddressNew, r.Email, aboutRequest(toHolder(a, now, nil), r))
}

// AccountClosed returns the mail about a closed account. It can be reopened
// before until.
func (w *Writer) AccountClosed(a account.Account, ref string, until, now time.Time) mail.Message {
	e := toHolder(a, now, map[string]any{"Until": until})
	e.Ref = ref
	return w.toMailboxes(KindAccountClosed, a, e)
}

// LangChanged returns the mail that mails are in another language from now on, in
// that language.
func (w *Writer) LangChanged(a account.Account, now time.Time) mail.Message {
	return w.toMailboxes(KindLangChanged, a, toHolder(a, now, nil))
}

func addressTimes(r helpdesk.Request, now time.Time) map[string]any {
	return map[string]any{"From": r.From, "Later": r.From.After(now)}
}

func aboutRequest(e envelope, r helpdesk.Request) envelope {
	e.Ref = r.Reference
	return e
}

// SomebodyTries returns the mail to a holder that wrong passwords were tried.
func (w *Writer) SomebodyTries(a account.Account, now time.Time) mail.Message {
	return w.toMailboxes(KindSomebodyTries, a, toHolder(a, now, nil))
}

// StaffTries returns the mail to a member that wrong passwords were tried.
func (w *Writer) StaffTries(m staff.Member, now time.Time) mail.Message {
	return w.write(KindSomebodyTries, m.Email, envelope{Lang: m.Lang, Name: greeting(m.Name), At: now})
}

// StaffAlarm returns the mail to an administrator that a member opened this
// many accounts and cases since a moment. Which ones is only in the audit log.
func (w *Writer) StaffAlarm(to, member staff.Member, files int, since, now time.Time) mail.Message {
	return w.write(KindStaffAlarm, to.Email, envelope{
		Lang: to.Lang, Name: greeting(to.Name), At: now, Letter: map[string]any{"Member": member.Name, "Files": files, "Since": since},
	})
}

// StaffInvited returns the mail with the link of an invitation.
func (w *Writer) StaffInvited(m staff.Member, link secret.Text, by string, now time.Time) mail.Message {
	return w.write(KindStaffInvited, m.Email, envelope{
		Lang: m.Lang, Name: greeting(m.Name), At: now, Expires: m.InviteExpires, Letter: map[string]any{"Link": link.Reveal(), "By": by},
	})
}

// StaffRenewed returns the mail with the link for a member who is invited again.
func (w *Writer) StaffRenewed(m staff.Member, link secret.Text, proposer, confirmer string, now time.Time) mail.Message {
	return w.write(KindStaffRenewed, m.Email, envelope{
		Lang: m.Lang, Name: greeting(m.Name), At: now, Expires: m.InviteExpires,
		Letter: map[string]any{"Link": link.Reveal(), "Proposer": proposer, "Confirmer": confirmer},
	})
}

// StaffManaged returns the mail about a change of a member.
func (w *Writer) StaffManaged(to, member staff.Member, what staff.Managed, by string, now time.Time) mail.Message {
	return w.write(KindStaffManaged, to.Email, envelope{
		Lang: to.Lang, Name: greeting(to.Name), At: now, Letter: map[string]any{"Member": member, "What": string(what), "By": by, "Self": to.Email == member.Email},
	})
}
