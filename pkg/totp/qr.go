package totp

import (
	"fmt"
	"image/color"
	"strings"

	"github.com/boombuler/barcode/qr"

	"omgevingsloket-id/pkg/secret"
)

// Picture is a QR code as the data of one SVG path, to be drawn dark on a
// white square. An inline SVG needs neither another URL that would contain the
// secret nor data: in the content security policy.
type Picture struct {
	Size int         // width and height in modules, quiet zone of four included
	Path secret.Text // value of the d attribute: one rectangle for each run of dark modules
}

const quietZone = 4

// Draw returns the picture of an otpauth URI. It returns an error if the URI is
// too long for a QR code.
func Draw(uri secret.Text) (Picture, error) {
	code, err := qr.Encode(uri.Reveal(), qr.M, qr.Auto)
	if err != nil {
		return Picture{}, fmt.Errorf("totp: drawing the QR code failed (%d characters)", len(uri))
	}
	bounds := code.Bounds()
	dark := func(x, y int) bool {
		return color.GrayModel.Convert(code.At(x, y)).(color.Gray).Y < 128
	}
	var d strings.Builder
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			if !dark(x, y) {
				continue
			}
			run := 1
			for x+run < bounds.Max.X && dark(x+run, y) {
				run++
			}
			fmt.Fprintf(&d, "M%d %dh%dv1h-%dz", x-bounds.Min.X+quietZone, y-bounds.Min.Y+quietZone, run, run)
			x += run
		}
	}
	return Picture{Size: bounds.Dx() + 2*quietZone, Path: secret.Text(d.String())}, nil
}
