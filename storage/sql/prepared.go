package sql

import (
	"context"
	"database/sql/driver"
)

// mostStatements bounds the statements that a connection keeps. This package has about
// 300, besides those that it composes for filters.
const mostStatements = 500

// statement is a prepared statement that its connection keeps.
type statement struct {
	keptStmt
	reading bool // its rows are not closed
}

// keptStmt is what a driver's statement has to implement to be kept.
type keptStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// prepared returns the statement of a text, prepared once for this connection; nil
// if it is in use, cannot be prepared, or the connection keeps none.
func (c *conn) prepared(ctx context.Context, query string) *statement {
	if c.kept == nil {
		return nil
	}
	if s, known := c.kept[query]; known {
		if s.reading {
			return nil
		}
		return s
	}
	if len(c.kept) >= mostStatements {
		return nil
	}
	made, err := c.driverConn.PrepareContext(ctx, query)
	if err != nil {
		return nil // running it returns the error
	}
	s, ok := made.(keptStmt)
	if !ok {
		_ = made.Close()
		return nil
	}
	c.kept[query] = &statement{keptStmt: s}
	return c.kept[query]
}

func (c *conn) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if s := c.prepared(ctx, query); s != nil {
		return s.ExecContext(ctx, args)
	}
	return c.driverConn.ExecContext(ctx, query, args)
}

// Close closes the connection and what it keeps.
func (c *conn) Close() error {
	for _, s := range c.kept {
		_ = s.Close()
	}
	return c.driverConn.Close()
}

// keptRows are the rows of a statement that is kept.
type keptRows struct {
	driver.Rows
	of *statement
}

// Close ends the reading, after which the statement can run again.
func (r *keptRows) Close() error {
	r.of.reading = false
	return r.Rows.Close()
}
