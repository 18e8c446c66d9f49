package statistics_test

import (
	"maps"
	"testing"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/statistics"
)

// rows has one row of every kind, each with another count, so that a figure
// shows which rows it includes.
func rows(kind account.Kind, times int) []statistics.Row {
	row := func(what statistics.What, key, state string, late bool, days, n int) statistics.Row {
		return statistics.Row{What: what, Kind: kind, Key: key, State: state, Late: late, Days: days, N: n * times}
	}
	state := func(s application.State) string { return string(s) }
	return []statistics.Row{
		row(statistics.Received, "", "", false, 0, 1),
		row(statistics.Open, "", state(application.Submitted), false, 0, 2),
		row(statistics.Open, "", state(application.InReview), true, 0, 4),
		row(statistics.Open, "", state(application.MoreInformation), true, 0, 8),
		row(statistics.Ended, "", state(application.Approved), false, 3, 16),
		row(statistics.Ended, "", state(application.Approved), true, 60, 32),
		row(statistics.Ended, "", state(application.Rejected), false, 5, 64),
		row(statistics.Ended, "", state(application.Withdrawn), true, 90, 128),
		row(statistics.Ended, "", state(application.Expired), true, 90, 256),
		row(statistics.Rejected, "identity", "", false, 0, 512),
		row(statistics.Rejected, "document", "", false, 0, 1024),
		row(statistics.Rejected, "identity", "", false, 0, 2048),
		row(statistics.Asked, "", "", false, 0, 4096),
		row(statistics.Unblock, "lost", string(helpdesk.Done), false, 0, 8192),
		row(statistics.Unblock, "lost", "refused", false, 0, 16384),
		row(statistics.Unblock, "", "cancelled", false, 0, 32768),
		row("something new", "", "", false, 0, 65536),
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	all := append(rows(account.NaturalPerson, 1), rows(account.LegalPerson, 1000)...)
	for name, c := range map[string]struct {
		kinds []account.Kind
		times int
	}{
		"people":    {[]account.Kind{account.NaturalPerson}, 1},
		"companies": {[]account.Kind{account.LegalPerson}, 1000},
		"both":      {[]account.Kind{account.NaturalPerson, account.LegalPerson}, 1001},
		"none":      {nil, 0},
	} {
		f := statistics.Report(all, c.kinds...)
		for figure, v := range map[string]struct{ got, want int }{
			"Received":   {f.Received, 1},
			"Waiting":    {f.Waiting, 2 + 4},
			"Unanswered": {f.Unanswered, 8},
			"Late":       {f.Late, 4}, // without those that wait for the applicant
			"Open":       {f.Open(), 2 + 4 + 8},
			"Approved":   {f.Approved, 16 + 32},
			"Rejected":   {f.Rejected, 64},
			"Decided":    {f.Decided(), 16 + 32 + 64},
			"Withdrawn":  {f.Withdrawn, 128},
			"Expired":    {f.Expired, 256},
			"InTime":     {f.InTime, 16 + 64},
			"TooLate":    {f.TooLate, 32},
			"Asked":      {f.Asked, 4096},
			"identity":   {f.Reasons["identity"], 512 + 2048},
			"document":   {f.Reasons["document"], 1024},
		} {
			if want := v.want * c.times; v.got != want {
				t.Errorf("%s: Report() has %s = %d, want %d", name, figure, v.got, want)
			}
		}
		unblocked, refused := map[string]int{"lost": 8192 * c.times}, map[string]int{"lost": 16384 * c.times, "": 32768 * c.times}
		if c.times == 0 {
			unblocked, refused = nil, nil
		}
		if !maps.Equal(f.Unblocked, unblocked) || !maps.Equal(f.Refused, refused) {
			t.Errorf("%s: Report() has Unblocked %v and Refused %v, want %v and %v", name, f.Unblocked, f.Refused, unblocked, refused)
		}
		// 16 of 112 took three days, 80 of 112 five, all sixty.
		for percent, want := range map[int]int{1: 3, 14: 3, 15: 5, 71: 5, 72: 60, 100: 60} {
			if days, ok := f.Within(percent); c.times > 0 && (days != want || !ok) || c.times == 0 && ok {
				t.Errorf("%s: Within(%d) = %d, %t, want %d, %t", name, percent, days, ok, want, c.times > 0)
			}
		}
	}
}
