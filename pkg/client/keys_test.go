package client_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"omgevingsloket-id/pkg/client"
)

// The EC key of RFC 7517 appendix A, alone and in a set.
const (
	p256Set = `{"keys":[` + p256Key + `]}`
	p256Key = `{"kty":"EC","crv":"P-256","kid":"1","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}`
)

// privateKey is p256Key with its private part.
var privateKey = strings.Replace(p256Key, `"x"`, `"d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE","x"`, 1)

// JW-13, R-207: which keys of a client may verify an assertion.
func TestJW13_CheckKey(t *testing.T) {
	t.Parallel()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	modulus := func(bits uint) *big.Int { return new(big.Int).SetBit(big.NewInt(1), int(bits-1), 1) }
	for name, c := range map[string]struct {
		key  any
		want bool
	}{
		"P-256":           {p256.Public(), true},
		"RSA 2048":        {&rsa.PublicKey{N: modulus(2048), E: 65537}, true},
		"RSA with e = 3":  {&rsa.PublicKey{N: modulus(2048), E: 3}, true},
		"RSA 2047":        {&rsa.PublicKey{N: modulus(2047), E: 65537}, false},
		"RSA with e = 1":  {&rsa.PublicKey{N: modulus(2048), E: 1}, false},
		"P-256, no point": {&ecdsa.PublicKey{Curve: elliptic.P256()}, false},
		"P-384":           {p384.Public(), false},
		"Ed25519":         {edwards, false},
		"private":         {p256, false},
		"symmetric":       {[]byte("0123456789abcdef0123456789abcdef"), false},
		"nothing":         {nil, false},
	} {
		if err := client.CheckKey(jose.JSONWebKey{Key: c.key}); (err == nil) != c.want {
			t.Errorf("%s: CheckKey() = %v, want it allowed: %t", name, err, c.want)
		}
	}
}
