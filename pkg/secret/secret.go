// Package secret defines values that print as [redacted], random handles with
// a type prefix, and the key ring that encrypts data at rest.
package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"strings"
)

const redacted = "[redacted]"

// Text is a string that no formatting verb, logger or encoder shows. Reveal is
// the only way to its value, so that every use can be found by searching.
type Text string

// Reveal returns the value.
func (t Text) Reveal() string { return string(t) }

// String returns "[redacted]" (fmt.Stringer).
func (t Text) String() string { return redacted }

// GoString returns "[redacted]" (fmt.GoStringer).
func (t Text) GoString() string { return redacted }

// Format writes "[redacted]" for every verb (fmt.Formatter).
func (t Text) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// LogValue returns "[redacted]" (slog.LogValuer).
func (t Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]" (encoding.TextMarshaler), also for JSON.
func (t Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalYAML returns "[redacted]" (yaml.Marshaler).
func (t Text) MarshalYAML() (any, error) { return redacted, nil }

// Equal reports whether the value is other, in constant time.
func (t Text) Equal(other string) bool {
	a, b := sha256.Sum256([]byte(t)), sha256.Sum256([]byte(other))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// Kind is the type of a handle. It is part of the handle's text and of its
// hash, so that a handle of one kind is never accepted as one of another.
type Kind string

// The kinds of handles.
const (
	KindBrowser     Kind = "olid_brw" // binds authorization requests to one browser
	KindSession     Kind = "olid_ses" // single sign-on session
	KindDevice      Kind = "olid_dev" // marks a browser that logged in before
	KindRequest     Kind = "olid_req" // an authorization request in progress
	KindPushed      Kind = "olid_par" // a pushed authorization request
	KindCode        Kind = "olid_cod" // authorization code
	KindAccess      Kind = "olid_acc" // the secret of an access token
	KindApplication Kind = "olid_app" // an applicant's draft
	KindClient      Kind = "olid_sec" // a generated client secret
	KindStaff       Kind = "olid_stf" // an official's session
	KindInvite      Kind = "olid_inv" // an official's invitation
	KindTicket      Kind = "olid_tkt" // access to a document, once
	KindRecovery    Kind = "olid_rcv" // the link that cancels an unblock, once
	KindPassword    Kind = "olid_pwd" // the link for a new password, once
	KindReset       Kind = "olid_rst" // the browser that used such a link
	KindDisavow     Kind = "olid_dis" // the link by which a holder reports what another person did
	KindUndo        Kind = "olid_und" // the link that undoes a change of address, once
	KindID          Kind = "olid_id"  // other unique values
)

// handleBytes is 256 bits, more than R-022 requires.
const handleBytes = 32

// New returns a random handle, such as "olid_ses_Zk…" (43 characters after the
// prefix). It panics if the source of randomness fails.
func New(rand io.Reader, kind Kind) Text {
	var b [handleBytes]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		panic("secret: no randomness: " + err.Error())
	}
	return Text(string(kind) + "_" + base64.RawURLEncoding.EncodeToString(b[:]))
}

// CodeDigits is the number of digits of a mailed code.
const CodeDigits = 6

// NewCode returns a random code of CodeDigits digits, which is mailed to people.
func NewCode(random io.Reader) (Text, error) {
	n, err := rand.Int(random, big.NewInt(1_000_000))
	if err != nil {
		return "", err
	}
	return Text(fmt.Sprintf("%06d", n)), nil
}

// Derive returns the handle of a kind that belongs to parts, in the same shape as
// New. It cannot be computed without key, and the same parts have the same
// handle.
func Derive(key []byte, kind Kind, parts ...string) Text {
	return Text(string(kind) + "_" + MAC(key, append([]string{string(kind)}, parts...)...))
}

// NewID returns a random public identifier of 128 bits in hex, for rows and jti.
// It panics if the source of randomness fails.
func NewID(rand io.Reader) string {
	var b [16]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		panic("secret: no randomness: " + err.Error())
	}
	return hex.EncodeToString(b[:])
}

// Parse returns s as a handle and reports whether it has the form of one of
// this kind. Handles from outside are parsed only here.
func Parse(kind Kind, s string) (Text, bool) {
	rest, ok := strings.CutPrefix(s, string(kind)+"_")
	if !ok || len(rest) != base64.RawURLEncoding.EncodedLen(handleBytes) {
		return "", false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(rest)
	return Text(s), err == nil && len(b) == handleBytes
}

// Hash returns the hex SHA-256 of a handle, which is what stores keep. It
// includes the prefix, so handles of different kinds have different hashes.
func (t Text) Hash() string {
	sum := sha256.Sum256([]byte(t))
	return hex.EncodeToString(sum[:])
}
