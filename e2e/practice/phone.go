package practice

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Phone is an authenticator app with one account in it. It computes codes according to RFC
// 6238 and shares no code with the provider.
type Phone struct {
	Label  string // the account as the app shows it, issuer and colon included
	Secret string // base32
	URI    string // as scanned

	t    testing.TB
	last int64 // step of the newest code that was returned
}

// otpauth matches the URI that every app can read, and the only form we send: no algorithm,
// digits or period, which some apps handle wrongly.
var otpauth = regexp.MustCompile(`^otpauth://totp/(Omgevingsloket:[^?]+)\?secret=([A-Z2-7]{32})&issuer=Omgevingsloket$`)

// Scan parses the text of a QR code, and fails the test if it is not exactly what DESIGN.md
// §3.4 requires for the e-mail address.
func Scan(t testing.TB, uri, email string) *Phone {
	t.Helper()
	m := otpauth.FindStringSubmatch(uri)
	if m == nil {
		t.Fatalf("the QR code says %q", uri)
	}
	label, err := url.PathUnescape(m[1])
	if err != nil || label != "Omgevingsloket:"+email {
		t.Fatalf("the app would show %q (%v), want Omgevingsloket:%s", label, err, email)
	}
	return &Phone{Label: label, Secret: m[2], URI: uri, t: t}
}

// Code returns a code that was not returned before and that stays valid for some seconds. The
// server accepts the codes of the current and the previous step, each once, so that two
// logins in a row need no wait and the third does.
func (p *Phone) Code() string {
	p.t.Helper()
	const spare = 10 // seconds, for the page to be filled in
	for {
		now := time.Now().Unix()
		step := now / 30
		if left := 30 - now%30; left > spare {
			step--
		}
		step = max(step, p.last+1)
		if step*30 <= now {
			p.last = step
			return p.at(step)
		}
		time.Sleep(time.Until(time.Unix(step*30, 0)) + 100*time.Millisecond)
	}
}

// Wrong returns six digits that are not a code of this phone around now.
func (p *Phone) Wrong() string {
	p.t.Helper()
	step := time.Now().Unix() / 30
	good := map[string]bool{}
	for s := step - 2; s <= step+4; s++ {
		good[p.at(s)] = true
	}
	for n := 0; ; n++ {
		if code := fmt.Sprintf("%06d", n); !good[code] {
			return code
		}
	}
}

// at computes the code of a step (RFC 4226 §5.3).
func (p *Phone) at(step int64) string {
	p.t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(p.Secret)
	if err != nil {
		p.t.Fatalf("the secret %q: %v", strings.ToValidUTF8(p.Secret, "?"), err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, step) // a hash does not fail
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1_000_000)
}

// NewPhone returns an app into which a key was typed.
func NewPhone(t testing.TB, key string) *Phone { return &Phone{Secret: key, t: t} }
