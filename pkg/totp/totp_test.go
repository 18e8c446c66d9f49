package totp_test

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/pquerna/otp"
	"pgregory.net/rapid"

	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/totp"
)

// rfcSecret is the SHA-1 seed of RFC 6238 appendix B.
const rfcSecret = secret.Text("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")

// RFC 6238 appendix B; the last six of the eight digits.
func TestR325_Vectors(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		at := time.Unix(seconds, 0)
		if got, err := totp.Code(rfcSecret, totp.Step(at)); err != nil || got != want {
			t.Errorf("Code(of second %d) = %s, %v, want %s", seconds, got, err, want)
		}
		if step, ok, err := totp.Match(rfcSecret, want, at); !ok || err != nil || step != seconds/30 {
			t.Errorf("Match(at second %d) = %d, %t, %v, want %d, true, nil", seconds, step, ok, err, seconds/30)
		}
	}
}

// RFC 4226 appendix D: the same computation by counter.
func TestCodeFollowsRFC4226(t *testing.T) {
	t.Parallel()
	for counter, want := range strings.Fields("755224 287082 359152 969429 338314 254676 287922 162583 399871 520489") {
		if got, err := totp.Code(rfcSecret, int64(counter)); err != nil || got != want {
			t.Errorf("Code(%d) = %s, %v, want %s", counter, got, err, want)
		}
	}
}

// The window is the current and the previous step, to the second.
func TestTP03_WindowToTheSecond(t *testing.T) {
	t.Parallel()
	const step = int64(60_000_000)
	code, err := totp.Code(rfcSecret, step)
	if err != nil {
		t.Fatal(err)
	}
	for seconds, want := range map[int64]bool{-31: false, -30: false, -1: false, 0: true, 1: true, 29: true, 30: true, 31: true, 59: true, 60: false, 61: false, 90: false} {
		got, ok, err := totp.Match(rfcSecret, code, time.Unix(step*30+seconds, 0))
		if err != nil || ok != want || ok && got != step {
			t.Errorf("Match(%+d s from its step) = step %+d, %t, %v, want %t", seconds, got-step, ok, err, want)
		}
	}
	if _, ok, _ := totp.Match(rfcSecret, code, time.Unix(step*30-1, 999_999_999)); ok {
		t.Error("Match accepts a code a nanosecond early")
	}
}

func TestRemaining(t *testing.T) {
	t.Parallel()
	for second, want := range map[int64]time.Duration{0: 30, 1: 29, 29: 1, 30: 30} {
		if got := totp.Remaining(time.Unix(1_700_000_010+second, 0)); got != want*time.Second {
			t.Errorf("Remaining(second %d) = %s, want %s", second, got, want*time.Second)
		}
	}
}

// Leading zeros count; only six ASCII digits, with spaces, match.
func TestTP07_Formats(t *testing.T) {
	t.Parallel()
	at := time.Unix(1234567890, 0) // 005924
	for _, typed := range []string{"005924", " 005 924 ", "005\u00a0924", "0 0 5 9 2 4"} {
		if _, ok, err := totp.Match(rfcSecret, typed, at); !ok || err != nil {
			t.Errorf("Match(%q) = %t, %v, want true", typed, ok, err)
		}
	}
	for _, typed := range []string{
		"", "5924", "05924", "0005924", "00592", "+05924", "-05924", "005924.0", "0x5924", "005924\n", "\t005924", "005\u200b924", "００５９２４", "٠٠٥٩٢٤", "5.924e3", "005-924", "005924\x00",
	} {
		if _, ok, err := totp.Match(rfcSecret, typed, at); ok || err != nil {
			t.Errorf("Match(%q) = %t, %v, want false", typed, ok, err)
		}
	}
}

// For any secret and time, the codes of the two steps match and no others,
// each with its own step.
func TestMatchAgreesWithCode(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := secret.Text(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(rapid.SliceOfN(rapid.Byte(), 20, 20).Draw(t, "key")))
		now := time.Unix(rapid.Int64Range(60, 1<<34).Draw(t, "now"), 0)
		steps := rapid.Int64Range(-4, 4).Draw(t, "steps")
		code, err := totp.Code(key, max(totp.Step(now)+steps, 0))
		if err != nil {
			t.Fatal(err)
		}
		current, _ := totp.Code(key, totp.Step(now))
		previous, _ := totp.Code(key, totp.Step(now)-1)
		step, ok, err := totp.Match(key, code, now)
		if err != nil || ok != (code == current || code == previous) {
			t.Fatalf("Match(%s) = %t, %v, want it true for %s and %s only", code, ok, err, previous, current)
		}
		if ok && (code == current && step != totp.Step(now) || code != current && step != totp.Step(now)-1) {
			t.Fatalf("Match(%s) = step %+d, want that of the code", code, step-totp.Step(now))
		}
		if len(code) != 6 {
			t.Fatalf("Code() = %q, want six digits", code)
		}
	})
}

func TestTP19_R323_NewSecret(t *testing.T) {
	t.Parallel()
	seen := map[secret.Text]bool{}
	for range 1000 {
		s, err := totp.NewSecret(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := base32.StdEncoding.DecodeString(s.Reveal())
		if err != nil || len(raw) != 20 || seen[s] {
			t.Fatalf("NewSecret() = %d bytes, %v, seen before: %t, want 20 new ones", len(raw), err, seen[s])
		}
		seen[s] = true
	}
	if s, err := totp.NewSecret(iotest.ErrReader(errors.New("dry"))); err == nil || s != "" {
		t.Errorf("NewSecret() without randomness = %q, %v, want an error", s.Reveal(), err)
	}
	if got := fmt.Sprint(totp.Groups("ABCDEFGHIJ")); got != "[ABCD EFGH IJ]" {
		t.Errorf("Groups() = %s, want [ABCD EFGH IJ]", got)
	}
}

// An invalid secret is an error that does not contain it.
func TestMatchOfABadSecret(t *testing.T) {
	t.Parallel()
	_, ok, err := totp.Match("not base32 at all!", "123456", time.Unix(1_700_000_000, 0))
	if ok || err == nil || strings.Contains(err.Error(), "base32 at") {
		t.Errorf("Match() with an invalid secret = %t, %v, want an error without the secret", ok, err)
	}
}

// For any e-mail address, another parser reads back the same values.
func TestEN18_R329_URIReadBack(t *testing.T) {
	t.Parallel()
	local := rapid.StringMatching("[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
	rapid.Check(t, func(t *rapid.T) {
		email := local.Draw(t, "local") + "@example.com"
		uri := totp.URI(email, rfcSecret).Reveal()
		key, err := otp.NewKeyFromURL(uri)
		if err != nil {
			t.Fatal(err)
		}
		if key.Type() != "totp" || key.Issuer() != "Omgevingsloket" || key.AccountName() != email || key.Secret() != rfcSecret.Reveal() ||
			key.Digits() != otp.DigitsSix || key.Period() != 30 || key.Algorithm() != otp.AlgorithmSHA1 {
			t.Fatalf("%s reads as %s %s %s", uri, key.Issuer(), key.AccountName(), key.Secret())
		}
		if strings.Count(uri, "?") != 1 || strings.Count(uri, "&") != 1 || strings.ContainsAny(uri, "+#\"<> ") {
			t.Fatalf("URI() = %s, want one ? and one &, and none of +#\"<> and space", uri)
		}
	})
	want := "otpauth://totp/Omgevingsloket:anna@example.com?secret=" + rfcSecret.Reveal() + "&issuer=Omgevingsloket"
	if got := totp.URI("anna@example.com", rfcSecret).Reveal(); got != want {
		t.Errorf("URI() = %s, want %s", got, want)
	}
}
