package totp_test

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/totp"
)

// paint draws the path as a browser does, at this number of pixels a module.
// It accepts only what Draw writes.
func paint(t *testing.T, p totp.Picture, scale int) image.Image {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, p.Size*scale, p.Size*scale))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for _, part := range strings.Split(strings.TrimSuffix(p.Path.Reveal(), "z"), "z") {
		var x, y, run, back int
		if n, err := fmt.Sscanf(part, "M%d %dh%dv1h-%d", &x, &y, &run, &back); n != 4 || err != nil || run != back || run < 1 {
			t.Fatalf("the path has %q, want a rectangle", part)
		}
		if x < 4 || y < 4 || x+run > p.Size-4 || y >= p.Size-4 {
			t.Fatalf("%q is in the quiet zone", part)
		}
		for dy := range scale {
			for dx := range run * scale {
				img.SetGray(x*scale+dx, y*scale+dy, color.Gray{})
			}
		}
	}
	return img
}

// Another program reads the URI from the picture, at four pixels a module and
// more.
func TestEN18_R329_PictureReadBack(t *testing.T) {
	t.Parallel()
	for _, email := range []string{"a@b.nl", "anna+tag@example.com", strings.Repeat("x", 64) + "@" + strings.Repeat("y", 60) + "." + strings.Repeat("z", 60) + ".example.com"} {
		uri := totp.URI(email, rfcSecret)
		picture, err := totp.Draw(uri)
		if err != nil {
			t.Fatal(err)
		}
		for _, scale := range []int{4, 7} {
			file := filepath.Join(t.TempDir(), "qr.png")
			f, err := os.Create(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := png.Encode(f, paint(t, picture, scale)); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command("zbarimg", "--quiet", "--raw", file).Output()
			if err != nil || strings.TrimSuffix(string(out), "\n") != uri.Reveal() {
				t.Errorf("zbarimg reads %q, %v for %s at %d px a module, want %q (Debian: zbar-tools)", out, err, email, scale, uri.Reveal())
			}
		}
	}
}

// A URI that is too long is an error that does not contain it.
func TestDrawTooLong(t *testing.T) {
	t.Parallel()
	long := secret.Text(strings.Repeat("geheim", 1000))
	if _, err := totp.Draw(long); err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("Draw(6000 characters) = %v, want an error without the URI", err)
	}
	p, err := totp.Draw("otpauth://totp/x")
	if err != nil || fmt.Sprintf("%v %+v %#v", p, p, p) == "" || strings.Contains(fmt.Sprintf("%v %+v %#v", p, p, p), "M4") {
		t.Error("printing a Picture shows its path")
	}
}
