package audit

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"time"
)

// Head is the end of the chain at one moment: the last event and its hash,
// which depends on every event before it.
type Head struct {
	Seq  int64     `json:"seq"`
	Hash string    `json:"hash"`
	At   time.Time `json:"at"`
}

// SignedHead is a head that can be kept elsewhere and compared with the chain
// later. Signing takes a master key; write access to the database is not
// enough.
type SignedHead struct {
	Head
	Signature string `json:"signature"` // Ed25519 over signingText, base64url
}

// Waiting describes the events that are committed and have no place in the chain
// yet.
type Waiting struct {
	Events int64
	Since  time.Time // when the oldest was made; zero if there is none
}

// ChainTime is how long an event waits for its place in the chain at most.
const ChainTime = time.Second

// Age returns how long the oldest event has waited at now.
func (w Waiting) Age(now time.Time) time.Duration {
	if w.Events == 0 {
		return 0
	}
	return max(now.Sub(w.Since), 0)
}

// Heads stores the two ends of the chain and the signed heads.
type Heads interface {
	// Head returns the end of the chain; Seq is 0 for an empty log.
	Head(ctx context.Context) (Head, error)
	// Waiting returns the events that have no place in the chain yet.
	Waiting(ctx context.Context) (Waiting, error)
	// Anchor returns where the log begins.
	Anchor(ctx context.Context) (Anchor, error)
	// Signed returns the stored signed heads, oldest first.
	Signed(ctx context.Context) ([]SignedHead, error)
	// Newest returns the last of them; the zero value if there is none.
	Newest(ctx context.Context) (SignedHead, error)
	// Keep stores a signed head, unless there is one with the same Seq.
	Keep(ctx context.Context, h SignedHead) error
	// Prune replaces the anchor was by to, removes the events and signed heads
	// up to there and adds the event e, in one transaction. It returns
	// errs.ErrConflict when the log's anchor is not was, or when the event
	// that to names has another hash.
	Prune(ctx context.Context, was, to Anchor, e Event) error
}

// Signer signs heads. Its key is one of the constants of the installation
// (secret.Constants): it never changes, so that old heads stay verifiable.
type Signer struct{ key ed25519.PrivateKey }

// NewSigner returns a signer with the key of a 32-byte seed.
func NewSigner(seed []byte) Signer { return Signer{ed25519.NewKeyFromSeed(seed)} }

// Public returns the public key, base64url without padding.
func (s Signer) Public() string {
	return base64.RawURLEncoding.EncodeToString(s.key.Public().(ed25519.PublicKey))
}

// Sign returns h with a signature, its time in whole milliseconds.
func (s Signer) Sign(h Head) SignedHead {
	h.At = h.At.UTC().Truncate(time.Millisecond)
	return SignedHead{Head: h, Signature: base64.RawURLEncoding.EncodeToString(ed25519.Sign(s.key, signingText(h)))}
}

// signingText begins with its purpose, so that the signature is valid for
// heads only.
func signingText(h Head) []byte {
	return fmt.Appendf(nil, "omgevingsloket-id audit head\n%d\n%s\n%d\n", h.Seq, h.Hash, h.At.UnixMilli())
}

// ErrHead is returned by Verify for a signature of another key or text.
var ErrHead = errors.New("audit: the head is not signed by this installation's key")

// Verify checks the signature with a public key (Signer.Public). It returns
// ErrHead if it is not valid.
func (h SignedHead) Verify(public string) error {
	return verify(public, signingText(h.Head), h.Signature)
}

func verify(public string, text []byte, signature string) error {
	key, err := base64.RawURLEncoding.DecodeString(public)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return errors.New("audit: not a public key (43 characters of base64url)")
	}
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || !ed25519.Verify(key, text, raw) {
		return ErrHead
	}
	return nil
}

// Checkpoint signs and stores the present head and returns it. If the newest
// signed head is of the same event, it returns that one.
func Checkpoint(ctx context.Context, heads Heads, s Signer, now time.Time) (SignedHead, error) {
	head, err := heads.Head(ctx)
	if err != nil {
		return SignedHead{}, err
	}
	newest, err := heads.Newest(ctx)
	if err != nil {
		return SignedHead{}, err
	}
	if newest.Seq > 0 && newest.Seq == head.Seq && newest.Hash == head.Hash {
		return newest, nil
	}
	head.At = now
	signed := s.Sign(head)
	if head.Seq == 0 {
		return signed, nil // the head of an empty log is not stored
	}
	return signed, heads.Keep(ctx, signed)
}
