package signkey_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signkey"
)

var (
	noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	// hours is a schedule in which each state has another duration.
	hours = signkey.Schedule{Publish: 2 * time.Hour, Sign: 10 * time.Hour, Retain: 3 * time.Hour, Hint: time.Hour}
)

// memory implements signkey.Store in memory.
type memory struct {
	keys      []signkey.Key
	made      []string // kids in order of creation
	events    int
	err       error // of Keys
	broken    error // of Apply
	conflicts int   // number of calls that fail because another server was faster
}

func (s *memory) Keys(context.Context) ([]signkey.Key, error) { return slices.Clone(s.keys), s.err }

func (s *memory) Apply(_ context.Context, changes []signkey.Change, now time.Time, rec effect.Effects) error {
	if s.conflicts > 0 {
		s.conflicts--
		return errs.ErrConflict
	}
	if s.broken != nil {
		return s.broken
	}
	keys := slices.Clone(s.keys)
	for _, c := range changes {
		i := slices.IndexFunc(keys, func(k signkey.Key) bool { return k.ID == c.Key.ID })
		if (i < 0) != (c.From == "") || i >= 0 && keys[i].State != c.From {
			return errs.ErrConflict
		}
		if i < 0 {
			keys, i = append(keys, c.Key), len(keys)
			s.made = append(s.made, c.Key.ID)
		}
		keys[i].State, keys[i].Since = c.To, now
		switch c.To {
		case signkey.Retired, signkey.Hints:
			keys[i].Sealed = nil
		case "":
			keys = slices.Delete(keys, i, i+1)
		}
	}
	s.keys, s.events = keys, s.events+len(rec.Events)
	return nil
}

// name returns a letter for a kid: a for the first key.
func (s *memory) name(kid string) string {
	if i := slices.Index(s.made, kid); i >= 0 {
		return string(rune('a' + i))
	}
	return kid
}

// states returns the states of the ES256 keys, such as "a:retired b:active".
func (s *memory) states() string {
	var out []string
	for _, k := range s.keys {
		if k.Alg == "ES256" {
			out = append(out, s.name(k.ID)+":"+string(k.State))
		}
	}
	return strings.Join(out, " ")
}

// published returns the names of the ES256 keys in the JWKS.
func (s *memory) published(t *testing.T, m *signkey.Manager) string {
	t.Helper()
	document, _ := m.JWKS()
	var set jose.JSONWebKeySet
	must(t, json.Unmarshal(document, &set))
	var out []string
	for _, k := range set.Keys {
		if k.Algorithm == "ES256" {
			out = append(out, s.name(k.KeyID))
		}
	}
	return strings.Join(out, " ")
}

// clock is the clock of a manager.
type clock struct{ now time.Time }

// manager returns a manager with s, whose clock is at noon.
func manager(s *memory, ring *secret.KeyRing) (*signkey.Manager, *clock) {
	c := &clock{noon}
	return &signkey.Manager{Store: s, Ring: ring, Schedule: hours, Rand: rand.Reader, Now: func() time.Time { return c.now }}, c
}

func newRing(t *testing.T) *secret.KeyRing {
	t.Helper()
	text, err := secret.NewKeyRingFile("k1", rand.Reader)
	must(t, err)
	ring, err := secret.ParseKeyRing(text, rand.Reader)
	must(t, err)
	return ring
}

// row returns a key as a store keeps it.
func row(t *testing.T, ring *secret.KeyRing, kid, alg string, private crypto.Signer, state signkey.State, since time.Time) signkey.Key {
	t.Helper()
	public, err := json.Marshal(jose.JSONWebKey{Key: private.Public(), KeyID: kid, Algorithm: alg, Use: "sig"})
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	sealed, err := ring.Seal(der, signkey.KeyAAD(kid, alg))
	must(t, err)
	return signkey.Key{ID: kid, Alg: alg, State: state, Public: public, Sealed: sealed, CreatedAt: since, Since: since}
}

// quiet returns keys of the other algorithms that do not change for a year, for tests of
// ES256.
func quiet(t *testing.T, ring *secret.KeyRing) []signkey.Key {
	t.Helper()
	var keys []signkey.Key
	for alg, private := range others {
		for _, state := range []signkey.State{signkey.Active, signkey.Next} {
			k := row(t, ring, fmt.Sprint(alg, "-", state), alg, private(), state, noon.AddDate(1, 0, 0))
			k.CreatedAt = noon.AddDate(0, 0, -1)
			keys = append(keys, k)
		}
	}
	return keys
}

// waits adds the next keys of the other algorithms, for a second rotation by hand.
func waits(t *testing.T, s *memory, ring *secret.KeyRing) {
	t.Helper()
	for alg, private := range others {
		s.keys = append(s.keys, row(t, ring, alg+"-third", alg, private(), signkey.Next, noon))
	}
}

// others are the algorithms beside ES256, with a key of each.
var others = map[string]func() crypto.Signer{
	"RS256": func() crypto.Signer { return rsaKey() },
	"PS256": func() crypto.Signer { return rsaKey() },
	"EdDSA": func() crypto.Signer { return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) },
}

// rsaKey returns the key of RFC 7515 appendix A.2, since generating one takes
// half a second.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	prime := func(text string) *big.Int {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			panic(err)
		}
		return new(big.Int).SetBytes(raw)
	}
	p := prime("4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc")
	q := prime("uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc")
	less := func(n *big.Int) *big.Int { return new(big.Int).Sub(n, big.NewInt(1)) }
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537}, Primes: []*big.Int{p, q}}
	key.D = new(big.Int).ModInverse(big.NewInt(65537), new(big.Int).Mul(less(p), less(q)))
	key.Precompute()
	return key
})

func ecKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

// claims is what the tests sign.
type claims struct {
	Subject string `json:"sub"`
}

// signer returns the name of the key that signs with ES256.
func (s *memory) signer(t *testing.T, m *signkey.Manager) string {
	t.Helper()
	return s.name(header(t, sign(t, m, "ES256")).KeyID)
}

func sign(t *testing.T, m *signkey.Manager, alg string) string {
	t.Helper()
	token, err := m.Sign(alg, "JWT", claims{"anna"})
	must(t, err)
	return token
}

func header(t *testing.T, token string) jose.Header {
	t.Helper()
	parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{"EdDSA", "ES256", "RS256", "PS256"})
	must(t, err)
	return parsed.Signatures[0].Header
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
