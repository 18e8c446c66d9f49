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

type resets struct{ db *DB }

// Resets returns the store of links for a new password.
func (db *DB) Resets() account.Resets { return resets{db} }

const (
	linkColumns  = `key, account_id, epoch, hash, client_id, sent, sent_at, opened_at`
	resetColumns = `browser, key, account_id, epoch, client_id, opened_at, code_at, used_at`
)

func scanLink(r row) (account.PasswordLink, error) {
	var l account.PasswordLink
	var sent, opened int64
	err := r.Scan(&l.Key, &l.AccountID, &l.Epoch, &l.Hash, &l.ClientID, &l.Sent, &sent, &opened)
	l.SentAt, l.OpenedAt = at(sent), at(opened)
	return l, err
}

func scanReset(r row) (account.Reset, error) {
	var v account.Reset
	var opened, code, used int64
	err := r.Scan(&v.Browser, &v.Key, &v.AccountID, &v.Epoch, &v.ClientID, &opened, &code, &used)
	v.OpenedAt, v.CodeAt, v.UsedAt = at(opened), at(code), at(used)
	return v, err
}

// Send locks the row of the address by writing it, so that concurrent calls are
// judged one after another.
func (s resets) Send(ctx context.Context, key string, judge func(account.PasswordLink) (account.PasswordLink, effect.Effects, error)) error {
	return s.db.change(ctx, "mail a password link", func(tx *sql.Tx) (effect.Effects, error) {
		was, err := scanLink(tx.QueryRowContext(ctx, `INSERT INTO password_links (`+linkColumns+`) VALUES ($1,'',0,$1,'',0,0,0)
			ON CONFLICT (key) DO UPDATE SET sent = password_links.sent RETURNING `+linkColumns, key))
		if err != nil {
			return effect.Effects{}, err
		}
		next, rec, err := judge(was)
		if err != nil {
			return effect.Effects{}, err
		}
		return rec, one(tx.ExecContext(ctx, `UPDATE password_links SET account_id = $1, epoch = $2, hash = $3, client_id = $4, sent = $5, sent_at = $6, opened_at = $7
			WHERE key = $8`, next.AccountID, next.Epoch, next.Hash, next.ClientID, next.Sent, ms(next.SentAt), ms(next.OpenedAt), key))
	})
}

func (s resets) ByLink(ctx context.Context, hash string) (account.PasswordLink, account.Account, error) {
	l, err := scanLink(s.db.sql.QueryRowContext(ctx, `SELECT `+linkColumns+` FROM password_links WHERE hash = $1 AND account_id <> ''`, hash))
	if err != nil {
		return account.PasswordLink{}, account.Account{}, answer("password link", err)
	}
	a, err := accounts{s.db}.ByID(ctx, l.AccountID)
	return l, a, err
}

func (s resets) Open(ctx context.Context, hash string, judge func(account.PasswordLink, account.Account) (account.PasswordLink, account.Reset, effect.Effects, error)) error {
	return s.db.change(ctx, "use a password link", func(tx *sql.Tx) (effect.Effects, error) {
		l, err := scanLink(tx.QueryRowContext(ctx, `UPDATE password_links SET sent = sent WHERE hash = $1 AND account_id <> '' RETURNING `+linkColumns, hash))
		if err != nil {
			return effect.Effects{}, err
		}
		a, err := scanAccount(tx.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM accounts WHERE id = $1`, l.AccountID))
		if err != nil {
			return effect.Effects{}, err
		}
		l, r, rec, err := judge(l, a)
		if err != nil {
			return effect.Effects{}, err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE password_links SET opened_at = $1 WHERE hash = $2`, ms(l.OpenedAt), hash); err != nil {
			return effect.Effects{}, err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO password_resets (`+resetColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)`,
			r.Browser, r.Key, r.AccountID, r.Epoch, r.ClientID, ms(r.OpenedAt), ms(r.CodeAt), ms(r.UsedAt))
		return rec, err
	})
}

func (s resets) ByBrowser(ctx context.Context, browser string) (account.Reset, account.Account, error) {
	r, err := scanReset(s.db.sql.QueryRowContext(ctx, `SELECT `+resetColumns+` FROM password_resets WHERE browser = $1`, browser))
	if err != nil {
		return account.Reset{}, account.Account{}, answer("password reset", err)
	}
	a, err := accounts{s.db}.ByID(ctx, r.AccountID)
	return r, a, err
}

func (s resets) Prove(ctx context.Context, browser string, now time.Time) error {
	return answer("password reset", one(s.db.exec(ctx, `UPDATE password_resets SET code_at = $1 WHERE browser = $2 AND used_at = 0`, ms(now), browser)))
}

// Use locks the row of the reset by writing it, and locks the account before it
// judges.
func (s resets) Use(ctx context.Context, browser string, now time.Time, judge func(account.Reset, account.Account) (account.Account, effect.Effects, error)) error {
	return s.db.change(ctx, "choose a password", func(tx *sql.Tx) (effect.Effects, error) {
		r, err := scanReset(tx.QueryRowContext(ctx, `UPDATE password_resets SET used_at = $1 WHERE browser = $2 AND used_at = 0 RETURNING `+resetColumns, ms(now), browser))
		if errors.Is(err, sql.ErrNoRows) {
			err = errs.ErrConflict
		}
		if err != nil {
			return effect.Effects{}, err
		}
		r.UsedAt = time.Time{} // as it was
		was, err := lockAccount(ctx, tx, `$1`, r.AccountID)
		if err != nil {
			return effect.Effects{}, err
		}
		next, rec, err := judge(r, was)
		if err != nil {
			return effect.Effects{}, err
		}
		if err := putAccount(ctx, tx, was, next); err != nil {
			return effect.Effects{}, err
		}
		return rec, forgetLanes(ctx, tx, r.Key)
	})
}

func (s resets) Renew(ctx context.Context, id, key string, judge func(account.Account) (account.Account, effect.Effects, error)) error {
	return s.db.changeAccount(ctx, "change password", id, judge, func(tx *sql.Tx) error { return forgetLanes(ctx, tx, key) })
}
