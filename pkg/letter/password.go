package letter

import (
	"net/url"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/signin"
)

// Kinds of mails about passwords, and about what another person did according to the
// holder.
const (
	KindPasswordLink    = "password-link"
	KindPasswordChanged = "password-changed"
	KindStaffDisavowed  = "staff-disavowed"
)

var _ signin.Letters = (*Writer)(nil)

// PasswordLink returns the mail that was asked for on the page about a forgotten
// password: the link, which expires, or why there is none (p.Road).
func (w *Writer) PasswordLink(a account.Account, p signin.PasswordMail, now time.Time) mail.Message {
	e := toHolder(a, now, w.passwordData(p))
	e.Expires, e.Ref = p.Until, a.BlockRef
	return w.toMailboxes(KindPasswordLink, a, e)
}

// PasswordUnknown is PasswordLink for an address that no account has. It holds nothing
// that a stranger typed but the address it goes to.
func (w *Writer) PasswordUnknown(email, lang string, until, now time.Time) mail.Message {
	return w.write(KindPasswordLink, email, envelope{Lang: lang, At: now, Expires: until, Letter: w.passwordData(signin.PasswordMail{Road: account.RoadNone, Until: until})})
}

func (w *Writer) passwordData(p signin.PasswordMail) map[string]any {
	address := ""
	if p.Link != "" {
		address = w.Issuer + "/password/new?" + url.Values{"link": {p.Link.Reveal()}}.Encode()
	}
	return map[string]any{
		"Road": string(p.Road), "Link": address, "Until": p.Until, "From": Whole(p.From), "Callback": p.Callback.Reveal(), "ApplyURL": w.Issuer + "/apply",
	}
}

// PasswordChanged returns the mail that the password was changed.
func (w *Writer) PasswordChanged(a account.Account, now time.Time) mail.Message {
	return w.toMailboxes(KindPasswordChanged, a, toHolder(a, now, nil))
}

// Disavowed returns the mail to the helpdesk about an account that its holder blocked by
// the link in a mail; none if the helpdesk has no address. It names the reference of the
// block and nothing about the person.
func (w *Writer) Disavowed(ref string, now time.Time) []mail.Message {
	if w.Helpdesk.Email == "" {
		return nil
	}
	return []mail.Message{w.write(KindStaffDisavowed, w.Helpdesk.Email, envelope{Lang: fallback, At: now, Ref: ref})}
}
