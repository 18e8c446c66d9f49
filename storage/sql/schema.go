package sql

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"io/fs"
	"slices"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/installation"
)

//go:embed migrations/*.sql
var migrations embed.FS

// withFloor is the migration that created the table schema_floor.
const withFloor = 12

// edited are the migrations whose text changed after they were on the main
// branch. Each early text made a relation (a table or an index) with fewer
// columns than the final text does, or did not make it at all.
var edited = []struct {
	migration int64
	relation  string
	columns   int
}{
	{1, "constants", 2},
	{9, "decisions_at", 4},
}

// Migrate brings the schema up to date; several servers may do so at the same
// time. It changes nothing when this binary may not use the database, and
// returns an installation.TooOld or installation.Early.
func (db *DB) Migrate(ctx context.Context) error {
	ctx = Patient(ctx)
	if err := db.checkFresh(ctx); err != nil {
		return err
	}
	provider, err := db.provider()
	if err != nil {
		return err
	}
	err = db.migrate(ctx, versions(provider), func(ctx context.Context) error {
		_, err := provider.Up(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if f := db.sql.file; f != nil {
		if err := f.remember(); err != nil {
			return err
		}
	}
	return db.backfillTerms(ctx)
}

// checkFresh returns an installation.Gone for an empty database where there was
// another one, unless Options.Fresh allows it.
func (db *DB) checkFresh(ctx context.Context) error {
	f := db.sql.file
	if f == nil || db.fresh || !f.known() {
		return nil
	}
	s, err := db.schema(ctx)
	if err == nil && len(s.Applied) == 0 {
		err = installation.Gone{File: f.path}
	}
	return err
}

// backfillTerms writes the search terms, which SQL cannot compute, of rows from before
// there were terms. If it fails because a newer server has just removed what it reads,
// it returns the installation.TooOld.
func (db *DB) backfillTerms(ctx context.Context) error {
	var done bool
	err := db.sql.QueryRowContext(ctx, `SELECT terms = 1 FROM schema_floor WHERE id = 1`).Scan(&done)
	if done {
		return nil
	}
	for _, fill := range []func(context.Context) error{db.backfillAccountTerms, db.backfillApplicationTerms, db.noteTerms} {
		if err == nil {
			err = fill(ctx)
		}
	}
	if err != nil {
		return cmp.Or(db.Fits(ctx), answer("search terms", err))
	}
	return nil
}

// noteTerms writes that no row lacks its search terms.
func (db *DB) noteTerms(ctx context.Context) error {
	_, err := db.exec(ctx, `UPDATE schema_floor SET terms = 1 WHERE id = 1`)
	return err
}

// migrate runs the pending migrations with up, and checks the schema again,
// since another server, perhaps a newer one, may have migrated meanwhile. On
// PostgreSQL servers wait for each other. On SQLite they do not: the slower one
// fails at a migration that the other has just run, and tries again as long as
// the schema changes.
func (db *DB) migrate(ctx context.Context, known []int64, up func(context.Context) error) error {
	var failed error
	for before := -1; ; {
		s, err := db.schema(ctx)
		if err != nil {
			return err
		}
		if err := s.Judge(known); !errors.Is(err, installation.ErrPending) {
			return err
		}
		if len(s.Applied) == before {
			return errs.Unavailable("migrate", cmp.Or(failed, installation.ErrPending))
		}
		before = len(s.Applied)
		failed = up(ctx)
	}
}

// Current reports whether all migrations of this binary have run. Its error is
// an installation.TooOld or installation.Early when the binary may not use the
// database, also when a newer server migrated it after the start.
func (db *DB) Current(ctx context.Context) (bool, error) {
	err := db.Fits(ctx)
	if errors.Is(err, installation.ErrPending) {
		return false, nil
	}
	return err == nil, err
}

// Fits returns nil if this binary may use the database, and the error of Current
// or installation.ErrPending if not.
func (db *DB) Fits(ctx context.Context) error {
	provider, err := db.provider()
	if err != nil {
		return err
	}
	s, err := db.schema(ctx)
	if err != nil {
		return err
	}
	return s.Judge(versions(provider))
}

func (db *DB) provider() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return db.providerOf(files)
}

func (db *DB) providerOf(files fs.FS) (*goose.Provider, error) {
	dialect, options := goose.DialectSQLite3, []goose.ProviderOption{}
	if db.postgres {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // tries every second, for five minutes
		if err != nil {
			return nil, err
		}
		dialect, options = goose.DialectPostgres, append(options, goose.WithSessionLocker(locker))
	}
	return goose.NewProvider(dialect, db.sql.patient, files, options...)
}

// versions returns the numbers of a provider's migrations.
func versions(p *goose.Provider) []int64 {
	var out []int64
	for _, source := range p.ListSources() {
		out = append(out, source.Version)
	}
	return out
}

// schema reads how far the database is migrated. It changes nothing; a database
// without tables has an empty Schema.
func (db *DB) schema(ctx context.Context) (installation.Schema, error) {
	s, err := db.readSchema(ctx)
	return s, errs.Unavailable("schema version", err)
}

func (db *DB) readSchema(ctx context.Context) (installation.Schema, error) {
	var s installation.Schema
	if n, err := db.columns(ctx, goose.DefaultTablename); err != nil || n == 0 {
		return s, err
	}
	rows, err := db.sql.QueryContext(ctx, `SELECT version_id FROM goose_db_version`)
	s.Applied, err = all(rows, err, func(r row) (n int64, err error) {
		err = r.Scan(&n)
		return n, err
	})
	if err != nil {
		return s, err
	}
	if slices.Contains(s.Applied, withFloor) {
		// The migration that made the floor ran on a schema without early forms.
		err := db.sql.QueryRowContext(ctx, `SELECT version FROM schema_floor WHERE id = 1`).Scan(&s.Floor)
		return s, err
	}
	for _, e := range edited {
		if !slices.Contains(s.Applied, e.migration) {
			continue
		}
		n, err := db.columns(ctx, e.relation)
		if err != nil {
			return s, err
		}
		if n < e.columns {
			s.Edited = append(s.Edited, e.migration)
		}
	}
	return s, nil
}

// columns returns the number of columns of a table or an index, 0 if it does not
// exist.
func (db *DB) columns(ctx context.Context, relation string) (n int, err error) {
	query := `SELECT (SELECT COUNT(*) FROM pragma_table_info($1)) + (SELECT COUNT(*) FROM pragma_index_info($1))`
	if db.postgres {
		query = `SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`
	}
	err = db.sql.QueryRowContext(ctx, query, relation).Scan(&n)
	return n, err
}
