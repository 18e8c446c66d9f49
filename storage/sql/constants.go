package sql

import (
	"context"
	"fmt"
	"io"

	"omgevingsloket-id/pkg/secret"
)

type constants struct{ db *DB }

// Constants returns the store of values that are made once.
func (db *DB) Constants() secret.Constants { return constants{db} }

func (s constants) Constant(ctx context.Context, name string) ([]byte, error) {
	fresh := make([]byte, 32)
	if _, err := io.ReadFull(s.db.rand, fresh); err != nil {
		return nil, fmt.Errorf("constant %s: %w", name, err)
	}
	aad := "constants|value|" + name
	sealed, err := s.db.ring.Seal(fresh, aad)
	if err != nil {
		return nil, fmt.Errorf("constant %s: %w", name, err)
	}
	ctx, done, err := s.db.write(ctx)
	if err != nil {
		return nil, answer("constant "+name, err)
	}
	defer done()
	var kept []byte
	// The update changes nothing; it makes RETURNING return an existing row.
	err = s.db.sql.QueryRowContext(ctx, `INSERT INTO constants (name, sealed) VALUES ($1,$2)
		ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING sealed`, name, sealed).Scan(&kept)
	if err != nil {
		return nil, answer("constant "+name, err)
	}
	plain, err := s.db.ring.Open(kept, aad)
	if err != nil {
		return nil, fmt.Errorf("constant %s: is master_key_file the one this database was made with? %w", name, err)
	}
	return plain, nil
}
