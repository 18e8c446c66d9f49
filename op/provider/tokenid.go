package provider

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"

	"omgevingsloket-id/pkg/secret"
)

// tokenID returns the jti of the ID token of a grant: the grant's id, of one AES
// block, encrypted. It is as unique as the id, and only we find the grant
// by it (grantOf). A grant has one ID token.
func (p *Room) tokenID(grantID string) string {
	id, err := hex.DecodeString(grantID)
	if err != nil || len(id) != aes.BlockSize {
		return secret.NewID(p.Rand)
	}
	p.tokenIDs().Encrypt(id, id)
	return hex.EncodeToString(id)
}

// grantOf returns the id of the grant whose ID token has this jti; of a jti that is
// none of ours, an id that no grant has.
func (p *Room) grantOf(jti string) string {
	id, err := hex.DecodeString(jti)
	if err != nil || len(id) != aes.BlockSize {
		return ""
	}
	p.tokenIDs().Decrypt(id, id)
	return hex.EncodeToString(id)
}

func (p *Room) tokenIDs() cipher.Block {
	key := sha256.Sum256(append([]byte("jti of ID tokens\x00"), p.CodeKey...))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("provider: " + err.Error()) // the key has 32 bytes
	}
	return block
}
