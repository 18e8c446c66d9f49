package signin

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/typed"
)

// Callback is the key of the codes on the page of a blocked account, which its
// holder reads out to the helpdesk. A code is derived from the account, its
// epoch and the quarter of an hour, and not stored. It proves that the caller
// gave the right password a moment ago; a mailed code proves only that the caller
// reads the mailbox.
type Callback []byte

const (
	// callbackTime is how long one code is shown.
	callbackTime = 15 * time.Minute
	// callbackBefore is how many codes before the one that is shown are right as well,
	// so that a code is right as long as the login whose page showed it.
	callbackBefore = 2
	// mailedBefore is the same for codes in mails.
	mailedBefore = 4
)

// The labels of the two kinds of codes: that of the page, which proves the password
// too, and that of the mail about a forgotten password, which proves the mailbox alone.
const (
	callbackPage = "callback"
	callbackMail = "callback by mail"
)

// Code returns the code of the page of an account at now: eight digits in two groups of
// four.
func (k Callback) Code(a account.Account, now time.Time) string {
	return k.at(callbackPage, a, now.Unix()/int64(callbackTime/time.Second))
}

// MailedCode returns the code of the mail to the holder of a blocked account who forgot
// the password.
func (k Callback) MailedCode(a account.Account, now time.Time) string {
	return k.at(callbackMail, a, now.Unix()/int64(callbackTime/time.Second))
}

func (k Callback) at(label string, a account.Account, quarter int64) string {
	mac, err := base64.RawURLEncoding.DecodeString(secret.MAC(k, label, a.ID, strconv.FormatInt(a.Epoch, 10), strconv.FormatInt(quarter, 10)))
	if err != nil {
		panic("signin: a MAC does not decode: " + err.Error())
	}
	n := binary.BigEndian.Uint64(mac) % 100_000_000
	return fmt.Sprintf("%04d %04d", n/10_000, n%10_000)
}

// CallbackDigits is the number of digits of a Callback code.
const CallbackDigits = 8

// Right reports whether text is a code of a blocked account at now: of the page, also of
// one or two quarters of an hour earlier, or of a mail, also of up to four.
func (k Callback) Right(a account.Account, text string, now time.Time) bool {
	return k.right(callbackPage, callbackBefore, a, text, now) || k.Mailed(a, text, now)
}

// Mailed reports whether text is a code that was mailed to the holder of a blocked
// account.
func (k Callback) Mailed(a account.Account, text string, now time.Time) bool {
	return k.right(callbackMail, mailedBefore, a, text, now)
}

func (k Callback) right(label string, before int64, a account.Account, text string, now time.Time) bool {
	code := typed.Code(text, CallbackDigits)
	quarter, right := now.Unix()/int64(callbackTime/time.Second), 0
	for n := range before + 1 {
		right |= subtle.ConstantTimeCompare([]byte(strings.ReplaceAll(k.at(label, a, quarter-n), " ", "")), []byte(code))
	}
	return right == 1 && a.State == account.Blocked
}
