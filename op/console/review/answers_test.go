package review_test

import (
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/application"
)

// Y8, Y10, Y12: the case page shows what is not known, and warns of a number that does
// not exist.
func TestY8_Y10_Y12_CasePage(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	const warning = "dit nummer bestaat waarschijnlijk niet"
	odd := s.Sent("odd@example.com", func(a *application.Application) {
		a.Answers.GivenName, a.Answers.FamilyName, a.Answers.Birthdate, a.Answers.Phone = "Suharto", "", "1980-05-00", "+999 12 34 56 78"
	})
	good := s.Sent("good@example.com", func(a *application.Application) { a.Answers.Phone = "+31201234567;ext=12" })
	none := s.Sent("none@example.com")
	b := s.Reviewer("nora")
	b.Get("/console/review/case?id=" + odd.ID).Says("Suharto").Says("mei 1980 (dag onbekend)").Says("999 12 34 56 78").Says(warning)
	if b.Get("/console/review/case?id=" + good.ID).Says("31201234567 toestel 12"); strings.Contains(b.Body, warning) {
		t.Error("a warning about a number that exists")
	}
	if b.Get("/console/review/case?id=" + none.ID); strings.Contains(b.Body, warning) {
		t.Error("a warning about no number")
	}
}
