package scan

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/errs"
)

// UP-04: a real clamd finds malware anywhere in a file.
func TestUP04_Clamd(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a clamd")
	}
	server := testenv.NewClamd(t)
	clamd := Clamd{Network: "tcp", Address: server.Addr, Timeout: testenv.Patience}
	padding := bytes.Repeat([]byte("harmless "), 20_000) // more than one chunk
	for name, c := range map[string]struct {
		content []byte
		want    Verdict
	}{
		"empty":                {nil, Clean},
		"text":                 {[]byte("nothing to see"), Clean},
		"several chunks":       {padding, Clean},
		"EICAR":                {testenv.EICAR(), Infected},
		"our own":              {[]byte(testenv.Infected), Infected},
		"behind many chunks":   {append(padding[:len(padding):len(padding)], testenv.Infected...), Infected},
		"across chunk borders": {append(bytes.Repeat([]byte("x"), chunk-10), testenv.Infected...), Infected},
	} {
		verdict, signature, err := clamd.Scan(t.Context(), bytes.NewReader(c.content))
		if err != nil || verdict != c.want || (verdict == Infected) != (signature != "") {
			t.Errorf("%s: %s %q %v, want %s", name, verdict, signature, err, c.want)
		}
	}
	// Larger than the scanner's limit: not scanned, not "clean".
	if verdict, _, err := clamd.Scan(t.Context(), io.LimitReader(zeros{}, 12<<20)); verdict != Pending || !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("Scan(12 MB) = %s, %v, want %s, %v", verdict, err, Pending, errs.ErrUnavailable)
	}
	server.Stop()
	if verdict, _, err := clamd.Scan(t.Context(), strings.NewReader("x")); verdict != Pending || !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("Scan() without clamd = %s, %v, want %s, %v", verdict, err, Pending, errs.ErrUnavailable)
	}
	server.Start()
	if verdict, _, err := clamd.Scan(t.Context(), strings.NewReader("x")); verdict != Clean || err != nil {
		t.Errorf("Scan() after a restart = %s, %v, want %s, nil", verdict, err, Clean)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Any other reply is no verdict.
func TestUP04_ScannerAnswersGarbage(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{
		"", "stream: ", "stream: OK", "OK\x00", "stream: ok\x00", "stream: OK \x00", "stream: OK\nstream: X FOUND\x00", "stream:  FOUND\x00",
		"INSTREAM size limit exceeded. ERROR\x00", "stream: Can't allocate memory ERROR\x00", "UNKNOWN COMMAND\x00", strings.Repeat("x", 10_000),
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			_, _ = io.CopyN(io.Discard, conn, 14) // the command and the empty chunk that ends it
			_, _ = io.WriteString(conn, reply)
		}()
		verdict, _, err := Clamd{Network: "tcp", Address: l.Addr().String(), Timeout: testenv.Patience}.Scan(t.Context(), strings.NewReader(""))
		if verdict != Pending || !errors.Is(err, errs.ErrUnavailable) {
			t.Errorf("Scan() with the reply %.40q = %s, %v, want an error", reply, verdict, err)
		}
		_ = l.Close()
	}
}

// A scanner that does not reply is given up.
func TestUP04_ScannerSilent(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.CopyN(io.Discard, conn, 14)
		cancel() // the caller gives up while clamd is scanning
		_, _ = io.Copy(io.Discard, conn)
	}()
	if verdict, _, err := (Clamd{Network: "tcp", Address: l.Addr().String()}).Scan(ctx, strings.NewReader("")); verdict != Pending || !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("Scan() with a cancelled context = %s, %v, want %s, %v", verdict, err, Pending, errs.ErrUnavailable)
	}
	short := Clamd{Network: "tcp", Address: l.Addr().String(), Timeout: time.Millisecond}
	if verdict, _, err := short.Scan(t.Context(), strings.NewReader("")); verdict != Pending || !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("Scan() after its timeout = %s, %v, want %s, %v", verdict, err, Pending, errs.ErrUnavailable)
	}
}

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for s, ok := range map[string]bool{
		"unix:/run/clamav/clamd.ctl": true, "tcp:localhost:3310": true, "tcp:[::1]:3310": true,
		"": false, "unix:": false, "unix:relative": false, "tcp:": false, "tcp:localhost": false, "udp:localhost:1": false, "localhost:3310": false,
	} {
		if _, err := ParseAddress(s); (err == nil) != ok {
			t.Errorf("ParseAddress(%q) = %v, want it valid: %t", s, err, ok)
		}
	}
}

// UP-04: EICAR inside other files, compressed or not.
func TestUP04_Wrapped(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a clamd")
	}
	server := testenv.NewClamd(t)
	clamd := Clamd{Network: "tcp", Address: server.Addr, Timeout: testenv.Patience}
	eicar := string(testenv.EICAR())
	var archive bytes.Buffer
	files := zip.NewWriter(&archive)
	file, err := files.Create("eicar.com")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(file, strings.Repeat(" ", 10_000)+eicar); err != nil { // so that it is compressed
		t.Fatal(err)
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	if _, err := io.WriteString(w, strings.Repeat(" ", 10_000)+eicar); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	pdf := func(filter, content string) []byte {
		return fmt.Appendf(nil, "%%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(a)3 0 R]>>>>>>\nendobj\n"+
			"2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n3 0 obj\n<</Type/Filespec/F(a.com)/EF<</F 4 0 R>>>>\nendobj\n"+
			"4 0 obj\n<</Type/EmbeddedFile%s/Length %d>>\nstream\n%s\nendstream\nendobj\ntrailer\n<</Root 1 0 R/Size 5>>\nstartxref\n9\n%%%%EOF\n", filter, len(content), content)
	}
	for name, content := range map[string][]byte{
		"zip": archive.Bytes(), "PDF": []byte("%PDF-1.7\n" + eicar), "attached to a PDF": pdf("", eicar), "attached and packed": pdf("/Filter/FlateDecode", packed.String()),
		"behind a picture": append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"), eicar...),
	} {
		if bytes.Contains(content, testenv.EICAR()) == (name == "zip" || name == "attached and packed") {
			t.Errorf("%s: the file does not hold EICAR as its name says", name)
		}
		if verdict, signature, err := clamd.Scan(t.Context(), bytes.NewReader(content)); verdict != Infected || err != nil {
			t.Errorf("%s: Scan() = %s, %q, %v, want %s", name, verdict, signature, err, Infected)
		}
	}
}
