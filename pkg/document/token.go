package document

import (
	"bytes"
	"encoding/hex"
	"strconv"
)

// blanks separate tokens (ISO 32000-1 §7.2.2).
const blanks = "\x00\t\n\f\r "

func isSpace(c byte) bool { return bytes.IndexByte([]byte(blanks), c) >= 0 }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// isRegular reports whether c is part of a name, number or keyword.
func isRegular(c byte) bool { return bytes.IndexByte([]byte(blanks+"()<>[]{}/%"), c) < 0 }

func (p *piece) is(at int, text string) bool {
	return at <= len(p.b) && bytes.HasPrefix(p.b[at:], []byte(text))
}

// run returns the end of the bytes from a place for which of returns true.
func (p *piece) run(at int, of func(byte) bool) int {
	for at < len(p.b) && of(p.b[at]) {
		at++
	}
	return at
}

func (p *piece) digits(at int) int { return p.run(at, isDigit) }

// space skips blanks and comments.
func (p *piece) space(at int) int {
	from := at
	for at = p.run(at, isSpace); p.is(at, "%"); at = p.run(at, isSpace) {
		at = p.run(at, func(c byte) bool { return c != '\n' && c != '\r' })
	}
	p.spare -= at - from
	return at
}

// name returns the name at a place without its escapes (§7.3.5), and its end. A
// name that is too long to be known is returned as "".
func (p *piece) name(at int) (name string, end int) {
	end = p.run(at+1, isRegular)
	const longest = 64
	if end-at > longest {
		return "", end
	}
	name = plain(string(p.b[at+1 : end]))
	if end := bytes.IndexByte([]byte(name), 0); end >= 0 { // some readers stop there
		name = name[:end]
	}
	return name, end
}

// plain decodes the escapes of a name: J#61vaScript.
func plain(name string) string {
	if !bytes.ContainsRune([]byte(name), '#') {
		return name
	}
	out := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		if name[i] == '#' && i+2 < len(name) {
			if b, err := hex.DecodeString(name[i+1 : i+3]); err == nil {
				out = append(out, b[0])
				i += 2
				continue
			}
		}
		out = append(out, name[i])
	}
	return string(out)
}

// isReference reports whether a reference (12 0 R) is at a place.
func (p *piece) isReference(at int) bool { return p.reference(at) > at }

// reference returns the end of the reference at a place, or the place if none
// is there.
func (p *piece) reference(at int) int {
	first := p.digits(at)
	second := p.space(first)
	end := p.digits(second)
	r := p.space(end)
	if first == at || second == first || end == second || !p.is(r, "R") || r+1 < len(p.b) && isRegular(p.b[r+1]) {
		return at
	}
	return r + 1
}

// skip returns the end of the value at a place. A reference is one value in a
// dictionary; in an array it may be three.
func (p *piece) skip(at, deep int, references bool) (end int, err error) {
	switch {
	case deep == 0 || p.spare < 0 || at >= len(p.b):
		return at, errMalformed
	case p.is(at, "<<"):
		d, err := p.dict(at, deep-1)
		return d.to, err
	case p.b[at] == '[':
		for at = p.space(at + 1); !p.is(at, "]"); at = p.space(at) {
			if at, err = p.skip(at, deep-1, false); err != nil {
				return at, err
			}
		}
		return at + 1, nil
	}
	switch p.b[at] {
	case '(':
		end = p.text(at)
	case '<':
		end = at + 1 + bytes.IndexByte(p.b[at:], '>')
		if end <= at {
			end = len(p.b) + 1
		}
	case '/':
		_, end = p.name(at)
	default:
		if references {
			end = p.reference(at)
		}
		if end <= at {
			end = p.run(at, isRegular)
		}
	}
	p.spare -= min(end, len(p.b)) - at
	if end == at || end > len(p.b) {
		return at, errMalformed
	}
	return end, nil
}

// text returns the end of a string in parentheses, beyond the piece if it has none.
func (p *piece) text(at int) (end int) {
	open := 0
	for ; at < len(p.b); at++ {
		switch p.b[at] {
		case '\\':
			at++
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				return at + 1
			}
		}
	}
	return len(p.b) + 1
}

// mostBlanks is how many blanks are read backwards.
const mostBlanks = 256

// header returns the number of the object whose keyword "obj" is at a place, and
// where it begins. The number is -1 if it cannot be read.
func (p *piece) header(at int) (number, from int) {
	if at < 0 {
		return -1, -1
	}
	back := func(at int, of func(byte) bool) int {
		for least := max(0, at-mostBlanks); at > least && of(p.b[at-1]); {
			at--
		}
		return at
	}
	generation := back(at, isSpace)
	from = back(generation, isDigit)
	end := back(from, isSpace)
	begin := back(end, isDigit)
	number, err := strconv.Atoi(string(p.b[begin:end]))
	if err != nil || from == generation || end == from {
		return -1, begin
	}
	return number, begin
}

// number returns the number that is the value of a key, -1 if there is none.
func (p *piece) number(d dict, key string) int {
	e, ok, _ := d.get(key)
	n, err := strconv.Atoi(string(p.b[e.from:e.to]))
	if !ok || err != nil {
		return -1
	}
	return n
}
