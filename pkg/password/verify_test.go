package password

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"
)

func TestLG09_EveryAnswerCostsOneComputation(t *testing.T) {
	t.Parallel()
	for _, config := range []Config{{}, {Pepper: pepper(t, "p1", 1)}} {
		h := newHasher(t, config)
		var last string
		h.derive = func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte {
			last = fmt.Sprint(len(salt), time, memory, threads, keyLen)
			return argon2.IDKey(password, salt, time, memory, threads, keyLen)
		}
		phc := hash(t, h, "vier natte paraplu's")
		usual := last
		for _, c := range []struct {
			name, phc, password string
			ok                  bool
		}{
			{"right", phc, "vier natte paraplu's", true},
			{"wrong", phc, "vijf natte paraplu's", false},
			{"empty", phc, "", false},
			{"1 MB", phc, strings.Repeat("a", 1<<20), false},
			{"NUL", phc, "vier natte paraplu's\x00", false},
			{"no UTF-8", phc, "vier natte paraplu's\xff", false},
			{"unknown account", "", "vier natte paraplu's", false},
			{"unknown account, empty", "", "", false},
			{"unknown account, 1 MB", "", strings.Repeat("a", 1<<20), false},
			{"unknown account, no UTF-8", "", "\xff", false},
		} {
			before := h.Computations()
			last = ""
			ok, rehash := verify(t, h, c.phc, c.password)
			if ok != c.ok || rehash {
				t.Errorf("%s: Verify() = %t, rehash %t, want %t, false", c.name, ok, rehash, c.ok)
			}
			if n := h.Computations() - before; n != 1 || last != usual {
				t.Errorf("%s: %d computations of %q, want one of %q", c.name, n, last, usual)
			}
		}
	}
}

// A password that has the dummy's key does not match an unknown account.
func TestLG08_DummyNeverVerifies(t *testing.T) {
	t.Parallel()
	h := newHasher(t, Config{})
	h.derive = func([]byte, []byte, uint32, uint32, uint8, uint32) []byte { return h.dummy.key }
	if ok, rehash := verify(t, h, "", "vier natte paraplu's"); ok || rehash {
		t.Errorf("Verify() = %t, rehash %t, want false, false", ok, rehash)
	}
	// What cannot be a password never matches.
	for _, impossible := range []string{"", "\x00", "\xff", strings.Repeat("a", 1025)} {
		if ok, _ := verify(t, h, h.dummy.String(), impossible); ok {
			t.Errorf("Verify(%.10q) = true, want false", impossible)
		}
	}
}

func TestLG12_RehashOnlyWithTheRightPassword(t *testing.T) {
	t.Parallel()
	const password = "vier natte paraplu's"
	p1, p2 := pepper(t, "p1", 1), pepper(t, "p2", 2)
	plain := newHasher(t, Config{})
	more := newHasher(t, Config{Params: Params{MemoryKiB: 16, Time: 1, Threads: 1}})
	slower := newHasher(t, Config{Params: Params{MemoryKiB: 8, Time: 2, Threads: 1}})
	wider := newHasher(t, Config{Params: Params{MemoryKiB: 16, Time: 1, Threads: 2}})
	first := newHasher(t, Config{Pepper: p1})
	second := newHasher(t, Config{Pepper: p2, OldPeppers: []Pepper{p1}})
	without := newHasher(t, Config{OldPeppers: []Pepper{p1, p2}})
	shortSalt := record{params: cheap, salt: make([]byte, 16)}
	shortSalt.key = argon2.IDKey([]byte(password), shortSalt.salt, 1, 8, 1, 32)
	shortKey := record{params: cheap, salt: make([]byte, 32)}
	shortKey.key = argon2.IDKey([]byte(password), shortKey.salt, 1, 8, 1, 16)
	for _, c := range []struct {
		name   string
		phc    string
		by     *Hasher
		rehash bool
	}{
		{"same", hash(t, plain, password), plain, false},
		{"memory", hash(t, plain, password), more, true},
		{"less memory", hash(t, more, password), plain, true},
		{"time", hash(t, plain, password), slower, true},
		{"threads", hash(t, more, password), wider, true},
		{"salt", shortSalt.String(), plain, true},
		{"key", shortKey.String(), plain, true},
		{"same pepper", hash(t, first, password), first, false},
		{"pepper added", hash(t, plain, password), first, true},
		{"pepper changed", hash(t, first, password), second, true},
		{"pepper given up", hash(t, first, password), without, true},
	} {
		if ok, rehash := verify(t, c.by, c.phc, password); !ok || rehash != c.rehash {
			t.Errorf("%s: ok %t, rehash %t, want %t", c.name, ok, rehash, c.rehash)
		}
		if ok, rehash := verify(t, c.by, c.phc, password+"?"); ok || rehash {
			t.Errorf("%s: Verify(wrong password) = %t, rehash %t, want false, false", c.name, ok, rehash)
		}
	}
}
