package site

import (
	"net/url"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/review"
)

// Case returns a case as it is stored now.
func (s *Site) Case(id string) review.Case {
	s.T.Helper()
	c, err := s.Stores.DB.Cases().Case(s.T.Context(), id)
	Must(s.T, err)
	return c
}

// CasePath returns the path of the page of a case.
func CasePath(c review.Case) string {
	return "/console/review/case?" + url.Values{"id": {c.ID}}.Encode()
}

// DecidePath returns the path of the page for an act (approve, more …) on a case.
func DecidePath(c review.Case, act string) string {
	return "/console/review/decide?" + url.Values{"id": {c.ID}, "act": {act}}.Encode()
}

// Seen returns the version of the case that the page was made from.
func (b *Browser) Seen() string {
	b.Site.T.Helper()
	_, rest, ok := strings.Cut(b.Body, `name="seen" value="`)
	if !ok {
		b.Site.T.Fatalf("no version on the page at %s (status %d)\n%s", b.URL, b.Status, b.Body)
	}
	seen, _, _ := strings.Cut(rest, `"`)
	return seen
}

// Take takes a case.
func (b *Browser) Take(c review.Case) *Browser {
	b.Site.T.Helper()
	b.Get(CasePath(c)).Press(CasePath(c), "action", "take", "seen", b.Seen())
	return b.At("/console/review/case")
}

// Decide opens the page of an act on a case and sends its form, up to a step
// ("mail": show the mail, "send": do it).
func (b *Browser) Decide(c review.Case, act, step string, fields ...string) *Browser {
	b.Site.T.Helper()
	b.Get(DecidePath(c, act)).At("/console/review/decide")
	return b.Press(DecidePath(c, act), append([]string{"step", step, "seen", b.Seen()}, fields...)...)
}

// Asked stores a case whose applicant was asked something by an official.
func (s *Site) Asked(olga *Browser, email string, change ...func(*application.Application)) review.Case {
	s.T.Helper()
	c := s.Sent(email, change...)
	olga.Take(c).Decide(c, "more", "send", "text", "Wie bent u?").At("/console/review/case")
	return s.Case(c.ID)
}

// WantState requires the state of a case.
func WantState(t *testing.T, s *Site, c review.Case, want application.State) {
	t.Helper()
	if got := s.Case(c.ID); got.State != want {
		t.Errorf("%s is %s, want %s", c.Reference, got.State, want)
	}
}
