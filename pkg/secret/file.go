package secret

import (
	"bytes"
	"encoding/binary"
	"os"
	"strings"
	"unicode/utf16"
)

// byteOrderMark is what some editors write before a text.
const byteOrderMark = "\ufeff"

// ReadFile returns FileText of a file.
func ReadFile(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return FileText(raw), nil
}

// FileText returns the text of a file with a secret or key as its author sees it:
// in UTF-8 without a byte order mark (UTF-16 with one is converted), with line
// ends of one byte, without blanks at the ends of lines, and without empty lines
// at its end. All code that reads such a file uses it, so that nothing that an editor
// adds becomes part of a secret.
func FileText(raw []byte) []byte {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(decodeText(raw))
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t")
	}
	return []byte(strings.TrimRight(strings.Join(lines, "\n"), "\n"))
}

func decodeText(raw []byte) string {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xfe")):
	case bytes.HasPrefix(raw, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return strings.TrimPrefix(string(raw), byteOrderMark)
	}
	units := make([]uint16, 0, len(raw)/2)
	for at := 2; at+1 < len(raw); at += 2 {
		units = append(units, order.Uint16(raw[at:]))
	}
	return string(utf16.Decode(units))
}
