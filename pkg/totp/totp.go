// Package totp implements time-based one-time passwords (RFC 6238): generating
// a secret, the otpauth URI and the picture for an app, and finding the step
// of a code.
//
// It always uses SHA-1, six digits and thirty seconds, because some
// authenticator apps ignore other values.
package totp

import (
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"omgevingsloket-id/pkg/secret"
)

const (
	period = 30 // seconds
	// Digits is the number of digits of a code.
	Digits = 6
	// secretBytes is 160 bits (RFC 4226 §4 R6).
	secretBytes = 20
	// Issuer is the name of an account in the app.
	Issuer = "Omgevingsloket"
)

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewSecret returns a new secret: 32 characters of base32.
func NewSecret(rand io.Reader) (secret.Text, error) {
	b := make([]byte, secretBytes)
	if _, err := io.ReadFull(rand, b); err != nil {
		return "", fmt.Errorf("totp: no randomness: %w", err)
	}
	return secret.Text(encoding.EncodeToString(b)), nil
}

// Step returns the number of t's time step: the count of thirty seconds since the
// Unix epoch (RFC 6238 §4.2).
func Step(t time.Time) int64 { return t.Unix() / period }

// Remaining returns the time until the next step, in whole seconds.
func Remaining(t time.Time) time.Duration {
	return time.Duration(period-t.Unix()%period) * time.Second
}

// Code returns the code of a step. It returns an error if s is not base32.
func Code(s secret.Text, step int64) (string, error) {
	code, err := hotp.GenerateCodeCustom(s.Reveal(), uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		return "", fmt.Errorf("totp: %w", err)
	}
	return code, nil
}

// Match returns the step of code, if it is the current or the previous one. It
// always computes both and compares in constant time. It returns an error if s
// is not base32.
func Match(s secret.Text, code string, now time.Time) (step int64, ok bool, err error) {
	code = spaces.Replace(code)
	current := Step(now)
	for _, candidate := range []int64{current - 1, current} {
		want, err := Code(s, candidate)
		if err != nil {
			return 0, false, err
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = candidate, true
		}
	}
	return step, ok, nil
}

// spaces removes the spaces that people type between digits.
var spaces = strings.NewReplacer(" ", "", "\u00a0", "")

// URI returns the otpauth URI of a holder's secret for an authenticator app.
func URI(email string, s secret.Text) secret.Text { return URIFor(Issuer, email, s) }

// StaffIssuer is the name of an official's account in the app.
const StaffIssuer = "Omgevingsloket-ID beheer"

// URIFor returns the otpauth URI of a secret with another issuer. Everything
// in the label but letters, digits, "-._~" and "@" is percent-encoded, even
// characters that a path may have: some apps read "+" as a space there, or
// look for "&" in the whole URI.
func URIFor(issuer, email string, s secret.Text) secret.Text {
	escape := func(v string) string { return strings.ReplaceAll(url.QueryEscape(v), "+", "%20") }
	label := escape(issuer) + ":" + strings.ReplaceAll(escape(email), "%40", "@")
	return secret.Text("otpauth://totp/" + label + "?secret=" + s.Reveal() + "&issuer=" + escape(issuer))
}

// Groups returns the secret in groups of four characters, for typing.
func Groups(s secret.Text) []string {
	var out []string
	for text := s.Reveal(); text != ""; {
		n := min(4, len(text))
		out = append(out, text[:n])
		text = text[n:]
	}
	return out
}
