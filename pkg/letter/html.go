package letter

import (
	"bytes"
	"fmt"
	"html"
	"io/fs"
	"regexp"
	"strings"
	"text/template"

	"omgevingsloket-id/pkg/mail"
)

// layoutFile is the one layout of all HTML parts.
const layoutFile = "mail/layout.tmpl"

// markup is HTML. The layout prints only markup, and only escape makes markup from text,
// so that nothing is shown that was not escaped. It may stand in an element, and in an
// attribute in double quotes.
type markup string

func escape(text string) markup { return markup(html.EscapeString(text)) }

// page is the data of the layout.
type page struct {
	Lang, Title, Wordmark markup
	Parts                 []part
}

// part is a block as the layout shows it.
type part struct {
	Kind  string // "notice", "p", "h2", "ol", "lines", "quote", "code", "box", "button", "link" or "foot"
	Lines []line
	Label markup // of a button and a link
	URL   markup
}

// line is a line of a part; Deep is true if the text indents it.
type line struct {
	Deep  bool
	Spans []span
}

// span is a piece of a line, and a link if URL is set. Whole is true for a reference, which
// is not broken at its hyphens.
type span struct {
	Text, URL markup
	Whole     bool
}

var referenceText = regexp.MustCompile(`^[A-Z0-9]{4}(-[A-Z0-9]{4}){1,2}[.,]?$`)

// HTML returns the HTML part of a message, made from its text when it is sent, so that the
// text is stored once. It loads nothing. Only addresses of this service become links;
// typed text never does. HTML returns "" if the layout is faulty, which Prepare reports.
func (w *Writer) HTML(m mail.Message) string {
	if w.Prepare() != nil {
		return ""
	}
	lang := m.Lang
	if w.letters[lang] == nil {
		lang = fallback
	}
	e := envelope{Writer: w, Lang: lang}
	p := page{Lang: escape(lang), Wordmark: escape(w.Wordmark), Title: escape(strings.TrimPrefix(m.Subject, strings.TrimSpace(w.render(e, "practice-subject"))+" "))}
	notice := strings.TrimSpace(w.render(e, "practice"))
	for _, b := range mail.Blocks(m.Text.Reveal()) {
		switch b.Kind {
		case mail.Paragraph:
			kind := "p"
			if w.Practice && b.Lines[0] == notice {
				kind = "notice"
			}
			p.Parts = append(p.Parts, part{Kind: kind, Lines: w.lines(b.Lines)})
		case mail.Heading:
			p.Parts = append(p.Parts, part{Kind: "h2", Label: escape(b.Lines[0])})
		case mail.Items:
			p.Parts = append(p.Parts, part{Kind: "ol", Lines: w.lines(b.Lines)})
		case mail.Fixed:
			p.Parts = append(p.Parts, part{Kind: "lines", Lines: w.lines(b.Lines)})
		case mail.Quote:
			p.quote(b)
		case mail.Alone:
			w.alone(&p, b)
		case mail.Signature:
			p.Parts = append(p.Parts, part{Kind: "foot", Lines: w.lines(b.Lines)})
		}
	}
	var out bytes.Buffer
	if err := w.layout.Execute(&out, p); err != nil {
		return ""
	}
	return out.String()
}

// quote adds words that a person typed, which never hold a link. An empty line does not
// end the part.
func (p *page) quote(b mail.Block) {
	var lines []line
	for _, text := range mail.Unwrap(b.Lines) {
		lines = append(lines, line{Spans: []span{{Text: escape(text)}}})
	}
	if n := len(p.Parts); n > 0 && p.Parts[n-1].Kind == "quote" {
		p.Parts[n-1].Lines = append(append(p.Parts[n-1].Lines, line{}), lines...)
		return
	}
	p.Parts = append(p.Parts, part{Kind: "quote", Lines: lines})
}

// alone adds a code, a reference or an address. An address is a button, with the line
// above it as its label; a mail has one, so that further ones are links.
func (w *Writer) alone(p *page, b mail.Block) {
	text := b.Lines[0]
	switch {
	case mail.IsCode(text):
		p.Parts = append(p.Parts, part{Kind: "code", Label: escape(text)})
		return
	case !w.here(text):
		p.Parts = append(p.Parts, part{Kind: "box", Label: escape(text)})
		return
	}
	link := part{Kind: "link", URL: escape(text), Label: escape(text)}
	if n := len(p.Parts); b.Close && n > 0 && p.Parts[n-1].Kind == "p" {
		link.Kind, link.Label = "button", p.Parts[n-1].label()
		p.Parts = p.Parts[:n-1]
	}
	for _, other := range p.Parts {
		if other.Kind == "button" {
			link.Kind = "link"
		}
	}
	p.Parts = append(p.Parts, link)
}

// label returns a paragraph as a label.
func (p part) label() markup {
	var b strings.Builder
	for _, l := range p.Lines {
		for _, s := range l.Spans {
			b.WriteString(string(s.Text))
		}
	}
	return markup(strings.TrimSuffix(b.String(), ":"))
}

// here reports whether a text is an address of this service.
func (w *Writer) here(text string) bool {
	return addressText.MatchString(text) && (strings.HasPrefix(text, w.Issuer+"/") || strings.HasPrefix(text, w.ConsoleURL))
}

var addressText = regexp.MustCompile(`^https?://[A-Za-z0-9/._~:?&=%+\[\]-]+$`)

// lines returns lines with links for the addresses that every mail may have. Words are
// compared with them as a whole, so that typed text adds no other link.
func (w *Writer) lines(texts []string) []line {
	known := map[string]bool{w.Issuer: true, w.StartURL: true, w.ConsoleURL: true, w.Helpdesk.URL: true, w.StatusURL(): true, w.FindURL(): true, w.AddressURL(): true}
	out := make([]line, len(texts))
	for i, text := range texts {
		out[i].Deep = strings.HasPrefix(text, " ")
		for j, word := range strings.Split(strings.TrimLeft(text, " "), " ") {
			if j > 0 {
				out[i].Spans = append(out[i].Spans, span{Text: " "})
			}
			address := strings.TrimRight(word, ".,")
			if address != "" && known[address] {
				before, after, _ := strings.Cut(word, address)
				out[i].Spans = append(out[i].Spans, span{Text: escape(before)}, span{Text: escape(address), URL: escape(address)}, span{Text: escape(after)})
				continue
			}
			out[i].Spans = append(out[i].Spans, span{Text: escape(word), Whole: referenceText.MatchString(address)})
		}
	}
	return out
}

// parseLayout parses the layout.
func parseLayout(files fs.FS) (*template.Template, error) {
	text, err := fs.ReadFile(files, layoutFile)
	if err != nil {
		return nil, fmt.Errorf("letter: %w", err)
	}
	layout, err := template.New("layout").Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("letter: %s: %w", layoutFile, err)
	}
	return layout, nil
}
