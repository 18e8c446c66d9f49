package helpdesk

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/typed"
)

// addressCode returns the code in the mail to the new address. It is computed,
// not stored, and valid for this request and address only.
func (s *Service) addressCode(r Request) secret.Text {
	mac, err := base64.RawURLEncoding.DecodeString(secret.MAC(s.AddressKey, "address", r.ID, r.Email))
	if err != nil {
		panic("helpdesk: a MAC does not decode: " + err.Error())
	}
	return secret.Text(fmt.Sprintf("%06d", binary.BigEndian.Uint64(mac)%1_000_000))
}

// TakeAddress judges a code for a new address (TakeCode) and changes the
// address if it is right. It returns signin.ErrNoCode, whatever the reference,
// when text cannot be a code. It returns errs.ErrNotFound when no change with this
// reference can be confirmed, and errs.ErrConflict when the code is right but
// the address cannot be changed.
func (s *Service) TakeAddress(ctx context.Context, reference, text string, from signin.From) (HolderVerdict, Request, error) {
	code := typed.Code(text, secret.CodeDigits)
	if code == "" {
		return "", Request{}, signin.ErrNoCode
	}
	if reference = typed.Reference(reference); reference == "" {
		return "", Request{}, errs.ErrNotFound
	}
	r, err := s.Store.ByReference(ctx, reference)
	if err == nil && (r.Kind != Address || r.State != Confirmed || r.Over(s.Now())) {
		err = errs.ErrNotFound
	}
	if err != nil {
		return "", r, err
	}
	right := subtle.ConstantTimeCompare([]byte(s.addressCode(r).Reveal()), []byte(code)) == 1 // the address of a confirmed request does not change
	var verdict HolderVerdict
	_, err = s.Store.Try(ctx, r.ID, func(r Request, a account.Account) (Request, effect.Effects, error) {
		next, v, err := TakeCode(r, a, right, s.Now())
		if verdict = v; err != nil {
			return r, effect.Effects{}, err
		}
		by := audit.Holder(a.ID).At(from.Origin, from.RequestID)
		switch v {
		case CodeRight:
			return next, effect.Of(s.event(by, next, audit.AccountAddressChanged),
				s.Letters.AddressChanged(a, next, s.Now()), s.Letters.AddressNew(a, next, s.Now())), nil
		case CodeOver:
			return next, effect.Of(s.event(by, next, audit.AddressCodesWrong)), nil
		}
		return next, effect.Effects{}, nil
	})
	if errors.Is(err, errs.ErrConflict) && !right {
		err = errs.ErrNotFound // without the code nothing is revealed about the account
	}
	if err != nil {
		verdict = ""
	}
	return verdict, r, err
}
