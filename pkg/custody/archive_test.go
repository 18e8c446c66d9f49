package custody

import (
	"testing"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/scan"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func TestAdmits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		verdict   scan.Verdict
		destroyed time.Time
		now       time.Time
		want      bool
	}{
		{scan.Clean, time.Time{}, noon.Add(-time.Millisecond), true},
		{scan.Clean, time.Time{}, noon, false},
		{scan.Clean, noon.Add(-time.Hour), noon.Add(-time.Minute), false},
		{scan.Pending, time.Time{}, noon.Add(-time.Minute), false},
		{scan.Infected, time.Time{}, noon.Add(-time.Minute), false},
	} {
		f := Filed{Verdict: test.verdict, DestroyedAt: test.destroyed}
		if got := f.Admits(noon, test.now); got != test.want {
			t.Errorf("Admits(%s, destroyed at %v, ends at %v, at %v) = %t, want %t", test.verdict, test.destroyed, noon, test.now, got, test.want)
		}
	}
}

func TestOver(t *testing.T) {
	t.Parallel()
	for state, ends := range map[application.State]bool{
		application.Draft: false, application.EmailConfirmed: false, application.Submitted: false, application.InReview: false, application.MoreInformation: false,
		application.Approved: true, application.Rejected: true, application.Withdrawn: true, application.Expired: true,
	} {
		for _, test := range []struct {
			name    string
			decided time.Time
			since   time.Time
			want    bool
		}{
			{"decided", noon, noon, ends},
			{"decided later", noon, noon.Add(-time.Millisecond), false},
			{"never decided", time.Time{}, noon.Add(time.Hour), ends},
			{"never decided, not long enough ago", time.Time{}, noon.Add(time.Hour - time.Millisecond), false},
		} {
			a := application.Application{State: state, DecidedAt: test.decided, ExpiresAt: noon.Add(time.Hour)}
			if got := Over(a, test.since); got != test.want {
				t.Errorf("Over(%s, %s) = %t, want %t", state, test.name, got, test.want)
			}
		}
	}
}
