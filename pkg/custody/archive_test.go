package custody

import (
	"reflect"
	"testing"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
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

// Each document that is destroyed has an event with its hash, and its name in
// none.
func TestProofs(t *testing.T) {
	t.Parallel()
	gone := []application.Document{
		{ID: "d1", ApplicationID: "a", Name: "pas-anna.pdf", SHA256: "h1", Size: 10 << 20},
		{ID: "d2", ApplicationID: "a", Name: "pas-anna-2.pdf", SHA256: "h2"},
	}
	applicant := audit.Applicant().At("192.0.2.0/24", "req")
	replaced := applicant.Did(audit.ApplicationDocumentReplaced, "a", noon).With(map[string]string{"document": "d3"})
	proof := func(by audit.Actor, reason, id, hash, size string) audit.Event {
		return by.Did(audit.DocumentDestroyed, "a", noon).Because(reason).With(map[string]string{"document": id, "sha256": hash, "size": size})
	}
	retention, kept, instead := audit.System("retention"), "kept for 48h0m0s", "replaced by the applicant"
	for _, test := range []struct {
		call string
		got  effect.Effects
		want []audit.Event
	}{
		{"destroyed(two)", destroyed(gone, 48*time.Hour, noon), []audit.Event{proof(retention, kept, "d1", "h1", "10485760"), proof(retention, kept, "d2", "h2", "0")}},
		{"destroyed(none)", destroyed(nil, 48*time.Hour, noon), nil},
		{"Replaced(two)", Replaced(gone, replaced), []audit.Event{replaced, proof(applicant, instead, "d1", "h1", "10485760"), proof(applicant, instead, "d2", "h2", "0")}},
		{"Replaced(none)", Replaced(nil, replaced), []audit.Event{replaced}},
	} {
		if want := (effect.Effects{Events: test.want}); !reflect.DeepEqual(test.got, want) {
			t.Errorf("%s = %+v, want %+v", test.call, test.got, want)
		}
	}
}
