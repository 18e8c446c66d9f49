package statistics_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/statistics"
)

// Within gives the result of a slow computation over random data.
func TestWithin(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		var all []int
		var rows []statistics.Row
		for range r.IntN(60) {
			d := r.IntN(1 + r.IntN(120))
			all = append(all, d)
			state := application.Approved
			if r.IntN(2) == 0 {
				state = application.Rejected
			}
			rows = append(rows, statistics.Row{What: statistics.Ended, Kind: account.NaturalPerson, State: string(state), Days: d, N: 1})
		}
		// These are no decisions.
		rows = append(rows, statistics.Row{What: statistics.Ended, Kind: account.NaturalPerson, State: string(application.Withdrawn), Days: 999, N: 5},
			statistics.Row{What: statistics.Ended, Kind: account.LegalPerson, State: string(application.Approved), Days: 998, N: 5})
		f := statistics.Report(rows, account.NaturalPerson)
		for _, percent := range []int{1, 50, 90, 99, 100} {
			got, ok := f.Within(percent)
			want := slowly(all, percent)
			if ok != (len(all) > 0) || got != want {
				t.Fatalf("%d%% of %v: %d (%v), want %d", percent, all, got, ok, want)
			}
		}
	}
}

// slowly returns the least number of days within which percent of all are.
func slowly(all []int, percent int) int {
	if len(all) == 0 {
		return 0
	}
	for days := 0; ; days++ {
		within := len(slices.DeleteFunc(slices.Clone(all), func(d int) bool { return d > days }))
		if float64(within) >= float64(percent)*float64(len(all))/100 {
			return days
		}
	}
}
