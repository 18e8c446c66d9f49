package secret_test

import (
	"crypto/rand"
	"errors"
	"fmt"

	"omgevingsloket-id/pkg/secret"
)

func ExampleText() {
	password := secret.Text("hunter2")
	fmt.Printf("%v %q %+v\n", password, password, struct{ Password secret.Text }{password})
	fmt.Println(password.Equal("hunter2"), password.Reveal())
	// Output:
	// [redacted] [redacted] {Password:[redacted]}
	// true hunter2
}

// The browser gets a handle; a store keeps its hash.
func ExampleParse() {
	handle := secret.New(rand.Reader, secret.KindSession)
	kept := handle.Hash()

	back, ok := secret.Parse(secret.KindSession, handle.Reveal()) // from a cookie
	fmt.Println(ok, back.Hash() == kept)
	_, ok = secret.Parse(secret.KindCode, handle.Reveal()) // another kind
	fmt.Println(ok)
	// Output:
	// true true
	// false
}

// A sealed value opens only for its own row.
func ExampleKeyRing() {
	file, err := secret.NewKeyRingFile("2026", rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	ring, err := secret.ParseKeyRing(file, rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	sealed, err := ring.Seal([]byte("JBSWY3DPEHPK3PXP"), "accounts|totp|4711|0")
	if err != nil {
		fmt.Println(err)
		return
	}
	plain, err := ring.Open(sealed, "accounts|totp|4711|0")
	fmt.Println(string(plain), err)
	_, err = ring.Open(sealed, "accounts|totp|4712|0")
	fmt.Println(errors.Is(err, secret.ErrSealed))
	// Output:
	// JBSWY3DPEHPK3PXP <nil>
	// true
}
