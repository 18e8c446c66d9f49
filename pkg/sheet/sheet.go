// Package sheet owns a table as a file that a spreadsheet opens without harm:
// CSV (RFC 4180) in UTF-8 with a byte order mark, one record a line.
//
//	header ─► rows (text is made harmless, numbers stay numbers) ─► #END, count, SHA-256
//
// A spreadsheet takes a cell that begins like a formula for one, whoever
// wrote it. So no text leaves here that begins so, neither at the beginning
// of a cell nor behind what another reader may take for a separator.
//
// The file is whole or not a file: its last line counts the rows and hashes
// everything before it, and Check finds what is missing or changed.
package sheet

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Separator divides the cells of a line.
type Separator rune

// The separators. RFC 4180 says comma; where the comma is the decimal mark,
// as in the Netherlands, Excel only opens semicolons as columns. (A first
// line "sep=;" would tell Excel, but costs it the byte order mark and every
// other reader a row.)
const (
	Comma     Separator = ','
	Semicolon Separator = ';'
)

// Most is how many rows a sheet holds; what is longer is refused, never cut.
const Most = 100_000

// ErrTooMany says that there are more than Most rows.
var ErrTooMany = errors.New("sheet: too many rows")

// ErrBroken says that a file is not as it was written.
var ErrBroken = errors.New("sheet: the file is not whole")

const (
	mark = "\ufeff"
	end  = "#END"
)

// Cell is one value.
type Cell struct{ text string }

// Text makes a cell of any text.
func Text(s string) Cell { return Cell{harmless(s)} }

// Number makes a cell that a spreadsheet can count with.
func Number(n int) Cell { return Cell{strconv.Itoa(n)} }

// Sheet is a table in the making.
type Sheet struct {
	file    bytes.Buffer
	out     *csv.Writer
	columns int
	rows    int
}

// New begins a table; it has three columns at least, for its last line.
func New(separator Separator, columns ...string) *Sheet {
	if len(columns) < 3 {
		panic("sheet: fewer than three columns")
	}
	s := &Sheet{columns: len(columns)}
	s.file.WriteString(mark)
	s.out = csv.NewWriter(&s.file)
	s.out.Comma, s.out.UseCRLF = rune(separator), true
	header := make([]Cell, len(columns))
	for i, c := range columns {
		header[i] = Text(c)
	}
	s.write(header)
	return s
}

// Row adds a row with a cell for each column. ErrTooMany when there are Most.
func (s *Sheet) Row(cells ...Cell) error {
	if len(cells) != s.columns {
		panic(fmt.Sprintf("sheet: %d cells in %d columns", len(cells), s.columns))
	}
	if s.rows == Most {
		return ErrTooMany
	}
	s.rows++
	s.write(cells)
	return nil
}

// Rows is how many there are.
func (s *Sheet) Rows() int { return s.rows }

// Close adds the last line and gives the file.
func (s *Sheet) Close() []byte {
	s.out.Flush()
	last := make([]Cell, s.columns)
	last[0], last[1], last[2] = Cell{end}, Number(s.rows), Cell{hash(s.file.Bytes())}
	s.write(last)
	s.out.Flush()
	return s.file.Bytes()
}

func (s *Sheet) write(cells []Cell) {
	record := make([]string, len(cells))
	for i, c := range cells {
		record[i] = c.text
	}
	if err := s.out.Write(record); err != nil {
		panic("sheet: " + err.Error()) // a buffer takes everything
	}
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// harmless gives a text that is nothing but text in every spreadsheet: on one
// line, and with a ' before what would begin a formula.
func harmless(s string) string {
	var b strings.Builder
	if formula(s) || dynamic(s) {
		b.WriteByte('\'')
	}
	divided := false // here another reader's cell may begin
	for _, r := range s {
		switch {
		case unicode.IsControl(r):
			r = ' '
		case r == ',' || r == ';':
			divided = true
		case divided && begins(r):
			b.WriteByte('\'')
			divided = false
		case !passedOver(r):
			divided = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// formula tells whether a cell may be taken for a formula.
func formula(cell string) bool {
	if cell != "" && strings.ContainsRune("\t\r\n\x00", rune(cell[0])) {
		return true
	}
	first, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(cell, func(r rune) bool { return passedOver(r) || unicode.IsControl(r) }))
	return begins(first)
}

// begins tells whether a formula can begin with it, in any width.
func begins(r rune) bool {
	return strings.ContainsAny(norm.NFKC.String(string(r)), "=+-@")
}

// passedOver is what a reader may leave away before it looks.
func passedOver(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.In(r, unicode.Pi, unicode.Pf) || strings.ContainsRune("\"'`„‚＂＇", r)
}

// dynamic tells whether a text could ask another program for data, as
// "cmd|'/C calc'!A0" does.
func dynamic(s string) bool {
	_, topic, ok := strings.Cut(s, "|")
	return ok && strings.Contains(topic, "!")
}

// Check gives the number of rows of a whole file, or ErrBroken.
func Check(file []byte) (int, error) {
	lines := bytes.SplitAfter(file, []byte("\r\n"))
	if n := len(lines); n < 3 || len(lines[n-1]) != 0 {
		return 0, ErrBroken
	}
	last := string(lines[len(lines)-2])
	rows := len(lines) - 3 // without the header, the last line and what is behind it
	for _, separator := range []string{",", ";"} {
		cells := strings.Split(strings.TrimSpace(last), separator)
		if len(cells) >= 3 && cells[0] == end && cells[1] == strconv.Itoa(rows) && cells[2] == hash(file[:len(file)-len(last)]) {
			return rows, nil
		}
	}
	return 0, ErrBroken
}
