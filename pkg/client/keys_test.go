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
		"Ed25519":         {edwards, true},
		"private":         {p256, false},
		"symmetric":       {[]byte("0123456789abcdef0123456789abcdef"), false},
		"nothing":         {nil, false},
	} {
		if err := client.CheckKey(jose.JSONWebKey{Key: c.key}); (err == nil) != c.want {
			t.Errorf("%s: CheckKey() = %v, want it allowed: %t", name, err, c.want)
		}
	}
}

// Keys that this version does not know stand beside one that it does (RFC 7517 §5).
var strangeKeys = []string{
	`{"kty":"AKP","alg":"ML-DSA-65","pub":"AAAA"}`,
	`{"kty":"OKP","crv":"X25519","x":"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"}`,
	`{"kty":"EC","crv":"secp256k1","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}`,
	`{"kty":"OKP","crv":"Ed25519","x":"AAAA"}`, `{"kty":"OKP","crv":"Ed448","x":"AAAA"}`,
	`{"kty":"EC","crv":"P-384","x":"baR3Di9BZ25diE9jGozoIzTpSG_LQVQ2faLExHA_v53luvxWPkEuyt6-VJPk6Zge","y":"J8Not91LK5tqYHUdmrQa4s-3HEf6-wlYfdkl9eI0iyyyffuz0xvZP5vn_QarO3dt"}`,
	`{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}`, `{"kty":1}`, `{}`, `null`, `[]`, `"key"`, `{"kty":"RSA"}`,
}

func TestY18_UnknownKeysArePassedOver(t *testing.T) {
	t.Parallel()
	keyed := func(jwks string) client.Client {
		return client.Client{ID: "k", Name: "K", RedirectURIs: []string{"https://k.example/cb"}, AuthMethod: client.PrivateKeyJWT, JWKS: []byte(jwks)}
	}
	for _, strange := range strangeKeys {
		for _, set := range []string{`{"keys":[` + strange + `,` + p256Key + `]}`, `{"keys":[` + p256Key + `,` + strange + `]}`} {
			keys, err := client.ParseKeys([]byte(set))
			if got := client.KeysFor(keys, "", "ES256"); err != nil || len(got) != 1 {
				t.Errorf("ParseKeys(%s) = %v, usable %v, %v, want the known key", set, keys, got, err)
			}
			if err := keyed(set).Validate(client.General, false); err != nil {
				t.Errorf("Validate(%s) = %v", set, err)
			}
		}
		alone := `{"keys":[` + strange + `]}`
		if keys, err := client.ParseKeys([]byte(alone)); err != nil || len(client.KeysFor(keys, "", "ES256")) != 0 {
			t.Errorf("ParseKeys(%s) = %v, %v, want nothing usable", alone, keys, err)
		}
		if keyed(alone).Validate(client.General, false) == nil {
			t.Errorf("Validate(%s) finds no fault", alone)
		}
	}
	for _, bad := range []string{"", "x", "[]", "{}", "null", `{"keys":null}`, `{"keys":{}}`, `{"keys":"x"}`} {
		if keys, err := client.ParseKeys([]byte(bad)); err == nil {
			t.Errorf("ParseKeys(%q) = %v, want an error", bad, keys)
		}
	}
}

func TestY18_KeysFor(t *testing.T) {
	t.Parallel()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key := func(kid, alg, use string) jose.JSONWebKey {
		return jose.JSONWebKey{Key: p256.Public(), KeyID: kid, Algorithm: alg, Use: use}
	}
	for name, c := range map[string]struct {
		key  jose.JSONWebKey
		kid  string
		want bool
	}{
		"the id":                     {key("a", "", ""), "a", true},
		"another id":                 {key("b", "", ""), "a", false},
		"a key without an id":        {key("", "", ""), "a", true},
		"an assertion without an id": {key("b", "", ""), "", true},
		"neither has one":            {key("", "ES256", "sig"), "", true},
		"another algorithm":          {key("a", "RS256", ""), "a", false},
		"an unknown algorithm":       {key("a", "XX", ""), "a", false},
		"for encryption":             {key("a", "", "enc"), "a", false},
		"of an unknown use":          {key("a", "", "x"), "a", false},
	} {
		if got := client.KeysFor([]jose.JSONWebKey{c.key}, c.kid, "ES256"); (len(got) == 1) != c.want {
			t.Errorf("%s: KeysFor() = %v, want it: %t", name, got, c.want)
		}
	}
}

// A key without an algorithm is tried for the algorithms of its type only.
func TestKeysForType(t *testing.T) {
	t.Parallel()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	modulus := new(big.Int).SetBit(big.NewInt(1), 2047, 1)
	keys := []jose.JSONWebKey{{Key: p256.Public(), KeyID: "P-256"}, {Key: edwards, KeyID: "Ed25519"}, {Key: &rsa.PublicKey{N: modulus, E: 65537}, KeyID: "RSA"}}
	for alg, want := range map[string]string{"ES256": "P-256", "EdDSA": "Ed25519", "RS256": "RSA", "PS256": "RSA"} {
		if got := client.KeysFor(keys, "", alg); len(got) != 1 || got[0].KeyID != want {
			t.Errorf("KeysFor(%s) = %v, want the key %s", alg, got, want)
		}
	}
	if got := client.KeysFor(keys, "", "HS256"); len(got) != 0 {
		t.Errorf("KeysFor(HS256) = %v, want none", got)
	}
}
