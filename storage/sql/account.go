package sql

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/secret"
)

type accounts struct{ db *DB }

// Accounts returns the store of accounts.
func (db *DB) Accounts() account.Store { return accounts{db} }

const accountColumns = `id, kind, email, profile, lang, password_hash, state, block_reason, block_ref, ` +
	`epoch, totp_sealed, totp_last_step, totp_failures, totp_next_try, totp_shown_at, unblocks, created_at, last_login_at, unblocked_at, closed_at, previous, cancel_hash, password_at, renewal, changed_at, apps`

// scanAccount reads accountColumns and, into before, the columns before them.
func scanAccount(r row, before ...any) (account.Account, error) {
	var (
		a                                                account.Account
		profile, hash, previous, apps                    string
		nextTry, shownAt, createdAt, lastSeen, unblocked int64
		closed, passwordAt, changed                      int64
	)
	targets := append(before, &a.ID, &a.Kind, &a.Email, &profile, &a.Lang, &hash, &a.State, &a.BlockReason, &a.BlockRef, &a.Epoch,
		&a.Factor.Sealed, &a.Factor.LastStep, &a.Factor.Failures, &nextTry, &shownAt, &a.Unblocks, &createdAt, &lastSeen, &unblocked, &closed, &previous, &a.CancelHash, &passwordAt, &a.Renewal, &changed, &apps)
	if err := r.Scan(targets...); err != nil {
		return account.Account{}, err
	}
	if err := json.Unmarshal([]byte(profile), &a.Profile); err != nil {
		return account.Account{}, err
	}
	if previous != "" {
		if err := json.Unmarshal([]byte(previous), &a.Previous); err != nil {
			return account.Account{}, err
		}
	}
	a.PasswordHash = secret.Text(hash)
	a.Factor.NextTryAt, a.Factor.ShownAt, a.CreatedAt, a.LastLoginAt = at(nextTry), at(shownAt), at(createdAt), at(lastSeen)
	a.UnblockedAt, a.ClosedAt, a.PasswordAt, a.ChangedAt = at(unblocked), at(closed), at(passwordAt), at(changed)
	if apps != "" {
		if err := json.Unmarshal([]byte(apps), &a.Apps); err != nil {
			return account.Account{}, err
		}
		a.Apps = a.Apps.Of(a)
	}
	return a, nil
}

func (s accounts) by(ctx context.Context, where, value string) (account.Account, error) {
	a, err := scanAccount(s.db.sql.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM accounts WHERE `+where+` = $1`, value))
	return a, answer("account", err)
}

func (s accounts) ByID(ctx context.Context, id string) (account.Account, error) {
	return s.by(ctx, "id", id)
}

func (s accounts) InSession(ctx context.Context, id, sid string) (account.Account, error) {
	a, err := scanAccount(s.db.sql.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM accounts WHERE id = $1 AND `+notEnded, id, sid))
	return a, answer("account", err)
}

func (s accounts) ByEmail(ctx context.Context, email string) (account.Account, error) {
	return s.by(ctx, "email", email)
}

func (s accounts) Owner(ctx context.Context, email string, now time.Time) (account.Account, error) {
	a, err := scanAccount(s.db.sql.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM accounts WHERE id = COALESCE(
		(SELECT id FROM accounts WHERE email = $1), (SELECT account_id FROM previous_addresses WHERE email = $1 AND until > $2 ORDER BY until DESC LIMIT 1))`,
		email, ms(now)))
	return a, answer("account", err)
}

func (s accounts) ByBlockRef(ctx context.Context, ref string) (account.Account, error) {
	if ref == "" {
		return account.Account{}, errs.ErrNotFound
	}
	return s.by(ctx, `block_ref <> '' AND block_ref`, ref) // the condition of the index accounts_block_ref_once
}

func insertAccount(ctx context.Context, tx *sql.Tx, a account.Account) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO accounts (id, kind, email, profile, lang, password_hash, state, epoch, created_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)`,
		a.ID, a.Kind, a.Email, text(a.Profile), a.Lang, a.PasswordHash.Reveal(), account.AwaitingEnrolment, a.Epoch, ms(a.CreatedAt))
	if err != nil {
		return err
	}
	if err := unreserved(ctx, tx, a.Email, a.ID, a.CreatedAt); err != nil {
		return err
	}
	return putTerms(ctx, tx, accountTerms, a.ID, helpdesk.Terms(a))
}

// lockAccount reads an account for a transition.
func (db *DB) lockAccount(ctx context.Context, tx *sql.Tx, id string) (account.Account, error) {
	return scanAccount(db.lock(ctx, tx, `SELECT `+accountColumns+` FROM accounts WHERE id = $1`, id))
}

// moveAccount writes all that a transition may change of an account.
func moveAccount(ctx context.Context, tx *sql.Tx, was, next account.Account) error {
	return asJudged(tx.ExecContext(ctx, `UPDATE accounts
		SET state = $1, block_reason = $2, block_ref = $3, epoch = $4, totp_sealed = $5, totp_last_step = $6, totp_failures = $7, totp_next_try = $8,
			totp_shown_at = $9, unblocks = $10, unblocked_at = $11, last_login_at = $12, closed_at = $13, email = $14,
			previous = $15, previous_ends = $16, cancel_hash = $17, renewal = $18, apps = $19
		WHERE id = $20 AND state = $21 AND epoch = $22`,
		next.State, next.BlockReason, next.BlockRef, next.Epoch, next.Factor.Sealed, next.Factor.LastStep, next.Factor.Failures, ms(next.Factor.NextTryAt),
		ms(next.Factor.ShownAt), next.Unblocks, ms(next.UnblockedAt), ms(next.LastLoginAt), ms(next.ClosedAt), next.Email,
		previous(next), previousEnds(next), next.CancelHash, next.Renewal, apps(next), was.ID, was.State, was.Epoch))
}

// putAccount writes a changed account whose row was locked: what a transition may
// change, and what only its holder or an official changes.
func putAccount(ctx context.Context, tx *sql.Tx, was, next account.Account) error {
	if err := moveAccount(ctx, tx, was, next); err != nil {
		return err
	}
	if next.PasswordHash != was.PasswordHash || !next.PasswordAt.Equal(was.PasswordAt) {
		if err := asJudged(tx.ExecContext(ctx, `UPDATE accounts SET password_hash = $1, password_at = $2 WHERE id = $3`,
			next.PasswordHash.Reveal(), ms(next.PasswordAt), was.ID)); err != nil {
			return err
		}
	}
	if profile := text(next.Profile); profile != text(was.Profile) || next.Lang != was.Lang || !next.ChangedAt.Equal(was.ChangedAt) {
		if err := asJudged(tx.ExecContext(ctx, `UPDATE accounts SET profile = $1, lang = $2, changed_at = $3 WHERE id = $4`,
			profile, next.Lang, ms(next.ChangedAt), was.ID)); err != nil {
			return err
		}
	}
	if next.Email != was.Email {
		return moveAddress(ctx, tx, was.Email, next)
	}
	if len(next.Previous) != len(was.Previous) {
		if err := keepPrevious(ctx, tx, next); err != nil {
			return err
		}
	}
	if slices.Equal(helpdesk.Terms(was), helpdesk.Terms(next)) {
		return nil
	}
	return replaceTerms(ctx, tx, next)
}

// replaceTerms replaces the search terms of an account.
func replaceTerms(ctx context.Context, tx *sql.Tx, a account.Account) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM account_terms WHERE account_id = $1`, a.ID); err != nil {
		return err
	}
	return putTerms(ctx, tx, accountTerms, a.ID, helpdesk.Terms(a))
}

// apps returns the column of an account's apps: "" for one app that was never named
// or replaced.
func apps(a account.Account) string {
	if kept := a.Apps.Of(a); kept.Given != 0 {
		return text(kept)
	}
	return ""
}

// previous and previousEnds return the columns of an account's previous
// addresses.
func previous(a account.Account) string {
	if len(a.Previous) == 0 {
		return ""
	}
	return text(a.Previous)
}

func previousEnds(a account.Account) int64 {
	var first int64
	for _, p := range a.Previous {
		if end := ms(p.Until); first == 0 || end < first {
			first = end
		}
	}
	return first
}

// move makes a transition of one account.
func (s accounts) move(ctx context.Context, doing, id string, rec effect.Effects, judge func(account.Account) (account.Account, error)) error {
	return transition(ctx, s.db, doing,
		func(tx *sql.Tx) (account.Account, error) { return s.db.lockAccount(ctx, tx, id) }, judge,
		func(tx *sql.Tx, was, next account.Account) (effect.Effects, error) {
			return rec, moveAccount(ctx, tx, was, next)
		})
}

func (s accounts) ShowQR(ctx context.Context, id string, epoch int64, sealed []byte, now time.Time, rec effect.Effects) error {
	return s.move(ctx, "show QR", id, rec, func(a account.Account) (account.Account, error) { return a.ShowQR(epoch, sealed, now) })
}

// TryCode counts first: the UPDATE locks the row, so that concurrent tries wait
// for each other and each one sees the count of the others.
func (s accounts) TryCode(ctx context.Context, id string, epoch int64, now time.Time, judge func(account.CodeTry) account.Verdict) (account.Verdict, error) {
	var verdict account.Verdict
	err := s.db.change(ctx, "code", func(tx *sql.Tx) (effect.Effects, error) {
		a, err := scanAccount(tx.QueryRowContext(ctx, `UPDATE accounts SET totp_failures = totp_failures + 1
			WHERE id = $1 AND epoch = $2 RETURNING `+accountColumns, id, epoch))
		if err != nil {
			return effect.Effects{}, orConflict(err)
		}
		try, err := a.Try()
		if err != nil {
			return effect.Effects{}, err
		}
		verdict = judge(try)
		next, err := a.Judged(verdict, now)
		if err != nil {
			return effect.Effects{}, err
		}
		return verdict.Effects, moveAccount(ctx, tx, a, next)
	})
	if err != nil {
		return account.Verdict{}, err
	}
	return verdict, nil
}

func (s accounts) Block(ctx context.Context, id string, epoch int64, reason account.BlockReason, ref string, _ time.Time, rec effect.Effects) error {
	return s.move(ctx, "block", id, rec, func(a account.Account) (account.Account, error) { return a.Block(epoch, reason, ref) })
}

func (s accounts) Change(ctx context.Context, id string, judge func(account.Account) (account.Account, effect.Effects, error)) error {
	return s.db.changeAccount(ctx, "change account", id, judge, func(*sql.Tx) error { return nil })
}

// changeAccount writes the account that judge returns for the locked row, and what
// then writes, with the effects, in one transaction.
func (db *DB) changeAccount(ctx context.Context, doing, id string, judge func(account.Account) (account.Account, effect.Effects, error), then func(tx *sql.Tx) error) error {
	return db.change(ctx, doing, func(tx *sql.Tx) (effect.Effects, error) {
		was, err := lockAccount(ctx, tx, `$1`, id)
		if err != nil {
			return effect.Effects{}, err
		}
		next, rec, err := judge(was)
		if err != nil {
			return effect.Effects{}, err
		}
		if err := putAccount(ctx, tx, was, next); err != nil {
			return effect.Effects{}, err
		}
		return rec, then(tx)
	})
}

func (s accounts) Rehash(ctx context.Context, id string, old, fresh secret.Text) error {
	return s.db.with(ctx, "rehash", effect.Effects{}, `UPDATE accounts SET password_hash = $1 WHERE id = $2 AND password_hash = $3`,
		fresh.Reveal(), id, old.Reveal())
}
