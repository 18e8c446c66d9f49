package home_test

import (
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
)

// Z3: the front page and help lead to the status of an application.
func TestZ3_StatusIsLinked(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	for _, path := range []string{"/", "/help"} {
		s.Browser().Get(path).Is(200).Says(`href="/apply/status/find"`)
	}
}

// Z5: on practice nobody is asked to declare that what they type is true.
func TestZ5_PracticeSpeaksOfPractice(t *testing.T) {
	t.Parallel()
	practice := site.New(t, nil)
	production, _ := site.NewProduction(t)
	for path, word := range map[string]string{"/": "DigiD", "/terms": "naar waarheid"} {
		for s, want := range map[*site.Site]bool{practice: false, production: true} {
			b := s.Browser()
			b.Lang = "nl"
			if got := strings.Contains(b.Get(path).Is(200).Body, word); got != want {
				t.Errorf("practice %v: %s says %q: %v, want %v", s == practice, path, word, got, want)
			}
		}
	}
}
