package password

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"omgevingsloket-id/e2e/testenv"
)

// cheap is the lowest cost of argon2id.
var cheap = Params{MemoryKiB: 8, Time: 1, Threads: 1}

func newHasher(t testing.TB, c Config) *Hasher {
	t.Helper()
	if c.Params == (Params{}) {
		c.Params = cheap
	}
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func hash(t testing.TB, h *Hasher, password string) string {
	t.Helper()
	phc, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	return phc
}

func verify(t testing.TB, h *Hasher, phc, password string) (ok, rehash bool) {
	t.Helper()
	ok, rehash, err := h.Verify(t.Context(), phc, password)
	if err != nil {
		t.Fatal(err)
	}
	return ok, rehash
}

func TestR320_Argon2idInPHCFormat(t *testing.T) {
	t.Parallel()
	h, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	phc := hash(t, h, "vier natte paraplu's")
	r, err := decode(phc)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") || len(r.salt) != 32 || len(r.key) != 32 || len(phc) > 256 {
		t.Errorf("Hash() = %s, want the default parameters, 32 bytes of salt and of key", phc)
	}
	if want := argon2.IDKey([]byte("vier natte paraplu's"), r.salt, 2, 19456, 1, 32); !bytes.Equal(r.key, want) {
		t.Error("the key is not the argon2id of password and salt")
	}
	if again := hash(t, h, "vier natte paraplu's"); again == phc {
		t.Error("two hashes have the same salt")
	}
}

// The vectors are from the test suite of the reference implementation.
func TestR320_VerifiesWhatOthersWrote(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	h := newHasher(t, Config{})
	for _, phc := range []string{
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	} {
		if ok, rehash := verify(t, h, phc, "password"); !ok || !rehash {
			t.Errorf("Verify(%s) = %t, rehash %t, want true, true", phc, ok, rehash)
		}
		if ok, rehash := verify(t, h, phc, "passwore"); ok || rehash {
			t.Errorf("Verify(%s, wrong password) = %t, rehash %t, want false, false", phc, ok, rehash)
		}
	}
}

func TestHashVerifiesItselfAndNothingElse(t *testing.T) {
	t.Parallel()
	plain := newHasher(t, Config{})
	peppered := newHasher(t, Config{Pepper: pepper(t, "p1", 1)})
	rapid.Check(t, func(rt *rapid.T) {
		h := rapid.SampledFrom([]*Hasher{plain, peppered}).Draw(rt, "hasher")
		typed := rapid.StringN(1, 200, MaxBytes).Filter(usable).Draw(rt, "password")
		other := rapid.OneOf(
			rapid.StringN(0, 200, MaxBytes),
			rapid.Just(typed+" "), rapid.Just(" "+typed), rapid.Just(typed[1:]), rapid.Just(typed[:len(typed)-1]),
			rapid.Just(strings.ToUpper(typed)), rapid.Just(typed+"\x00"), rapid.Just(typed+"\xff"),
		).Draw(rt, "other")
		phc, err := h.Hash(t.Context(), typed)
		if err != nil {
			rt.Fatal(err)
		}
		if ok, rehash, err := h.Verify(t.Context(), phc, typed); !ok || rehash || err != nil {
			rt.Fatalf("Verify(the password) = %t, rehash %t, %v, want true, false, nil", ok, rehash, err)
		}
		same := usable(other) && norm.NFKC.String(typed) == norm.NFKC.String(other)
		if ok, _, err := h.Verify(t.Context(), phc, other); ok != same || err != nil {
			rt.Fatalf("Verify(%q) against %q = %t, %v, want %t", other, typed, ok, err, same)
		}
	})
}

func usable(s string) bool { _, err := normalise(s); return err == nil && s != "" }

func TestR318_WholePasswordVerified(t *testing.T) {
	t.Parallel()
	h := newHasher(t, Config{})
	for _, n := range []int{72, 73, 128, 255, 1023} {
		long := strings.Repeat("k", n)
		phc := hash(t, h, long+"a")
		if ok, _ := verify(t, h, phc, long+"a"); !ok {
			t.Errorf("Verify(%d bytes) = false, want true", n+1)
		}
		for _, other := range []string{long + "b", long, long + "a" + "a", long + "a ", " " + long + "a"} {
			if ok, _ := verify(t, h, phc, other); ok {
				t.Errorf("Verify(another password of about %d bytes) = true, want false", n+1)
			}
		}
	}
}

func TestR314_ComposedAndDecomposedBothVerify(t *testing.T) {
	t.Parallel()
	h := newHasher(t, Config{})
	for _, spellings := range [][]string{
		{"één café in Curaçao", norm.NFD.String("één café in Curaçao")},
		{"Å ångström", "\u212b ångström", "A\u030a ångström"},
		{"ﬁets 12 wiel", "fiets １２ wiel", "fiets\u00a012\u3000wiel"},
		{"한글 비밀번호", norm.NFD.String("한글 비밀번호")},
	} {
		for _, set := range spellings {
			phc := hash(t, h, set)
			for _, typed := range spellings {
				if ok, _ := verify(t, h, phc, typed); !ok {
					t.Errorf("Verify(%+q) against %+q = false, want true", typed, set)
				}
			}
		}
	}
	if ok, _ := verify(t, h, hash(t, h, "één café in Curaçao"), "een cafe in Curacao"); ok {
		t.Error("Verify(without accents) = true, want false")
	}
}

func TestLG05_HashRefusesWhatIsNoPassword(t *testing.T) {
	t.Parallel()
	h := newHasher(t, Config{})
	for _, c := range []struct {
		name, password string
		want           Problem
	}{
		{"empty", "", TooShort},
		{"1025 bytes", strings.Repeat("a", 1025), TooLong},
		{"1 MB", strings.Repeat("a", 1<<20), TooLong},
		{"NUL", "abc\x00def", NotText},
		{"lone surrogate", "abc\xed\xa0\x80def", NotText},
		{"cut-off character", "abc\xc3", NotText},
	} {
		if _, err := h.Hash(t.Context(), c.password); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	if n := h.Computations(); n != 0 {
		t.Errorf("Computations() after refused passwords = %d, want 0", n)
	}
	for _, odd := range []string{" ", "\t\n", "\u202eomgekeerd", "🐘", strings.Repeat("a", 1024)} {
		if ok, _ := verify(t, h, hash(t, h, odd), odd); !ok {
			t.Errorf("Verify(%q) = false, want true", odd)
		}
	}
}

func TestNewRefusesBadConfiguration(t *testing.T) {
	t.Parallel()
	p := pepper(t, "p1", 1)
	for name, c := range map[string]Config{
		"no threads":        {Params: Params{MemoryKiB: 64, Time: 1}},
		"no time":           {Params: Params{MemoryKiB: 64, Threads: 1}},
		"too little memory": {Params: Params{MemoryKiB: 15, Time: 1, Threads: 2}},
		"too much memory":   {Params: Params{MemoryKiB: maxMemoryKiB + 1, Time: 1, Threads: 1}},
		"too much work":     {Params: Params{MemoryKiB: maxMemoryKiB, Time: 5, Threads: 1}},
		"negative parallel": {Parallel: -1},
		"negative wait":     {Wait: -1},
		"pepper id twice":   {Pepper: p, OldPeppers: []Pepper{p}},
		"no randomness":     {Rand: strings.NewReader("too little")},
		"half randomness":   {Rand: io.LimitReader(zeros{}, 40)},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: New() = nil error, want one", name)
		}
	}
	for id, key := range map[string]int{"": 32, "ninechars": 32, "p$1": 32, "p,1": 32, "p=": 32, "é": 32, "ok": 31} {
		if _, err := NewPepper(id, make([]byte, key)); err == nil {
			t.Errorf("NewPepper(%q, %d bytes) = nil error, want one", id, key)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestHashFailsWithoutRandomness(t *testing.T) {
	t.Parallel()
	h := newHasher(t, Config{Rand: io.LimitReader(zeros{}, 64)})
	if phc, err := h.Hash(t.Context(), "vier natte paraplu's"); err == nil {
		t.Errorf("Hash() without randomness = %s, want an error", phc)
	}
	if n := h.Computations(); n != 0 {
		t.Errorf("Computations() = %d, want 0", n)
	}
}

func BenchmarkHash(b *testing.B) {
	h, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Hash(context.Background(), "correct horse battery staple"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Policy{}.Check("correct horse battery staple", Context{Email: "jan@voorbeeld.example", GivenName: "Jan"})
	}
}
