package sql

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
)

type changes struct{ db *DB }

// Changes gives the store of what the helpdesk changes about accounts.
func (db *DB) Changes() helpdesk.Changes { return changes{db} }

const changeColumns = `id, reference, account_id, epoch, kind, state, second, answers, code_asked, code_right, rights, wrongs, reason, ticket, ` +
	`email, tries, opened_by, opened_at, confirmed_by, valid_from, valid_until, decided_by, decided_at, version`

func scanChange(r row) (helpdesk.Change, error) {
	var c helpdesk.Change
	var answers string
	var opened, from, until, decided int64
	err := r.Scan(&c.ID, &c.Reference, &c.AccountID, &c.Epoch, &c.Kind, &c.State, &c.Second, &answers, &c.CodeAsked, &c.CodeRight, &c.Right, &c.Wrong,
		&c.Reason, &c.Ticket, &c.Email, &c.Tries, &c.OpenedBy, &opened, &c.ConfirmedBy, &from, &until, &c.DecidedBy, &decided, &c.Version)
	if err == nil {
		err = json.Unmarshal([]byte(answers), &c.Answers)
	}
	if len(c.Answers) == 0 {
		c.Answers = nil
	}
	c.OpenedAt, c.From, c.Until, c.DecidedAt = at(opened), at(from), at(until), at(decided)
	return c, err
}

// overChange is a change that waited too long: $1 is the beginning of an
// open one, $2 of a proposal, $3 now (limits).
const overChange = `(state = 'open' AND opened_at <= $1 OR state = 'proposed' AND opened_at <= $2 OR state = 'confirmed' AND valid_until <= $3)`

func limits(now time.Time) []any {
	return []any{ms(now.Add(-helpdesk.CaseTime)), ms(now.Add(-helpdesk.ProposalTime)), ms(now)}
}

func (s changes) Begin(ctx context.Context, c helpdesk.Change, rec effect.Effects) error {
	now := c.OpenedAt
	return s.db.change(ctx, "begin change", func(tx *sql.Tx) (effect.Effects, error) {
		if _, err := tx.ExecContext(ctx, `UPDATE account_changes SET state = 'cancelled', decided_by = $4, decided_at = $3, version = version + 1
			WHERE account_id = $5 AND state IN ('open', 'proposed', 'confirmed') AND (`+overChange+` OR epoch <> $6 OR state = 'open' AND opened_by = $4)`,
			append(limits(now), c.OpenedBy, c.AccountID, c.Epoch)...); err != nil {
			return effect.Effects{}, err
		}
		var refused int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM account_changes WHERE account_id = $1 AND kind = $2 AND state = 'refused' AND decided_at > $3`,
			c.AccountID, c.Kind, ms(now.Add(-helpdesk.Cooling))).Scan(&refused); err != nil {
			return effect.Effects{}, err
		}
		if refused > 0 {
			return effect.Effects{}, errs.ErrConflict
		}
		wrong := 0
		if c.Kind == helpdesk.Address {
			var err error
			if wrong, err = wrongBefore(ctx, tx, c.AccountID, now); err != nil {
				return effect.Effects{}, err
			}
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO account_changes (id, reference, account_id, epoch, kind, state, second, code_asked, wrongs, reason, ticket, opened_by, opened_at)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)`,
			c.ID, c.Reference, c.AccountID, c.Epoch, c.Kind, c.State, c.Second, c.CodeAsked, wrong, c.Reason, c.Ticket, c.OpenedBy, ms(now)); err != nil {
			return effect.Effects{}, err
		}
		if c.Kind == helpdesk.Closing && !c.Second {
			return rec, closeAccount(ctx, tx, c.ID, c.OpenedBy, now, `NOT second`)
		}
		return rec, one(tx.ExecContext(ctx, stands, c.AccountID, c.Epoch))
	})
}

func (s changes) by(ctx context.Context, where, value string) (helpdesk.Change, error) {
	c, err := scanChange(s.db.sql.QueryRowContext(ctx, `SELECT `+changeColumns+` FROM account_changes WHERE `+where+` = $1`, value))
	return c, answer("change", err)
}

func (s changes) Change(ctx context.Context, id string) (helpdesk.Change, error) {
	return s.by(ctx, "id", id)
}

func (s changes) ByReference(ctx context.Context, reference string) (helpdesk.Change, error) {
	return s.by(ctx, "reference", reference)
}

func (s changes) Live(ctx context.Context, accountID string, now time.Time) (helpdesk.Change, error) {
	c, err := scanChange(s.db.sql.QueryRowContext(ctx, `SELECT `+changeColumns+` FROM account_changes
		WHERE account_id = $4 AND state IN ('open', 'proposed', 'confirmed') AND NOT `+overChange+`
		AND epoch = (SELECT epoch FROM accounts WHERE id = account_id)`, append(limits(now), accountID)...))
	return c, answer("change", err)
}

func (s changes) OpenedBy(ctx context.Context, member string, now time.Time) ([]helpdesk.Change, error) {
	return s.list(ctx, `state IN ('open', 'proposed') AND NOT `+overChange+` AND opened_by = $4 AND epoch = (SELECT epoch FROM accounts WHERE id = account_id)`,
		append(limits(now), member)...)
}

func (s changes) Waiting(ctx context.Context, now time.Time) ([]helpdesk.Change, error) {
	return s.list(ctx, `state = 'proposed' AND opened_at > $1 AND epoch = (SELECT epoch FROM accounts WHERE id = account_id)`, ms(now.Add(-helpdesk.ProposalTime)))
}

func (s changes) list(ctx context.Context, where string, args ...any) ([]helpdesk.Change, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT `+changeColumns+` FROM account_changes WHERE `+where+` ORDER BY opened_at, id`, args...)
	out, err := all(rows, err, scanChange)
	return out, answer("changes", err)
}

func (s changes) Save(ctx context.Context, c helpdesk.Change, rec effect.Effects) (helpdesk.Change, error) {
	err := s.db.with(ctx, "save change", rec, `UPDATE account_changes
		SET state = $1, answers = $2, code_right = $3, rights = $4, wrongs = $5, reason = $6, ticket = $7, email = $8, decided_by = $9, decided_at = $10, version = version + 1
		WHERE id = $11 AND version = $12 AND state = 'open'`,
		c.State, text(c.Answers), c.CodeRight, c.Right, c.Wrong, c.Reason, c.Ticket, c.Email, c.DecidedBy, ms(c.DecidedAt), c.ID, c.Version)
	if err == nil {
		c.Version++
	}
	return c, err
}

// stands demands that the account is still as it was when a change began.
const stands = `UPDATE accounts SET epoch = epoch WHERE id = $1 AND epoch = $2 AND state <> 'closed'`

func (s changes) Confirm(ctx context.Context, c helpdesk.Change, by string, now time.Time, rec effect.Effects) error {
	return s.db.change(ctx, "confirm change", func(tx *sql.Tx) (effect.Effects, error) {
		var accountID string
		var epoch int64
		err := tx.QueryRowContext(ctx, `UPDATE account_changes SET state = 'confirmed', confirmed_by = $1, valid_from = $2, valid_until = $3, version = version + 1
			WHERE id = $4 AND kind = 'address' AND state = 'proposed' AND opened_by <> $1 AND opened_at > $5
				AND rights >= $6 AND (code_right OR NOT code_asked) AND reason <> '' AND email <> '' RETURNING account_id, epoch`,
			by, ms(c.From), ms(c.Until), c.ID, ms(now.Add(-helpdesk.ProposalTime)), helpdesk.RightAnswers).Scan(&accountID, &epoch)
		if errors.Is(err, sql.ErrNoRows) {
			return effect.Effects{}, errs.ErrConflict
		}
		if err != nil {
			return effect.Effects{}, err
		}
		return rec, one(tx.ExecContext(ctx, stands, accountID, epoch))
	})
}

// TryCode counts first, on the locked row, as accounts do.
func (s changes) TryCode(ctx context.Context, id string, now time.Time, judge func(helpdesk.Change) (helpdesk.HolderVerdict, effect.Effects)) (helpdesk.HolderVerdict, error) {
	var verdict helpdesk.HolderVerdict
	err := s.db.change(ctx, "confirm address", func(tx *sql.Tx) (effect.Effects, error) {
		c, err := scanChange(tx.QueryRowContext(ctx, `UPDATE account_changes SET tries = tries + 1
			WHERE id = $1 AND kind = 'address' AND state = 'confirmed' AND valid_until > $2 RETURNING `+changeColumns, id, ms(now)))
		if errors.Is(err, sql.ErrNoRows) {
			return effect.Effects{}, errs.ErrConflict
		}
		if err != nil {
			return effect.Effects{}, err
		}
		if err := one(tx.ExecContext(ctx, stands, c.AccountID, c.Epoch)); err != nil {
			return effect.Effects{}, err
		}
		var rec effect.Effects
		verdict, rec = judge(c)
		switch verdict {
		case helpdesk.CodeRight:
			err = moveAddress(ctx, tx, c, now)
		case helpdesk.CodeOver:
			err = one(tx.ExecContext(ctx, `UPDATE account_changes SET state = 'cancelled', decided_at = $1, version = version + 1 WHERE id = $2`, ms(now), id))
		case helpdesk.CodeEarly:
			err = one(tx.ExecContext(ctx, `UPDATE account_changes SET tries = tries - 1 WHERE id = $1`, id))
		}
		return rec, err
	})
	if err != nil {
		return "", err
	}
	return verdict, nil
}

// moveAddress gives an account its new address, and all that hangs on it.
func moveAddress(ctx context.Context, tx *sql.Tx, c helpdesk.Change, now time.Time) error {
	if err := one(tx.ExecContext(ctx, `UPDATE account_changes SET state = 'done', decided_at = $1, version = version + 1
		WHERE id = $2 AND state = 'confirmed' AND valid_from <= $1`, ms(now), c.ID)); err != nil {
		return err
	}
	// A code that was mailed to the address of before opens nothing any more.
	if _, err := tx.ExecContext(ctx, `UPDATE outbox SET state = 'dropped', sealed = NULL, reason = 'address changed'
		WHERE state = 'waiting' AND kind = 'status-code' AND recipient = (SELECT email FROM accounts WHERE id = $1)`, c.AccountID); err != nil {
		return err
	}
	a, err := scanAccount(tx.QueryRowContext(ctx, `UPDATE accounts SET email = $1, epoch = epoch + 1
		WHERE id = $2 AND epoch = $3 AND state <> 'closed' RETURNING `+accountColumns, c.Email, c.AccountID, c.Epoch))
	if errors.Is(err, sql.ErrNoRows) {
		return errs.ErrConflict
	}
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM account_terms WHERE account_id = $1`, a.ID); err != nil {
		return err
	}
	if err := putTerms(ctx, tx, accountTerms, a.ID, helpdesk.Terms(a)); err != nil {
		return err
	}
	return moveApplication(ctx, tx, a)
}

// moveApplication turns what is mailed about the application to the new
// address, and lets officials find it by that.
func moveApplication(ctx context.Context, tx *sql.Tx, a account.Account) error {
	app, err := scanApplication(tx.QueryRowContext(ctx, `UPDATE applications SET email = $1, status_code = '', status_code_expires = 0
		WHERE account_id = $2 RETURNING `+applicationColumns, a.Email, a.ID))
	if errors.Is(err, sql.ErrNoRows) {
		return nil // erased
	}
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM application_terms WHERE application_id = $1`, app.ID); err != nil {
		return err
	}
	return putTerms(ctx, tx, applicationTerms, app.ID, app.SearchTerms())
}

func (s changes) Close(ctx context.Context, id, by string, now time.Time, rec effect.Effects) error {
	return s.db.change(ctx, "close account", func(tx *sql.Tx) (effect.Effects, error) {
		return rec, closeAccount(ctx, tx, id, by, now, `opened_by <> $1`)
	})
}

// closeAccount ends the account of a proposed closing; who says who may.
func closeAccount(ctx context.Context, tx *sql.Tx, id, by string, now time.Time, who string) error {
	var accountID string
	var epoch int64
	err := tx.QueryRowContext(ctx, `UPDATE account_changes SET state = 'done', confirmed_by = $1, decided_by = $1, decided_at = $2, version = version + 1
		WHERE id = $3 AND kind = 'closing' AND state = 'proposed' AND reason <> '' AND opened_at > $4 AND `+who+` RETURNING account_id, epoch`,
		by, ms(now), id, ms(now.Add(-helpdesk.ProposalTime))).Scan(&accountID, &epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return errs.ErrConflict
	}
	if err != nil {
		return err
	}
	return one(tx.ExecContext(ctx, `UPDATE accounts SET state = 'closed', block_reason = '', block_ref = '', epoch = epoch + 1, closed_at = $1
		WHERE id = $2 AND epoch = $3 AND state IN ('awaiting_enrolment', 'qr_shown', 'active', 'blocked')`, ms(now), accountID, epoch))
}

func (s changes) End(ctx context.Context, c helpdesk.Change, state helpdesk.State, by string, now time.Time, rec effect.Effects) error {
	return s.db.with(ctx, "end change", rec, `UPDATE account_changes SET state = $1, decided_by = $2, decided_at = $3, version = version + 1
		WHERE id = $4 AND version = $5 AND state IN ('open', 'proposed', 'confirmed')`, state, by, ms(now), c.ID, c.Version)
}

func (s changes) Reopen(ctx context.Context, accountID string, epoch int64, reason account.BlockReason, ref string, now time.Time, rec effect.Effects) error {
	return s.db.with(ctx, "reopen account", rec, `UPDATE accounts SET state = 'blocked', block_reason = $1, block_ref = $2, epoch = epoch + 1, closed_at = 0
		WHERE id = $3 AND epoch = $4 AND state = 'closed' AND closed_at > $5`, reason, ref, accountID, epoch, ms(now.Add(-helpdesk.ReopenTime)))
}
