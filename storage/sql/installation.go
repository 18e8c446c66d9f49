package sql

import (
	"context"
	"database/sql"
	"errors"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/installation"
)

type installations struct{ db *DB }

// Installation returns the store of the installation that this database was created
// for.
func (db *DB) Installation() installation.Store { return installations{db} }

func (s installations) Owner(ctx context.Context) (installation.Installation, error) {
	have, err := made(ctx, s.db.sql)
	return have, answer("installation", err)
}

func made(ctx context.Context, from querier) (installation.Installation, error) {
	var have installation.Installation
	err := from.QueryRowContext(ctx, `SELECT environment, issuer FROM installation WHERE id = 1`).Scan(&have.Environment, &have.Issuer)
	return have, err
}

func (s installations) Claim(ctx context.Context, i installation.Installation, e audit.Event) (installation.Installation, error) {
	have, err := s.Owner(ctx)
	if !errors.Is(err, errs.ErrNotFound) {
		return have, err // the usual case, without a write
	}
	err = s.db.change(ctx, "installation", func(tx *sql.Tx) (effect.Effects, error) {
		res, err := tx.ExecContext(ctx, `INSERT INTO installation (id, environment, issuer, access_tokens) VALUES (1, $1, $2, $3) ON CONFLICT (id) DO NOTHING`,
			i.Environment, i.Issuer, client.OpaqueTokens)
		if err != nil {
			return effect.Effects{}, err
		}
		if have, err = made(ctx, tx); err != nil {
			return effect.Effects{}, err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return effect.Effects{}, err
		}
		return effect.Of(e), nil
	})
	return have, err
}

func (s installations) AccessTokens(ctx context.Context) (format client.AccessTokens, err error) {
	err = s.db.sql.QueryRowContext(ctx, `SELECT access_tokens FROM installation WHERE id = 1`).Scan(&format)
	return format, answer("installation", err)
}

func (s installations) Move(ctx context.Context, was string, i installation.Installation, e audit.Event) error {
	return s.db.with(ctx, "installation", effect.Of(e), `UPDATE installation SET issuer = $1 WHERE id = 1 AND issuer = $2 AND environment = $3`, i.Issuer, was, i.Environment)
}
