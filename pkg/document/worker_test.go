package document

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/pkg/errs"
)

// X17: a worker returns what the functions return, behind all walls.
func TestX17_Worker(t *testing.T) {
	w := worker(t, "child")
	picture := jpegOf(t, photo(300, 200))
	want, err := Picture(picture)
	must(t, err)
	if got, err := w.Picture(t.Context(), picture); err != nil || !bytes.Equal(got, want) {
		t.Errorf("Picture() = %d bytes, %v, want %d", len(got), err, len(want))
	}
	if found, err := w.PDF(t.Context(), plainPDF()); err != nil || len(found) != 0 {
		t.Errorf("PDF(plain) = %v, %v, want none", found, err)
	}
	if found, err := w.PDF(t.Context(), hidden("<</S/Launch>>")); err != nil || !slices.Equal(found, []Active{Launch}) {
		t.Errorf("PDF(launch) = %v, %v, want %v", found, err, Launch)
	}
	for _, content := range [][]byte{nil, []byte("x"), picture} {
		if _, err := w.PDF(t.Context(), content); !errors.Is(err, ErrRefused) {
			t.Errorf("PDF(no PDF) = %v, want %v", err, ErrRefused)
		}
	}
	if _, err := w.Picture(t.Context(), plainPDF()); !errors.Is(err, ErrRefused) {
		t.Errorf("Picture(a PDF) = %v, want %v", err, ErrRefused)
	}
}

// UP-29: a process that misbehaves harms nothing else.
func TestUP29_BrokenReaders(t *testing.T) {
	if testing.Short() {
		t.Skip("runs readers until they are out of memory or time")
	}
	for _, way := range []string{"panic", "memory", "talk", "long", "silence", "lie", "write", "environment"} {
		t.Run(way, func(t *testing.T) {
			w := worker(t, "broken-"+way)
			if found, err := w.PDF(t.Context(), bytes.Repeat([]byte("x"), 12<<20)); !errors.Is(err, ErrRefused) {
				t.Errorf("PDF() = %v, %v, want %v", found, err, ErrRefused)
			}
			if way == "memory" {
				return // a gigabyte is enough once
			}
			if _, err := w.Picture(t.Context(), plainPDF()); !errors.Is(err, ErrRefused) {
				t.Errorf("Picture() = %v, want %v", err, ErrRefused)
			}
		})
	}
	t.Run("loop", func(t *testing.T) {
		w := worker(t, "broken-loop")
		w.longest = 100 * time.Millisecond
		if _, err := w.PDF(t.Context(), plainPDF()); !errors.Is(err, ErrRefused) {
			t.Errorf("PDF() = %v, want %v", err, ErrRefused)
		}
	})
}

// Waiting for a place ends, and a missing program is not a fault of the
// document.
func TestWorkerIsBusyOrAbsent(t *testing.T) {
	w := worker(t, "child")
	for range cap(w.places) {
		w.places <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.PDF(ctx, plainPDF()); !errors.Is(err, errs.ErrUnavailable) || errors.Is(err, ErrRefused) {
		t.Errorf("PDF() without a place = %v, want %v", err, errs.ErrUnavailable)
	}
	for _, w := range []*Worker{NewWorker(1, filepath.Join(t.TempDir(), "nobody")), worker(t, "child")} {
		kind := KindPDF
		if w.command[0] == os.Args[0] || len(w.command) > 1 {
			kind = "other"
		}
		if _, err := w.run(t.Context(), kind, plainPDF()); !errors.Is(err, errs.ErrUnavailable) || errors.Is(err, ErrRefused) {
			t.Errorf("run(%s) = %v, want %v", kind, err, errs.ErrUnavailable)
		}
	}
}

// At most that many processes run at the same time; every file gets a turn.
func TestWorkerPlaces(t *testing.T) {
	w := worker(t, "child")
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, err := w.PDF(context.Background(), plainPDF()); err != nil {
				t.Errorf("PDF() = %v, want nil", err)
			}
		})
	}
	wait.Wait()
	if len(w.places) != 0 {
		t.Error("places are not freed")
	}
}

// resident returns the most memory that this process has had, in bytes.
func resident(t *testing.T) int {
	t.Helper()
	raw, err := os.ReadFile("/proc/self/status")
	must(t, err)
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			must(t, err)
			return n << 10
		}
	}
	t.Fatal("/proc has no VmHWM")
	return 0
}

// claims changes the size in a PNG header.
func claims(content []byte, w, h uint32) []byte {
	b := bytes.Clone(content)
	binary.BigEndian.PutUint32(b[16:], w)
	binary.BigEndian.PutUint32(b[20:], h)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

// UP-05: small files that are huge when decoded are refused or shown, and the
// calling process grows by less than 64 MB.
func TestUP05_Bombs(t *testing.T) {
	if testing.Short() {
		t.Skip("unpacks bombs in other processes, for more than a second")
	}
	small := pngOf(t, photo(1, 1))
	zeros := strings.Repeat("\x00", 64<<20)
	deflated := packed(zeros)
	twice := packed(deflated)
	stream := func(filter, content string) []byte {
		return pdf("<</Type/Catalog/Pages 2 0 R/X 4 0 R>>", pageTree, page, fmt.Sprintf("<</Filter%s/Length %d>>\nstream\n%s\nendstream", filter, len(content), content))
	}
	objects := func(n int, filter, content string) []byte {
		inner := fmt.Sprintf("<</Type/ObjStm/N %d/First 9/Filter%s/Length %d>>\nstream\n%s\nendstream", n, filter, len(content), content)
		return bytes.Replace(hidden("null"), []byte("4 0 obj\n"), []byte("4 0 obj\n"+inner+"\nendobj\n44 0 obj\n"), 1)
	}
	pictures := map[string][]byte{
		"50 000 x 50 000":      claims(small, 50_000, 50_000),
		"2^31 x 2^31":          claims(small, 1<<31-1, 1<<31-1),
		"40 megapixels, empty": claims(small, 8000, 5000),
		"packed text":          chunk(small, "zTXt", []byte("x\x00\x00"+deflated)),
		"packed profile":       chunk(small, "iCCP", []byte("x\x00\x00"+deflated)),
		"packed text, twice":   chunk(small, "iTXt", []byte("x\x00\x01\x00\x00\x00"+twice)),
		"one grey field":       pngOf(t, image.NewPaletted(image.Rect(0, 0, 8000, 5000), color.Palette{color.Black})),
	}
	bomb := jpegOf(t, image.NewGray(image.Rect(0, 0, 8, 8)))
	at := bytes.Index(bomb, []byte{0xff, 0xc0})
	bomb[at+1] = 0xc2 // progressive
	binary.BigEndian.PutUint16(bomb[at+5:], 5000)
	binary.BigEndian.PutUint16(bomb[at+7:], 8000)
	pictures["progressive JPEG"] = bomb
	var scans bytes.Buffer
	must(t, jpeg.Encode(&scans, image.NewGray(image.Rect(0, 0, 8, 8)), nil))
	pictures["a JPEG of markers"] = append(scans.Bytes()[:2], bytes.Repeat([]byte{0xff, 0xfe, 0, 2}, 2<<20)...)
	pdfs := map[string][]byte{
		"packed stream":         stream("/FlateDecode", deflated),
		"packed twice":          stream("[/FlateDecode/FlateDecode]", twice),
		"packed objects":        objects(1, "/FlateDecode", deflated),
		"packed objects, twice": objects(1, "[/FlateDecode/FlateDecode]", twice),
		"a million objects":     objects(1_000_000, "/FlateDecode", deflated),
		"a table of 2^31":       bytes.Replace(plainPDF(), []byte("xref\n0 4"), []byte("xref\n0 2147483647"), 1),
		"a table within itself": bytes.Replace(plainPDF(), []byte("/Size 4"), []byte("/Size 4/Prev 250"), 1),
		"pages within pages":    pdf("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[2 0 R]/Count 1>>"),
		"arrays without end":    pdf("<</Type/Catalog/Pages 2 0 R/X " + strings.Repeat("[", 5<<20)),
		"noise":                 append([]byte("%PDF-1.7\n"), noise(8<<20)...),
	}
	w := worker(t, "child")
	before := resident(t)
	for name, content := range pictures {
		if out, err := w.Picture(t.Context(), content); err != nil && !errors.Is(err, ErrRefused) {
			t.Errorf("%s: Picture() = %v, want nil or %v", name, err, ErrRefused)
		} else if err == nil && len(out) > 1<<20 {
			t.Errorf("%s: Picture() = %d bytes, want at most a megabyte", name, len(out))
		}
	}
	for name, content := range pdfs {
		if _, err := w.PDF(t.Context(), content); err != nil && !errors.Is(err, ErrRefused) {
			t.Errorf("%s: PDF() = %v, want nil or %v", name, err, ErrRefused)
		}
	}
	if grown := resident(t) - before; grown > 64<<20 {
		t.Errorf("the process grew by %d MB, want at most 64", grown>>20)
	}
	// The size is checked before anything is decoded.
	if _, err := Picture(pictures["50 000 x 50 000"]); !errors.Is(err, ErrRefused) || !strings.HasSuffix(err.Error(), "pixels") {
		t.Errorf("Picture(50 000 x 50 000) = %v, want ErrRefused for its pixels", err)
	}
}
