package testenv

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	_ "github.com/emersion/go-message/charset" // mails in other character sets than UTF-8
	"github.com/emersion/go-message/mail"
)

// Mail is one message as a mail client would show it.
type Mail struct {
	From        string   // envelope sender; of a file, the From header's address
	To          []string // envelope recipients; of a file, the addresses of To and Cc
	Header      mail.Header
	Subject     string
	Text, HTML  string // decoded bodies
	Attachments []Attachment
	Raw         []byte // as received
}

// Attachment is a file in a mail.
type Attachment struct {
	Name, Type string
	Data       []byte
}

// ParseMail reads a message in the format of RFC 5322.
func ParseMail(raw []byte) (Mail, error) {
	m := Mail{Raw: raw}
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		return m, fmt.Errorf("mail: %w", err)
	}
	m.Header = r.Header
	if m.Subject, err = r.Header.Subject(); err != nil {
		return m, fmt.Errorf("mail: subject: %w", err)
	}
	if m.From, m.To, err = addresses(&r.Header); err != nil {
		return m, err
	}
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return m, fmt.Errorf("mail: %w", err)
		}
		if err := m.add(part); err != nil {
			return m, err
		}
	}
}

func addresses(h *mail.Header) (from string, to []string, err error) {
	senders, err := h.AddressList("From")
	if err != nil {
		return "", nil, fmt.Errorf("mail: From: %w", err)
	}
	if len(senders) != 1 {
		return "", nil, fmt.Errorf("mail: From: %d senders", len(senders))
	}
	for _, field := range []string{"To", "Cc"} {
		list, err := h.AddressList(field)
		if err != nil {
			return "", nil, fmt.Errorf("mail: %s: %w", field, err)
		}
		for _, a := range list {
			to = append(to, a.Address)
		}
	}
	return senders[0].Address, to, nil
}

func (m *Mail) add(part *mail.Part) error {
	data, err := io.ReadAll(part.Body)
	if err != nil {
		return fmt.Errorf("mail: body: %w", err)
	}
	switch h := part.Header.(type) {
	case *mail.InlineHeader:
		kind, _, err := h.ContentType()
		switch {
		case err != nil:
			return fmt.Errorf("mail: type of a part: %w", err)
		case kind == "text/html":
			m.HTML += string(data)
		default:
			m.Text += string(data)
		}
	case *mail.AttachmentHeader:
		kind, _, err := h.ContentType()
		if err != nil {
			return fmt.Errorf("mail: type of an attachment: %w", err)
		}
		name, err := h.Filename()
		if err != nil {
			return fmt.Errorf("mail: name of an attachment: %w", err)
		}
		m.Attachments = append(m.Attachments, Attachment{name, kind, data})
	}
	return nil
}

// Inbox is the mail that was received in one place.
type Inbox struct {
	load func() ([]Mail, error) // oldest first

	mu   sync.Mutex
	read map[string]int // by recipient: how many Next has returned
}

// MailFolder returns the inbox of a folder of .eml files, which the demo writes instead of
// sending; oldest first, by name.
func MailFolder(dir string) *Inbox {
	return &Inbox{load: func() ([]Mail, error) {
		names, err := filepath.Glob(filepath.Join(dir, "*.eml")) // sorted
		if err != nil {
			return nil, err
		}
		var all []Mail
		for _, name := range names {
			raw, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			m, err := ParseMail(raw)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			all = append(all, m)
		}
		return all, nil
	}}
}

// All returns all mail, oldest first.
func (b *Inbox) All(t testing.TB) []Mail {
	t.Helper()
	all, err := b.load()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// To returns the mail to one address, oldest first.
func (b *Inbox) To(t testing.TB, address string) []Mail {
	t.Helper()
	return addressed(b.All(t), address)
}

func addressed(all []Mail, address string) []Mail {
	var mine []Mail
	for _, m := range all {
		if slices.ContainsFunc(m.To, func(to string) bool { return strings.EqualFold(to, address) }) {
			mine = append(mine, m)
		}
	}
	return mine
}

// Next returns the oldest mail to the address that Next has not returned yet, and waits for it.
func (b *Inbox) Next(t testing.TB, address string) Mail {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.read == nil {
		b.read = map[string]int{}
	}
	key := strings.ToLower(address)
	var all []Mail
	var err error
	if !eventually(func() bool {
		all, err = b.load()
		return err == nil && len(addressed(all, address)) > b.read[key]
	}) {
		t.Fatalf("no new mail for %s after %v; there is:%s\n(%v)", address, Patience, subjects(all), err)
	}
	b.read[key]++
	return addressed(all, address)[b.read[key]-1]
}

func subjects(all []Mail) string {
	var list strings.Builder
	for _, m := range all {
		fmt.Fprintf(&list, "\n  %v: %s", m.To, m.Subject)
	}
	return list.String()
}
