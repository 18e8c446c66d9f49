package document

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// Largest is the largest size of a document, in bytes.
const Largest = 10 << 20

// The types of documents.
const (
	TypePDF   = "application/pdf"
	TypeJPEG  = "image/jpeg"
	TypePNG   = "image/png"
	TypeOther = "application/octet-stream" // practice only
)

// The faults of a document; each is part of a text key.
const (
	Empty          = "empty"
	WrongType      = "type"     // neither PDF, JPEG nor PNG
	Damaged        = "damaged"  // a PDF that cannot be read
	DamagedPicture = "picture"  // a picture that cannot be read
	Password       = "password" // a PDF that cannot be read, and is encrypted
	TooManyPixels  = "pixels"   // more than MostPixels
)

var faults = []string{Empty, WrongType, Damaged, DamagedPicture, Password, TooManyPixels}

// Judge returns the type of a document by its content, or its fault. A document
// without a fault is one of which PDF or Picture returns no error. Judge ignores
// the name and the type that a browser states. Practice accepts any content,
// even none, except pictures with too many pixels.
//
// It decodes the content, so a server calls Worker.Judge instead.
func Judge(content []byte, practice bool) (kind, wrong string) {
	kind = typeOf(content)
	return practised(practice, kind, faultOf(kind, content))
}

// practised returns a type and a fault as they are, or as practice treats them.
func practised(practice bool, kind, wrong string) (string, string) {
	if practice && wrong != "" && wrong != TooManyPixels {
		return TypeOther, ""
	}
	return kind, wrong
}

// typeOf returns the type by the first bytes, "" if it is none of the three.
func typeOf(content []byte) string {
	switch {
	case bytes.HasPrefix(content, []byte("\xff\xd8\xff")):
		return TypeJPEG
	case bytes.HasPrefix(content, []byte(pngSignature)):
		return TypePNG
	case headOf(content) >= 0:
		return TypePDF
	}
	return ""
}

// faultOf returns the fault of a document of a type, "" if it has none.
func faultOf(kind string, content []byte) string {
	var err error
	switch kind {
	case TypePDF:
		if _, err = PDF(content); err != nil && bytes.Contains(content, []byte("/Encrypt")) {
			return Password
		}
	case TypeJPEG, TypePNG:
		_, _, err = decode(content)
	default:
		if len(content) == 0 {
			return Empty
		}
		return WrongType
	}
	switch {
	case err == nil:
		return ""
	case errors.Is(err, errPixels):
		return TooManyPixels
	case kind == TypePDF:
		return Damaged
	}
	return DamagedPicture
}

// longestHead is how many bytes readers allow before the header of a PDF (Adobe's
// implementation note 13 to ISO 32000-1 §7.5.2).
const longestHead = 1024

// headOf returns the length of what is before the header of a PDF, -1 if there is
// no header.
func headOf(content []byte) int {
	const header = "%PDF-"
	return bytes.Index(content[:min(len(content), longestHead+len(header))], []byte(header))
}

// isJunk reports whether the bytes before a header are not the beginning of another
// type of file. A byte order mark, blanks, a printer's commands and a scanner's own
// header are junk.
func isJunk(head []byte) bool {
	kind := mimetype.Detect(head).String()
	return (kind == TypeOther || strings.HasPrefix(kind, "text/plain")) && !bytes.ContainsRune(head, '<') && !bytes.HasPrefix(head, []byte("#!"))
}

// padding holds the bytes that programs append to files after their end.
const padding = blanks + "\x1a\xff"

// isWhole reports whether a PDF has a trailer near its end, so that it is not cut
// off (ISO 32000-1 §7.5.5).
func isWhole(content []byte) bool {
	const trailer = 2048
	content = trimPadding(content)
	end := content[max(0, len(content)-trailer):]
	return bytes.Contains(end, []byte("startxref")) && bytes.Contains(end, []byte("%%EOF"))
}

func trimPadding(content []byte) []byte {
	end := len(content)
	for end > 0 && strings.IndexByte(padding, content[end-1]) >= 0 {
		end--
	}
	return content[:end]
}

// pngSignature is how a PNG begins (PNG 3rd edition §5.2).
const pngSignature = "\x89PNG\r\n\x1a\n"

// isFault reports whether wrong is "" or one of the faults.
func isFault(wrong string) bool { return wrong == "" || slices.Contains(faults, wrong) }
