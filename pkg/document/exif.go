package document

import (
	"bytes"
	"encoding/binary"
)

// orientation returns the Exif orientation of a JPEG, 1 to 8; 1 if there is
// none. No other metadata is read.
func orientation(jpeg []byte) int {
	for at := 2; at+4 <= len(jpeg) && jpeg[at] == 0xff; {
		marker, length := jpeg[at+1], int(binary.BigEndian.Uint16(jpeg[at+2:]))
		if marker == 0xda || length < 2 || at+2+length > len(jpeg) { // start of the image data, or malformed
			return 1
		}
		if tiff, ok := bytes.CutPrefix(jpeg[at+4:at+2+length], []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return tiffOrientation(tiff)
		}
		at += 2 + length
	}
	return 1
}

func tiffOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	first := int(order.Uint32(tiff[4:]))
	if first < 8 || first > len(tiff)-2 {
		return 1
	}
	const tag, entry = 0x0112, 12
	for i := range int(order.Uint16(tiff[first:])) {
		at := first + 2 + i*entry
		if at+entry > len(tiff) {
			return 1
		}
		if order.Uint16(tiff[at:]) == tag {
			return int(order.Uint16(tiff[at+8:]))
		}
	}
	return 1
}
