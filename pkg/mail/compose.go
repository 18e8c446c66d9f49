package mail

import (
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// From is the sender of messages.
type From struct {
	Address string
	Name    string
}

// domain returns the domain of the address.
func (f From) domain() string {
	_, domain, _ := strings.Cut(f.Address, "@")
	return domain
}

// errCompose is permanent: the message cannot be written as RFC 5322. The
// wrapping error names the field, never its value.
var errCompose = errors.New("mail: cannot be written")

// Form writes messages as RFC 5322.
type Form struct {
	From From
	HTML func(Message) string // the HTML part; nil or "" = plain text alone
}

// WriteTo writes a message to w.
func (f Form) WriteTo(w io.Writer, m Message) error {
	msg, err := f.compose(m)
	if err == nil {
		_, err = msg.WriteTo(w)
	}
	return err
}

// compose returns a message in the form of RFC 5322: plain text as format=flowed and
// HTML, both in UTF-8 as quoted-printable. It checks every value from outside, so
// that a line end, a comma or a path in it becomes neither a header, nor a second
// recipient, nor another file.
func (f Form) compose(m Message) (*gomail.Msg, error) {
	from := f.From
	to, err := CanonicalAddress(m.To)
	if err != nil || to != m.To {
		return nil, fmt.Errorf("%w: recipient", errCompose)
	}
	sender, err := CanonicalAddress(from.Address)
	if err != nil {
		return nil, fmt.Errorf("%w: sender", errCompose)
	}
	if !plainID(m.ID) || !plainID(m.Kind) {
		return nil, fmt.Errorf("%w: id or kind", errCompose)
	}
	if !oneLine(m.Subject) || m.Subject == "" {
		return nil, fmt.Errorf("%w: subject", errCompose)
	}
	if !oneLine(from.Name) {
		return nil, fmt.Errorf("%w: sender's name", errCompose)
	}
	// By default the library adds its name and version.
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithCharset(gomail.CharsetUTF8), gomail.WithEncoding(gomail.EncodingQP),
		gomail.WithBoundary(boundary(m.ID)))
	msg.SetAddrHeaderFromMailAddress(gomail.HeaderFrom, &netmail.Address{Name: from.Name, Address: sender})
	msg.SetAddrHeaderFromMailAddress(gomail.HeaderTo, &netmail.Address{Address: to})
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.At)
	// The same for every attempt, so that a receiver can detect duplicates.
	msg.SetMessageIDWithValue(m.ID + "@" + From{Address: sender}.domain())
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5
	if m.Lang == "nl" || m.Lang == "en" {
		msg.SetGenHeader(gomail.HeaderContentLang, m.Lang)
	}
	blocks := Blocks(m.Text.Reveal())
	if !secretive(m, blocks) {
		msg.SetGenHeader("List-Id", "<"+m.Kind+"."+From{Address: sender}.domain()+">") // RFC 2919; for people's own filters
	}
	msg.SetBodyString(flowedText, flowed(blocks))
	if f.HTML == nil {
		return msg, nil
	}
	if html := f.HTML(m); html != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, html)
	}
	return msg, nil
}

// flowedText is the type of the plain text (RFC 3676).
const flowedText = "text/plain; format=flowed; delsp=no"

// boundary returns the separator of the parts: the same for every attempt, and in no
// text, because ids are random.
func boundary(id string) string { return "part-" + id[:min(len(id), 60)] }

// codes matches the codes that a message has alone on a line.
var codes = regexp.MustCompile(`^([0-9]{6,8}|[0-9]{4} [0-9]{4})$`)

// IsCode reports whether a line that is Alone is a code to type.
func IsCode(line string) bool { return codes.MatchString(line) }

// secretive reports whether a message has a code or a link for which a person waits, so
// that no filter should put it aside.
func secretive(m Message, blocks []Block) bool {
	return slices.ContainsFunc(blocks, func(b Block) bool {
		return b.Kind == Alone && (IsCode(b.Lines[0]) || !m.Expires.IsZero() && strings.Contains(b.Lines[0], "?"))
	})
}

// plainID reports whether an id has only letters, digits, - and _, as a
// Message-ID and a file name need.
func plainID(id string) bool {
	return id != "" && len(id) <= 128 && !strings.ContainsFunc(id, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	})
}

// oneLine reports whether s has at most 500 bytes and no control characters and
// Unicode line ends.
func oneLine(s string) bool {
	return len(s) <= 500 && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r == '\ufffd'
	})
}
