package password

import (
	"errors"
	"strings"
	"testing"
)

const (
	goodSalt = "AAAAAAAAAAAAAAAAAAAAAA"                      // 16 bytes
	goodKey  = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" // 32 bytes
	goodPHC  = "$argon2id$v=19$m=19456,t=2,p=1$" + goodSalt + "$" + goodKey
)

func TestDecodeAcceptsOnlyTheCanonicalForm(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		goodPHC,
		strings.Replace(goodPHC, "p=1", "p=1,keyid=Ab3", 1),
		strings.Replace(goodPHC, "m=19456,t=2,p=1", "m=262144,t=4,p=16", 1),
	} {
		if r, err := decode(good); err != nil || r.String() != good {
			t.Errorf("decode(%s) = %s, %v, want the same", good, r, err)
		}
	}
	change := func(old, to string) string {
		if !strings.Contains(goodPHC, old) {
			t.Fatalf("goodPHC does not contain %q", old)
		}
		return strings.Replace(goodPHC, old, to, 1)
	}
	for _, bad := range []string{
		"", "$", "$$$$$", "password", "$2a$10$" + strings.Repeat("a", 53), goodPHC[1:], goodPHC + "$", goodPHC + " ", " " + goodPHC,
		goodPHC + "\n", "\n" + goodPHC, goodPHC + "\x00", strings.ToUpper(goodPHC), strings.Repeat(goodPHC, 2), strings.Repeat("$", 1<<20), "$argon2id$v=19$m=19456,t=2,p=1$" + strings.Repeat("A", 1<<20) + "$" + goodKey,
		change("argon2id", "argon2i"), change("argon2id", "argon2d"), change("argon2id", "Argon2id"), change("argon2id", ""),
		change("v=19", "v=16"), change("v=19", "v=019"), change("v=19", "v="), change("$v=19", ""), change("v=19", "v=20"),
		change("m=19456", "m=4194304"), change("m=19456", "m=4294967295"), change("m=19456", "m=4294967296"),
		change("m=19456", "m=0"), change("m=19456", "m=7"), change("m=19456", "m=-1"), change("m=19456", "m=+19456"),
		change("m=19456", "m=019456"), change("m=19456", "m= 19456"), change("m=19456", "m=0x4c00"), change("m=19456", "m=1_9"),
		change("m=19456", "m="), change("m=19456", "M=19456"), change("m=19456", "m=١٩٤٥٦"), change("m=19456", "m=1e4"),
		change("m=19456", "m=262145"), change("m=19456,t=2", "m=262144,t=5"),
		change("t=2", "t=0"), change("t=2", "t=17"), change("t=2", "t=4294967295"), change("t=2", "t=-2"), change("t=2", "t=02"),
		change("p=1", "p=0"), change("p=1", "p=17"), change("p=1", "p=255"), change("p=1", "p=256"), change("p=1", "p=01"),
		change("m=19456,t=2", "t=2,m=19456"), change(",p=1", ""), change("p=1", "p=1,p=1"), change("p=1", "p=1,"),
		change("p=1", "p=1,keyid="), change("p=1", "p=1,keyid=ninechars"), change("p=1", "p=1,keyid=a+b"), change("p=1", "p=1,data=AAAA"),
		change("p=1", "p=1,keyid=a,keyid=b"), change("p=1", "keyid=a,p=1"), change("p=1", "p=1, keyid=a"),
		change(goodSalt, ""), change(goodSalt, "AAAAAAAA"), change(goodSalt, goodSalt+"=="), change(goodSalt, "AAAAAAAAAAAAAAAAAAAAAB"),
		change(goodSalt, "AAAAAAAAAAA\nAAAAAAAAAAA"), change(goodSalt, "AAAAAAAAAAA AAAAAAAAAAA"), change(goodSalt, "_-AAAAAAAAAAAAAAAAAAAA"),
		change(goodSalt, strings.Repeat("A", 87)), change(goodSalt, "A"),
		change("$"+goodKey, ""), change("$"+goodKey, "$"), change(goodKey, "AAAAAAAAAAAAAAAAAAAA"), change(goodKey, goodKey+"="),
		change("$"+goodKey, "$"+strings.Repeat("A", 42)+"B"), change("$"+goodKey, "$"+goodKey+"\r\n"), change("$"+goodKey, "$"+strings.Repeat("A", 87)),
	} {
		if _, err := decode(bad); !errors.Is(err, ErrFormat) {
			t.Errorf("decode(%.100q) = %v, want %v", bad, err, ErrFormat)
		}
	}
}

func TestHostileRowIsNeverComputed(t *testing.T) {
	t.Parallel()
	h := newHasher(t, Config{})
	for _, row := range []string{
		strings.Replace(goodPHC, "m=19456", "m=4194304", 1),
		strings.Replace(goodPHC, "t=2", "t=4294967295", 1),
		strings.Replace(goodPHC, "p=1", "p=255", 1),
		"$2y$10$abcdefghijklmnopqrstuv", " ",
	} {
		ok, rehash, err := h.Verify(t.Context(), row, "vier natte paraplu's")
		if ok || rehash || !errors.Is(err, ErrFormat) {
			t.Errorf("Verify(%s) = %t, %t, %v, want %v", row, ok, rehash, err, ErrFormat)
		}
	}
	if n := h.Computations(); n != 0 {
		t.Errorf("Computations() = %d, want 0", n)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(goodPHC)
	f.Add(strings.Replace(goodPHC, "p=1", "p=1,keyid=Ab3", 1))
	f.Add("$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHApl8ArZWb2GRPPc")
	f.Fuzz(func(t *testing.T, phc string) {
		r, err := decode(phc)
		if err != nil {
			if !errors.Is(err, ErrFormat) || r.key != nil {
				t.Fatalf("decode() = %v, %v, want no key with %v", r, err, ErrFormat)
			}
			return
		}
		if r.String() != phc {
			t.Fatalf("decode(%q) = %q, want the same", phc, r)
		}
		if r.params.check() != nil || len(r.salt) < minSalt || len(r.key) < minKey || len(phc) > 256 {
			t.Fatalf("decode(%q) accepts what is out of bounds", phc)
		}
	})
}

func FuzzNormalise(f *testing.F) {
	for _, s := range []string{"één", "e\u0301e\u0301n", "ﷺ", "ẛ̣", "각", strings.Repeat("a\u0301\u0323", 40), "\u0344\u0f77"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		text, err := normalise(typed)
		if err != nil {
			return
		}
		if len(text) > 11*len(typed) {
			t.Fatalf("normalise() makes %d bytes of %d", len(text), len(typed))
		}
		if len(text) > MaxBytes {
			return
		}
		if again, err := normalise(text); err != nil || again != text {
			t.Fatalf("normalise(%+q) = %+q, and of that %+q (%v)", typed, text, again, err)
		}
	})
}
