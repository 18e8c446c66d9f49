package helpdesk

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
)

// addressCode is what the mail to the new address holds: derived, never
// stored, and good for this request and address alone.
func (s *Service) addressCode(r Request) secret.Text {
	mac, err := base64.RawURLEncoding.DecodeString(secret.MAC(s.AddressKey, "address", r.ID, r.Email))
	if err != nil {
		panic("helpdesk: a MAC does not decode: " + err.Error())
	}
	return secret.Text(fmt.Sprintf("%06d", binary.BigEndian.Uint64(mac)%1_000_000))
}

// TakeAddress judges the code for a new address (TakeCode), and changes the
// address when it is right. errs.ErrNotFound when the reference names no change
// that can be confirmed; errs.ErrConflict when the code is right and it cannot
// be done (any more).
func (s *Service) TakeAddress(ctx context.Context, reference, typed string, from signin.From) (HolderVerdict, Request, error) {
	r, err := s.Store.ByReference(ctx, strings.ToUpper(strings.TrimSpace(reference)))
	if err == nil && (r.Kind != Address || r.State != Confirmed || r.Over(s.Now())) {
		err = errs.ErrNotFound
	}
	if err != nil {
		return "", r, err
	}
	typed = strings.Join(strings.Fields(typed), "")
	right := subtle.ConstantTimeCompare([]byte(s.addressCode(r).Reveal()), []byte(typed)) == 1 // a confirmed request keeps its address
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
		err = errs.ErrNotFound // without the code nothing is said of the account
	}
	if err != nil {
		verdict = ""
	}
	return verdict, r, err
}
