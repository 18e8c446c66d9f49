package sql

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/installation"
	"omgevingsloket-id/pkg/secret"
)

// place is one database, which any number of servers can open.
type place struct {
	t     *testing.T
	empty func(*testing.T) secret.Text // creates a database of the same kind
	url   secret.Text
}

// onBoth runs a test on an empty database of each kind.
func onBoth(t *testing.T, run func(t *testing.T, at place)) {
	t.Helper()
	for name, empty := range map[string]func(*testing.T) secret.Text{
		"SQLite": func(t *testing.T) secret.Text {
			return secret.Text("sqlite:" + filepath.Join(t.TempDir(), "schema.db"))
		},
		"Postgres": func(t *testing.T) secret.Text { return secret.Text(testenv.Postgres(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, place{t, empty, empty(t)})
		})
	}
}

// open connects one more server.
func (p place) open() *DB {
	p.t.Helper()
	db, err := Open(p.t.Context(), Options{URL: p.url, Now: time.Now})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := db.Close(); err != nil {
			p.t.Error(err)
		}
	})
	return db
}

// current returns the dump of a new database of the same kind.
func (p place) current() []string {
	p.t.Helper()
	p.url = p.empty(p.t)
	db := p.open()
	if err := db.Migrate(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	return db.dump(p.t)
}

// migratedBy runs the migrations of a binary.
func (db *DB) migratedBy(t *testing.T, files binary) {
	t.Helper()
	provider, err := db.providerOf(files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// dump describes tables, columns, indexes and the migrations that ran.
func (db *DB) dump(t *testing.T) []string {
	t.Helper()
	query := `SELECT COALESCE(sql, name) FROM sqlite_master`
	if db.postgres {
		query = `SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
			UNION ALL SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || COALESCE(column_default, '')
				FROM information_schema.columns WHERE table_schema = 'public'`
	}
	rows, err := db.sql.QueryContext(t.Context(), query+` UNION ALL SELECT CAST(version_id AS TEXT) FROM goose_db_version`)
	out, err := all(rows, err, scanID)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// newer returns a binary with one migration more than this one, and the number
// of this one's newest migration.
func newer(t *testing.T, statements string) (binary, int64) {
	t.Helper()
	files, newest := holding(t), int64(0)
	for name := range files {
		newest = max(newest, number(t, name))
	}
	files[fmt.Sprintf("%05d_newer.sql", newest+1)] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + statements)}
	return files, newest
}

// A newer server migrates the database of a running one. The older one may go on
// using it unless it is then below the floor, which is checked while it runs (Current),
// when it starts again (Migrate) and while it is starting.
func TestSchemaNewerThanBinary(t *testing.T) {
	t.Parallel()
	_, newest := newer(t, "")
	tooOld := installation.TooOld{Known: newest, Floor: newest + 1}
	for name, test := range map[string]struct {
		statements string
		want       error
		starting   error
	}{
		"expands":           {`CREATE TABLE newer (id BIGINT PRIMARY KEY);`, nil, nil},
		"contracts":         {fmt.Sprintf(`UPDATE schema_floor SET version = %d;`, newest), nil, nil},
		"contracts at once": {fmt.Sprintf(`UPDATE schema_floor SET version = %d;`, newest+1), tooOld, nil},
		"drops what a start reads": {
			fmt.Sprintf(`DROP TABLE account_terms; UPDATE schema_floor SET version = %d; UPDATE schema_floor SET terms = 0;`, newest+1), tooOld, tooOld,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, at place) {
				running := at.open()
				if err := running.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
				if ok, err := running.Current(t.Context()); !ok || err != nil {
					t.Errorf("before: Current() = %v, %v, want true, nil", ok, err)
				}
				files, _ := newer(t, test.statements)
				at.open().migratedBy(t, files)
				before := running.dump(t)
				if ok, err := running.Current(t.Context()); ok != (test.want == nil) || !reflect.DeepEqual(err, test.want) {
					t.Errorf("after: Current() = %v, %v, want %v, %v", ok, err, test.want == nil, test.want)
				}
				if err := at.open().Migrate(t.Context()); !reflect.DeepEqual(err, test.want) {
					t.Errorf("Migrate() = %v, want %v", err, test.want)
				}
				if err := running.backfillTerms(t.Context()); !reflect.DeepEqual(err, test.starting) {
					t.Errorf("backfillTerms() = %v, want %v", err, test.starting)
				}
				if after := running.dump(t); !slices.Equal(after, before) {
					t.Errorf("Migrate() left\n%s\nwant\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
				}
			})
		})
	}
}

// Current is false on a database without tables, and creates none.
func TestSchemaOfEmptyDatabase(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at place) {
		db := at.open()
		if ok, err := db.Current(t.Context()); ok || err != nil {
			t.Errorf("Current() = %v, %v, want false, nil", ok, err)
		}
		if n, err := db.columns(t.Context(), "goose_db_version"); n != 0 || err != nil {
			t.Errorf("columns(goose_db_version) = %d, %v, want 0, nil", n, err)
		}
	})
}

// Servers that migrate at the same time all succeed, on an empty database and
// from an older schema.
func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	for name, old := range map[string][]int64{"empty": nil, "older": {1, 2, 3, 4, 5, 6, 7}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, at place) {
				if old != nil {
					at.open().migratedBy(t, holding(t, old...))
				}
				servers := []*DB{at.open(), at.open(), at.open()}
				failed := make([]error, len(servers))
				var running sync.WaitGroup
				for i, db := range servers {
					running.Go(func() { failed[i] = db.Migrate(t.Context()) })
				}
				running.Wait()
				for i, err := range failed {
					if ok, current := servers[i].Current(t.Context()); err != nil || !ok || current != nil {
						t.Errorf("server %d: Migrate() = %v, Current() = %v, %v, want nil, true, nil", i, err, ok, current)
					}
				}
			})
		})
	}
}

// A server whose migrations fail tries again while another one moves the schema,
// and returns the failure when it does not move.
func TestMigrateBehindAnother(t *testing.T) {
	t.Parallel()
	faster := errors.New("the other server was faster")
	onBoth(t, func(t *testing.T, at place) {
		db := at.open()
		provider, err := at.open().provider()
		if err != nil {
			t.Fatal(err)
		}
		known, tries, stop := versions(provider), 0, 3
		up := func(ctx context.Context) error {
			if tries++; tries == stop {
				return faster
			}
			_, err := provider.UpByOne(ctx)
			return cmp.Or(err, faster)
		}
		if err := db.migrate(t.Context(), known, up); !errors.Is(err, faster) || !errors.Is(err, errs.ErrUnavailable) || tries != stop {
			t.Errorf("migrate() = %v after %d tries, want %v after %d", err, tries, faster, stop)
		}
		stop = -1
		if err := db.migrate(t.Context(), known, up); err != nil {
			t.Errorf("migrate() = %v, want nil", err)
		}
		if ok, err := db.Current(t.Context()); !ok || err != nil {
			t.Errorf("Current() = %v, %v, want true, nil", ok, err)
		}
	})
}

// A newer server that contracts at the same time stops the older one with a
// TooOld, at any point.
func TestMigrateAtOnceWithNewer(t *testing.T) {
	t.Parallel()
	_, newest := newer(t, "")
	var want error = installation.TooOld{Known: newest, Floor: newest + 1}
	files, _ := newer(t, fmt.Sprintf(`DROP TABLE account_terms; UPDATE schema_floor SET version = %d;`, newest+1))
	onBoth(t, func(t *testing.T, at place) {
		older, other := at.open(), at.open()
		provider, err := other.providerOf(files)
		if err != nil {
			t.Fatal(err)
		}
		var failed error
		var running sync.WaitGroup
		running.Go(func() { failed = older.Migrate(t.Context()) })
		running.Go(func() {
			for i := 0; ; i++ { // tries again, as Migrate does
				if _, err := provider.Up(t.Context()); err == nil || i == 20 {
					return
				}
			}
		})
		running.Wait()
		if failed != nil && !reflect.DeepEqual(failed, want) {
			t.Errorf("Migrate() = %v, want nil or %v", failed, want)
		}
		if err := older.Migrate(t.Context()); !reflect.DeepEqual(err, want) {
			t.Errorf("then Migrate() = %v, want %v", err, want)
		}
	})
}

// earlyText returns a migration as it was at a commit of the main branch,
// before migrations had a fixed text.
func earlyText(t *testing.T, name, commit string) []byte {
	t.Helper()
	if commit != "1f95405" {
		text, err := os.ReadFile("testdata/early/" + strings.Replace(name, "search", commit, 1))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	// The first text is the final one without its last table.
	text, err := migrations.ReadFile("migrations/" + name)
	if err != nil {
		t.Fatal(err)
	}
	text, _, found := bytes.Cut(text, []byte("\n-- Random values made once for this installation."))
	if !found {
		t.Fatalf("%s has no table constants", name)
	}
	return text
}

// The states of the main branch before migrations had a fixed order and text:
// what each commit that touched them made of an empty database. Those that can
// be upgraded end with the schema of a new database; the others are refused with
// an explanation and left unchanged. One state of each kind is tried on every
// push; `make long` tries all.
func TestMigrateEveryStateOfMain(t *testing.T) {
	t.Parallel()
	to := func(n int64, more ...int64) []int64 {
		var out []int64
		for i := int64(1); i <= n; i++ {
			out = append(out, i)
		}
		return append(out, more...)
	}
	const (
		journey = "00001_main_journey.sql"
		search  = "00009_search.sql"
	)
	missing := func(n ...int64) error { return installation.Early{Missing: n} }
	var edited error = installation.Early{Edited: []int64{9}}
	for _, test := range []struct {
		commit string
		ran    []int64
		name   string // the migration that had another text
		text   string // the commit with that text
		want   error
		always bool // not only with make long
	}{
		{commit: "1f95405", ran: to(1), name: journey, text: "1f95405", want: installation.Early{Edited: []int64{1}}, always: true},
		{commit: "6c054e9", ran: to(1)},
		{commit: "ec31f27", ran: to(2)},
		{commit: "3d03e2e", ran: to(3)},
		{commit: "a736785", ran: to(3, 6), want: missing(4, 5)},
		{commit: "333ce3d", ran: to(4, 6), want: missing(5)},
		{commit: "e6f5be2", ran: to(6)},
		{commit: "50a2b40", ran: to(7), always: true},
		{commit: "546b7a0", ran: to(7, 11), want: missing(8, 9, 10), always: true},
		{commit: "7ef72ed", ran: to(7, 9, 11), name: search, text: "7ef72ed", want: installation.Early{Missing: []int64{8, 10}, Edited: []int64{9}}},
		{commit: "f7f5d22", ran: to(9, 11), name: search, text: "f7f5d22", want: installation.Early{Missing: []int64{10}, Edited: []int64{9}}},
		{commit: "3d7beb3", ran: to(9, 11), name: search, text: "3d7beb3", want: installation.Early{Missing: []int64{10}, Edited: []int64{9}}, always: true},
		{commit: "cac13b8", ran: to(11), name: search, text: "3d7beb3", want: edited},
		{commit: "5fb6eec", ran: to(11), name: search, text: "5fb6eec", want: edited},
		{commit: "f6595ce", ran: to(11), name: search, text: "f6595ce", want: edited, always: true},
		{commit: "f4ad567", ran: to(11), always: true},
	} {
		t.Run(test.commit, func(t *testing.T) {
			t.Parallel()
			if !test.always {
				testenv.Long(t)
			}
			onBoth(t, func(t *testing.T, at place) {
				files := holding(t, test.ran...)
				if test.name != "" {
					files[test.name] = &fstest.MapFile{Data: earlyText(t, test.name, test.text)}
				}
				db := at.open()
				db.migratedBy(t, files)
				before := db.dump(t)
				if ok, err := db.Current(t.Context()); ok || !reflect.DeepEqual(err, test.want) {
					t.Errorf("Current() = %v, %v, want false, %v", ok, err, test.want)
				}
				if err := db.Migrate(t.Context()); !reflect.DeepEqual(err, test.want) {
					t.Fatalf("Migrate() = %v, want %v", err, test.want)
				}
				if test.want == nil {
					before = at.current()
				}
				if after := db.dump(t); !slices.Equal(after, before) {
					t.Errorf("Migrate() left\n%s\nwant\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
				}
				if !reflect.DeepEqual(test.want, edited) {
					return
				}
				if _, err := db.sql.ExecContext(t.Context(), remedy(t)); err != nil {
					t.Fatal(err)
				}
				if err := db.Migrate(t.Context()); err != nil {
					t.Errorf("with the statements of decision 011, Migrate() = %v, want nil", err)
				}
				if after, want := db.dump(t), at.current(); !slices.Equal(after, want) {
					t.Errorf("with the statements of decision 011, Migrate() left\n%s\nwant\n%s", strings.Join(after, "\n"), strings.Join(want, "\n"))
				}
			})
		})
	}
}

// remedy returns the statements in decision 011 for databases that have an early form of
// migration 9.
func remedy(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../deploy/decisions/011-migrations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "```sql\n")
	text, _, found := strings.Cut(text, "```")
	if !found {
		t.Fatal("decision 011 has no SQL")
	}
	return text
}
