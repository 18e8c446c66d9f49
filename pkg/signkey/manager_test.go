package signkey_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"omgevingsloket-id/pkg/signkey"
)

// signed returns a token of another signer.
func signed(t *testing.T, alg, kid, typ string, key any, payload any) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithHeader("kid", kid)
	if typ != "" {
		options = options.WithType(jose.ContentType(typ))
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: key}, options)
	must(t, err)
	token, err := jwt.Signed(signer).Claims(payload).Serialize()
	must(t, err)
	return token
}

// JW-20, RFC 8725 §3: only a token of one of the keys, with its algorithm and
// the expected type, verifies.
func TestVerify(t *testing.T) {
	t.Parallel()
	ring := newRing(t)
	ours := ecKey(t)
	s := &memory{keys: append(quiet(t, ring), row(t, ring, "ours", "ES256", ours, signkey.Active, noon))}
	m, _ := manager(s, ring)
	must(t, m.Refresh(t.Context()))
	anna := claims{"anna"}
	good := sign(t, m, "ES256")
	public, err := json.Marshal(jose.JSONWebKey{Key: ours.Public()})
	must(t, err)
	for name, c := range map[string]struct {
		token, typ string
		want       bool
	}{
		"ours":                              {good, "JWT", true},
		"RS256":                             {sign(t, m, "RS256"), "JWT", true},
		"PS256":                             {sign(t, m, "PS256"), "JWT", true},
		"EdDSA":                             {sign(t, m, "EdDSA"), "JWT", true},
		"another type":                      {good, "at+jwt", false},
		"the type in small":                 {good, "jwt", false},
		"no type":                           {signed(t, "ES256", "ours", "", ours, anna), "JWT", false},
		"no type, none asked for":           {signed(t, "ES256", "ours", "", ours, anna), "", false},
		"another's key":                     {signed(t, "ES256", "ours", "JWT", ecKey(t), anna), "JWT", false},
		"an unknown kid":                    {signed(t, "ES256", "theirs", "JWT", ours, anna), "JWT", false},
		"another algorithm of the same key": {signed(t, "PS256", "RS256-active", "JWT", rsaKey(), anna), "JWT", false},
		"another of our keys":               {signed(t, "ES256", "RS256-active", "JWT", ours, anna), "JWT", false},
		"the public key as a MAC":           {signed(t, "HS256", "ours", "JWT", public, anna), "JWT", false},
		"changed":                           {good[:len(good)-8] + "AAAAAAAA", "JWT", false},
		"without signature":                 {good[:strings.LastIndex(good, ".")+1], "JWT", false},
		"not signed":                        {"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.e30.", "JWT", false},
		"nothing":                           {"", "JWT", false},
		"claims of another shape": {signed(t, "ES256", "ours", "JWT", ours, struct {
			Subject int `json:"sub"`
		}{1}), "JWT", false},
	} {
		var got claims
		err := m.Verify(c.token, c.typ, &got)
		if c.want && (err != nil || got.Subject != "anna") || !c.want && !errors.Is(err, signkey.ErrSignature) {
			t.Errorf("%s: Verify(%q) = %v with sub %q, want it good: %t", name, c.typ, err, got.Subject, c.want)
		}
	}
	if token, err := m.Sign("RS512", "JWT", anna); err == nil || token != "" {
		t.Errorf("Sign(RS512) = %q, %v, want an error: there is no such key", token, err)
	}
}

// A token longer than 16 kB is not parsed.
func TestVerifyLength(t *testing.T) {
	t.Parallel()
	ring := newRing(t)
	ours := ecKey(t)
	s := &memory{keys: append(quiet(t, ring), row(t, ring, "ours", "ES256", ours, signkey.Active, noon))}
	m, _ := manager(s, ring)
	must(t, m.Refresh(t.Context()))
	seen := map[bool]int{}
	for n := 12_100; n < 12_300; n++ {
		token := signed(t, "ES256", "ours", "JWT", ours, claims{strings.Repeat("x", n)})
		want := len(token) <= 16<<10
		if err := m.Verify(token, "JWT", &claims{}); (err == nil) != want {
			t.Errorf("Verify(%d characters) = %v, want it good: %t", len(token), err, want)
		}
		seen[want]++
	}
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("%d tokens are short enough and %d are not, want some of both", seen[true], seen[false])
	}
}

// The JWKS holds only public keys, and its ETag changes with it.
func TestJWKS(t *testing.T) {
	t.Parallel()
	ring := newRing(t)
	s := &memory{keys: quiet(t, ring)}
	m, _ := manager(s, ring)
	must(t, m.Refresh(t.Context()))
	before, etag := m.JWKS()
	var set struct{ Keys []map[string]string }
	must(t, json.Unmarshal(before, &set))
	for _, k := range set.Keys {
		names := []string{}
		for name := range k {
			names = append(names, name)
		}
		slices.Sort(names)
		want := []string{"alg", "crv", "kid", "kty", "use", "x", "y"}
		switch k["kty"] {
		case "RSA":
			want = []string{"alg", "e", "kid", "kty", "n", "use"}
		case "OKP":
			want = []string{"alg", "crv", "kid", "kty", "use", "x"}
		}
		if !slices.Equal(names, want) || k["use"] != "sig" {
			t.Errorf("JWKS() has a key with %q for %q, want %q for %q", names, k["use"], want, "sig")
		}
	}
	if len(set.Keys) != 7 || len(etag) < 10 || etag[0] != '"' || etag[len(etag)-1] != '"' {
		t.Errorf("JWKS() = %d keys with ETag %s, want 7 with a quoted one", len(set.Keys), etag)
	}
	must(t, m.Refresh(t.Context()))
	if same, again := m.JWKS(); again != etag || !bytes.Equal(same, before) {
		t.Errorf("JWKS() of the same keys has ETag %s, want %s", again, etag)
	}
	must(t, m.Rotate(t.Context(), ""))
	if _, other := m.JWKS(); other == etag {
		t.Errorf("JWKS() after Rotate() has ETag %s, want another one", other)
	}
}

// A damaged row is an error, and the keys that were read before stay in use.
func TestDamagedRows(t *testing.T) {
	t.Parallel()
	ring, ours := newRing(t), ecKey(t)
	good := func() signkey.Key { return row(t, ring, "ours", "ES256", ours, signkey.Active, noon) }
	private, err := json.Marshal(jose.JSONWebKey{Key: ours, KeyID: "ours", Algorithm: "ES256", Use: "sig"})
	must(t, err)
	sealed := func(plain []byte, aad string) []byte {
		out, err := ring.Seal(plain, aad)
		must(t, err)
		return out
	}
	for name, c := range map[string]struct {
		change func(*signkey.Key)
		want   string
	}{
		"no JWK":                 {func(k *signkey.Key) { k.Public = []byte("{") }, "damaged"},
		"the private half, open": {func(k *signkey.Key) { k.Public = private }, "damaged"},
		"another kid":            {func(k *signkey.Key) { k.ID = "theirs" }, "damaged"},
		"another algorithm":      {func(k *signkey.Key) { k.Public = bytes.Replace(k.Public, []byte("ES256"), []byte("ES384"), 1) }, "damaged"},
		"another master key": {func(k *signkey.Key) {
			k.Sealed = row(t, newRing(t), "ours", "ES256", ours, signkey.Active, noon).Sealed
		}, "master_key_file"},
		"sealed for another row": {func(k *signkey.Key) { k.Sealed = row(t, ring, "theirs", "ES256", ours, signkey.Active, noon).Sealed }, "master_key_file"},
		"nothing sealed":         {func(k *signkey.Key) { k.Sealed = nil }, "master_key_file"},
		"not a key":              {func(k *signkey.Key) { k.Sealed = sealed([]byte("x"), signkey.KeyAAD("ours", "ES256")) }, "ours"},
	} {
		s := &memory{keys: append(quiet(t, ring), good())}
		m, _ := manager(s, ring)
		c.change(&s.keys[len(s.keys)-1])
		if err := m.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Refresh() = %v, want an error with %q", name, err, c.want)
		}
		// On a server that read the keys before.
		s.keys[len(s.keys)-1] = good()
		must(t, m.Refresh(t.Context()))
		c.change(&s.keys[len(s.keys)-1])
		_ = m.Refresh(t.Context())
		if err := m.Verify(signed(t, "ES256", "ours", "JWT", ours, claims{}), "JWT", &claims{}); err != nil {
			t.Errorf("%s: Verify() after it = %v, want nil", name, err)
		}
	}
}
