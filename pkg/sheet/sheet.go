// Package sheet writes a table as a file that is safe to open in a spreadsheet
// program: CSV (RFC 4180) in UTF-8 with a byte order mark, one row a line.
//
//	header ─► rows (text is made harmless, numbers stay numbers) ─► #END, count, SHA-256
//
// Spreadsheet programs run a cell that begins like a formula. So Text changes
// such a text, both at the beginning of a cell and after a character that
// another program may take for a separator.
//
// The last line has the number of rows and a hash of everything before it, so
// that Check detects a truncated or changed file.
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

// Separator separates the cells of a line.
type Separator rune

// The separators. RFC 4180 has the comma. Where that is the decimal mark, as
// in the Netherlands, Excel needs semicolons. (Excel also obeys a first line
// "sep=;", but then ignores the byte order mark, and for other programs it is
// a row.)
const (
	Comma     Separator = ','
	Semicolon Separator = ';'
)

// Most is the most rows of a sheet. A longer one is refused, never truncated.
const Most = 100_000

// ErrTooMany is returned by Row after Most rows.
var ErrTooMany = errors.New("sheet: too many rows")

// ErrBroken is returned by Check for an incomplete or changed file.
var ErrBroken = errors.New("sheet: the file is not whole")

const (
	mark = "\ufeff"
	end  = "#END"
)

// Cell is a value in a row.
type Cell struct{ text string }

// Text returns a cell with a text, made safe for spreadsheet programs.
func Text(s string) Cell { return Cell{harmless(s)} }

// Number returns a cell with a number.
func Number(n int) Cell { return Cell{strconv.Itoa(n)} }

// Sheet is a table that is being written.
type Sheet struct {
	file    bytes.Buffer
	out     *csv.Writer
	columns int
	rows    int
}

// New returns a sheet with a header. It panics with fewer than three columns,
// which the last line needs.
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

// Row adds a row with a cell for each column. It returns ErrTooMany when there
// are Most rows.
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

// Rows returns the number of rows.
func (s *Sheet) Rows() int { return s.rows }

// Close adds the last line and returns the file.
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
		panic("sheet: " + err.Error()) // a buffer does not fail
	}
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// harmless returns a text that no spreadsheet program runs: on one line, and
// with ' before what would begin a formula.
func harmless(s string) string {
	var b strings.Builder
	if formula(s) || dynamic(s) {
		b.WriteByte('\'')
	}
	divided := false // for some programs a cell begins here
	for _, r := range s {
		switch {
		case unicode.IsControl(r):
			r = ' '
		case r == ',' || r == ';':
			divided = true
		case divided && beginsFormula(r):
			b.WriteByte('\'')
			divided = false
		case !skippable(r):
			divided = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// formula reports whether a cell may be taken for a formula.
func formula(cell string) bool {
	if cell != "" && strings.ContainsRune("\t\r\n\x00", rune(cell[0])) {
		return true
	}
	first, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(cell, func(r rune) bool { return skippable(r) || unicode.IsControl(r) }))
	return beginsFormula(first)
}

// beginsFormula reports whether a formula can begin with r, in any width.
func beginsFormula(r rune) bool {
	return strings.ContainsAny(norm.NFKC.String(string(r)), "=+-@")
}

// skippable reports whether a program may skip r before a formula.
func skippable(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.In(r, unicode.Pi, unicode.Pf) || strings.ContainsRune("\"'`„‚＂＇", r)
}

// dynamic reports whether a text may be a DDE request to another program, such
// as "cmd|'/C calc'!A0".
func dynamic(s string) bool {
	_, topic, ok := strings.Cut(s, "|")
	return ok && strings.Contains(topic, "!")
}

// Check returns the number of rows of a complete file, or ErrBroken.
func Check(file []byte) (int, error) {
	lines := bytes.SplitAfter(file, []byte("\r\n"))
	if n := len(lines); n < 3 || len(lines[n-1]) != 0 {
		return 0, ErrBroken
	}
	last := string(lines[len(lines)-2])
	rows := len(lines) - 3 // without the header, the last line and the empty rest
	for _, separator := range []string{",", ";"} {
		cells := strings.Split(strings.TrimSpace(last), separator)
		if len(cells) >= 3 && cells[0] == end && cells[1] == strconv.Itoa(rows) && cells[2] == hash(file[:len(file)-len(last)]) {
			return rows, nil
		}
	}
	return 0, ErrBroken
}
