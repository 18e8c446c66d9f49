package document

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"testing"
)

func unpacked(t *testing.T, content []byte) image.Image {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(content))
	must(t, err)
	return m
}

// near reports whether a pixel has about this colour, since JPEG is lossy.
func near(m image.Image, x, y int, want color.NRGBA) bool {
	r, g, b, _ := m.At(x, y).RGBA()
	off := func(got uint32, want uint8) bool { d := int(got>>8) - int(want); return d > 40 || d < -40 }
	return !off(r, want.R) && !off(g, want.G) && !off(b, want.B)
}

var (
	red    = color.NRGBA{R: 255, A: 255}
	green  = color.NRGBA{G: 255, A: 255}
	blue   = color.NRGBA{B: 255, A: 255}
	yellow = color.NRGBA{R: 255, G: 255, A: 255}
	white  = color.NRGBA{R: 255, G: 255, B: 255, A: 255}
)

// corners checks the colours at top left, top right, bottom left, bottom right.
func corners(t *testing.T, m image.Image, want ...color.NRGBA) {
	t.Helper()
	b := m.Bounds()
	for i, at := range [][2]int{{b.Dx() / 4, b.Dy() / 4}, {b.Dx() * 3 / 4, b.Dy() / 4}, {b.Dx() / 4, b.Dy() * 3 / 4}, {b.Dx() * 3 / 4, b.Dy() * 3 / 4}} {
		if !near(m, at[0], at[1], want[i]) {
			t.Errorf("corner %d is %v, want %v", i, m.At(at[0], at[1]), want[i])
		}
	}
}

func TestPictureKeepsWhatIsSeen(t *testing.T) {
	t.Parallel()
	for name, content := range map[string][]byte{"jpeg": jpegOf(t, photo(120, 80)), "png": pngOf(t, photo(120, 80))} {
		out, err := Picture(content)
		must(t, err)
		m := unpacked(t, out)
		if m.Bounds().Dx() != 120 || m.Bounds().Dy() != 80 {
			t.Errorf("%s: Picture() has the bounds %v, want 120 by 80", name, m.Bounds())
		}
		corners(t, m, red, green, blue, yellow)
	}
}

func TestPictureFits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ w, h, wantW, wantH int }{
		{2000, 2000, 2000, 2000}, {2001, 10, 2000, 9}, {4000, 1000, 2000, 500}, {1000, 4001, 499, 2000}, {1, 6000, 1, 2000}, {6000, 1, 2000, 1}, {1, 1, 1, 1},
	} {
		out, err := Picture(pngOf(t, photo(c.w, c.h)))
		must(t, err)
		m := unpacked(t, out)
		if m.Bounds().Dx() != c.wantW || m.Bounds().Dy() != c.wantH {
			t.Errorf("Picture(%d by %d) has the bounds %v, want %d by %d", c.w, c.h, m.Bounds(), c.wantW, c.wantH)
		}
		if c.w > 100 && c.h > 100 {
			corners(t, m, red, green, blue, yellow)
		}
	}
}

// Transparent pixels become white, so that such a scan stays readable.
func TestPictureOnWhitePaper(t *testing.T) {
	t.Parallel()
	out, err := Picture(pngOf(t, image.NewNRGBA(image.Rect(0, 0, 50, 50))))
	must(t, err)
	if !near(unpacked(t, out), 20, 20, white) {
		t.Error("the background is not white")
	}
}

func TestPictureOfEveryKind(t *testing.T) {
	t.Parallel()
	at := image.Rect(0, 0, 3000, 40)
	for name, m := range map[string]image.Image{
		"gray": image.NewGray(at), "gray16": image.NewGray16(at), "rgba64": image.NewRGBA64(at), "nrgba64": image.NewNRGBA64(at),
		"paletted": image.NewPaletted(at, color.Palette{color.White, color.Black}),
	} {
		out, err := Picture(pngOf(t, m))
		if err != nil || unpacked(t, out).Bounds().Dx() != 2000 {
			t.Errorf("%s: Picture() = %v, want it 2000 pixels wide", name, err)
		}
	}
}

// UP-19: the place and the device of a picture are removed, after its
// orientation was applied.
func TestUP19_MetadataIsGone(t *testing.T) {
	t.Parallel()
	turned := map[uint16][]color.NRGBA{
		1: {red, green, blue, yellow}, 2: {green, red, yellow, blue}, 3: {yellow, blue, green, red}, 4: {blue, yellow, red, green},
		5: {red, blue, green, yellow}, 6: {blue, red, yellow, green}, 7: {yellow, green, blue, red}, 8: {green, yellow, red, blue},
		0: {red, green, blue, yellow}, 9: {red, green, blue, yellow}, 65535: {red, green, blue, yellow},
	}
	plain := jpegOf(t, photo(96, 64))
	for orientation, want := range turned {
		for _, order := range []binary.ByteOrder{binary.BigEndian, binary.LittleEndian} {
			content := segment(segment(segment(plain, 0xe1, exif(order, orientation)), 0xfe, "comment canary"), 0xe2, "ICC_PROFILE\x00canary")
			content = append(content, "canary behind the end"...)
			out, err := Picture(content)
			must(t, err)
			if bytes.Contains(out, []byte("canary")) || bytes.Contains(out, []byte("Exif")) {
				t.Error("Picture() keeps metadata of a JPEG")
			}
			m := unpacked(t, out)
			if tall := m.Bounds().Dy() == 96; tall != (orientation >= 5 && orientation <= 8) {
				t.Errorf("Picture() with orientation %d has the bounds %v", orientation, m.Bounds())
			}
			corners(t, m, want...)
		}
	}
	picture := chunk(chunk(chunk(pngOf(t, photo(96, 64)), "tEXt", []byte("Author\x00canary")), "eXIf", []byte("canary")), "iTXt", []byte("canary"))
	out, err := Picture(append(picture, "canary"...))
	must(t, err)
	if bytes.Contains(out, []byte("canary")) {
		t.Error("Picture() keeps metadata of a PNG")
	}
}

// Y15: a turned picture has the bytes of one that is turned pixel by pixel.
func TestY15_Turned(t *testing.T) {
	t.Parallel()
	slow := func(src *image.RGBA, orientation int) *image.RGBA {
		w, h := src.Rect.Dx(), src.Rect.Dy()
		out := image.NewRGBA(image.Rect(0, 0, w, h))
		if orientation > 4 {
			out = image.NewRGBA(image.Rect(0, 0, h, w))
		}
		for y := range h {
			for x := range w {
				at := map[int][2]int{
					2: {w - 1 - x, y}, 3: {w - 1 - x, h - 1 - y}, 4: {x, h - 1 - y},
					5: {y, x}, 6: {h - 1 - y, x}, 7: {h - 1 - y, w - 1 - x}, 8: {y, w - 1 - x},
				}[orientation]
				out.SetRGBA(at[0], at[1], src.RGBAAt(x, y))
			}
		}
		return out
	}
	for _, size := range [][2]int{{1, 1}, {1, 5}, {5, 1}, {2, 3}, {31, 17}} {
		src := image.NewRGBA(image.Rect(0, 0, size[0], size[1]))
		copy(src.Pix, noise(len(src.Pix)))
		for orientation := 2; orientation <= 8; orientation++ {
			got, want := turn(src, orientation), slow(src, orientation)
			if got.Rect != want.Rect || !bytes.Equal(got.Pix, want.Pix) {
				t.Errorf("turn(%v, %d) differs", size, orientation)
			}
		}
	}
}

// Malformed metadata is ignored.
func TestUP19_BrokenMetadata(t *testing.T) {
	t.Parallel()
	whole := segment(jpegOf(t, photo(16, 16)), 0xe1, exif(binary.BigEndian, 6))
	for i := range whole {
		orientation(whole[:i])
		for _, b := range []byte{0, 1, 0x7f, 0x80, 0xff} {
			bent := bytes.Clone(whole)
			bent[i] = b
			if o := orientation(bent); o < 0 || o > 65535 {
				t.Errorf("orientation() = %d, want 16 bits", o)
			}
		}
	}
	if orientation([]byte{0xff, 0xd8}) != 1 || orientation(nil) != 1 {
		t.Error("orientation() without Exif is not 1")
	}
}

// UP-02: of a file that is a picture and something else, only the picture is
// left.
func TestUP02_Polyglots(t *testing.T) {
	t.Parallel()
	script := "<script>alert(document.domain)</script><?php system($_GET[0]); ?>/*canary*/=1;"
	zip := "PK\x03\x04\x14\x00\x00\x00canary PK\x05\x06" + strings.Repeat("\x00", 18)
	jpg, pic := jpegOf(t, photo(64, 64)), pngOf(t, photo(64, 64))
	for name, content := range map[string][]byte{
		"JPEG and PHP":         segment(jpg, 0xfe, script),
		"JPEG and JavaScript":  segment(jpg, 0xe0, script),
		"JPEG and ZIP":         append(bytes.Clone(jpg), zip...),
		"JPEG and HTML, after": append(bytes.Clone(jpg), "<html>canary"+script...),
		"JPEG and PDF":         segment(jpg, 0xfe, "%PDF-1.7 canary "+string(plainPDF())),
		"JPEG and EXE":         append(bytes.Clone(jpg), "MZ canary This program cannot be run in DOS mode"...),
		"JPEG and MP4":         append(bytes.Clone(jpg), "\x00\x00\x00\x18ftypmp42 canary"...),
		"PNG and JavaScript":   chunk(pic, "tEXt", []byte("x\x00"+script)),
		"PNG and HTML":         chunk(pic, "iTXt", []byte("x\x00\x00\x00\x00\x00"+script)),
		"PNG and ZIP":          append(bytes.Clone(pic), zip...),
	} {
		out, err := Picture(content)
		must(t, err)
		for _, left := range []string{"canary", "<script", "<?php", "PK\x03\x04", "%PDF", "MZ ", "ftyp"} {
			if bytes.Contains(out, []byte(left)) {
				t.Errorf("%s: Picture() keeps %q", name, left)
			}
		}
		corners(t, unpacked(t, out), red, green, blue, yellow)
	}
	for name, content := range map[string][]byte{
		"GIF and JavaScript": []byte("GIF89a/*\x01\x00\x01\x00*/=1;alert(1)"),
		"SVG":                []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`),
		"GIF and JAR":        append([]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), zip...),
		"half a JPEG":        jpg[:len(jpg)/2],
		"half a PNG":         pic[:len(pic)/2],
		"nothing":            nil,
	} {
		if _, err := Picture(content); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: Picture() = %v, want %v", name, err, ErrRefused)
		}
	}
}
