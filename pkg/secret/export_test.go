package secret

// SealedAs seals as a ring does whose first key has another id.
func (r *KeyRing) SealedAs(id string, plain []byte, aad string) ([]byte, error) {
	other := *r
	other.keys = []masterKey{r.keys[0]}
	other.keys[0].id = id
	return other.Seal(plain, aad)
}
