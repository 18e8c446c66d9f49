package secret_test

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"omgevingsloket-id/pkg/secret"
)

// wide returns a text in UTF-16 with a byte order mark.
func wide(text string, order binary.AppendByteOrder) string {
	b := order.AppendUint16(nil, 0xfeff)
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// Y30: what an editor adds to a file is no part of the secret in it.
func TestY30_FileText(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"as it is": "geheim woord", "line end": "geheim woord\n", "Windows": "geheim woord\r\n", "old Mac": "geheim woord\r", "blanks": "geheim woord \t \n\n \n",
		"mark": "\ufeffgeheim woord", "mark and Windows": "\ufeffgeheim woord  \r\n\r\n", "UTF-16": wide("geheim woord\r\n", binary.LittleEndian), "UTF-16, big": wide("geheim woord\n", binary.BigEndian),
	} {
		if got := string(secret.FileText([]byte(raw))); got != "geheim woord" {
			t.Errorf("%s: FileText() = %q", name, got)
		}
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, []byte(raw), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := secret.ReadFile(path); string(got) != "geheim woord" || err != nil {
			t.Errorf("%s: ReadFile() = %q, %v", name, got, err)
		}
	}
	for raw, want := range map[string]string{"": "", "\ufeff": "", " \n": "", "  x": "  x", "a\r\n\r\nb \r\n": "a\n\nb", "\xff\xfe": "", "\xff\xfex": ""} {
		if got := string(secret.FileText([]byte(raw))); got != want {
			t.Errorf("FileText(%q) = %q, want %q", raw, got, want)
		}
	}
	if _, err := secret.ReadFile(filepath.Join(t.TempDir(), "nobody")); err == nil {
		t.Error("ReadFile() of no file = nil")
	}
}

// Y30: a key ring is the same whatever an editor made of its file; what an earlier
// version sealed with a mark in the key's id opens.
func TestY30_KeyRing(t *testing.T) {
	t.Parallel()
	plain, err := secret.NewKeyRingFile("practice-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(plain), "\n") // without the comment, so that a mark stands before the id
	first, err := secret.ParseKeyRing([]byte(line), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := first.Seal([]byte("x"), "row")
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string]string{
		"mark": "\ufeff" + line, "Windows": strings.ReplaceAll(string(plain), "\n", "\r\n"), "blanks": strings.ReplaceAll(line, "\n", " \t\n"), "UTF-16": wide(line, binary.LittleEndian),
		"tab": strings.Replace(line, " ", "\t", 1),
	} {
		ring, err := secret.ParseKeyRing([]byte(raw), rand.Reader)
		if err != nil || ring.KeyIDs()[0] != "practice-1" {
			t.Errorf("%s: ParseKeyRing() = %v", name, err)
			continue
		}
		if got, err := ring.Open(sealed, "row"); err != nil || !bytes.Equal(got, []byte("x")) {
			t.Errorf("%s: Open() = %q, %v", name, got, err)
		}
	}
	marked, err := first.SealedAs("\ufeffpractice-1", []byte("x"), "row")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := first.Open(marked, "row"); err != nil || string(got) != "x" {
		t.Errorf("Open(sealed under the marked id) = %q, %v", got, err)
	}
}
