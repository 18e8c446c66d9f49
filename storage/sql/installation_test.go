package sql_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/installation"
	"omgevingsloket-id/storage/sql"
)

// An installation that the previous version made continues to use JWTs as access tokens,
// because its servers may still run; a new one uses handles.
func TestAccessTokensOfInstallations(t *testing.T) {
	t.Parallel()
	for name, make := range map[client.AccessTokens]func(ctx context.Context, db *sql.DB) error{
		client.JWTTokens: func(ctx context.Context, db *sql.DB) error {
			_, err := db.Raw().ExecContext(ctx, `INSERT INTO installation (id, environment, issuer) VALUES (1, 'practice', 'https://id.example')`)
			return err
		},
		client.OpaqueTokens: func(ctx context.Context, db *sql.DB) error {
			return installation.Claim(ctx, db.Installation(), installation.Installation{Environment: "practice", Issuer: "https://id.example"}, time.Now())
		},
	} {
		db := open(t, sqlite(t), time.Now)
		if _, err := db.Installation().AccessTokens(t.Context()); !errors.Is(err, errs.ErrNotFound) {
			t.Errorf("AccessTokens() before the first Claim = %v, want errs.ErrNotFound", err)
		}
		if err := make(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		if got, err := db.Installation().AccessTokens(t.Context()); got != name || err != nil {
			t.Errorf("AccessTokens() = %s, %v, want %s", got, err, name)
		}
		if _, err := db.Installation().Claim(t.Context(), installation.Installation{Environment: "practice", Issuer: "https://id.example"}, audit.Event{}); err != nil {
			t.Error(err)
		}
		if got, _ := db.Installation().AccessTokens(t.Context()); got != name {
			t.Errorf("a later start changes it to %s", got)
		}
	}
}
