package signin

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

// Disavowal makes and reads the links 'Was this not you?' of mails about security. A
// link needs no row: it holds the id of its account and its end, with a MAC. After a
// block and an unblock (account.Account.Unblocks) the links of earlier mails are void.
type Disavowal struct {
	Key  []byte
	Time time.Duration // how long a link works
}

// The parts of the 32 bytes of a link: the id of the account, the hour in which it
// ends, and 104 bits of a MAC.
const (
	disavowID   = 16
	disavowHour = 3

	disavowPrefix = string(secret.KindDisavow) + "_"
)

func (d Disavowal) mac(id []byte, hour uint32, enrolment int) []byte {
	sum, err := base64.RawURLEncoding.DecodeString(secret.MAC(d.Key, "disavow", hex.EncodeToString(id), strconv.FormatUint(uint64(hour), 10), strconv.Itoa(enrolment)))
	if err != nil {
		panic("signin: a MAC does not decode: " + err.Error())
	}
	return sum
}

// Link returns the handle of a link that is mailed at now; "" without a key, and for an
// account whose id is not one of ours.
func (d Disavowal) Link(a account.Account, now time.Time) secret.Text {
	id, err := hex.DecodeString(a.ID)
	if len(d.Key) == 0 || err != nil || len(id) != disavowID {
		return ""
	}
	hour := uint32((now.Add(d.Time).Unix() + 3599) / 3600)
	raw := append(id, byte(hour>>16), byte(hour>>8), byte(hour))
	raw = append(raw, d.mac(id, hour, a.Unblocks)...)[:32]
	return secret.Text(disavowPrefix + base64.RawURLEncoding.EncodeToString(raw))
}

// read returns the id of the account that a link names, and a function that reports
// whether the link works at now, for that account as it is stored. check is nil for
// text that is no link, and without a key.
func (d Disavowal) read(link secret.Text, now time.Time) (accountID string, check func(account.Account) bool) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(link.Reveal(), disavowPrefix))
	if err != nil || len(raw) != 32 || len(d.Key) == 0 {
		return "", nil
	}
	id, sum := raw[:disavowID], raw[disavowID+disavowHour:]
	hour := binary.BigEndian.Uint32(append([]byte{0}, raw[disavowID:disavowID+disavowHour]...))
	return hex.EncodeToString(id), func(a account.Account) bool {
		return now.Unix() < int64(hour)*3600 && subtle.ConstantTimeCompare(sum, d.mac(id, hour, a.Unblocks)[:len(sum)]) == 1
	}
}

// Disavowable returns the account that a link is about. The error is errs.ErrNotFound
// if the link does not work, or the account is blocked or closed already.
func (r *Service) Disavowable(ctx context.Context, link secret.Text) (account.Account, error) {
	id, right := r.Disavowal.read(link, r.Now())
	if right == nil {
		return account.Account{}, errs.ErrNotFound
	}
	a, err := r.Accounts.ByID(ctx, id)
	if err == nil && (!right(a) || a.State == account.Blocked || a.State == account.Closed) {
		err = errs.ErrNotFound
	}
	return a, err
}

// Disavow blocks the account that a link is about, because its holder reports what
// another person did. Sessions and grants end, and the helpdesk gets a mail. The error
// is that of Disavowable.
func (r *Service) Disavow(ctx context.Context, link secret.Text, from From) error {
	a, err := r.Disavowable(ctx, link)
	if err != nil {
		return err
	}
	err = WithReference(ctx, r.Accounts, a, r.Rand, func(ref string) error {
		rec := r.blocking(a, account.Disavowed, ref, from)
		rec.Events = append([]audit.Event{r.event(a, audit.AccountDisavowed, from)}, rec.Events...)
		rec.Mails = append(rec.Mails, r.Letters.Disavowed(ref, r.Now())...)
		return r.Accounts.Block(ctx, a.ID, a.Epoch, account.Disavowed, ref, r.Now(), rec)
	})
	if errors.Is(err, errs.ErrConflict) {
		return errs.ErrNotFound
	}
	return err
}
