package document

import (
	"encoding/binary"
	"image"
	"math/rand/v2"
	"testing"
)

// The cost of showing a phone's picture of 12 megapixels.
func BenchmarkPicture(b *testing.B) {
	m := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		m.Y[i] = byte(i/40) + byte(rand.IntN(16))
	}
	content := jpegOf(b, m)
	upright := segment(content, 0xe1, exif(binary.BigEndian, 6))
	b.Run("here", func(b *testing.B) {
		for b.Loop() {
			if _, err := Picture(content); err != nil {
				b.Fatal(err)
			}
		}
	})
	// Y15: turning costs a few milliseconds.
	b.Run("held upright", func(b *testing.B) {
		for b.Loop() {
			if _, err := Picture(upright); err != nil {
				b.Fatal(err)
			}
		}
	})
	w := worker(b, "child")
	b.Run("in a process", func(b *testing.B) {
		for b.Loop() {
			if _, err := w.Picture(b.Context(), content); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("PDF in a process", func(b *testing.B) {
		content := plainPDF()
		for b.Loop() {
			if _, err := w.PDF(b.Context(), content); err != nil {
				b.Fatal(err)
			}
		}
	})
}
