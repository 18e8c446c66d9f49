package sql

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
)

type recoveries struct{ db *DB }

// Recoveries returns the store of mailed codes.
func (db *DB) Recoveries() account.Recoveries { return recoveries{db} }

const mailedColumns = `enrolment, epoch, hash, expires, used_by, sent, sent_at, failures`

// scanMailed returns the zero value if there is no row.
func scanMailed(r row) (account.Mailed, error) {
	var m account.Mailed
	var expires, sentAt int64
	err := r.Scan(&m.Enrolment, &m.Epoch, &m.Hash, &expires, &m.UsedBy, &m.Sent, &sentAt, &m.Failures)
	if errors.Is(err, sql.ErrNoRows) {
		return account.Mailed{}, nil
	}
	m.Expires, m.SentAt = at(expires), at(sentAt)
	return m, err
}

func (s recoveries) Mailed(ctx context.Context, accountID string) (account.Mailed, error) {
	m, err := scanMailed(s.db.sql.QueryRowContext(ctx, `SELECT `+mailedColumns+` FROM mailed_codes WHERE account_id = $1`, accountID))
	return m, answer("mailed code", err)
}

func (s recoveries) Send(ctx context.Context, accountID string, judge func(account.Account, account.Mailed) (account.Account, account.Mailed, effect.Effects, error)) error {
	return s.change(ctx, "mail code", `SELECT `+mailedColumns+` FROM mailed_codes WHERE account_id = $1`, accountID, judge)
}

func (s recoveries) Try(ctx context.Context, accountID string, judge func(account.Account, account.Mailed) (account.Account, account.Mailed, effect.Effects, error)) error {
	return s.change(ctx, "mailed code", `UPDATE mailed_codes SET failures = failures + 1 WHERE account_id = $1 RETURNING `+mailedColumns, accountID, judge)
}

// change locks the account before it runs query, which reads the code.
func (s recoveries) change(ctx context.Context, doing, query, accountID string, judge func(account.Account, account.Mailed) (account.Account, account.Mailed, effect.Effects, error)) error {
	return s.db.change(ctx, doing, func(tx *sql.Tx) (effect.Effects, error) {
		a, err := lockAccount(ctx, tx, `$1`, accountID)
		if err != nil {
			return effect.Effects{}, err
		}
		m, err := scanMailed(tx.QueryRowContext(ctx, query, accountID))
		if err != nil {
			return effect.Effects{}, err
		}
		next, m, rec, err := judge(a, m)
		if err != nil {
			return effect.Effects{}, err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO mailed_codes (account_id, `+mailedColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)
			ON CONFLICT (account_id) DO UPDATE SET enrolment = excluded.enrolment, epoch = excluded.epoch, hash = excluded.hash,
				expires = excluded.expires, used_by = excluded.used_by, sent = excluded.sent, sent_at = excluded.sent_at, failures = excluded.failures`,
			accountID, m.Enrolment, m.Epoch, m.Hash, ms(m.Expires), m.UsedBy, m.Sent, ms(m.SentAt), m.Failures); err != nil {
			return effect.Effects{}, err
		}
		return rec, moveAccount(ctx, tx, a, next)
	})
}

func (s recoveries) ByCancelHash(ctx context.Context, hash string) (account.Account, error) {
	if hash == "" {
		return account.Account{}, errs.ErrNotFound
	}
	return accounts{s.db}.by(ctx, `cancel_hash <> '' AND cancel_hash`, hash) // the condition of its index
}

// forgetAddresses erases the previous addresses whose time is over.
func (db *DB) forgetAddresses(ctx context.Context, now time.Time) error {
	due, err := scanAccounts(db.sql.QueryContext(ctx, `SELECT `+accountColumns+` FROM accounts WHERE previous_ends > 0 AND previous_ends <= $1`, ms(now)))
	for _, a := range due {
		next := a.Forget(now)
		// An address that changed meanwhile is left for the next time.
		if _, err := db.exec(ctx, `UPDATE accounts SET previous = $1, previous_ends = $2 WHERE id = $3 AND epoch = $4 AND previous_ends <= $5`,
			previous(next), previousEnds(next), a.ID, a.Epoch, ms(now)); err != nil {
			return err
		}
	}
	return err
}
