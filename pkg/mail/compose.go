package mail

import (
	"errors"
	"fmt"
	netmail "net/mail"
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

// compose returns a message in the form of RFC 5322: plain text in UTF-8 as
// quoted-printable. It checks every value from outside, so that a line end, a
// comma or a path in it becomes neither a header, nor a second recipient, nor
// another file.
func compose(m Message, from From) (*gomail.Msg, error) {
	to, err := CanonicalAddress(m.To)
	if err != nil || to != m.To {
		return nil, fmt.Errorf("%w: recipient", errCompose)
	}
	sender, err := CanonicalAddress(from.Address)
	if err != nil {
		return nil, fmt.Errorf("%w: sender", errCompose)
	}
	if !plainID(m.ID) {
		return nil, fmt.Errorf("%w: id", errCompose)
	}
	if !oneLine(m.Subject) || m.Subject == "" {
		return nil, fmt.Errorf("%w: subject", errCompose)
	}
	if !oneLine(from.Name) {
		return nil, fmt.Errorf("%w: sender's name", errCompose)
	}
	// By default the library adds its name and version.
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithCharset(gomail.CharsetUTF8), gomail.WithEncoding(gomail.EncodingQP))
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
	msg.SetBodyString(gomail.TypeTextPlain, m.Text.Reveal())
	return msg, nil
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
