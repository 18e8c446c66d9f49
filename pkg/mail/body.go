package mail

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// BlockKind is the form of a part of a text.
type BlockKind int

// The kinds of blocks, with how they are written in a text. An empty line ends each
// of them except a signature.
const (
	Paragraph BlockKind = iota // lines that begin with no space; where they break means nothing
	Heading                    // a line, and a line of dashes below it
	Items                      // "1. …", "2. …"; further lines of an item begin with three spaces
	Fixed                      // lines that begin with two spaces: lists of what was typed
	Quote                      // lines that begin with three spaces: words that a person typed
	Alone                      // a line that begins with four spaces: a code, a reference or an address
	Signature                  // all lines after the line "--"
)

// Block is a part of a text.
type Block struct {
	Kind  BlockKind
	Lines []string // a paragraph and a heading have one, Items one for each item; without what marks their kind
	Close bool     // no empty line separates it from the block before
}

// Width is the longest line of a text that can be broken, in characters.
const Width = 72

// Blocks returns the blocks of a text. Typed text is in Fixed and Quote, or in the middle of
// a paragraph, so that it never becomes one of the other kinds.
func Blocks(text string) []Block {
	var out []Block
	lines := strings.Split(strings.Trim(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
	gap := true
	for i := 0; i < len(lines); {
		if lines[i] == "" {
			gap = true
			i++
			continue
		}
		b, n := nextBlock(lines[i:])
		b.Close = !gap
		out, gap = append(out, b), false
		i += n
	}
	return out
}

// nextBlock returns the block at the beginning of lines and the number of its lines.
func nextBlock(lines []string) (b Block, n int) {
	first := lines[0]
	switch {
	case first == "--":
		return Block{Kind: Signature, Lines: lines[1:]}, len(lines)
	case strings.HasPrefix(first, "    "):
		return Block{Kind: Alone, Lines: []string{strings.TrimSpace(first)}}, 1
	case strings.HasPrefix(first, " "):
		b.Kind = Fixed
		if strings.HasPrefix(first, "   ") {
			b.Kind = Quote
		}
		for n < len(lines) && strings.HasPrefix(lines[n], " ") {
			b.Lines = append(b.Lines, strings.TrimRight(lines[n][min(2+int(b.Kind-Fixed), leading(lines[n])):], " "))
			n++
		}
		return b, n
	case strings.HasPrefix(first, "1. "):
		return items(lines)
	}
	for n < len(lines) && lines[n] != "" && lines[n][0] != ' ' {
		n++
	}
	if n == 2 && strings.Trim(lines[1], "-") == "" && len(lines[1]) > 2 {
		return Block{Kind: Heading, Lines: lines[:1]}, n
	}
	return Block{Lines: []string{strings.Join(lines[:n], " ")}}, n
}

// items reads a numbered list.
func items(lines []string) (b Block, n int) {
	b.Kind = Items
	for ; n < len(lines) && lines[n] != ""; n++ {
		if item, next := strings.CutPrefix(lines[n], fmt.Sprintf("%d. ", len(b.Lines)+1)); next {
			b.Lines = append(b.Lines, item)
		} else if more, further := strings.CutPrefix(lines[n], "   "); further {
			b.Lines[len(b.Lines)-1] += " " + strings.TrimSpace(more)
		} else {
			break
		}
	}
	return b, n
}

func leading(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// Wrap breaks a line at spaces, so that no line has more than Width characters if it
// can be broken. All but the first line begin with indent.
func Wrap(line, indent string) []string {
	var out []string
	var b strings.Builder
	width := 0
	for i, word := range strings.Fields(line) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case width+1+n > Width:
			out = append(out, b.String())
			b.Reset()
			b.WriteString(indent)
			width = len(indent)
		default:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(word)
		width += n
	}
	return append(out, b.String())
}

// Unwrap joins lines that Wrap broke.
func Unwrap(lines []string) []string {
	var out []string
	for i, line := range lines {
		if first, _, _ := strings.Cut(line, " "); i > 0 && line != "" && lines[i-1] != "" && utf8.RuneCountInString(lines[i-1])+1+utf8.RuneCountInString(first) > Width {
			out[len(out)-1] += " " + line
			continue
		}
		out = append(out, line)
	}
	return out
}

// flowed returns blocks as format=flowed (RFC 3676): a reader's program may break
// paragraphs and items anew, and nothing else.
func flowed(blocks []Block) string {
	var b strings.Builder
	fixed := func(lines ...string) {
		for _, line := range lines {
			b.WriteString(stuffed(strings.TrimRight(line, " ")) + "\n")
		}
	}
	flows := func(line string) {
		lines := Wrap(line, "")
		for i, part := range lines {
			b.WriteString(stuffed(part))
			if i < len(lines)-1 {
				b.WriteByte(' ') // the line goes on
			}
			b.WriteByte('\n')
		}
	}
	for i, block := range blocks {
		if i > 0 && !block.Close {
			b.WriteByte('\n')
		}
		switch block.Kind {
		case Paragraph:
			flows(block.Lines[0])
		case Heading:
			fixed(block.Lines[0], underline(block.Lines[0]))
		case Items:
			for i, item := range block.Lines {
				flows(fmt.Sprintf("%d. %s", i+1, item))
			}
		case Fixed, Quote:
			for _, line := range block.Lines {
				fixed(strings.Repeat(" ", 2+int(block.Kind-Fixed)) + line)
			}
		case Alone:
			fixed("    " + block.Lines[0])
		case Signature:
			b.WriteString("-- \n") // RFC 3676 §4.3; no line that goes on
			fixed(block.Lines...)
		}
	}
	return b.String()
}

// underline returns the line below a heading.
func underline(heading string) string {
	return strings.Repeat("-", max(3, min(utf8.RuneCountInString(heading), Width)))
}

// HeadingText returns a heading as it is written in a text.
func HeadingText(heading string) string { return heading + "\n" + underline(heading) }

// stuffed returns a line that no reader takes for a quotation or a separator
// (RFC 3676 §4.4).
func stuffed(line string) string {
	if strings.HasPrefix(line, " ") || strings.HasPrefix(line, ">") || strings.HasPrefix(line, "From ") || line == "--" {
		return " " + line
	}
	return line
}
