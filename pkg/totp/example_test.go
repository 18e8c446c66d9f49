package totp_test

import (
	"fmt"
	"time"

	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/totp"
)

// key is used instead of totp.NewSecret(rand.Reader), so that the output is known.
const key = secret.Text("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")

// A code is valid in its own thirty seconds and in the next. The caller stores
// the step that Match returns, and refuses a step that was used before.
func ExampleMatch() {
	at := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	code, err := totp.Code(key, totp.Step(at)) // what the app shows
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, later := range []time.Duration{0, 59 * time.Second, time.Minute} {
		step, ok, err := totp.Match(key, code, at.Add(later))
		fmt.Println(later, step, ok, err)
	}
	// Output:
	// 0s 59081760 true <nil>
	// 59s 59081760 true <nil>
	// 1m0s 0 false <nil>
}

// The URI goes into the app as a picture, or the secret is typed. Both are
// secrets, which print as [redacted].
func ExampleURI() {
	uri := totp.URI("anna@example.com", key)
	picture, err := totp.Draw(uri)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(uri)
	fmt.Println(uri.Reveal())
	fmt.Println(picture.Size, "modules wide")
	fmt.Println(totp.Groups(key))
	// Output:
	// [redacted]
	// otpauth://totp/Omgevingsloket:anna@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Omgevingsloket
	// 53 modules wide
	// [GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ]
}
