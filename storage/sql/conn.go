package sql

import (
	"context"
	"database/sql/driver"
	"fmt"
)

// connector wraps the connections of a driver in conn.
type connector struct {
	driver.Connector
	usable func() error // asked before each use and after each commit; may be nil
	keeps  bool         // connections keep their statements prepared
	locked *lockedAt    // notes when another program locks the file; nil on PostgreSQL
	trace  func(string) // Options.Trace
}

// Connect makes a connection.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	if c.usable != nil {
		if err := c.usable(); err != nil {
			return nil, err
		}
	}
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := inner.(driverConn)
	if !ok {
		return nil, fmt.Errorf("the driver's %T lacks what a connection needs", inner)
	}
	made := &conn{driverConn: full, usable: c.usable, locked: c.locked, trace: c.trace}
	if c.keeps {
		made.kept = map[string]*statement{}
	}
	return made, nil
}

// driverConn is what both drivers implement.
type driverConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
}

// conn is a connection that runs the statements of a transaction under the
// transaction's context. So none outlives the transaction's deadline, whatever
// context its caller passed.
type conn struct {
	driverConn
	usable func() error
	locked *lockedAt
	trace  func(string)          // may be nil
	tx     context.Context       // of the transaction; nil outside one
	kept   map[string]*statement // by text; nil if none is kept
}

func (c *conn) check() error {
	if c.usable == nil {
		return nil
	}
	return c.usable()
}

// traced reports a statement to the trace, if there is one.
func (c *conn) traced(text string) {
	if c.trace != nil {
		c.trace(text)
	}
}

func (c *conn) context(ctx context.Context) context.Context {
	if c.tx != nil {
		return c.tx
	}
	return ctx
}

// BeginTx implements driver.ConnBeginTx.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	c.traced("BEGIN")
	begun, err := c.driverConn.BeginTx(ctx, opts)
	if err != nil {
		return nil, c.locked.why(err)
	}
	c.tx = ctx
	return transaction{begun, c}, nil
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.traced(query)
	if c.tx != nil {
		return c.exec(c.tx, query, args)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	done, err := c.exec(ctx, query, args)
	if err == nil {
		err = c.check()
	}
	return done, c.locked.why(err)
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	c.traced(query)
	ctx = c.context(ctx)
	if s := c.prepared(ctx, query); s != nil {
		rows, err := s.QueryContext(ctx, args)
		if err != nil {
			return nil, c.locked.why(err)
		}
		s.reading = true
		return &keptRows{rows, s}, nil
	}
	rows, err := c.driverConn.QueryContext(ctx, query, args)
	return rows, c.locked.why(err)
}

// PrepareContext implements driver.ConnPrepareContext.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.driverConn.PrepareContext(c.context(ctx), query)
}

// IsValid implements driver.Validator.
func (c *conn) IsValid() bool {
	v, ok := c.driverConn.(driver.Validator)
	return !ok || v.IsValid()
}

// CheckNamedValue implements driver.NamedValueChecker.
func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if inner, ok := c.driverConn.(driver.NamedValueChecker); ok {
		return inner.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// transaction is a transaction of a conn.
type transaction struct {
	driver.Tx
	conn *conn
}

// Commit commits, unless the database is gone. It returns an error also if the
// database went during the commit, so that no lost change is acknowledged.
func (t transaction) Commit() error {
	if err := t.conn.check(); err != nil {
		_ = t.Rollback()
		return err
	}
	t.conn.tx = nil
	t.conn.traced("COMMIT")
	if err := t.Tx.Commit(); err != nil {
		return err
	}
	return t.conn.check()
}

// Rollback ends the transaction without a change.
func (t transaction) Rollback() error {
	t.conn.tx = nil
	t.conn.traced("ROLLBACK")
	return t.Tx.Rollback()
}
