package load

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// round has what each party did, by party and phase.
type round map[string]map[string]result

// series is what was measured of all parties on one back end.
type series struct {
	stores string
	rounds []round
	starts []time.Duration // from the start of a process to its readiness, on a database with everything in it
	idle   []int64         // memory of the product after that, in bytes
	hash   []time.Duration // CPU time of one password hash
	floods []overload
}

// aim is what the product's cost is compared with.
type aim struct {
	floor string  // phase of the yardstick; "" = the same one
	most  float64 // times the yardstick; 0 = no aim
	ahead float64 // how many times less than the peer
}

var aims = map[string]aim{
	"discovery":      {floor: "hello", most: 1.2, ahead: 1},
	"JWKS":           {floor: "hello", most: 1.2, ahead: 1},
	"silent SSO":     {most: 2, ahead: 1},
	"exchange ES256": {most: 1.5, ahead: 3},
	"exchange RS256": {most: 1.5, ahead: 1},
	"userinfo":       {most: 1.8, ahead: 2},
}

func median[T cmp.Ordered](list []T) (m T) {
	if len(list) == 0 {
		return m
	}
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

// of returns the median of a figure of a party's phase; ok is false if the party did not do it.
func (s series) of(who, phase string, figure func(result) float64) (m float64, ok bool) {
	var all []float64
	for _, r := range s.rounds {
		if got, did := r[who][phase]; did {
			all = append(all, figure(got))
		}
	}
	return median(all), len(all) > 0
}

// ratio returns the median, over the rounds, of what one phase costs as a multiple of another.
func (s series) ratio(who, phase, than, other string, figure func(result) float64) (m float64, ok bool) {
	var all []float64
	for _, r := range s.rounds {
		a, did1 := r[who][phase]
		b, did2 := r[than][other]
		if did1 && did2 && figure(b) > 0 {
			all = append(all, figure(a)/figure(b))
		}
	}
	return median(all), len(all) > 0
}

// cell formats a figure, or nothing.
func cell(format string, v float64, ok bool) string {
	if !ok {
		return ""
	}
	return fmt.Sprintf(format, v)
}

// met formats an aim, and says whether it was reached.
func met(format string, aim float64, ok bool) string {
	word := "missed"
	if ok {
		word = "met"
	}
	return fmt.Sprintf(format, aim) + " " + word
}

// table writes the tables of one back end.
func (s series) table(w *strings.Builder) {
	fmt.Fprintf(w, "\n## %s\n\nCPU time of server and stores for one call, in milliseconds, and the objects that the product allocates for it.\n\n", s.stores)
	fmt.Fprintf(w, "| call | product | yardstick | ratio | aim | %s | ratio | aim | allocations |\n|---|---|---|---|---|---|---|---|---|\n", peer)
	for _, f := range phases {
		if f.only == yardstick {
			continue
		}
		a := aims[f.name]
		floor := cmp.Or(a.floor, f.name)
		ours, _ := s.of(product, f.name, result.cost)
		least, isLeast := s.of(yardstick, floor, result.cost)
		theirs, isTheirs := s.of(peer, f.name, result.cost)
		above, isAbove := s.ratio(product, f.name, yardstick, floor, result.cost)
		ahead, isAhead := s.ratio(peer, f.name, product, f.name, result.cost)
		objects, _ := s.of(product, f.name, result.allocations)
		line := []string{f.name, fmt.Sprintf("%.3f", ours), cell("%.3f", least, isLeast), cell("%.2f", above, isAbove), "", cell("%.3f", theirs, isTheirs), cell("%.2f", ahead, isAhead), "", fmt.Sprintf("%.0f", objects)}
		if isAbove && a.most > 0 {
			line[4] = met("≤ %.1f", a.most, above <= a.most)
		}
		if isAhead && a.ahead > 0 {
			line[7] = met("≥ %.0f", a.ahead, ahead >= a.ahead)
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(line, " | "))
	}
	fmt.Fprint(w, "\nCalls a second, and the time of one in milliseconds: median, 95 and 99 percent.\n\n")
	fmt.Fprintf(w, "| call | product | yardstick | %s |\n|---|---|---|---|\n", peer)
	for _, f := range phases {
		fmt.Fprintf(w, "| %s |", f.name)
		for _, who := range []string{product, yardstick, peer} {
			if rate, ok := s.of(who, f.name, result.rate); ok {
				fmt.Fprintf(w, " %.0f: ", rate)
				for i, p := range []int{50, 95, 99} {
					m, _ := s.of(who, f.name, func(r result) float64 { return r.percentile(p) })
					fmt.Fprintf(w, "%s%.1f", strings.Repeat(" / ", min(i, 1)), m)
				}
			}
			fmt.Fprint(w, " |")
		}
		fmt.Fprint(w, "\n")
	}
	s.rest(w)
}

// rest writes what is no call.
func (s series) rest(w *strings.Builder) {
	rate, _ := s.ratio(product, "SSO + exchange, crowded", product, "SSO + exchange", result.rate)
	cost, _ := s.ratio(product, "SSO + exchange, crowded", product, "SSO + exchange", result.cost)
	login, _ := s.of(product, wholeLogins, result.cost)
	memory, _ := s.of(product, "exchange ES256", func(r result) float64 { return float64(r.memory) })
	hash, most := median(s.hash).Seconds()*1000, 2.5
	if s.stores != onSQLite {
		most = 4
	}
	idle, start := float64(median(s.idle)), median(s.starts).Seconds()*1000
	fmt.Fprint(w, "\n| product | measured | aim |\n|---|---|---|\n")
	fmt.Fprintf(w, "| crowded: pairs a second, as a multiple | %.2f | %s |\n", rate, met("≥ %.2f", 0.95, rate >= 0.95))
	fmt.Fprintf(w, "| crowded: CPU time of a pair, as a multiple | %.2f | %s |\n", cost, met("≤ %.1f", 1.1, cost <= 1.1))
	page, _ := s.of(product, "login page", result.cost)
	fmt.Fprintf(w, "| login page | %.2f ms | %s |\n", page, met("≤ %.1f ms", 0.2, page <= 0.2))
	fmt.Fprintf(w, "| whole login with exchange, beyond its hash of %.1f ms | %.1f ms | %s |\n", hash, login-hash, met("≤ %.1f ms", most, login-hash <= most))
	fmt.Fprintf(w, "| memory, idle | %.0f MB | %s |\n", idle/(1<<20), met("≤ %.0f MB", 28, idle <= 28<<20))
	fmt.Fprintf(w, "| memory, at most, while codes are exchanged | %.0f MB | %s |\n", memory/(1<<20), met("≤ %.0f MB", 50, memory <= 50<<20))
	logins, _ := s.of(product, wholeLogins, func(r result) float64 { return float64(r.memory) })
	fmt.Fprintf(w, "| ready after | %.0f ms | %s |\n", start, met("≤ %.0f ms", 50, start <= 50))
	s.floodTable(w, logins)
	failures := 0
	for _, r := range s.rounds {
		for _, done := range r {
			for _, f := range done {
				failures += f.failures
			}
		}
	}
	fmt.Fprintf(w, "| failed requests without a flood, of all parties | %d | 0 |\n", failures)
}

// The report has the median of each figure, and the ratios of the same round.
func TestReport(t *testing.T) {
	t.Parallel()
	costs := func(ms ...int) (all []result) {
		for _, m := range ms {
			all = append(all, result{requests: 1, elapsed: time.Second, objects: 50, server: time.Duration(m) * time.Millisecond, times: []time.Duration{time.Second, 2 * time.Second}})
		}
		return all
	}
	ours, floor, theirs := costs(3, 30, 4), costs(2, 20, 4), costs(9, 60, 16)
	s := series{stores: onSQLite, starts: []time.Duration{40 * time.Millisecond}, idle: []int64{30 << 20}}
	for i := range ours {
		s.rounds = append(s.rounds, round{product: {"userinfo": ours[i]}, yardstick: {"userinfo": floor[i]}, peer: {"userinfo": theirs[i]}})
	}
	var b strings.Builder
	s.table(&b)
	for _, want := range []string{
		"| userinfo | 4.000 | 4.000 | 1.50 | ≤ 1.8 met | 16.000 | 3.00 | ≥ 2 met | 50 |\n",
		"| userinfo | 1: 1000.0 / 2000.0 / 2000.0 |",
		"| memory, idle | 30 MB | ≤ 28 MB missed |\n",
		"| ready after | 40 ms | ≤ 50 ms met |\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, &b)
		}
	}
}
