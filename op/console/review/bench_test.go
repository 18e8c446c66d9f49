package review_test

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/staff"
)

// The cost of the officials' lists with ten thousand applications in the store: whole
// pages, through the real handlers. cpu-ms/page is the CPU time of this process,
// including SQLite; db-ms/page is that of PostgreSQL.
//
//	go test ./cmd/omgevingsloket-id -run '^$' -bench Console -benchtime 100x

// BenchmarkConsoleSQLite measures on SQLite.
func BenchmarkConsoleSQLite(b *testing.B) { benchmarkConsole(b, "") }

// BenchmarkConsolePostgres measures on PostgreSQL.
func BenchmarkConsolePostgres(b *testing.B) { benchmarkConsole(b, testenv.Postgres(b)) }

const benchApplications = 10_000

func benchmarkConsole(b *testing.B, database string) {
	s := site.New(b, func(c *config.Config) {
		if database != "" {
			c.Database.URL = secret.Text(database)
		}
	})
	who := s.Official("bench@gov.example", staff.Reviewer, staff.Administrator, staff.Auditor)
	some := crowd(s, benchApplications)
	if database != "" { // as autovacuum does within a minute
		db, err := stdsql.Open("pgx", database)
		site.Must(b, err)
		_, err = db.ExecContext(b.Context(), "ANALYZE")
		site.Must(b, err)
		site.Must(b, db.Close())
	}
	header := http.Header{}
	for name, value := range who.Cookies() {
		header.Add("Cookie", name+"="+value)
	}
	queue := func(pairs ...string) string {
		q := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			q.Set(pairs[i], pairs[i+1])
		}
		return "/console/review?" + q.Encode()
	}
	pages := []struct{ name, target string }{
		{"home", "/console"},
		{"waiting", queue()},
		{"mine", queue("show", "mine")},
		{"more", queue("show", "more")},
		{"decided", queue("show", "decided")},
		{"all", queue("show", "all")},
		{"deep", queue("show", "all", "after", fmt.Sprintf("%d.%s", some.SubmittedAt.UnixMilli(), some.ID))},
		{"reference", queue("show", "all", "q", some.Reference)},
		{"reference_bare", queue("show", "all", "q", strings.ToLower(strings.ReplaceAll(some.Reference, "-", "")))},
		{"email", queue("show", "all", "q", some.Email)},
		{"name", queue("show", "all", "q", some.Answers.FamilyName+" "+some.Answers.GivenName)},
		{"name_part", queue("show", "all", "q", "mul")},
		{"name_part_waiting", queue("q", "mul")},
		{"company", queue("show", "all", "q", "kowalski bau")},
		{"registration", queue("show", "all", "q", "HRB 104242")},
		{"common", queue("show", "all", "q", "@example")},
		{"nowhere", queue("show", "all", "q", "zebrastreifen")},
		{"statistics", "/console/statistics"},
		{"nowhere_waiting", queue("q", "zebrastreifen")},
	}
	for _, page := range pages {
		b.Run(page.name, func(b *testing.B) {
			server := backends(s, b, database)
			s.Bench(b, http.MethodGet, page.target, "", header, http.StatusOK)
			own, db := ownCPU(), server()
			for b.Loop() {
				s.Bench(b, http.MethodGet, page.target, "", header, http.StatusOK)
			}
			b.ReportMetric(float64((ownCPU()-own).Microseconds())/1000/float64(b.N), "cpu-ms/page")
			if database != "" {
				b.ReportMetric(float64((server()-db).Microseconds())/1000/float64(b.N), "db-ms/page")
			}
		})
	}
}

// ownCPU returns the CPU time that this process has used.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// backends returns a function for the CPU time of PostgreSQL's processes for this
// database.
func backends(s *site.Site, b *testing.B, database string) func() time.Duration {
	if database == "" {
		return func() time.Duration { return 0 }
	}
	db, err := stdsql.Open("pgx", database)
	site.Must(b, err)
	b.Cleanup(func() { _ = db.Close() })
	return func() time.Duration {
		rows, err := db.QueryContext(context.Background(), `SELECT pid FROM pg_stat_activity WHERE datname = current_database()`)
		site.Must(b, err)
		defer rows.Close()
		ticks := 0
		for rows.Next() {
			var pid, user, system int
			site.Must(b, rows.Scan(&pid))
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			site.Must(b, err)
			fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
			_, err = fmt.Sscan(fields[11]+" "+fields[12], &user, &system)
			site.Must(b, err)
			ticks += user + system
		}
		return time.Duration(ticks) * 10 * time.Millisecond
	}
}

var (
	benchGiven  = []string{"Anna", "Jürgen", "Zoë", "Marie-Claire", "Piotr", "Katarzyna", "Luca", "Giulia", "Søren", "Ingrid", "Mehmet", "Ayşe", "João", "Inês", "Liam", "Siobhán", "Nikolai", "Olena", "Wei", "Haruki"}
	benchFamily = []string{"Müller", "Schmidt", "Kowalski", "Nowak", "O'Brien", "García López", "Rossi", "Andersson", "Yılmaz", "Silva", "Van den Berg", "Dubois", "Ivanova", "Nguyễn", "Horváth", "Papadopoulos", "Smith", "Jansen", "Müller-Straß", "Fernández"}
	benchTrade  = []string{"Bau", "Windpark", "Logistics", "Agrar", "Construction", "Immobilien", "Energy", "Wasser"}
)

// crowd stores n applications as people and officials would, and returns one of
// them. Most are decided and the rest waits. An existing official has a seventh of
// them.
func crowd(s *site.Site, n int) review.Case {
	s.T.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	members, err := s.Stores.DB.Staff().List(context.Background())
	site.Must(s.T, err)
	var one review.Case
	for i := range n {
		member := fmt.Sprint("member", i%7)
		if i%7 == 0 && len(members) > 0 {
			member = members[0].ID
		}
		c := oneOf(s, r, i, member)
		if i == n/2 {
			one = c
		}
	}
	return one
}

func oneOf(s *site.Site, r *rand.Rand, i int, member string) review.Case {
	ctx, store, cases := context.Background(), s.Stores.DB.Applications(), s.Stores.DB.Cases()
	at := s.Clock.Now().Add(-time.Duration(benchApplications-i) * time.Hour)
	given, family := benchGiven[r.IntN(len(benchGiven))], benchFamily[r.IntN(len(benchFamily))]
	a := application.Application{
		ID: secret.NewID(s.Rand), Handle: secret.NewID(s.Rand), Kind: account.NaturalPerson, Lang: "en", CodeHash: "right",
		Email:       fmt.Sprintf("%s.%s.%d@example.com", strings.ToLower(given), strings.ToLower(strings.ReplaceAll(family, " ", "")), i),
		CodeExpires: at.Add(time.Hour), CreatedAt: at, ExpiresAt: at.Add(intake.DraftLifetime), PasswordHash: "x",
		Answers: application.Answers{Stay: intake.Abroad, Profile: account.Profile{
			GivenName: given, FamilyName: family, Birthdate: "1980-02-03", Phone: "+4930123456", Address: account.Address{Line1: "Hauptstrasse 1", Line2: "10115 Berlin", Country: "DE"},
		}},
	}
	if r.IntN(3) == 0 {
		a.Kind = account.LegalPerson
		a.Answers.Organization = &account.Organization{
			Name: family + " " + benchTrade[r.IntN(len(benchTrade))] + " GmbH", Register: "Handelsregister", RegistrationNumber: fmt.Sprintf("HRB %d", 100_000+i), RegistrationCountry: "DE",
			Address: account.Address{Line1: "Ring 9", Country: "DE"}, Role: intake.Authorized,
		}
	}
	site.Must(s.T, store.Start(ctx, a, effect.Effects{}))
	_, err := store.TryCode(ctx, a.ID, "right", at)
	site.Must(s.T, err)
	a, err = store.Save(ctx, a)
	site.Must(s.T, err)
	a.Reference, a.SubmittedAt = "OLID-"+signin.Reference(s.Rand), at
	site.Must(s.T, store.Submit(ctx, a, nil, effect.Effects{}))

	c := review.Case{Application: a}
	act := func(kind review.ActKind, after int) review.Act {
		c.Version++
		return review.Act{Kind: kind, Member: member, Reason: review.Reasons[i%len(review.Reasons)], Text: "some words", At: at.Add(time.Duration(after) * 24 * time.Hour)}
	}
	if i%10 < 2 { // waits for a reviewer
		return c
	}
	site.Must(s.T, cases.Take(ctx, c, act(review.ActTake, 3), effect.Effects{}))
	switch days := 5 + r.IntN(80); i % 10 {
	case 2: // has been taken
	case 3:
		site.Must(s.T, cases.AskMore(ctx, c, act(review.ActMore, days), effect.Effects{}))
	case 4:
		site.Must(s.T, cases.Withdraw(ctx, c, review.Act{Kind: review.ActWithdraw, At: at.Add(24 * time.Hour)}, effect.Effects{}))
	case 5, 6:
		site.Must(s.T, cases.Reject(ctx, c, act(review.ActReject, days), effect.Effects{}))
	default:
		site.Must(s.T, cases.Approve(ctx, c, act(review.ActApprove, days), account.Account{
			ID: secret.NewID(s.Rand), Kind: a.Kind, Email: a.Email, Lang: "en", PasswordHash: "x", Epoch: 1, CreatedAt: at, Profile: a.Answers.Profile,
		}, effect.Effects{}))
	}
	return c
}
