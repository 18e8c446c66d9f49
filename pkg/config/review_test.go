package config

import (
	"strings"
	"testing"
)

func TestReview(t *testing.T) {
	for _, c := range []struct {
		second  string
		reasons []string
		says    string
	}{
		{SecondForCompanies, []string{"identity", "else"}, ""},
		{SecondForEveryone, Default(Production).Review.Reasons, ""},
		{"nobody", []string{"else"}, "second_reviewer"},
		{"", []string{"else"}, "second_reviewer"},
		{SecondForEveryone, nil, "review.reasons"},
		{SecondForEveryone, []string{"else", "mood"}, "review.reasons[1]"},
	} {
		var fs faults
		Config{Review: Review{SecondReviewer: c.second, Reasons: c.reasons}}.checkReview(&fs)
		said := ""
		if err := fs.join(); err != nil {
			said = err.Error()
		}
		if (c.says == "") != (said == "") || !strings.Contains(said, c.says) {
			t.Errorf("%q %q: %q, want %q", c.second, c.reasons, said, c.says)
		}
	}
}
