package signkey

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

// ErrSignature is returned by Verify for a token that none of the keys signed.
var ErrSignature = errors.New("signkey: not our signature")

// Manager generates and rotates keys and signs with them. It keeps the parsed
// keys in memory; Refresh renews them. Call Refresh before the other methods.
type Manager struct {
	Store    Store
	Ring     *secret.KeyRing
	Schedule Schedule
	Rand     io.Reader
	Now      func() time.Time

	view  atomic.Pointer[view]
	moves sync.Mutex // one rotation at a time in this process
}

// view is the parsed form of the keys.
type view struct {
	signers map[string]signer // by algorithm
	public  map[string]jose.JSONWebKey
	jwks    []byte // the JWKS document
	etag    string
}

type signer struct {
	kid string
	key crypto.Signer
}

// JWKS returns the published keys as JSON, and the ETag of that document.
func (m *Manager) JWKS() (document []byte, etag string) {
	v := m.view.Load()
	return v.jwks, v.etag
}

// Sign returns a compact JWT, signed with the active key of alg, with the
// given typ header ("JWT", "at+jwt").
func (m *Manager) Sign(alg, typ string, claims any) (string, error) {
	s, ok := m.view.Load().signers[alg]
	if !ok {
		return "", fmt.Errorf("signkey: no active key for %s", alg)
	}
	sig, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: jose.JSONWebKey{Key: s.key, KeyID: s.kid}},
		options(typ))
	if err != nil {
		return "", fmt.Errorf("signkey: %w", err)
	}
	return jwt.Signed(sig).Claims(claims).Serialize()
}

// options returns the options for a token with this typ; without the header if it is "".
func options(typ string) *jose.SignerOptions {
	if typ == "" {
		return nil
	}
	return (&jose.SignerOptions{}).WithType(jose.ContentType(typ))
}

// Verify checks that one of the keys signed token, with the algorithm of that
// key and the given typ, and decodes the claims. It returns ErrSignature
// otherwise. It does not check times, audience or issuer. The key is found in
// memory by kid; nothing is fetched (RFC 8725 §3).
func (m *Manager) Verify(token, typ string, claims any) error {
	const longest = 16 << 10
	if len(token) > longest {
		return ErrSignature
	}
	algs := make([]jose.SignatureAlgorithm, 0, len(Algorithms))
	for _, a := range Algorithms {
		algs = append(algs, jose.SignatureAlgorithm(a))
	}
	parsed, err := jwt.ParseSigned(token, algs)
	if err != nil || len(parsed.Headers) != 1 {
		return ErrSignature
	}
	header := parsed.Headers[0]
	key, ok := m.view.Load().public[header.KeyID]
	if !ok || key.Algorithm != header.Algorithm || header.ExtraHeaders[jose.HeaderType] != typ {
		return ErrSignature
	}
	if err := parsed.Claims(key.Key, claims); err != nil {
		return ErrSignature
	}
	return nil
}

// mostTries is how often Refresh tries to rotate before it gives up.
const mostTries = 3

// Refresh reads the keys and makes the changes that are due. Call it at the
// start and every minute, to see the rotations of other servers.
func (m *Manager) Refresh(ctx context.Context) error {
	m.moves.Lock()
	defer m.moves.Unlock()
	for tries := 0; ; tries++ {
		keys, err := m.Store.Keys(ctx)
		if err != nil {
			return err
		}
		changes, err := m.due(keys, m.Now(), false)
		if err != nil {
			return err
		}
		if len(changes) == 0 {
			return m.setView(keys)
		}
		if tries == mostTries {
			return fmt.Errorf("keys: other servers keep rotating: %w", errs.ErrUnavailable)
		}
		err = m.Store.Apply(ctx, changes, m.Now(), m.effects(changes, audit.System("")))
		if err != nil && !errors.Is(err, errs.ErrConflict) {
			return err
		}
	}
}

// Rotate makes the next keys active now (OIDC Core §10.1.1), for the operator
// by.
func (m *Manager) Rotate(ctx context.Context, by string) error {
	m.moves.Lock()
	defer m.moves.Unlock()
	keys, err := m.Store.Keys(ctx)
	if err != nil {
		return err
	}
	changes, err := m.due(keys, m.Now(), true)
	if err != nil {
		return err
	}
	if err := m.Store.Apply(ctx, changes, m.Now(), m.effects(changes, audit.Operator(by))); err != nil {
		return err
	}
	if keys, err = m.Store.Keys(ctx); err != nil {
		return err
	}
	return m.setView(keys)
}

func (m *Manager) effects(changes []Change, by audit.Actor) effect.Effects {
	var rec effect.Effects
	for _, c := range changes {
		rec.Events = append(rec.Events, by.Did(audit.KeyMoved, c.Key.ID, m.Now()).
			With(map[string]string{"alg": c.Key.Alg, "from": string(c.From), "to": string(c.To)}))
	}
	return rec
}

// due returns the changes that the schedule or a rotation by hand requires.
func (m *Manager) due(keys []Key, now time.Time, byHand bool) ([]Change, error) {
	var changes []Change
	for _, alg := range Algorithms {
		active, next := find(keys, alg, Active), find(keys, alg, Next)
		// The next key is made when its publication begins, not at the first
		// start, which has to be fast.
		if next == nil && active != nil && (byHand || !now.Before(active.Since.Add(m.Schedule.Sign-m.Schedule.Publish))) || next == nil && active == nil {
			k, err := m.newKey(alg, now)
			if err != nil {
				return nil, err
			}
			changes = append(changes, Change{Key: k, To: Next})
			next = &k
			next.Since = now
		}
		switch {
		case active == nil: // the first start, or a new algorithm after an upgrade
			changes = append(changes, Change{Key: *next, From: Next, To: Active})
		case next != nil && (byHand || !now.Before(active.Since.Add(m.Schedule.Sign)) && !now.Before(next.Since.Add(m.Schedule.Publish))):
			changes = append(changes, Change{Key: *active, From: Active, To: Retired}, Change{Key: *next, From: Next, To: Active})
		}
	}
	for _, k := range keys {
		switch {
		case k.State == Retired && !now.Before(k.Since.Add(m.Schedule.Retain)):
			changes = append(changes, Change{Key: k, From: Retired, To: Hints})
		case k.State == Hints && !now.Before(k.Since.Add(m.Schedule.Hint)):
			changes = append(changes, Change{Key: k, From: Hints})
		}
	}
	return changes, nil
}

func find(keys []Key, alg string, s State) *Key {
	for i := range keys {
		if keys[i].Alg == alg && keys[i].State == s {
			return &keys[i]
		}
	}
	return nil
}

func (m *Manager) newKey(alg string, now time.Time) (Key, error) {
	var private crypto.Signer
	var err error
	switch alg {
	case "EdDSA":
		_, private, err = ed25519.GenerateKey(m.Rand)
	case "ES256":
		private, err = ecdsa.GenerateKey(elliptic.P256(), m.Rand)
	default:
		private, err = rsa.GenerateKey(m.Rand, 2048)
	}
	if err != nil {
		return Key{}, fmt.Errorf("signkey: making a key: %w", err)
	}
	kid := secret.NewID(m.Rand)[:16]
	public, err := json.Marshal(jose.JSONWebKey{Key: private.Public(), KeyID: kid, Algorithm: alg, Use: "sig"})
	if err != nil {
		return Key{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Key{}, err
	}
	sealed, err := m.Ring.Seal(der, KeyAAD(kid, alg))
	if err != nil {
		return Key{}, err
	}
	return Key{ID: kid, Alg: alg, Public: public, Sealed: sealed, CreatedAt: now}, nil
}

// setView stores the parsed view. A key that does not open is an error: replacing
// it silently would be worse.
func (m *Manager) setView(keys []Key) error {
	v := &view{signers: map[string]signer{}, public: map[string]jose.JSONWebKey{}}
	var set jose.JSONWebKeySet
	for _, k := range keys {
		var public jose.JSONWebKey
		if err := json.Unmarshal(k.Public, &public); err != nil || !public.IsPublic() || public.KeyID != k.ID || public.Algorithm != k.Alg {
			return fmt.Errorf("signkey: row %s is damaged", k.ID)
		}
		v.public[k.ID] = public
		if k.State != Hints {
			set.Keys = append(set.Keys, public)
		}
		if k.State != Active {
			continue
		}
		private, err := m.open(k)
		if err != nil {
			return err
		}
		v.signers[k.Alg] = signer{kid: k.ID, key: private}
		if previous, ok := m.previous(k, keys); ok {
			v.signers[k.Alg] = previous
		}
	}
	var err error
	if v.jwks, err = json.Marshal(set); err != nil {
		return err
	}
	sum := sha256.Sum256(v.jwks)
	v.etag = `"` + hex.EncodeToString(sum[:8]) + `"`
	m.view.Store(v)
	return nil
}

// settle is the age from which a new key signs. By then every server, each of
// which refreshes every minute, publishes it.
const settle = 2 * time.Minute

// Follow is the longest time after a rotation by hand until every server signs with
// the new keys: they settle, and then the next refresh sees it. If the next keys
// had been published that long before, it is one refresh.
const Follow = settle + time.Minute

// previous returns the signer to use instead of k while other servers may not
// know k yet: the previous signer of this server, if its key is still
// published. Only a rotation by hand activates such a new key.
func (m *Manager) previous(k Key, keys []Key) (signer, bool) {
	old := m.view.Load()
	if old == nil || !m.Now().Before(k.CreatedAt.Add(settle)) {
		return signer{}, false
	}
	s := old.signers[k.Alg]
	retired := slices.ContainsFunc(keys, func(o Key) bool { return o.ID == s.kid && o.State == Retired })
	return s, retired
}

func (m *Manager) open(k Key) (crypto.Signer, error) {
	// Parsing an RSA key is slow, so reuse a parsed one.
	if old := m.view.Load(); old != nil && old.signers[k.Alg].kid == k.ID {
		return old.signers[k.Alg].key, nil
	}
	der, err := m.Ring.Open(k.Sealed, KeyAAD(k.ID, k.Alg))
	if err != nil {
		return nil, fmt.Errorf("signkey: key %s: is master_key_file the one this database was made with? %w", k.ID, err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("signkey: key %s: %w", k.ID, err)
	}
	private, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("signkey: key %s cannot sign", k.ID)
	}
	return private, nil
}
