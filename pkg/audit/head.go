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
// which stands for every event before it.
type Head struct {
	Seq  int64     `json:"seq"`
	Hash string    `json:"hash"`
	At   time.Time `json:"at"`
}

// SignedHead is a head that can be kept elsewhere and held against the chain
// later. Whoever can write the database but has no master key cannot make one.
type SignedHead struct {
	Head
	Signature string `json:"signature"` // Ed25519 over signingText, base64url
}

// Heads keeps the two ends of the chain and the signed heads.
type Heads interface {
	// Head gives the end of the chain; Seq 0 for an empty record.
	Head(ctx context.Context) (Head, error)
	// Anchor gives where the record begins.
	Anchor(ctx context.Context) (Anchor, error)
	// Signed lists the signed heads that were kept, oldest first.
	Signed(ctx context.Context) ([]SignedHead, error)
	// Newest gives the last of them; the zero value if there is none.
	Newest(ctx context.Context) (SignedHead, error)
	// Keep adds a signed head; one with the same Seq stays as it is.
	Keep(ctx context.Context, h SignedHead) error
	// Prune moves the beginning, removes the events and signed heads up to
	// there and adds the event that tells of it: all or nothing.
	// errs.ErrConflict when the record does not begin at was (any more), or
	// has another event there than to says.
	Prune(ctx context.Context, was, to Anchor, e Event) error
}

// Signer signs heads. Its key is one of the constants of the installation
// (secret.Constants): it never changes, so that old heads stay verifiable.
type Signer struct{ key ed25519.PrivateKey }

// NewSigner makes a signer from a seed of 32 bytes.
func NewSigner(seed []byte) Signer { return Signer{ed25519.NewKeyFromSeed(seed)} }

// Public is what others need to verify heads, base64url.
func (s Signer) Public() string {
	return base64.RawURLEncoding.EncodeToString(s.key.Public().(ed25519.PublicKey))
}

// Sign signs a head.
func (s Signer) Sign(h Head) SignedHead {
	h.At = h.At.UTC().Truncate(time.Millisecond)
	return SignedHead{Head: h, Signature: base64.RawURLEncoding.EncodeToString(ed25519.Sign(s.key, signingText(h)))}
}

// signingText names what it is, so that the signature fits nothing else.
func signingText(h Head) []byte {
	return fmt.Appendf(nil, "omgevingsloket-id audit head\n%d\n%s\n%d\n", h.Seq, h.Hash, h.At.UnixMilli())
}

// ErrHead says that a signed head is not one of this installation.
var ErrHead = errors.New("audit: the head is not signed by this installation's key")

// Verify checks the signature with a public key (Signer.Public).
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

// Checkpoint signs and keeps the head as it is now, if it moved since the
// last one, and gives it.
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
		return signed, nil // an empty record is nothing to keep
	}
	return signed, heads.Keep(ctx, signed)
}
