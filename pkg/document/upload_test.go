package document_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"omgevingsloket-id/pkg/document"
)

const smallPDF = "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"

func pngOf(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.White, color.Black})); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bombPNG returns a tiny file whose header states w x h pixels.
func bombPNG(t testing.TB, w, h uint32) []byte {
	t.Helper()
	b := pngOf(t, 1, 1)
	binary.BigEndian.PutUint32(b[16:], w)
	binary.BigEndian.PutUint32(b[20:], h)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

func bombJPEG(t testing.TB, w, h uint16) []byte {
	t.Helper()
	b := jpegOf(t, 8, 8)
	at := bytes.Index(b, []byte{0xff, 0xc0}) // SOF0
	binary.BigEndian.PutUint16(b[at+5:], h)
	binary.BigEndian.PutUint16(b[at+7:], w)
	return b
}

// UP-01, UP-02, UP-03, UP-05: the content decides the type and has to be
// readable.
func TestUP01_UP05_Inspect(t *testing.T) {
	t.Parallel()
	zip := "PK\x03\x04\x14\x00\x00\x00\x08\x00" + strings.Repeat("x", 100)
	for _, c := range []struct {
		name    string
		content []byte
		kind    string
		wrong   string
	}{
		{"pdf", []byte(smallPDF), document.TypePDF, ""},
		{"png", pngOf(t, 20, 10), document.TypePNG, ""},
		{"jpeg", jpegOf(t, 20, 10), document.TypeJPEG, ""},
		{"nothing", nil, "", document.Empty},
		{"text", []byte("hello"), "", document.WrongType},
		{"html", []byte("<!DOCTYPE html><script>alert(1)</script>"), "", document.WrongType},
		{"svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`), "", document.WrongType},
		{"zip", []byte(zip), "", document.WrongType},
		{"gif", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), "", document.WrongType},
		{"exe", append([]byte("MZ"), make([]byte, 200)...), "", document.WrongType},
		{"script", []byte("#!/bin/sh\nid\n"), "", document.WrongType},
		{"eicar", []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}$` + `EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`), "", document.WrongType},
		{"html before pdf", []byte("<html>" + smallPDF), "", document.Damaged},
		{"Y14: space before pdf", []byte("\n" + smallPDF), document.TypePDF, ""},
		{"pdf cut off", []byte(smallPDF[:40]), document.TypePDF, document.Damaged},
		{"pdf with a trailer far before its end", []byte(smallPDF + strings.Repeat("x", 4096)), document.TypePDF, document.Damaged},
		{"Y14: padded pdf", []byte(smallPDF + strings.Repeat("\x00", 4096)), document.TypePDF, ""},
		{"png cut off in its header", pngOf(t, 20, 10)[:20], document.TypePNG, document.DamagedPicture},
		{"jpeg cut off in its header", jpegOf(t, 20, 10)[:20], document.TypeJPEG, document.DamagedPicture},
		{"png of 400 megapixels", bombPNG(t, 20_000, 20_000), document.TypePNG, document.TooManyPixels},
		{"png of 50 000 x 50 000", bombPNG(t, 50_000, 50_000), document.TypePNG, document.TooManyPixels},
		{"png just too large", bombPNG(t, 8000, 5001), document.TypePNG, document.TooManyPixels},
		{"png just not too large", pngOf(t, 8000, 5000), document.TypePNG, ""},
		{"png that lacks most of its pixels", bombPNG(t, 8000, 5000), document.TypePNG, document.DamagedPicture},
		{"png without pixels", bombPNG(t, 0, 10), document.TypePNG, document.DamagedPicture},
		{"jpeg of 65 000 x 65 000", bombJPEG(t, 65_000, 65_000), document.TypeJPEG, document.TooManyPixels},
	} {
		t.Run(c.name, func(t *testing.T) {
			kind, wrong := document.Judge(c.content, false)
			if wrong != c.wrong || wrong == "" && kind != c.kind {
				t.Errorf("%q, %q; want %q, %q", kind, wrong, c.kind, c.wrong)
			}
			kind, wrong = document.Judge(c.content, true)
			switch {
			case c.wrong == document.TooManyPixels:
				if wrong != document.TooManyPixels {
					t.Errorf("Judge(in practice) = %q, %q, want %q", kind, wrong, document.TooManyPixels)
				}
			case c.wrong != "":
				if kind != document.TypeOther || wrong != "" {
					t.Errorf("Judge(in practice) = %q, %q, want %q", kind, wrong, document.TypeOther)
				}
			case kind != c.kind || wrong != "":
				t.Errorf("Judge(in practice) = %q, %q, want %q", kind, wrong, c.kind)
			}
		})
	}
}

// UP-06: names are only shown, and safe to show.
func TestUP06_CleanName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, kind, want string }{
		{"paspoort.pdf", document.TypePDF, "paspoort.pdf"},
		{"Foto van mij.JPEG", document.TypeJPEG, "Foto van mij.JPEG"},
		{"../../x", document.TypePDF, "x.pdf"},
		{`..\..\x.pdf`, document.TypePDF, "x.pdf"},
		{`C:\Users\jo\pas.pdf`, document.TypePDF, "pas.pdf"},
		{"/etc/passwd", document.TypeOther, "passwd"},
		{"x\x00.html", document.TypePDF, "x.html.pdf"},
		{"evil.html", document.TypePNG, "evil.html.png"},
		{"pas\u202efdp.exe", document.TypePDF, "pasfdp.exe.pdf"},
		{"a\u037eb.pdf", document.TypePDF, "a_b.pdf"}, // NFC turns the Greek question mark into a semicolon
		{"CON", document.TypePDF, "_CON.pdf"},
		{"nul.pdf", document.TypePDF, "_nul.pdf"},
		{".htaccess", document.TypeOther, "htaccess"},
		{"x.pdf::$DATA", document.TypePDF, "x.pdf___DATA.pdf"},
		{"a\"b;c\r\nd.pdf", document.TypePDF, "a_b_c d.pdf"},
		{"  . .pdf", document.TypePDF, "pdf.pdf"},
		{"", document.TypePDF, "document.pdf"},
		{"", document.TypeOther, "document"},
		{"...", document.TypeOther, "document"},
		{"leeg.docx", document.TypeOther, "leeg.docx"},
		{"паспорт.png", document.TypePNG, "паспорт.png"},
		{"\xff\xfe.png", document.TypePNG, "png.png"},
		{strings.Repeat("é", 5000) + ".pdf", document.TypePDF, strings.Repeat("é", 96) + ".pdf"},
		{"e" + strings.Repeat("\u0316", 50) + ".pdf", document.TypePDF, "e" + strings.Repeat("\u0316", 4) + ".pdf"},
	} {
		if got := document.CleanName(c.raw, c.kind); got != c.want {
			t.Errorf("%q as %s: %q, want %q", c.raw, c.kind, got, c.want)
		}
	}
}

func TestUP06_CleanNameAlways(t *testing.T) {
	t.Parallel()
	kinds := []string{document.TypePDF, document.TypeJPEG, document.TypePNG, document.TypeOther}
	parts := []string{strings.Repeat("a", 90), "..", "/", `\`, "\x00", "\u202e", "\u0301", "CON", ".", " ", ":", "pdf", ".pdf", ".exe", "é", "e", "\u200d", "\r\n", "\"", "👩‍👩‍👧", "\xff", "ᄀ", "ᅡ"}
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.OneOf(
			rapid.String(),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
			rapid.Map(rapid.SliceOf(rapid.SampledFrom(parts)), func(p []string) string { return strings.Join(p, "") }),
		).Draw(t, "raw")
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		name := document.CleanName(raw, kind)
		switch {
		case name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > 100:
			t.Fatalf("CleanName() = %q, want 1 to 100 characters", name)
		case strings.ContainsAny(name, "/\\:*?\"<>|;\x00\r\n"), strings.HasPrefix(name, "."), strings.HasSuffix(name, "."), strings.HasPrefix(name, " "):
			t.Fatalf("CleanName() = %q, which has an unsafe character", name)
		case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) }):
			t.Fatalf("CleanName() = %q, which has an invisible character", name)
		case kind != document.TypeOther && document.CleanName(name, kind) != name:
			t.Fatalf("CleanName(%q) = %q, want the same", name, document.CleanName(name, kind))
		}
		lower := strings.ToLower(name)
		if kind == document.TypePDF && !strings.HasSuffix(lower, ".pdf") || kind == document.TypePNG && !strings.HasSuffix(lower, ".png") {
			t.Fatalf("CleanName(%s) = %q, want the extension", kind, name)
		}
	})
}

// UP-03: what a browser or an office program would run is refused, whatever
// its name; practice stores it as TypeOther, which is not shown.
func TestUP03_OtherTypes(t *testing.T) {
	t.Parallel()
	zip := func(first string) string {
		return "PK\x03\x04\x14\x00\x00\x00\x00\x00" + strings.Repeat("\x00", 16) + string([]byte{byte(len(first)), 0, 0, 0}) + first + strings.Repeat("x", 60)
	}
	for name, content := range map[string]string{
		"SVG": `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, "HTML": "<html><body onload=alert(1)>",
		"HTML behind spaces": "\n\n   <!-- x --><html><script>", "XHTML": `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>`,
		"XML": `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>`, "MHT": "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n",
		"JavaScript": "alert(document.cookie)", "CSS": "body{background:url(http://evil.example)}", "WASM": "\x00asm\x01\x00\x00\x00", "ICS": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n",
		"docm": zip("word/vbaProject.bin"), "JAR": zip("META-INF/MANIFEST.MF"), "APK": zip("AndroidManifest.xml"), "OLE": "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 512),
		"RTF": `{\rtf1\ansi{\object}}`, "PostScript": "%!PS-Adobe-3.0\n(/etc/passwd) (r) file", "ELF": "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 60), "shortcut": "L\x00\x00\x00\x01\x14\x02\x00",
		"GIF": "GIF89a\x01\x00\x01\x00\x00\x00\x00;", "TIFF": "II*\x00\x08\x00\x00\x00", "BMP": "BM\x3a\x00\x00\x00", "WEBP": "RIFF\x24\x00\x00\x00WEBPVP8 ", "HEIC": "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "MP4": "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00",
		"7z": "7z\xbc\xaf\x27\x1c\x00\x04", "gzip": "\x1f\x8b\x08\x00\x00\x00\x00\x00", "PDF behind HTML": "<script>alert(1)</script>" + smallPDF, "PDF behind a ZIP": zip("a") + smallPDF,
		"MP4 and JPEG": "\x00\x00\x00\x18ftypmp42" + string(jpegOf(t, 8, 8)), "PDF and EXE": "MZ" + strings.Repeat("\x00", 62) + smallPDF,
	} {
		kind, wrong := document.Judge([]byte(content), false)
		if wrong == "" {
			t.Errorf("Judge(%s) = %s, want it refused", name, kind)
		}
		if kind, wrong := document.Judge([]byte(content), true); kind != document.TypeOther || wrong != "" {
			t.Errorf("Judge(%s, in practice) = %s, %s, want %s", name, kind, wrong, document.TypeOther)
		}
	}
}
