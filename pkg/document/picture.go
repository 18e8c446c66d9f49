package document

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
)

const (
	// MostPixels is the most pixels of a picture: a small file can be huge when
	// decoded.
	MostPixels = 40_000_000

	// longestSide is the longest side of the result, in pixels: enough to read
	// a passport.
	longestSide = 2000

	quality = 88
)

// Picture returns a JPEG or PNG as a new JPEG of at most 2000 pixels a side,
// turned upright. It checks the size in the header before it decodes the
// picture, and returns ErrRefused if that is too large or the file is damaged.
func Picture(content []byte) ([]byte, error) {
	whole, turned, err := decode(content)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = jpeg.Encode(&out, turn(shrink(whole), turned), &jpeg.Options{Quality: quality})
	return out.Bytes(), err
}

// errPixels is returned for a picture that is too large to decode.
var errPixels = errors.New("too many pixels")

// decode returns the picture and its Exif orientation.
func decode(content []byte) (whole image.Image, turned int, err error) {
	if bytes.HasPrefix(content, []byte{0xff, 0xd8}) {
		whole, err = unpack(content, jpeg.DecodeConfig, jpeg.Decode)
		return whole, orientation(content), err
	}
	chunks := essential(content, transparency)
	if whole, err = unpack(chunks, png.DecodeConfig, png.Decode); err == nil || errors.Is(err, errPixels) {
		return whole, 1, err
	}
	// Readers ignore a transparency that does not fit the picture.
	if opaque := essential(content, ""); len(opaque) < len(chunks) {
		whole, err = unpack(opaque, png.DecodeConfig, png.Decode)
	}
	return whole, 1, err
}

// unpack decodes a picture, after a look at its size.
func unpack(content []byte, header func(io.Reader) (image.Config, error), body func(io.Reader) (image.Image, error)) (image.Image, error) {
	size, err := header(bytes.NewReader(content))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	case size.Width < 1 || size.Height < 1:
		return nil, fmt.Errorf("%w: %d by %d pixels", ErrRefused, size.Width, size.Height)
	case size.Width > MostPixels/size.Height:
		return nil, fmt.Errorf("%w: %w: %d by %d pixels", ErrRefused, errPixels, size.Width, size.Height)
	}
	whole, err := body(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return whole, nil
}

// transparency is the one ancillary chunk that changes what a picture shows.
const transparency = "tRNS"

// essential returns a PNG without its ancillary chunks, except the first whole one of
// the kind kept: readers ignore those that they cannot read (PNG 3rd edition §5.4,
// §13.2), but Go's returns an error. What is not a chunk is left as it is.
func essential(content []byte, kept string) []byte {
	const length, name, sum = 4, 4, 4
	rest, ok := bytes.CutPrefix(content, []byte(pngSignature))
	if !ok {
		return content
	}
	out := append(make([]byte, 0, len(content)), pngSignature...)
	for len(rest) >= length+name+sum {
		size := int64(binary.BigEndian.Uint32(rest)) + length + name + sum
		if size > int64(len(rest)) {
			break
		}
		chunk, kind := rest[:size], string(rest[length:length+name])
		rest = rest[size:]
		whole := crc32.ChecksumIEEE(chunk[length:size-sum]) == binary.BigEndian.Uint32(chunk[size-sum:])
		if ancillary := kind[0]&0x20 != 0; !ancillary || kind == kept && whole {
			out = append(out, chunk...)
			if kind == kept {
				kept = "" // it is allowed once
			}
		}
		if kind == "IEND" {
			return out
		}
	}
	return append(out, rest...)
}

// shrink returns the picture, at most longestSide a side, on a white
// background. Each pixel is the mean of those that it replaces. The source is
// converted some rows at a time, to save memory.
func shrink(src image.Image) *image.RGBA {
	b := src.Bounds()
	w, h := b.Dx(), b.Dy()
	if side := max(w, h); side > longestSide {
		w, h = max(w*longestSide/side, 1), max(h*longestSide/side, 1)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	strip := image.NewRGBA(image.Rect(0, 0, b.Dx(), (b.Dy()+h-1)/h))
	for y := range h {
		from, to := y*b.Dy()/h, (y+1)*b.Dy()/h
		rows := image.Rect(0, 0, b.Dx(), to-from)
		draw.Draw(strip, rows, image.White, image.Point{}, draw.Src)
		draw.Draw(strip, rows, src, image.Pt(b.Min.X, b.Min.Y+from), draw.Over)
		for x := range w {
			mean(out.Pix[out.PixOffset(x, y):], strip, x*b.Dx()/w, (x+1)*b.Dx()/w, to-from)
		}
	}
	return out
}

// mean writes the mean colour of columns from..to of a strip.
func mean(pixel []byte, strip *image.RGBA, from, to, rows int) {
	var r, g, b, n int
	for y := range rows {
		for p := strip.PixOffset(from, y); p < strip.PixOffset(to, y); p += 4 {
			r, g, b, n = r+int(strip.Pix[p]), g+int(strip.Pix[p+1]), b+int(strip.Pix[p+2]), n+1
		}
	}
	pixel[0], pixel[1], pixel[2], pixel[3] = byte(r/n), byte(g/n), byte(b/n), 255
}

// turn returns the picture turned upright (Exif 2.32 §4.6.5, Orientation).
func turn(src *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	mirrored := orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8 // of each row, the last pixel comes first
	flipped := orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7  // the last row comes first
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	right, down := 4, out.Stride // how far apart two neighbours of src are in out
	if orientation > 4 {         // rows become columns
		out = image.NewRGBA(image.Rect(0, 0, h, w))
		right, down = out.Stride, 4
	}
	first := 0 // where the first pixel of src comes
	if mirrored {
		first, right = first+(w-1)*right, -right
	}
	if flipped {
		first, down = first+(h-1)*down, -down
	}
	for y := range h {
		row := src.Pix[y*src.Stride:][:4*w]
		for x, to := 0, first+y*down; x < len(row); x, to = x+4, to+right {
			copy(out.Pix[to:to+4], row[x:x+4])
		}
	}
	return out
}
