package config

import (
	"fmt"
	"slices"
	"strings"

	"omgevingsloket-id/pkg/review"
)

// The applications that need a second official's approval.
const (
	SecondForCompanies = "companies"
	SecondForEveryone  = "everyone"
)

func (c Config) checkReview(fs *faults) {
	if s := c.Review.SecondReviewer; s != SecondForCompanies && s != SecondForEveryone {
		fs.add("review.second_reviewer", "is neither companies nor everyone", "choose one of the two")
	}
	if c.Review.KeepDocuments < 0 {
		fs.add("review.keep_documents", "is less than nothing", "give a duration such as 720h")
	}
	if len(c.Review.Reasons) == 0 {
		fs.add("review.reasons", "is empty: nothing could be rejected", "leave it out for all reasons")
	}
	for i, code := range c.Review.Reasons {
		if !slices.Contains(review.Reasons, code) {
			fs.add(fmt.Sprintf("review.reasons[%d]", i), "is no reason we have words for", "choose from "+strings.Join(review.Reasons, ", "))
		}
	}
}
