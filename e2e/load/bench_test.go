package load

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/load/seed"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/config"
)

var (
	rounds = flag.Int("rounds", 0, "rounds of TestBench; 0 = do not measure")
	span   = flag.Duration("span", 4*time.Second, "length of one phase of TestBench")
	traces = flag.String("profiles", "", "`folder` for a CPU profile of the product for each phase")
	only   = flag.String("only", "", "`phase` to do alone, or flood, which needs a whole login first, or waits; \"\" = all")
	write  = flag.Bool("write", false, "write deploy/performance.md, or deploy/growth.md")
)

// onSQLite is the name of the back end for one server.
const onSQLite = "SQLite"

// floods is the name of the flood among the phases.
const floods = "flood"

// contest is what happens on one back end.
type contest struct {
	series
	ours   *installation
	others []*party
	waited *waits // nil on SQLite
}

// TestBench measures all parties and prints the report. It fails if a request fails without a flood, and
// judges no figure.
func TestBench(t *testing.T) {
	if *rounds == 0 {
		t.Skip("make bench, or make bench-short")
	}
	l := plan{phase: *span, clients: 8, codes: 2000, logins: 8}
	const visitors = 8 * crowd
	with := setup{Amounts: seed.Amounts{Accounts: 400}, visitors: visitors, profiled: *traces != ""}
	next := servers(t)
	contests := []*contest{
		{series{stores: onSQLite}, startProduct(t, sqlite(t), with), []*party{startYardstick(t, sqlite(t), visitors)}, nil},
		{series{stores: "PostgreSQL and Redis"}, startProduct(t, next(), with), []*party{startYardstick(t, next(), visitors), startPeer(t, next(), visitors)}, nil},
	}
	for range *rounds {
		for _, c := range contests {
			c.restart(t)
			c.rounds = append(c.rounds, c.round(t, l))
			c.hash = append(c.hash, hashing(t))
			if *only != "" && *only != floods {
				continue
			}
			c.profiled(t, floods, l.phase)
			o := c.ours.flood(t.Context(), median(c.hash), l.phase)
			c.ours.verify(t.Context(), &o.passwords)
			if n, err := o.failures(); n > 0 {
				t.Logf("%s, flood: %d requests failed: %.500v", c.stores, n, err)
			}
			c.floods = append(c.floods, o)
		}
	}
	if *only == "" || *only == sampling {
		c := contests[len(contests)-1]
		c.profiled(t, sampling, l.phase)
		c.waited = c.waits(t, l)
	}
	var b strings.Builder
	b.WriteString(head(t, l))
	for _, c := range contests {
		c.table(&b)
		if c.waited != nil {
			c.waited.table(&b)
		}
	}
	t.Log("\n" + b.String())
	if *write && !t.Failed() {
		if err := os.WriteFile("../../deploy/performance.md", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// restart starts the product again, on the database with everything in it.
func (c *contest) restart(t *testing.T) {
	t.Helper()
	c.ours.process.Stop()
	c.starts = append(c.starts, c.ours.start())
	time.Sleep(2 * time.Second)
	c.idle = append(c.idle, rss(c.ours.server))
}

// round has all parties do each phase, one after the other.
func (c *contest) round(t *testing.T, l plan) round {
	t.Helper()
	r := round{product: {}, yardstick: {}, peer: {}}
	for _, f := range phases {
		for _, p := range append([]*party{c.ours.party}, c.others...) {
			if f.only != "" && f.only != p.name || *only != "" && f.name != *only && (*only != floods || f.name != wholeLogins) {
				continue
			}
			if p.name == product {
				c.profiled(t, f.name, l.phase)
			}
			got, err := f.do(t.Context(), p, l)
			if err != nil {
				t.Errorf("%s, %s: %d of %d requests failed: %v", p.name, f.name, got.failures, got.requests, err)
			}
			t.Logf("%s, %s, %s: %d requests, %.3f ms CPU each", c.stores, p.name, f.name, got.requests, got.cost())
			r[p.name][f.name] = got
		}
	}
	return r
}

// profiled has the coming phase of the product write its profile, if there are any.
func (c *contest) profiled(t *testing.T, phase string, d time.Duration) {
	if c.ours.profiles != "" {
		c.ours.watch = c.ours.profile(t, filepath.Join(*traces, c.stores+", "+phase+".pprof"), d)
	}
}

// hashing returns the CPU time of one password hash with the default parameters. This process does nothing
// else meanwhile.
func hashing(t *testing.T) time.Duration {
	t.Helper()
	hasher, err := app.NewHasher(config.Default(config.Practice), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	const hashes = 20
	before := cpuOfSelf(t)
	for range hashes {
		if _, err := hasher.Hash(t.Context(), seed.Password); err != nil {
			t.Fatal(err)
		}
	}
	return (cpuOfSelf(t) - before) / hashes
}

func cpuOfSelf(t *testing.T) time.Duration {
	t.Helper()
	var used unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Nano())
}

// head describes what was measured, on what.
func head(t *testing.T, l plan) string {
	t.Helper()
	c := config.Default(config.Production).Password
	lines := []string{
		"# What calls cost",
		"",
		"Written by `make bench` (package `e2e/load`, which says how); never edited. Figures are medians of rounds, ratios medians of the ratios in each",
		"round. Times include a driver on the same cores: compare them within this page only. Why aims are missed is in",
		"`deploy/decisions/024-measured-beside-a-yardstick.md`.",
		"",
		"| | |", "|---|---|",
		"| machine | " + machine() + " |",
		"| versions | " + strings.Join([]string{
			runtime.Version(), "PostgreSQL " + version(t, "postgres", "--version"), "Redis " + version(t, "redis-server", "--version"),
			"Node.js " + version(t, "node", "--version"), peer + " " + peerVersion(t),
		}, ", ") + " |",
		fmt.Sprintf("| password hash | argon2id, %d KiB, %d passes, %d thread |", c.MemoryKiB, c.Time, c.Threads),
		fmt.Sprintf("| load | %d rounds of phases of %v; %d clients, crowded %d; %.0f whole logins begin a second |", *rounds, l.phase, l.clients, crowd*l.clients, l.logins),
	}
	return strings.Join(lines, "\n") + "\n"
}

// version returns the word with the first digit in what a program says of itself.
func version(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), testenv.Tool(t, program), args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(string(out))
	i := slices.IndexFunc(words, func(w string) bool { return strings.ContainsAny(w[:min(len(w), 3)], "0123456789") })
	return strings.TrimLeft(words[max(i, 0)], "v=")
}

func peerVersion(t *testing.T) string {
	t.Helper()
	text, err := peerFiles.ReadFile(filepath.Join("peer", "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := bytes.Cut(text, []byte(`"`+peer+`": "`))
	v, _, _ := bytes.Cut(after, []byte(`"`))
	return string(v)
}
