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
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
)

type addresses struct{ db *DB }

// Addresses returns the store of changes of address by holders.
func (db *DB) Addresses() account.Addresses { return addresses{db} }

const (
	changeColumns = `account_id, sid, epoch, email, taken, code_hash, asked_at, failures`
	undoColumns   = `id, hash, account_id, email, at, until, password, password_at, factors, used_at`
)

func scanChange(r row) (account.AddressChange, error) {
	var c account.AddressChange
	var asked int64
	err := r.Scan(&c.AccountID, &c.SID, &c.Epoch, &c.Email, &c.Taken, &c.CodeHash, &asked, &c.Failures)
	c.AskedAt = at(asked)
	return c, err
}

func scanUndo(r row) (account.AddressUndo, error) {
	var u account.AddressUndo
	var factors, hash string
	var since, until, password, used int64
	if err := r.Scan(&u.ID, &u.Hash, &u.AccountID, &u.Email, &since, &until, &hash, &password, &factors, &used); err != nil {
		return u, err
	}
	u.Password = secret.Text(hash)
	u.At, u.Until, u.PasswordAt, u.UsedAt = at(since), at(until), at(password), at(used)
	if factors == "" {
		return u, nil
	}
	return u, json.Unmarshal([]byte(factors), &u.Factors)
}

func (s addresses) Asked(ctx context.Context, accountID string) (account.AddressChange, error) {
	c, err := scanChange(s.db.sql.QueryRowContext(ctx, `SELECT `+changeColumns+` FROM address_changes WHERE account_id = $1`, accountID))
	if errors.Is(err, sql.ErrNoRows) {
		return account.AddressChange{}, nil
	}
	return c, answer("change of address", err)
}

// takenBy returns whether an account, other than the one with this id, or an application
// has an address, and the language of its mails.
func takenBy(ctx context.Context, tx *sql.Tx, email, accountID string, now time.Time) (account.AddressTaken, error) {
	t := account.AddressTaken{Taken: true}
	err := tx.QueryRowContext(ctx, `SELECT lang FROM accounts WHERE email = $1 AND id <> $2
		UNION ALL SELECT o.lang FROM previous_addresses p JOIN accounts o ON o.id = p.account_id WHERE p.email = $1 AND p.account_id <> $2 AND p.until > $3
		UNION ALL SELECT lang FROM applications WHERE email = $1 AND `+open+` LIMIT 1`, email, accountID, ms(now)).Scan(&t.Lang)
	if errors.Is(err, sql.ErrNoRows) {
		return account.AddressTaken{}, nil
	}
	return t, err
}

func (s addresses) Ask(ctx context.Context, accountID, email string, now time.Time, judge func(account.Account, account.AddressTaken) (account.AddressChange, effect.Effects, error)) error {
	return s.db.change(ctx, "ask for a change of address", func(tx *sql.Tx) (effect.Effects, error) {
		a, err := lockAccount(ctx, tx, `$1`, accountID)
		if err != nil {
			return effect.Effects{}, err
		}
		taken, err := takenBy(ctx, tx, email, accountID, now)
		if err != nil {
			return effect.Effects{}, err
		}
		c, rec, err := judge(a, taken)
		if err != nil {
			return effect.Effects{}, err
		}
		rec, sent, err := s.db.space(ctx, tx, rec)
		if err != nil {
			return effect.Effects{}, err
		}
		if !sent {
			c.CodeHash = ""
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO address_changes (`+changeColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)
			ON CONFLICT (account_id) DO UPDATE SET sid = excluded.sid, epoch = excluded.epoch, email = excluded.email, taken = excluded.taken,
				code_hash = excluded.code_hash, asked_at = excluded.asked_at, failures = excluded.failures`,
			a.ID, c.SID, c.Epoch, c.Email, c.Taken, c.CodeHash, ms(c.AskedAt), c.Failures)
		return rec, err
	})
}

func (s addresses) Try(ctx context.Context, accountID string, now time.Time,
	judge func(account.Account, account.AddressChange, account.LatestCode, []account.AddressUndo) (account.AddressTry, error)) error {
	return s.db.change(ctx, "confirm an address", func(tx *sql.Tx) (effect.Effects, error) {
		was, err := lockAccount(ctx, tx, `$1`, accountID)
		if err != nil {
			return effect.Effects{}, err
		}
		c, err := scanChange(tx.QueryRowContext(ctx, `UPDATE address_changes SET failures = failures + 1 WHERE account_id = $1 RETURNING `+changeColumns, accountID))
		if err != nil {
			return effect.Effects{}, orConflict(err)
		}
		var latest account.LatestCode
		if c.Failures <= account.AddressCodeTries {
			if latest.Hash, latest.Tries, err = tryLatestCode(ctx, tx, c.Email); err != nil {
				return effect.Effects{}, err
			}
		}
		rows, err := tx.QueryContext(ctx, `SELECT `+undoColumns+` FROM address_undos WHERE account_id = $1 AND used_at = 0 AND until > $2 ORDER BY at, id`, accountID, ms(now))
		undos, err := all(rows, err, scanUndo)
		if err != nil {
			return effect.Effects{}, err
		}
		v, err := judge(was, c, latest, undos)
		if err != nil || !v.Done {
			return v.Effects, err
		}
		return v.Effects, confirmAddress(ctx, tx, was, c, v, now)
	})
}

// confirmAddress writes a change whose code was right.
func confirmAddress(ctx context.Context, tx *sql.Tx, was account.Account, c account.AddressChange, v account.AddressTry, now time.Time) error {
	if err := putAccount(ctx, tx, was, v.Account); err != nil {
		return err
	}
	// After the write, so that of two concurrent changes to the address one sees the
	// other.
	if err := unclaimed(ctx, tx, v.Account, now); err != nil {
		return err
	}
	if u := v.Undo; u != nil {
		if _, err := tx.ExecContext(ctx, `INSERT INTO address_undos (`+undoColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)`,
			u.ID, u.Hash, u.AccountID, u.Email, ms(u.At), ms(u.Until), u.Password.Reveal(), ms(u.PasswordAt), text(u.Factors), ms(u.UsedAt)); err != nil {
			return err
		}
	}
	// Mails that strangers had sent there no longer delay those to its owner.
	if _, err := tx.ExecContext(ctx, `DELETE FROM mailboxes WHERE key = $1`, limit.Mailbox(c.Email)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM address_changes WHERE account_id = $1`, was.ID)
	return err
}

// unclaimed returns errs.ErrConflict if another account or an application under way has
// the address of an account too.
func unclaimed(ctx context.Context, tx *sql.Tx, a account.Account, now time.Time) error {
	t, err := takenBy(ctx, tx, a.Email, a.ID, now)
	if err == nil && t.Taken {
		err = errs.ErrConflict
	}
	return err
}

func (s addresses) ByUndo(ctx context.Context, hash string) (account.AddressUndo, account.Account, error) {
	u, err := scanUndo(s.db.sql.QueryRowContext(ctx, `SELECT `+undoColumns+` FROM address_undos WHERE hash = $1`, hash))
	if err != nil {
		return account.AddressUndo{}, account.Account{}, answer("undo of an address", err)
	}
	a, err := accounts{s.db}.ByID(ctx, u.AccountID)
	return u, a, err
}

func (s addresses) Undo(ctx context.Context, hash string, now time.Time, judge func(account.AddressUndo, account.Account) (account.Account, []string, effect.Effects, error)) error {
	return s.db.change(ctx, "undo a change of address", func(tx *sql.Tx) (effect.Effects, error) {
		was, err := lockAccount(ctx, tx, `(SELECT account_id FROM address_undos WHERE hash = $1)`, hash)
		if err != nil {
			return effect.Effects{}, err
		}
		u, err := scanUndo(tx.QueryRowContext(ctx, `SELECT `+undoColumns+` FROM address_undos WHERE hash = $1 AND used_at = 0`, hash))
		if err != nil {
			return effect.Effects{}, orConflict(err)
		}
		next, keys, rec, err := judge(u, was)
		if err != nil {
			return effect.Effects{}, err
		}
		if err := one(tx.ExecContext(ctx, `UPDATE address_undos SET used_at = $1 WHERE hash = $2 AND used_at = 0`, ms(now), hash)); err != nil {
			return effect.Effects{}, err
		}
		// Use up the links of later changes, and remove data that no link needs any more.
		if _, err := tx.ExecContext(ctx, `UPDATE address_undos SET used_at = CASE WHEN used_at = 0 THEN $1 ELSE used_at END, factors = '', password = '' WHERE account_id = $2 AND at >= $3`,
			ms(now), was.ID, ms(u.At)); err != nil {
			return effect.Effects{}, err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM address_changes WHERE account_id = $1`, was.ID); err != nil {
			return effect.Effects{}, err
		}
		for _, key := range keys {
			if err := forgetLanes(ctx, tx, key); err != nil {
				return effect.Effects{}, err
			}
		}
		return rec, putAccount(ctx, tx, was, next)
	})
}

// keepPrevious writes which addresses other accounts cannot take because this one had
// them.
func keepPrevious(ctx context.Context, tx *sql.Tx, a account.Account) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM previous_addresses WHERE account_id = $1`, a.ID); err != nil {
		return err
	}
	for _, p := range a.Previous {
		if _, err := tx.ExecContext(ctx, `INSERT INTO previous_addresses (email, account_id, until) VALUES ($1,$2,$3)
			ON CONFLICT (email, account_id) DO UPDATE SET until = excluded.until`, p.Email, a.ID, ms(p.Until)); err != nil {
			return err
		}
	}
	return nil
}

// unreserved returns errs.ErrConflict if another account had an address less than
// account.PreviousTime before now. It is called after the write that takes the address,
// so that a change by which the other one left it is seen.
func unreserved(ctx context.Context, tx *sql.Tx, email, accountID string, now time.Time) error {
	var n int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM previous_addresses WHERE email = $1 AND account_id <> $2 AND until > $3`, email, accountID, ms(now)).Scan(&n)
	if err == nil && n > 0 {
		err = errs.ErrConflict
	}
	return err
}
