package config

import (
	"strings"
	"testing"
	"time"
)

func TestReview(t *testing.T) {
	t.Parallel()
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

func TestKeepDocuments(t *testing.T) {
	t.Parallel()
	for keep, wrong := range map[time.Duration]bool{-time.Second: true, 0: false, 720 * time.Hour: false} {
		c := Default(Production)
		c.Review.KeepDocuments = keep
		var fs faults
		c.checkReview(&fs)
		if (len(fs) > 0) != wrong {
			t.Errorf("checkReview(keep_documents %s) = %v, want a fault: %t", keep, fs, wrong)
		}
	}
}
