package site

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"omgevingsloket-id/pkg/mail"
)

// Mails returns the kinds of the mails to an address since the last call of Mails
// or Letters.
func (s *Site) Mails(email string) []string {
	s.T.Helper()
	items, err := s.Stores.DB.Outbox().Take(context.Background(), s.Clock.Now(), time.Hour, 100)
	Must(s.T, err)
	var kinds []string
	for _, item := range items {
		if item.To == email {
			kinds = append(kinds, item.Kind)
		}
	}
	return kinds
}

// WantMails demands that the mails to an address since the last call of Mails or
// Letters are of these kinds, in any order.
func (s *Site) WantMails(email string, kinds ...string) {
	s.T.Helper()
	if got := s.Mails(email); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(kinds))) {
		s.T.Errorf("Mails(%s) = %q, want %q", email, got, kinds)
	}
}

// Letters returns the mails since the last call of Mails or Letters, by kind.
func (s *Site) Letters() map[string]mail.Item {
	s.T.Helper()
	items, err := s.Stores.DB.Outbox().Take(s.T.Context(), s.Clock.Now(), time.Hour, 100)
	Must(s.T, err)
	out := map[string]mail.Item{}
	for _, item := range items {
		out[item.Kind] = item
	}
	return out
}

// Mailed returns subject and text of the last mail of a kind to an address, with
// single spaces.
func (s *Site) Mailed(kind, to string) string {
	s.T.Helper()
	items, err := s.Stores.DB.Outbox().Take(s.T.Context(), s.Clock.Now().Add(time.Hour), 0, 1000)
	Must(s.T, err)
	text := ""
	var last time.Time
	for _, item := range items {
		if item.Kind == kind && item.To == to && !item.At.Before(last) {
			text, last = item.Subject+"\n"+item.Text.Reveal(), item.At
		}
	}
	if text == "" {
		s.T.Fatalf("no mail %s to %s among %d", kind, to, len(items))
	}
	return strings.Join(strings.Fields(text), " ")
}

var mailedLink = regexp.MustCompile(`https?://\S+?(/[a-z]+/[a-z]+)\?\S+`)

// MailedLink returns path and query of the first link to a path of the site in the last
// mail of a kind to an address.
func (s *Site) MailedLink(kind, to, path string) string {
	s.T.Helper()
	text := s.Mailed(kind, to)
	for _, found := range mailedLink.FindAllStringSubmatchIndex(text, -1) {
		if text[found[2]:found[3]] == path {
			return text[found[2]:found[1]]
		}
	}
	s.T.Fatalf("no link to %s in mail %s to %s:\n%s", path, kind, to, text)
	return ""
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// MailedCode returns the six digits in the last mail of a kind to an address.
func (s *Site) MailedCode(kind, to string) string {
	s.T.Helper()
	text := s.Mailed(kind, to)
	code := sixDigits.FindString(text)
	if code == "" {
		s.T.Fatalf("no code in mail %s to %s:\n%s", kind, to, text)
	}
	return code
}
