package password

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"omgevingsloket-id/pkg/errs"
)

// Pepper is a key outside the database. The normalized password goes through
// HMAC-SHA256 with it before argon2id, so that passwords cannot be guessed
// from a stolen table alone. The zero Pepper is none. Printing it does not
// show the key.
type Pepper struct {
	id string
	// mac is a function, so that no formatter or encoder shows the key.
	mac func(password []byte) []byte
}

// NewPepper returns a pepper with an id of 1 to 8 ASCII letters and digits,
// which is stored in each hash as keyid, and a key of at least 32 random
// bytes. An id must never be reused for another key.
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

// String returns "[redacted]".
func (p Pepper) String() string { return "[redacted]" }

// ErrPepper is returned for a stored hash with a pepper that is not
// configured. It wraps errs.ErrUnavailable, because the password may be right.
var ErrPepper = fmt.Errorf("password: a stored hash names an unknown pepper: %w", errs.ErrUnavailable)

func validKeyID(id string) bool {
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return len(id) >= 1 && len(id) <= 8
}
