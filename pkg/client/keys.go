package client

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"

	"github.com/go-jose/go-jose/v4"
)

// shortestRSA is the shortest RSA key of a client, in bits.
const shortestRSA = 2048

// ErrNoKeys is returned by ParseKeys for a text that is no JWK set.
var ErrNoKeys = errors.New("not a JWK set")

// CheckKey returns an error if k may not verify a client's assertion: it is
// not a public key, or too weak (JW-13).
func CheckKey(k jose.JSONWebKey) error {
	if !k.Valid() || !k.IsPublic() {
		return errors.New("not a public key; keep the private key to yourself")
	}
	switch key := k.Key.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < shortestRSA || key.E < 3 {
			return errors.New("an RSA key has at least 2048 bits")
		}
		return nil
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() {
			return nil
		}
	case ed25519.PublicKey:
		return nil
	}
	return errors.New("keys are RSA, P-256 or Ed25519")
}

// ParseKeys returns the keys of a JWK set that can be read. Keys of an unknown
// type, curve or form are passed over (RFC 7517 §5). It returns ErrNoKeys if raw
// is no set.
func ParseKeys(raw []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(raw, &set); err != nil || set.Keys == nil {
		return nil, ErrNoKeys
	}
	keys := []jose.JSONWebKey{}
	for _, text := range set.Keys {
		var k jose.JSONWebKey
		if json.Unmarshal(text, &k) == nil {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// KeysFor returns the keys that may verify an assertion with this key id and
// algorithm. A key without an id is tried for each id, and each key for an
// assertion without one, as far as the algorithm allows.
func KeysFor(keys []jose.JSONWebKey, kid, alg string) []jose.JSONWebKey {
	var fit []jose.JSONWebKey
	for _, k := range keys {
		named := kid == "" || k.KeyID == "" || k.KeyID == kid
		signs := (k.Use == "" || k.Use == "sig") && (k.Algorithm == "" || k.Algorithm == alg) && signsWith(k.Key, alg)
		if named && signs && CheckKey(k) == nil {
			fit = append(fit, k)
		}
	}
	return fit
}

// signsWith reports whether a public key is of the type for an algorithm (RFC 7518 §3.1,
// RFC 8037 §3.1).
func signsWith(key any, alg string) bool {
	switch key.(type) {
	case *rsa.PublicKey:
		return alg == "RS256" || alg == "PS256"
	case *ecdsa.PublicKey:
		return alg == "ES256"
	case ed25519.PublicKey:
		return alg == "EdDSA"
	}
	return false
}

// checkKeys checks a set that is registered inline: at least one key is usable,
// none is private or too weak, and others are passed over.
func checkKeys(raw []byte) error {
	keys, err := ParseKeys(raw)
	if err != nil {
		return err
	}
	refused := errors.New("no key that we can use: keys are RSA, P-256 or Ed25519")
	usable := false
	for _, k := range keys {
		err := CheckKey(k)
		_, rsaKey := k.Key.(*rsa.PublicKey)
		switch {
		case err == nil:
			usable = true
		case rsaKey || !k.IsPublic():
			return err
		default:
			refused = err
		}
	}
	if !usable {
		return refused
	}
	return nil
}
