package application

import "testing"

func TestStanding(t *testing.T) {
	for _, tt := range []struct {
		state              State
		reviewer, proposal string
		want               Standing
	}{
		{Submitted, "", "", Standing(Submitted)},
		{InReview, "olga", "", Standing(InReview)},
		{InReview, "", "", Released},
		{InReview, "", "olga", Proposed},
		{InReview, "piet", "olga", Proposed},
		{MoreInformation, "olga", "", Standing(MoreInformation)},
		{Approved, "piet", "olga", Standing(Approved)},
	} {
		c := Case{Application: Application{State: tt.state}, Reviewer: tt.reviewer, Proposal: tt.proposal}
		if got := c.Standing(); got != tt.want {
			t.Errorf("%s of %q, proposed by %q: %s, want %s", tt.state, tt.reviewer, tt.proposal, got, tt.want)
		}
	}
}
