package password

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"omgevingsloket-id/pkg/errs"
)

func pepper(t testing.TB, id string, b byte) Pepper {
	t.Helper()
	p, err := NewPepper(id, bytes.Repeat([]byte{b}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestR320_PepperIsHMACBeforeArgon2id(t *testing.T) {
	t.Parallel()
	h := newHasher(t, Config{Pepper: pepper(t, "k1", 7)})
	phc := hash(t, h, "één natte paraplu")
	r, err := decode(phc)
	if err != nil || !strings.Contains(phc, "$m=8,t=1,p=1,keyid=k1$") {
		t.Fatalf("Hash() = %s, %v, want the pepper's id in it", phc, err)
	}
	mac := hmac.New(sha256.New, bytes.Repeat([]byte{7}, 32))
	mac.Write([]byte("één natte paraplu"))
	if !bytes.Equal(r.key, argon2.IDKey(mac.Sum(nil), r.salt, 1, 8, 1, 32)) {
		t.Error("the key is not the argon2id of the HMAC")
	}
	otherKey := newHasher(t, Config{Pepper: pepper(t, "k1", 8)})
	if ok, _ := verify(t, otherKey, phc, "één natte paraplu"); ok {
		t.Error("Verify(with another key of the same id) = true, want false")
	}
	unmarked := strings.Replace(phc, ",keyid=k1", "", 1)
	if ok, _ := verify(t, h, unmarked, "één natte paraplu"); ok {
		t.Error("Verify(a hash without keyid) = true, want false")
	}
}

func TestUnknownPepperIsUnavailableNotWrong(t *testing.T) {
	t.Parallel()
	phc := hash(t, newHasher(t, Config{Pepper: pepper(t, "lost", 1)}), "vier natte paraplu's")
	ok, _, err := newHasher(t, Config{}).Verify(t.Context(), phc, "vier natte paraplu's")
	if ok || !errors.Is(err, ErrPepper) || !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("Verify() without the pepper = %t, %v, want %v", ok, err, ErrPepper)
	}
}

func TestPepperPrintsNoKey(t *testing.T) {
	t.Parallel()
	key := []byte("sleutelsleutelsleutelsleutelsleutel")
	p, err := NewPepper("p1", key)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Params: cheap, Pepper: p, OldPeppers: []Pepper{}}
	h := newHasher(t, c)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		for _, v := range []any{p, &p, c, h} {
			out := fmt.Sprintf(verb, v)
			if strings.Contains(out, "sleutel") || strings.Contains(out, fmt.Sprintf("%x", key)) || strings.Contains(out, "115 108 101") {
				t.Errorf("%s of %T shows the key: %s", verb, v, out)
			}
		}
	}
}

func TestPepperKeepsACopyOfItsKey(t *testing.T) {
	t.Parallel()
	key := bytes.Repeat([]byte{1}, 32)
	p, err := NewPepper("p1", key)
	if err != nil {
		t.Fatal(err)
	}
	clear(key)
	phc := hash(t, newHasher(t, Config{Pepper: p}), "vier natte paraplu's")
	if ok, _ := verify(t, newHasher(t, Config{Pepper: pepper(t, "p1", 1)}), phc, "vier natte paraplu's"); !ok {
		t.Error("NewPepper keeps the caller's slice")
	}
}
