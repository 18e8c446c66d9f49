// Package secret owns everything that must not be seen: values that print
// as [redacted], random handles with a type in their name, and the key ring
// that seals what is kept at rest.
package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

const redacted = "[redacted]"

// Text is a string that no formatting verb, logger or encoder shows.
// Reveal is the only way to its value, so that a reader can search for it.
type Text string

// Reveal gives the value itself.
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

// Equal compares in constant time.
func (t Text) Equal(other string) bool {
	a, b := sha256.Sum256([]byte(t)), sha256.Sum256([]byte(other))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// Kind is the type of a handle; it is part of the handle's text and of its
// hash, so that a code can never pass for a session and the reverse.
type Kind string

// The kinds of handles that exist.
const (
	KindBrowser     Kind = "olid_brw" // ties authorization requests to one browser
	KindSession     Kind = "olid_ses" // single sign-on session
	KindDevice      Kind = "olid_dev" // remembers that this browser logged in before
	KindRequest     Kind = "olid_req" // an authorization request in progress
	KindCode        Kind = "olid_cod" // authorization code
	KindGrant       Kind = "olid_grt" // a grant; also the jti of its access token
	KindApplication Kind = "olid_app" // an applicant's draft
	KindClient      Kind = "olid_sec" // a client secret made by us
	KindStaff       Kind = "olid_stf" // an official's session
	KindInvite      Kind = "olid_inv" // an official's invitation
	KindTicket      Kind = "olid_tkt" // one look at a document
	KindID          Kind = "olid_id"  // anything else that only needs to be unique
)

// handleBytes is 256 bits: beyond guessing, and beyond what R-022 asks.
const handleBytes = 32

// New makes a random handle, such as "olid_ses_Zk…" (43 characters after
// the prefix). It panics when the source of randomness fails, for nothing
// safe can be done without one.
func New(rand io.Reader, kind Kind) Text {
	var b [handleBytes]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		panic("secret: no randomness: " + err.Error())
	}
	return Text(string(kind) + "_" + base64.RawURLEncoding.EncodeToString(b[:]))
}

// NewID makes a random public identifier of 128 bits in hex, for rows and jti.
func NewID(rand io.Reader) string {
	var b [16]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		panic("secret: no randomness: " + err.Error())
	}
	return hex.EncodeToString(b[:])
}

// Parse tells whether s has the shape of a handle of this kind. It is the
// only place where handles from outside are read; it does no look-up.
func Parse(kind Kind, s string) (Text, bool) {
	rest, ok := strings.CutPrefix(s, string(kind)+"_")
	if !ok || len(rest) != base64.RawURLEncoding.EncodedLen(handleBytes) {
		return "", false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(rest)
	return Text(s), err == nil && len(b) == handleBytes
}

// Hash is what stores keep of a handle: hex SHA-256. The prefix is inside,
// so equal bytes of different kinds hash apart.
func (t Text) Hash() string {
	sum := sha256.Sum256([]byte(t))
	return hex.EncodeToString(sum[:])
}
