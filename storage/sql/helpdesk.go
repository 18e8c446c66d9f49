package sql

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
)

type desk struct{ db *DB }

// Helpdesk gives the helpdesk's store.
func (db *DB) Helpdesk() helpdesk.Store { return desk{db} }

func scanAccounts(rows *sql.Rows, err error) ([]account.Account, error) {
	return all(rows, err, func(r row) (account.Account, error) { return scanAccount(r) })
}

// shortWord is how many letters may be the beginning of a term; fewer have to
// be a whole one, so that nobody leafs through all accounts.
const shortWord = 3

func (s desk) Search(ctx context.Context, words []string, max int) ([]account.Account, error) {
	where, args := found(accountTerms, words, shortWord, []any{max})
	out, err := scanAccounts(s.db.sql.QueryContext(ctx,
		`SELECT `+accountColumns+` FROM accounts WHERE `+where+` ORDER BY email LIMIT $1`, args...))
	return out, answer("search", err)
}

func (s desk) Application(ctx context.Context, accountID string) (application.Application, []application.Document, error) {
	if accountID == "" {
		return application.Application{}, nil, errs.ErrNotFound
	}
	app, err := applications{s.db}.by(ctx, "account_id", accountID)
	if err != nil {
		return app, nil, err
	}
	documents, err := applications{s.db}.Documents(ctx, app.ID)
	return app, documents, err
}

func (s desk) AccountOf(ctx context.Context, reference string) (account.Account, error) {
	app, err := applications{s.db}.ByReference(ctx, reference)
	if err != nil {
		return account.Account{}, err
	}
	return accounts{s.db}.ByID(ctx, app.AccountID)
}

func (s desk) Note(ctx context.Context, rec effect.Effects) error {
	return s.db.change(ctx, "note", func(*sql.Tx) (effect.Effects, error) { return rec, nil })
}

// moved tells whether the address of an account changed lately.
func moved(ctx context.Context, q interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, accountID string, now time.Time) (lately bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM account_changes WHERE account_id = $1 AND kind = 'address' AND state = 'done' AND decided_at > $2)`,
		accountID, ms(now.Add(-helpdesk.SecondWithin))).Scan(&lately)
	return lately, err
}

func (s desk) Moved(ctx context.Context, accountID string, now time.Time) (bool, error) {
	lately, err := moved(ctx, s.db.sql, accountID, now)
	return lately, answer("change of address", err)
}

// Resend takes the account's row first: of several at once each counts those
// before it.
func (s desk) Resend(ctx context.Context, a account.Account, now time.Time, rec effect.Effects) error {
	return s.db.change(ctx, "mail again", func(tx *sql.Tx) (effect.Effects, error) {
		if err := one(tx.ExecContext(ctx, stands, a.ID, a.Epoch)); err != nil {
			return effect.Effects{}, err
		}
		var sent int
		err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM audit_events WHERE object_kind = $1 AND object_id = $2 AND action = $3 AND at > $4`,
			audit.ObjectAccount, a.ID, audit.AccountMailResent, ms(now.Add(-helpdesk.MailsWithin))).Scan(&sent)
		if err == nil && sent >= helpdesk.MailsAgain {
			err = helpdesk.ErrMails
		}
		return rec, err
	})
}

func (s desk) Begin(ctx context.Context, c helpdesk.Case, rec effect.Effects) error {
	now := c.OpenedAt
	return s.db.change(ctx, "begin unblock", func(tx *sql.Tx) (effect.Effects, error) {
		if _, err := tx.ExecContext(ctx, `UPDATE unblock_cases SET state = 'cancelled', decided_by = $1, decided_at = $2, version = version + 1
			WHERE account_id = $3 AND (state = 'open' AND (opened_by = $1 OR opened_at <= $4 OR epoch <> $6)
				OR state = 'proposed' AND (opened_at <= $5 OR epoch <> $6))`,
			c.OpenedBy, ms(now), c.AccountID, ms(now.Add(-helpdesk.CaseTime)), ms(now.Add(-helpdesk.ProposalTime)), c.Epoch); err != nil {
			return effect.Effects{}, err
		}
		var refused int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM unblock_cases WHERE account_id = $1 AND state = 'refused' AND decided_at > $2`,
			c.AccountID, ms(now.Add(-helpdesk.Cooling))).Scan(&refused); err != nil {
			return effect.Effects{}, err
		}
		if refused > 0 {
			return effect.Effects{}, errs.ErrConflict
		}
		wrong, err := wrongBefore(ctx, tx, c.AccountID, now)
		if err != nil {
			return effect.Effects{}, err
		}
		lately, err := moved(ctx, tx, c.AccountID, now)
		if err != nil {
			return effect.Effects{}, err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO unblock_cases (id, account_id, epoch, state, second, wrongs, opened_by, opened_at)
			VALUES ($1,$2,$3,'open',$4,$5,$6,$7)`, c.ID, c.AccountID, c.Epoch, c.Second || lately, wrong, c.OpenedBy, ms(now)); err != nil {
			return effect.Effects{}, err
		}
		return rec, one(tx.ExecContext(ctx, `UPDATE accounts SET epoch = epoch WHERE id = $1 AND epoch = $2 AND state = 'blocked'`, c.AccountID, c.Epoch))
	})
}

// wrongBefore tells how much was wrong lately about an account, in calls for an
// unblock and for another address together: whoever begins anew does not get
// new tries by that. Each call begins with what was wrong before, so the most
// is all. errs.ErrConflict when there is no try left.
func wrongBefore(ctx context.Context, tx *sql.Tx, accountID string, now time.Time) (int, error) {
	const lately = `WHERE account_id = $1 AND state <> 'done' AND CASE WHEN decided_at > 0 THEN decided_at ELSE opened_at END > $2`
	var wrong int
	err := tx.QueryRowContext(ctx, `SELECT CAST(COALESCE(MAX(wrongs), 0) AS BIGINT) FROM (SELECT wrongs FROM unblock_cases `+lately+`
		UNION ALL SELECT wrongs FROM account_changes `+lately+`) calls`, accountID, ms(now.Add(-helpdesk.Cooling))).Scan(&wrong)
	if err == nil && wrong >= helpdesk.WrongAnswers {
		err = errs.ErrConflict
	}
	return wrong, err
}

const unblockColumns = `id, account_id, epoch, state, second, answers, code_right, rights, wrongs, reason, ticket, opened_by, opened_at, decided_by, decided_at, version`

func scanUnblock(r row) (helpdesk.Case, error) {
	var c helpdesk.Case
	var answers string
	var opened, decided int64
	err := r.Scan(&c.ID, &c.AccountID, &c.Epoch, &c.State, &c.Second, &answers, &c.CodeRight, &c.Right, &c.Wrong, &c.Reason, &c.Ticket,
		&c.OpenedBy, &opened, &c.DecidedBy, &decided, &c.Version)
	if err == nil {
		err = json.Unmarshal([]byte(answers), &c.Answers)
	}
	if len(c.Answers) == 0 {
		c.Answers = nil
	}
	c.OpenedAt, c.DecidedAt = at(opened), at(decided)
	return c, err
}

func (s desk) Case(ctx context.Context, id string) (helpdesk.Case, error) {
	c, err := scanUnblock(s.db.sql.QueryRowContext(ctx, `SELECT `+unblockColumns+` FROM unblock_cases WHERE id = $1`, id))
	return c, answer("unblock case", err)
}

func (s desk) Waiting(ctx context.Context, now time.Time) ([]helpdesk.Case, error) {
	return s.many(ctx, `state = 'proposed' AND opened_at > $1`, ms(now.Add(-helpdesk.ProposalTime)))
}

func (s desk) OpenedBy(ctx context.Context, member string, now time.Time) ([]helpdesk.Case, error) {
	return s.many(ctx, `opened_by = $1 AND (state = 'open' AND opened_at > $2 OR state = 'proposed' AND opened_at > $3)`,
		member, ms(now.Add(-helpdesk.CaseTime)), ms(now.Add(-helpdesk.ProposalTime)))
}

// many reads cases, oldest first.
func (s desk) many(ctx context.Context, where string, args ...any) ([]helpdesk.Case, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT `+unblockColumns+` FROM unblock_cases WHERE `+where+` ORDER BY opened_at, id`, args...)
	out, err := all(rows, err, scanUnblock)
	return out, answer("unblock cases", err)
}

func (s desk) Save(ctx context.Context, c helpdesk.Case, rec effect.Effects) (helpdesk.Case, error) {
	err := s.db.with(ctx, "save unblock case", rec, `UPDATE unblock_cases
		SET state = $1, answers = $2, code_right = $3, rights = $4, wrongs = $5, reason = $6, ticket = $7, decided_by = $8, decided_at = $9, version = version + 1
		WHERE id = $10 AND version = $11 AND state = 'open'`,
		c.State, text(c.Answers), c.CodeRight, c.Right, c.Wrong, c.Reason, c.Ticket, c.DecidedBy, ms(c.DecidedAt), c.ID, c.Version)
	if err == nil {
		c.Version++
	}
	return c, err
}

func (s desk) Finish(ctx context.Context, id, by string, now time.Time, rec effect.Effects) error {
	return s.db.change(ctx, "finish unblock", func(tx *sql.Tx) (effect.Effects, error) {
		var accountID string
		var epoch int64
		err := tx.QueryRowContext(ctx, `UPDATE unblock_cases SET state = 'done', decided_by = $1, decided_at = $2, version = version + 1
			WHERE id = $3 AND code_right AND rights >= $4 AND reason <> '' AND (state = 'open' AND NOT second AND opened_by = $1 AND opened_at > $5
				OR state = 'proposed' AND opened_by <> $1 AND opened_at > $6) RETURNING account_id, epoch`,
			by, ms(now), id, helpdesk.RightAnswers, ms(now.Add(-helpdesk.CaseTime)), ms(now.Add(-helpdesk.ProposalTime))).Scan(&accountID, &epoch)
		if err == sql.ErrNoRows {
			return effect.Effects{}, errs.ErrConflict
		}
		if err != nil {
			return effect.Effects{}, err
		}
		return rec, one(tx.ExecContext(ctx, unblock+` AND epoch = $3`, accountID, ms(now), epoch))
	})
}

func (s desk) End(ctx context.Context, id string, state helpdesk.State, by string, now time.Time, rec effect.Effects) error {
	return s.db.with(ctx, "end unblock", rec, `UPDATE unblock_cases SET state = $1, decided_by = $2, decided_at = $3, version = version + 1
		WHERE id = $4 AND state IN ('open', 'proposed')`, state, by, ms(now), id)
}
