package secret

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// KeyRing seals values at rest with AES-256-GCM. It holds one or more master
// keys of 32 bytes, each with an id; the first one seals, all open. The row of
// a value is its associated data, so that a value moved to another row does
// not open.
type KeyRing struct {
	keys []masterKey
	rand io.Reader
}

type masterKey struct {
	id   string
	raw  []byte
	aead cipher.AEAD
}

// ErrSealed is returned for a sealed value that does not open: it belongs to
// another row or key, or is damaged.
var ErrSealed = errors.New("secret: sealed value does not open")

// ParseKeyRing parses the FileText of a key ring file: a line `id base64(32
// bytes)` for each key, the newest first. It ignores empty lines and lines that
// start with #, and refuses keys of another length, all-zero keys and duplicate
// ids.
func ParseKeyRing(text []byte, rand io.Reader) (*KeyRing, error) {
	ring := &KeyRing{rand: rand}
	for n, line := range strings.Split(string(FileText(text)), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, enc, ok := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
		if !ok || id == "" || strings.ContainsAny(id, "|.:") {
			return nil, fmt.Errorf("key ring, line %d: want `id base64-of-32-bytes`", n+1)
		}
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(enc))
		if err != nil || len(raw) != 32 {
			return nil, fmt.Errorf("key ring, line %d: key %q is not 32 bytes in base64; make one with `head -c 32 /dev/urandom | base64`", n+1, id)
		}
		if bytes.Equal(raw, make([]byte, 32)) {
			return nil, fmt.Errorf("key ring, line %d: key %q is all zeros", n+1, id)
		}
		for _, k := range ring.keys {
			if k.id == id {
				return nil, fmt.Errorf("key ring, line %d: key id %q stands twice", n+1, id)
			}
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		ring.keys = append(ring.keys, masterKey{id: id, raw: raw, aead: aead})
	}
	if len(ring.keys) == 0 {
		return nil, errors.New("key ring: no key in it")
	}
	return ring, nil
}

// NewKeyRingFile returns the text of a key ring file with one new key.
func NewKeyRingFile(id string, rand io.Reader) ([]byte, error) {
	var raw [32]byte
	if _, err := io.ReadFull(rand, raw[:]); err != nil {
		return nil, err
	}
	return []byte("# Master keys of Omgevingsloket-ID: the first line seals, all lines open. Keep this file out of backups of the database.\n" +
		id + " " + base64.StdEncoding.EncodeToString(raw[:]) + "\n"), nil
}

// KeyIDs returns the ids of the keys, that of the sealing key first.
func (r *KeyRing) KeyIDs() []string {
	ids := make([]string, 0, len(r.keys))
	for _, k := range r.keys {
		ids = append(ids, k.id)
	}
	return ids
}

// Seal encrypts plain for the row that aad names (table|column|row id). The
// result starts with the key's id: `id.` nonce ciphertext tag.
func (r *KeyRing) Seal(plain []byte, aad string) ([]byte, error) {
	k := r.keys[0]
	nonce := make([]byte, k.aead.NonceSize())
	if _, err := io.ReadFull(r.rand, nonce); err != nil {
		return nil, fmt.Errorf("secret: no randomness: %w", err)
	}
	out := append([]byte(k.id+"."), nonce...)
	return k.aead.Seal(out, nonce, plain, []byte(k.id+"|"+aad)), nil
}

// Open decrypts the result of Seal for the same aad. For anything else it
// returns ErrSealed.
func (r *KeyRing) Open(sealed []byte, aad string) ([]byte, error) {
	id, rest, ok := bytes.Cut(sealed, []byte("."))
	if !ok {
		return nil, ErrSealed
	}
	for _, k := range r.keys {
		// Earlier versions took a byte order mark for a part of the id.
		if k.id != strings.TrimPrefix(string(id), byteOrderMark) {
			continue
		}
		if len(rest) < k.aead.NonceSize() {
			return nil, ErrSealed
		}
		plain, err := k.aead.Open(nil, rest[:k.aead.NonceSize()], rest[k.aead.NonceSize():], []byte(string(id)+"|"+aad))
		if err != nil {
			return nil, ErrSealed
		}
		return plain, nil
	}
	return nil, fmt.Errorf("%w: no key %q in the ring", ErrSealed, id)
}

// MAC returns the HMAC-SHA-256 of the parts, each with its length before it, in
// base64url without padding.
func MAC(key []byte, parts ...string) string {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		// The length keeps ("ab","c") and ("a","bc") apart.
		fmt.Fprintf(h, "%d:", len(p))
		_, _ = io.WriteString(h, p)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}
