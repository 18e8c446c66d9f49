package client

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"

	"github.com/go-jose/go-jose/v4"
)

// shortestRSA is the shortest RSA key of a client, in bits.
const shortestRSA = 2048

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
	}
	return errors.New("keys are RSA or P-256")
}

// checkKeys checks every key of a set that was registered inline.
func checkKeys(raw []byte) error {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(raw, &set); err != nil || len(set.Keys) == 0 {
		return errors.New("not a JWK set with keys")
	}
	for _, k := range set.Keys {
		if err := CheckKey(k); err != nil {
			return err
		}
	}
	return nil
}
