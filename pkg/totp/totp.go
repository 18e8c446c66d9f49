// Package totp owns time-based one-time passwords (RFC 6238): making a
// secret, the otpauth address and picture that carry it to an app, and
// finding the step that a code belongs to.
//
// SHA-1, six digits and thirty seconds are what every authenticator app
// reads; others are ignored by some of them, so there is nothing to set.
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
	// secretBytes is 160 bits (RFC 4226 §4 R6).
	secretBytes = 20
	// Issuer is how the account is to be recognised in the app.
	Issuer = "Omgevingsloket"
)

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewSecret makes a secret: 32 characters of base32.
func NewSecret(rand io.Reader) (secret.Text, error) {
	b := make([]byte, secretBytes)
	if _, err := io.ReadFull(rand, b); err != nil {
		return "", fmt.Errorf("totp: no randomness: %w", err)
	}
	return secret.Text(encoding.EncodeToString(b)), nil
}

// Step is the number of the thirty-second step that t lies in.
func Step(t time.Time) int64 { return t.Unix() / period }

// Remaining is how long the step of t still lasts.
func Remaining(t time.Time) time.Duration {
	return time.Duration(period-t.Unix()%period) * time.Second
}

// Code computes the code of a step.
func Code(s secret.Text, step int64) (string, error) {
	code, err := hotp.GenerateCodeCustom(s.Reveal(), uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		return "", fmt.Errorf("totp: %w", err)
	}
	return code, nil
}

// Match finds the step among the current and the previous one that code
// belongs to. Both are always computed and compared in constant time.
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

// spaces are what people type between the digits; nothing else is forgiven,
// for nothing but six ASCII digits equals a code.
var spaces = strings.NewReplacer(" ", "", "\u00a0", "")

// URI is the otpauth address for an authenticator app.
func URI(email string, s secret.Text) secret.Text { return URIFor(Issuer, email, s) }

// StaffIssuer is how an official's entry is to be recognised in the app.
const StaffIssuer = "Omgevingsloket-ID beheer"

// URIFor is URI under another name in the app. In the label all but letters,
// digits, "-._~" and "@" is percent-encoded, also what a path may hold: some
// apps read "+" as a space there, or look for "&" in the whole address.
func URIFor(issuer, email string, s secret.Text) secret.Text {
	escape := func(v string) string { return strings.ReplaceAll(url.QueryEscape(v), "+", "%20") }
	label := escape(issuer) + ":" + strings.ReplaceAll(escape(email), "%40", "@")
	return secret.Text("otpauth://totp/" + label + "?secret=" + s.Reveal() + "&issuer=" + escape(issuer))
}

// Groups splits the secret in groups of four for people who type it.
func Groups(s secret.Text) []string {
	var out []string
	for text := s.Reveal(); text != ""; {
		n := min(4, len(text))
		out = append(out, text[:n])
		text = text[n:]
	}
	return out
}
