package password

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"omgevingsloket-id/pkg/errs"
)

// Pepper is a key kept outside the database. The normalised password goes through
// HMAC-SHA256 under it before argon2id, so that a stolen table alone cannot be
// guessed at. The zero Pepper is none. It prints no key.
type Pepper struct {
	id string
	// mac hides the key from every printer and encoder.
	mac func(password []byte) []byte
}

// NewPepper takes an id of 1 to 8 ASCII letters and digits, which is stored in
// each hash as keyid, and a key of at least 32 random bytes. An id must never be
// used again for another key.
func NewPepper(id string, key []byte) (Pepper, error) {
	if !validKeyID(id) {
		return Pepper{}, errors.New("password: a pepper id is 1 to 8 letters and digits")
	}
	if len(key) < sha256.Size {
		return Pepper{}, fmt.Errorf("password: pepper %s has %d bytes: want at least %d", id, len(key), sha256.Size)
	}
	key = slices.Clone(key)
	return Pepper{id: id, mac: func(password []byte) []byte {
		h := hmac.New(sha256.New, key)
		h.Write(password)
		return h.Sum(nil)
	}}, nil
}

// String is [redacted].
func (p Pepper) String() string { return "[redacted]" }

// ErrPepper is returned for a stored hash that needs a pepper we were not given.
// Nothing can be said about the password then, so it is an ErrUnavailable too.
var ErrPepper = fmt.Errorf("password: a stored hash names an unknown pepper: %w", errs.ErrUnavailable)

func validKeyID(id string) bool {
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return len(id) >= 1 && len(id) <= 8
}
