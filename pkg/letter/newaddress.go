package letter

import (
	"net/url"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/newaddress"
	"omgevingsloket-id/pkg/secret"
)

// Kinds of mails about a change of address by the holder.
const (
	KindOwnAddressCode    = "own-address-code"
	KindOwnAddressTaken   = "own-address-taken"
	KindOwnAddressNew     = "own-address-new"
	KindOwnAddressChanged = "own-address-changed"
	KindOwnAddressUndone  = "own-address-undone"
)

var _ newaddress.Letters = (*Writer)(nil)

// OwnAddressCode returns the mail with the code to a new address. It holds no data of
// the account, because that address is not proven to be the holder's.
func (w *Writer) OwnAddressCode(to, lang string, code secret.Text, until, now time.Time) mail.Message {
	return w.write(KindOwnAddressCode, to, envelope{Lang: lang, At: now, Expires: until, Letter: map[string]string{"Code": code.Reveal()}})
}

// OwnAddressTaken returns the mail that is sent instead of OwnAddressCode to an address
// that another account or application has, with the same expiry.
func (w *Writer) OwnAddressTaken(to, lang string, until, now time.Time) mail.Message {
	return w.write(KindOwnAddressTaken, to, envelope{Lang: lang, At: now, Expires: until})
}

// OwnAddressNew returns the first mail to the new address.
func (w *Writer) OwnAddressNew(a account.Account, now time.Time) mail.Message {
	return w.write(KindOwnAddressNew, a.Email, toHolder(a, now, nil))
}

// OwnAddressChanged returns the notice to an address that was replaced, with the link
// that restores it and works before until, unless link is "".
func (w *Writer) OwnAddressChanged(a account.Account, to string, link secret.Text, until, now time.Time) mail.Message {
	undo := ""
	if link != "" {
		undo = w.Issuer + "/address/undo?" + url.Values{"undo": {link.Reveal()}}.Encode()
	}
	return w.write(KindOwnAddressChanged, to, toHolder(a, now, map[string]any{"Undo": undo, "UndoUntil": until, "Until": now.Add(account.PreviousTime)}))
}

// OwnAddressUndone returns the mail that a change of address was undone. In the mail to
// an address that the account no longer has are neither name nor reference.
func (w *Writer) OwnAddressUndone(a account.Account, to, ref string, now time.Time) mail.Message {
	mine := to == a.Email
	e := toHolder(a, now, map[string]bool{"Mine": mine, "Blocked": mine && a.State == account.Blocked})
	e.Ref = ref
	if !mine {
		e.Name = ""
	}
	return w.write(KindOwnAddressUndone, to, e)
}
