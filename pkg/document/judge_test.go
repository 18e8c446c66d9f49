package document

import (
	"bytes"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"path/filepath"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/errs"
)

// locked returns a PDF with passwords (ISO 32000-1 §7.6.3); without user, it
// opens without one.
func locked(t testing.TB, user string) []byte {
	t.Helper()
	pad := func(password string) string {
		return (password + "\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A")[:32]
	}
	crypt := func(key [md5.Size]byte, text string) string {
		const length = 5
		c, err := rc4.NewCipher(key[:length])
		must(t, err)
		out := make([]byte, len(text))
		c.XORKeyStream(out, []byte(text))
		return string(out)
	}
	const id, permissions = "aaaaaaaaaaaaaaaa", "\xfc\xff\xff\xff"
	owner := crypt(md5.Sum([]byte(pad("owner"))), pad(user))
	check := crypt(md5.Sum([]byte(pad(user)+owner+permissions+id)), pad(""))
	content := pdf("<</Type/Catalog/Pages 2 0 R>>", pageTree, page, fmt.Sprintf("<</Filter/Standard/V 1/R 2/O<%x>/U<%x>/P -4>>", owner, check))
	return bytes.Replace(content, []byte("/Root 1 0 R"), []byte("/Root 1 0 R/Encrypt 4 0 R/ID[("+id+")("+id+")]"), 1)
}

// damagedSum returns the PNG with a wrong checksum of its first chunk of a kind.
func damagedSum(t testing.TB, content []byte, kind string) []byte {
	t.Helper()
	b := bytes.Clone(content)
	at := bytes.Index(b, []byte(kind))
	if at < 0 {
		t.Fatalf("no %s", kind)
	}
	b[at+len(kind)+int(binary.BigEndian.Uint32(b[at-4:]))] ^= 1
	return b
}

// animated returns a PNG with a second frame (PNG 3rd edition §11.3.6).
func animated(t testing.TB) []byte {
	t.Helper()
	plain := pngOf(t, photo(16, 16))
	at := bytes.Index(plain, []byte("IDAT"))
	data := plain[at+4 : at+4+int(binary.BigEndian.Uint32(plain[at-4:]))]
	frame := append(make([]byte, 4), 0, 0, 0, 16, 0, 0, 0, 16)
	frame = append(frame, make([]byte, 14)...)
	moving := chunk(chunk(plain, "fcTL", frame), "acTL", []byte{0, 0, 0, 2, 0, 0, 0, 0})
	end := len(moving) - 12
	frames := chunk(chunk(make([]byte, 33), "fdAT", append([]byte{0, 0, 0, 2}, data...)), "fcTL", frame)[33:]
	return append(append(bytes.Clone(moving[:end]), frames...), moving[end:]...)
}

// transparent returns a PNG of white paper of which each pixel is transparent.
func transparent(t testing.TB) []byte {
	t.Helper()
	return pngOf(t, image.NewPaletted(image.Rect(0, 0, 50, 50), color.Palette{color.NRGBA{}, color.Black}))
}

// greyPNG returns a PNG of greys.
func greyPNG(t testing.TB) []byte {
	t.Helper()
	return pngOf(t, image.NewGray(image.Rect(0, 0, 9, 9)))
}

// faint returns a picture with a transparency for each pixel.
func faint() image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, 9, 9))
	m.SetNRGBA(1, 1, color.NRGBA{R: 9, A: 9})
	return m
}

// twice returns the PNG with its first chunk of a kind twice.
func twice(t testing.TB, content []byte, kind string) []byte {
	t.Helper()
	at := bytes.Index(content, []byte(kind)) - 4
	end := at + 12 + int(binary.BigEndian.Uint32(content[at:]))
	return append(append(bytes.Clone(content[:end]), content[at:end]...), content[end:]...)
}

// documents are what people send, with what they are told.
func documents(t testing.TB) map[string]struct {
	content     []byte
	kind, wrong string
} {
	t.Helper()
	jpg, pic, plain := jpegOf(t, photo(64, 48)), pngOf(t, photo(64, 48)), string(plainPDF())
	scan := hidden("<</S/GoTo>>") // its table holds places, so that a shift is noticed
	type expected = struct {
		content     []byte
		kind, wrong string
	}
	return map[string]expected{
		"PDF":                                   {plainPDF(), TypePDF, ""},
		"PDF with an owner's password":          {locked(t, ""), TypePDF, ""},
		"PDF with a password":                   {locked(t, "geheim"), TypePDF, Password},
		"PDF with a password and a wrong table": {bytes.Replace(locked(t, "geheim"), []byte("startxref\n"), []byte("startxref\n9"), 1), TypePDF, Password},
		"PDF cut off":                           {plainPDF()[:200], TypePDF, Damaged},
		"PDF cut off before the trailer":        {plainPDF()[:len(plain)-30], TypePDF, Damaged},
		"PDF with a malformed object":           {pdf("<</Type/Catalog/Pages 2 0 R>>", pageTree, page, "<</X ("), TypePDF, Damaged},
		"PDF behind a byte order mark":          {[]byte("\xef\xbb\xbf" + plain), TypePDF, ""},
		"packed PDF behind a mark":              {append([]byte("\xef\xbb\xbf"), scan...), TypePDF, ""},
		"PDF behind a mark of 16 bits":          {[]byte("\xff\xfe" + plain), TypePDF, ""},
		"PDF behind blank lines":                {[]byte("\r\n\r\n" + plain), TypePDF, ""},
		"PDF behind a printer's commands":       {[]byte("\x1b%-12345X@PJL JOB\r\n@PJL ENTER LANGUAGE=PDF\r\n" + plain), TypePDF, ""},
		"PDF behind a MIME header":              {[]byte("Content-Type: application/pdf\r\n\r\n" + plain), TypePDF, ""},
		"PDF behind 128 bytes of a Mac":         {[]byte("\x00\x08scan.pdf" + strings.Repeat("\x00", 118) + plain), TypePDF, ""},
		"PDF behind 1024 bytes":                 {[]byte(strings.Repeat("\x00", 1024) + plain), TypePDF, ""},
		"packed PDF behind 1000 blanks":         {append([]byte(strings.Repeat(" \n", 500)), scan...), TypePDF, ""},
		"PDF behind too much":                   {[]byte(strings.Repeat("\x00", 1025) + plain), "", WrongType},
		"PDF behind HTML":                       {[]byte("<!doctype html><p>" + plain), TypePDF, Damaged},
		"PDF behind a program":                  {[]byte("MZ" + strings.Repeat("\x00", 62) + plain), TypePDF, Damaged},
		"PDF behind a script":                   {[]byte("#!/bin/sh\n" + plain), TypePDF, Damaged},
		"PDF padded with NUL":                   {[]byte(plain + strings.Repeat("\x00", 3000)), TypePDF, ""},
		"packed PDF padded with NUL":            {append(bytes.Clone(scan), make([]byte, 300_000)...), TypePDF, ""},
		"PDF padded with blanks":                {[]byte(plain + strings.Repeat(" \r\n", 3000)), TypePDF, ""},
		"PDF padded with ones":                  {[]byte(plain + strings.Repeat("\xff", 3000)), TypePDF, ""},
		"PDF with HTML after its end":           {[]byte(plain + "<br>Warning: in /var/www</body></html>"), TypePDF, ""},
		"JPEG":                                  {jpg, TypeJPEG, ""},
		"JPEG cut off by two bytes":             {jpg[:len(jpg)-2], TypeJPEG, DamagedPicture},
		"JPEG cut off in the middle":            {jpg[:len(jpg)/2], TypeJPEG, DamagedPicture},
		"JPEG with bytes after its end":         {append(bytes.Clone(jpg), make([]byte, 5000)...), TypeJPEG, ""},
		"PNG":                                   {pic, TypePNG, ""},
		"PNG with a wrong sum of a text":        {damagedSum(t, chunk(pic, "tEXt", []byte("Author\x00Jo")), "tEXt"), TypePNG, ""},
		"PNG with a wrong sum of a size":        {damagedSum(t, chunk(pic, "pHYs", make([]byte, 9)), "pHYs"), TypePNG, ""},
		"PNG with a malformed gamma":            {chunk(pic, "gAMA", []byte("x")), TypePNG, ""},
		"PNG with a wrong sum of its pixels":    {damagedSum(t, pic, "IDAT"), TypePNG, DamagedPicture},
		"PNG cut off":                           {pic[:len(pic)-14], TypePNG, DamagedPicture},
		"PNG with bytes after its end":          {append(bytes.Clone(pic), "xxxx"...), TypePNG, ""},
		"PNG with transparency":                 {transparent(t), TypePNG, ""},
		"PNG with a wrong transparency":         {damagedSum(t, transparent(t), "tRNS"), TypePNG, ""},
		"PNG with a short transparency":         {chunk(greyPNG(t), "tRNS", []byte{0}), TypePNG, ""},
		"PNG with two transparencies":           {twice(t, transparent(t), "tRNS"), TypePNG, ""},
		"PNG with a transparency too much":      {chunk(pngOf(t, faint()), "tRNS", make([]byte, 6)), TypePNG, ""},
		"PNG with a transparency, damaged":      {damagedSum(t, chunk(greyPNG(t), "tRNS", []byte{0}), "IDAT"), TypePNG, DamagedPicture},
		"PNG of 16 bits":                        {pngOf(t, image.NewRGBA64(image.Rect(0, 0, 9, 9))), TypePNG, ""},
		"animated PNG":                          {animated(t), TypePNG, ""},
		"PNG with too many pixels":              {claims(pic, 8000, 5001), TypePNG, TooManyPixels},
		"HEIC":                                  {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), "", WrongType},
		"nothing":                               {nil, "", Empty},
	}
}

// opens reports whether an official can open a document of a type.
func opens(kind string, content []byte) bool {
	var err error
	if kind == TypePDF {
		_, err = PDF(content)
	} else {
		_, err = Picture(content)
	}
	return err == nil
}

// Y13, Y14: an upload is accepted if an official can open it, and refused with its
// fault otherwise.
func TestY13_Y14_JudgedAsOpened(t *testing.T) {
	t.Parallel()
	for name, d := range documents(t) {
		kind, wrong := Judge(d.content, false)
		if wrong != d.wrong || kind != d.kind {
			t.Errorf("%s: Judge() = %q, %q, want %q, %q", name, kind, wrong, d.kind, d.wrong)
		}
		if kind != "" && opens(kind, d.content) != (wrong == "") {
			t.Errorf("%s: Judge() = %q, and an official can open it: %v", name, wrong, wrong != "")
		}
	}
	out, err := Picture(damagedSum(t, transparent(t), "tRNS"))
	if err != nil || len(out) == 0 {
		t.Errorf("Picture(wrong transparency) = %v, want nil", err)
	}
	for name, content := range map[string][]byte{
		"whole": transparent(t), "with a wrong sum of a text": damagedSum(t, chunk(transparent(t), "tEXt", []byte("Author\x00Jo")), "tEXt"), "twice": twice(t, transparent(t), "tRNS"),
	} {
		out, err = Picture(content)
		must(t, err)
		if !near(unpacked(t, out), 20, 20, white) {
			t.Errorf("%s: transparency is lost", name)
		}
	}
}

// Y13: a process judges as the function does, and returns what that cost.
func TestY13_JudgedInAProcess(t *testing.T) {
	t.Parallel()
	w := worker(t, "child")
	for name, d := range documents(t) {
		kind, wrong, cost, err := w.Judge(t.Context(), d.content, false)
		if err != nil || kind != d.kind || wrong != d.wrong {
			t.Errorf("%s: Judge() = %q, %q, %v, want %q, %q", name, kind, wrong, err, d.kind, d.wrong)
		}
		if (cost > 0) != (kind != "") {
			t.Errorf("%s: Judge() cost %v", name, cost)
		}
	}
	if kind, wrong, _, err := w.Judge(t.Context(), locked(t, "geheim"), true); kind != TypeOther || wrong != "" || err != nil {
		t.Errorf("Judge(in practice) = %q, %q, %v, want %q", kind, wrong, err, TypeOther)
	}
	if _, wrong, _, err := w.Judge(t.Context(), claims(pngOf(t, photo(1, 1)), 50_000, 50_000), true); wrong != TooManyPixels || err != nil {
		t.Errorf("Judge(bomb in practice) = %q, %v, want %q", wrong, err, TooManyPixels)
	}
}

// Y13: a document that breaks its process is refused. One whose process cannot be
// started, has no place, or is killed by somebody else, is neither refused nor
// accepted.
func TestY13_UnavailableIsNoVerdict(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"panic", "talk", "silence", "lie"} {
		if kind, wrong, _, err := worker(t, "broken-"+way).Judge(t.Context(), plainPDF(), false); wrong != Damaged || err != nil {
			t.Errorf("%s: Judge() = %q, %q, %v, want %q", way, kind, wrong, err, Damaged)
		}
	}
	full := worker(t, "child")
	for range cap(full.places) {
		full.places <- struct{}{}
	}
	full.longest = 1 // twice as long it waits for a place
	slow := worker(t, "broken-loop")
	slow.longest = 1
	for name, w := range map[string]*Worker{
		"absent": NewWorker(1, filepath.Join(t.TempDir(), "nobody")), "full": full, "slow": slow, "killed": worker(t, "killed"), "no threads": worker(t, "broken-threads"),
	} {
		for _, practice := range []bool{false, true} {
			if kind, wrong, _, err := w.Judge(t.Context(), plainPDF(), practice); !errors.Is(err, errs.ErrUnavailable) || errors.Is(err, ErrRefused) || kind+wrong != "" {
				t.Errorf("%s: Judge() = %q, %q, %v, want %v", name, kind, wrong, err, errs.ErrUnavailable)
			}
		}
	}
}

// Y13, Y14, UP-01: whatever is sent, nothing panics; what is accepted has the
// signature of its type and can be opened, and what can be opened is accepted.
func FuzzY13_Judge(f *testing.F) {
	for _, d := range documents(f) {
		f.Add(d.content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		kind, wrong := Judge(content, false)
		if !isFault(wrong) {
			t.Fatalf("Judge() = %q, which has no text", wrong)
		}
		if kind == "" {
			if wrong != Empty && wrong != WrongType {
				t.Fatalf("Judge() = %q without a type", wrong)
			}
			return
		}
		mark := map[string]string{TypePDF: "%PDF-", TypePNG: "\x89PNG", TypeJPEG: "\xff\xd8\xff"}[kind]
		if at := bytes.Index(content, []byte(mark)); at < 0 || at > 0 && kind != TypePDF || at > 1024 {
			t.Fatalf("Judge() = %q, without the signature of that type", kind)
		}
		if opens(kind, content) != (wrong == "") {
			t.Fatalf("Judge() = %q, %q, unlike the official's page", kind, wrong)
		}
		if kind, wrong := Judge(content, true); wrong != "" && wrong != TooManyPixels || kind == "" {
			t.Fatalf("Judge(in practice) = %q, %q", kind, wrong)
		}
	})
}
