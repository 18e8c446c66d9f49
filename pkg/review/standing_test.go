package review

import (
	"testing"

	"omgevingsloket-id/pkg/application"
)

func TestStanding(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		state              application.State
		reviewer, proposal string
		want               Standing
	}{
		{application.Submitted, "", "", Standing(application.Submitted)},
		{application.InReview, "olga", "", Standing(application.InReview)},
		{application.InReview, "", "", Released},
		{application.InReview, "", "olga", Proposed},
		{application.InReview, "piet", "olga", Proposed},
		{application.MoreInformation, "olga", "", Standing(application.MoreInformation)},
		{application.Approved, "piet", "olga", Standing(application.Approved)},
	} {
		c := Case{Application: application.Application{State: tt.state}, Reviewer: tt.reviewer, Proposal: tt.proposal}
		if got := c.Standing(); got != tt.want {
			t.Errorf("%s of %q, proposed by %q: %s, want %s", tt.state, tt.reviewer, tt.proposal, got, tt.want)
		}
	}
}
