package secret_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"omgevingsloket-id/pkg/secret"
)

func ring(t *testing.T, ids ...string) (*secret.KeyRing, []byte) {
	t.Helper()
	var text []byte
	for _, id := range ids {
		line, err := secret.NewKeyRingFile(id, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, line...)
	}
	r, err := secret.ParseKeyRing(text, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return r, text
}

const row = "accounts|totp|4711|0"

// A sealed value opens with the same ring for the same row, and not for
// another row, with another key, truncated or with a changed bit.
func TestR324_SealedToItsRow(t *testing.T) {
	t.Parallel()
	r, _ := ring(t, "k1")
	other, _ := ring(t, "k1")
	plain := []byte("JBSWY3DPEHPK3PXP")
	sealed, err := r.Seal(plain, row)
	if err != nil || bytes.Contains(sealed, plain) || !bytes.HasPrefix(sealed, []byte("k1.")) {
		t.Fatal(err)
	}
	if got, err := r.Open(sealed, row); err != nil || !bytes.Equal(got, plain) {
		t.Fatal(err)
	}
	refused := func(what string, r *secret.KeyRing, sealed []byte, aad string) {
		t.Helper()
		if got, err := r.Open(sealed, aad); !errors.Is(err, secret.ErrSealed) || got != nil {
			t.Errorf("%s: Open() = %q, %v, want %v", what, got, err, secret.ErrSealed)
		}
	}
	for _, aad := range []string{"", row + " ", "accounts|totp|4712|0", "accounts|totp|4711|1", "outbox|text|4711"} {
		refused("another row", r, sealed, aad)
	}
	refused("another key under the same id", other, sealed, row)
	for n := range sealed {
		refused("cut short", r, sealed[:n], row)
	}
	refused("longer", r, append(bytes.Clone(sealed), 0), row)
	for i := range len(sealed) * 8 {
		turned := bytes.Clone(sealed)
		turned[i/8] ^= 1 << (i % 8)
		refused("a bit turned", r, turned, row)
	}
	refused("nothing", r, nil, row)
}

// Each call of Seal uses another nonce.
func TestNoncesAreNeverUsedTwice(t *testing.T) {
	t.Parallel()
	r, _ := ring(t, "k1")
	seen := map[string]bool{}
	for range 20_000 {
		sealed, err := r.Seal([]byte("x"), row)
		if err != nil {
			t.Fatal(err)
		}
		nonce := string(sealed[3:15])
		if seen[nonce] {
			t.Fatal("two calls of Seal used the same nonce")
		}
		seen[nonce] = true
	}
	_, text := ring(t, "k1")
	dry, err := secret.ParseKeyRing(text, iotest.ErrReader(errors.New("dry")))
	if err != nil {
		t.Fatal(err)
	}
	if sealed, err := dry.Seal([]byte("x"), row); err == nil || sealed != nil {
		t.Error("Seal without randomness returns no error")
	}
}

// The first key seals, all open; the error names a key that is not in the ring.
func TestKeyRingRotates(t *testing.T) {
	t.Parallel()
	old, oldText := ring(t, "k1")
	sealed, err := old.Seal([]byte("x"), row)
	if err != nil {
		t.Fatal(err)
	}
	_, newText := ring(t, "k2")
	both, err := secret.ParseKeyRing(append(newText, oldText...), rand.Reader)
	if err != nil || strings.Join(both.KeyIDs(), " ") != "k2 k1" {
		t.Fatalf("KeyIDs() = %q, %v, want k2 k1", both.KeyIDs(), err)
	}
	if got, err := both.Open(sealed, row); err != nil || string(got) != "x" {
		t.Errorf("Open(by the old key) = %q, %v, want x", got, err)
	}
	fresh, err := both.Seal([]byte("y"), row)
	if err != nil || !bytes.HasPrefix(fresh, []byte("k2.")) {
		t.Errorf("Seal() = %q, %v, want it sealed by k2", fresh, err)
	}
	if _, err := old.Open(fresh, row); !errors.Is(err, secret.ErrSealed) || !strings.Contains(err.Error(), `"k2"`) {
		t.Errorf("Open(by an unknown key) = %v, want %v with its id", err, secret.ErrSealed)
	}
	// The id is authenticated too: the same bytes with another id do not open.
	renamed, err := secret.ParseKeyRing(bytes.ReplaceAll(oldText, []byte("k1 "), []byte("k9 ")), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := renamed.Open(append([]byte("k9"), sealed[2:]...), row); !errors.Is(err, secret.ErrSealed) {
		t.Errorf("Open(with another id) = %v, want %v", err, secret.ErrSealed)
	}
}

func TestParseKeyRing(t *testing.T) {
	t.Parallel()
	key := base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))
	if _, err := secret.ParseKeyRing([]byte("# note\n\n  k1 "+key+"  \r\nk2   "+strings.Replace(key, "M", "N", 1)+"\n"), rand.Reader); err != nil {
		t.Errorf("ParseKeyRing() = %v, want nil", err)
	}
	for what, text := range map[string]string{
		"empty": "", "only notes": "# k1 " + key, "no id": key, "no key": "k1 ", "short": "k1 " + key[:40], "31 bytes": "k1 " + base64.StdEncoding.EncodeToString(make([]byte, 31)),
		"zeros": "k1 " + base64.StdEncoding.EncodeToString(make([]byte, 32)), "an id twice": "k1 " + key + "\nk1 " + key, "a bar in the id": "k|1 " + key,
		"a point in the id": "k.1 " + key, "hexadecimal": "k1 " + strings.Repeat("ab", 32), "a third word": "k1 " + key + " x",
	} {
		r, err := secret.ParseKeyRing([]byte(text), rand.Reader)
		if err == nil || r != nil {
			t.Errorf("%s: ParseKeyRing() = %v, want an error", what, err)
		} else if strings.Contains(err.Error(), key) {
			t.Errorf("%s: the error shows the key", what)
		}
	}
	if _, err := secret.NewKeyRingFile("k1", strings.NewReader("short")); err == nil {
		t.Error("NewKeyRingFile() without randomness returns no error")
	}
}
