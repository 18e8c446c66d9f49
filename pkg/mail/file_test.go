package mail_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
)

func mailSecret(s string) secret.Text { return secret.Text(s) }

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestFileSender(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := mail.FileSender{Dir: dir, From: mail.From{Address: "no-reply@id.example", Name: "Omgevingsloket-ID"}}
	for range 2 { // a second attempt replaces the first
		if err := s.Send(t.Context(), message()); err != nil {
			t.Fatal(err)
		}
	}
	const name = "1772366400000-0123456789abcdef.eml"
	if got := files(t, dir); len(got) != 1 || got[0] != name {
		t.Fatalf("files %v, want %s alone", got, name)
	}
	path := filepath.Join(dir, name)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	checkEML(t, string(raw))
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, %v, want 0600", info.Mode(), err)
	}
}

func TestFileSenderWithoutFolder(t *testing.T) {
	t.Parallel()
	s := mail.FileSender{Dir: filepath.Join(t.TempDir(), "gone"), From: mail.From{Address: "no-reply@id.example"}}
	if err := s.Send(t.Context(), message()); !errors.Is(err, mail.ErrTemporary) {
		t.Fatalf("Send() = %v, want %v", err, mail.ErrTemporary)
	}
}

// A failed write leaves no partial file: a folder has the name of the file, so
// that the rename fails.
func TestFileSenderLeavesNothingHalf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "1772366400000-0123456789abcdef.eml", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := mail.FileSender{Dir: dir, From: mail.From{Address: "no-reply@id.example"}}
	if err := s.Send(t.Context(), message()); !errors.Is(err, mail.ErrTemporary) {
		t.Fatalf("Send() = %v, want %v", err, mail.ErrTemporary)
	}
	if got := files(t, dir); len(got) != 1 {
		t.Fatalf("Send() leaves the files %v, want the folder only", got)
	}
}
