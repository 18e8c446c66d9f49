package sql

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/secret"
)

type accounts struct{ db *DB }

// Accounts gives the account store.
func (db *DB) Accounts() account.Store { return accounts{db} }

const accountColumns = `id, kind, email, profile, lang, password_hash, state, block_reason, block_ref, ` +
	`epoch, totp_sealed, totp_last_step, totp_failures, totp_next_try, totp_shown_at, unblocks, created_at, last_login_at, unblocked_at, closed_at`

// scanAccount reads accountColumns, and what comes before or behind them.
func scanAccount(r row, before ...any) (account.Account, error) {
	var (
		a                                                account.Account
		profile, hash                                    string
		nextTry, shownAt, createdAt, lastSeen, unblocked int64
		closed                                           int64
	)
	targets := append(before, &a.ID, &a.Kind, &a.Email, &profile, &a.Lang, &hash, &a.State, &a.BlockReason, &a.BlockRef, &a.Epoch,
		&a.Factor.Sealed, &a.Factor.LastStep, &a.Factor.Failures, &nextTry, &shownAt, &a.Unblocks, &createdAt, &lastSeen, &unblocked, &closed)
	if err := r.Scan(targets...); err != nil {
		return account.Account{}, err
	}
	if err := json.Unmarshal([]byte(profile), &a.Profile); err != nil {
		return account.Account{}, err
	}
	a.PasswordHash = secret.Text(hash)
	a.Factor.NextTryAt, a.Factor.ShownAt, a.CreatedAt, a.LastLoginAt = at(nextTry), at(shownAt), at(createdAt), at(lastSeen)
	a.UnblockedAt, a.ClosedAt = at(unblocked), at(closed)
	return a, nil
}

func (s accounts) by(ctx context.Context, where, value string) (account.Account, error) {
	a, err := scanAccount(s.db.sql.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM accounts WHERE `+where+` = $1`, value))
	return a, answer("account", err)
}

func (s accounts) ByID(ctx context.Context, id string) (account.Account, error) {
	return s.by(ctx, "id", id)
}

func (s accounts) ByEmail(ctx context.Context, email string) (account.Account, error) {
	return s.by(ctx, "email", email)
}

func (s accounts) ByBlockRef(ctx context.Context, ref string) (account.Account, error) {
	if ref == "" {
		return account.Account{}, errs.ErrNotFound
	}
	return s.by(ctx, "block_ref", ref)
}

func insertAccount(ctx context.Context, tx *sql.Tx, a account.Account) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO accounts (id, kind, email, profile, lang, password_hash, state, epoch, created_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)`,
		a.ID, a.Kind, a.Email, text(a.Profile), a.Lang, a.PasswordHash.Reveal(), account.AwaitingEnrolment, a.Epoch, ms(a.CreatedAt))
	if err != nil {
		return err
	}
	return putTerms(ctx, tx, accountTerms, a.ID, helpdesk.Terms(a))
}

func (s accounts) Reveal(ctx context.Context, id string, epoch int64, sealed []byte, now time.Time, rec effect.Effects) error {
	return s.db.with(ctx, "reveal", rec, `UPDATE accounts
		SET state = 'qr_shown', totp_sealed = $1, totp_shown_at = $2, totp_last_step = 0, totp_failures = 0, totp_next_try = 0
		WHERE id = $3 AND epoch = $4 AND state = 'awaiting_enrolment'`, sealed, ms(now), id, epoch)
}

// TryCode counts first: the UPDATE takes the row, so tries that come at the
// same moment wait for each other and each one sees the others' count.
func (s accounts) TryCode(ctx context.Context, id string, epoch int64, now time.Time, judge func(account.CodeTry) account.Verdict) (account.Verdict, error) {
	var verdict account.Verdict
	err := s.db.change(ctx, "code", func(tx *sql.Tx) (effect.Effects, error) {
		a, err := scanAccount(tx.QueryRowContext(ctx, `UPDATE accounts SET totp_failures = totp_failures + 1
			WHERE id = $1 AND epoch = $2 AND state IN ('qr_shown', 'active') RETURNING `+accountColumns, id, epoch))
		if err == sql.ErrNoRows {
			return effect.Effects{}, errs.ErrConflict
		}
		if err != nil {
			return effect.Effects{}, err
		}
		verdict = judge(account.CodeTry{State: a.State, Enrolment: a.Unblocks, Factor: a.Factor})
		return verdict.Record, s.write(ctx, tx, a, verdict, now)
	})
	if err != nil {
		return account.Verdict{}, err
	}
	return verdict, nil
}

func (s accounts) write(ctx context.Context, tx *sql.Tx, a account.Account, v account.Verdict, now time.Time) error {
	switch v.Outcome {
	case account.Accepted:
		return one(tx.ExecContext(ctx, `UPDATE accounts
			SET state = 'active', totp_last_step = $1, totp_failures = 0, totp_next_try = 0, last_login_at = $2
			WHERE id = $3 AND totp_last_step < $1`, v.Step, ms(now), a.ID))
	case account.Wrong:
		return one(tx.ExecContext(ctx, `UPDATE accounts SET totp_next_try = $1 WHERE id = $2`, ms(v.NextTryAt), a.ID))
	case account.BlockedNow:
		return one(tx.ExecContext(ctx, `UPDATE accounts
			SET state = 'blocked', block_reason = $1, block_ref = $2, epoch = epoch + 1
			WHERE id = $3 AND state = $4`, v.Reason, v.BlockRef, a.ID, a.State))
	default: // Replayed, TooSoon: the try does not count
		return one(tx.ExecContext(ctx, `UPDATE accounts SET totp_failures = totp_failures - 1 WHERE id = $1`, a.ID))
	}
}

func (s accounts) Block(ctx context.Context, id string, epoch int64, reason account.BlockReason, ref string, _ time.Time, rec effect.Effects) error {
	return s.db.with(ctx, "block", rec, `UPDATE accounts SET state = 'blocked', block_reason = $1, block_ref = $2, epoch = epoch + 1
		WHERE id = $3 AND state IN ('awaiting_enrolment', 'qr_shown', 'active') AND (CAST($4 AS BIGINT) = 0 OR epoch = CAST($4 AS BIGINT))`, reason, ref, id, epoch)
}

// unblock is the one way out of a block; $1 is the account, $2 the time.
const unblock = `UPDATE accounts
	SET state = 'awaiting_enrolment', block_reason = '', block_ref = '', epoch = epoch + 1, unblocks = unblocks + 1, unblocked_at = $2,
	    totp_sealed = NULL, totp_last_step = 0, totp_failures = 0, totp_next_try = 0, totp_shown_at = 0
	WHERE id = $1 AND state = 'blocked'`

func (s accounts) Unblock(ctx context.Context, id string, now time.Time, rec effect.Effects) error {
	return s.db.with(ctx, "unblock", rec, unblock, id, ms(now))
}

func (s accounts) Rehash(ctx context.Context, id string, old, fresh secret.Text) error {
	return s.db.with(ctx, "rehash", effect.Effects{}, `UPDATE accounts SET password_hash = $1 WHERE id = $2 AND password_hash = $3`,
		fresh.Reveal(), id, old.Reveal())
}
