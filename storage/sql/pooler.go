package sql

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
)

// errPooler is returned when a pooler stands before PostgreSQL that does not pass on
// the limits of a session. In transaction mode it breaks migrations too, which hold a
// lock of their session.
var errPooler = errors.New("database.url: a pooler (such as PgBouncer) stands before PostgreSQL and does not pass on the time limits of a session; " +
	"give the address of PostgreSQL itself, since each server keeps its connections, or see \"A pooler\" in deploy/README.md")

// unpooled returns errPooler if the first connection, which failed with err or did
// not, shows such a pooler. For a role with a statement_timeout of its own it accepts
// one.
func unpooled(ctx context.Context, db *sql.DB, err error) error {
	if err != nil {
		if strings.Contains(err.Error(), "unsupported startup parameter") {
			return errPooler
		}
		return err
	}
	var limit string
	// In one round trip, without a prepared statement.
	err = db.QueryRowContext(ctx, "SELECT current_setting('statement_timeout')", pgx.QueryExecModeSimpleProtocol).Scan(&limit)
	if err == nil && limit == "0" {
		return errPooler
	}
	return answer("database", err)
}
