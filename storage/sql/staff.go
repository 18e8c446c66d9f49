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
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

type members struct{ db *DB }

// Staff gives the staff store.
func (db *DB) Staff() staff.Store { return members{db} }

const memberColumns = `id, name, email, lang, roles, state, password_hash, epoch, totp_sealed, totp_last_step, totp_failures, totp_next_try, ` +
	`COALESCE(invite, ''), invite_expires, created_at, last_login_at`

func scanMember(r row) (staff.Member, error) {
	var (
		m                                   staff.Member
		roles, hash                         string
		nextTry, inviteEnds, created, login int64
	)
	if err := r.Scan(&m.ID, &m.Name, &m.Email, &m.Lang, &roles, &m.State, &hash, &m.Epoch, &m.Factor.Sealed, &m.Factor.LastStep,
		&m.Factor.Failures, &nextTry, &m.Invite, &inviteEnds, &created, &login); err != nil {
		return staff.Member{}, err
	}
	if err := json.Unmarshal([]byte(roles), &m.Roles); err != nil {
		return staff.Member{}, err
	}
	m.PasswordHash = secret.Text(hash)
	m.Factor.NextTryAt, m.InviteExpires, m.CreatedAt, m.LastLoginAt = at(nextTry), at(inviteEnds), at(created), at(login)
	return m, nil
}

func (s members) Invite(ctx context.Context, by string, m staff.Member, rec func(staff.Member) effect.Effects) (staff.Member, error) {
	var kept staff.Member
	err := s.db.change(ctx, "invite staff", func(tx *sql.Tx) (effect.Effects, error) {
		var err error
		if by != "" {
			if err := administrator(ctx, tx, by, by); err != nil {
				return effect.Effects{}, err
			}
		}
		kept, err = scanMember(tx.QueryRowContext(ctx, `INSERT INTO staff (id, name, email, lang, roles, state, epoch, invite, invite_expires, created_at)
			VALUES ($1,$2,$3,$4,$5,'invited',$6,$7,$8,$9)
			ON CONFLICT (email) DO UPDATE SET name = excluded.name, lang = excluded.lang, roles = excluded.roles, state = 'invited', epoch = staff.epoch + 1,
				invite = excluded.invite, invite_expires = excluded.invite_expires, password_hash = '', totp_sealed = NULL,
				totp_last_step = 0, totp_failures = 0, totp_next_try = 0
			RETURNING `+memberColumns, m.ID, m.Name, m.Email, m.Lang, text(m.Roles), m.Epoch, m.Invite, ms(m.InviteExpires), ms(m.CreatedAt)))
		if err != nil {
			return effect.Effects{}, err
		}
		return leave(ctx, tx, kept, by, rec(kept))
	})
	return kept, err
}

func (s members) by(ctx context.Context, where, value string) (staff.Member, error) {
	m, err := scanMember(s.db.sql.QueryRowContext(ctx, `SELECT `+memberColumns+` FROM staff WHERE `+where+` = $1`, value))
	return m, answer("staff", err)
}

func (s members) ByID(ctx context.Context, id string) (staff.Member, error) {
	return s.by(ctx, "id", id)
}

func (s members) ByEmail(ctx context.Context, email string) (staff.Member, error) {
	return s.by(ctx, "email", email)
}

func (s members) ByInvite(ctx context.Context, hash string) (staff.Member, error) {
	return s.by(ctx, "invite", hash)
}

func (s members) List(ctx context.Context) ([]staff.Member, error) {
	return s.list(ctx, `state <> 'removed'`)
}

func (s members) Everyone(ctx context.Context) ([]staff.Member, error) { return s.list(ctx, `1 = 1`) }

func (s members) list(ctx context.Context, where string) ([]staff.Member, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT `+memberColumns+` FROM staff WHERE `+where+` ORDER BY name, id`)
	out, err := all(rows, err, scanMember)
	return out, answer("staff", err)
}

func (s members) Accept(ctx context.Context, inviteHash string, password secret.Text, sealed []byte, now time.Time, rec effect.Effects) error {
	return s.db.with(ctx, "accept invitation", rec, `UPDATE staff SET state = 'active', password_hash = $1, totp_sealed = $2, invite = NULL
		WHERE invite = $3 AND state = 'invited' AND invite_expires > $4`, password.Reveal(), sealed, inviteHash, ms(now))
}

// TryCode counts first, on the locked row, as accounts do.
func (s members) TryCode(ctx context.Context, id string, epoch int64, now time.Time, judge func(account.CodeTry) account.Verdict) (account.Verdict, error) {
	var verdict account.Verdict
	err := s.db.change(ctx, "staff code", func(tx *sql.Tx) (effect.Effects, error) {
		m, err := scanMember(tx.QueryRowContext(ctx, `UPDATE staff SET totp_failures = totp_failures + 1
			WHERE id = $1 AND epoch = $2 AND state = 'active' RETURNING `+memberColumns, id, epoch))
		if errors.Is(err, sql.ErrNoRows) {
			return effect.Effects{}, errs.ErrConflict
		}
		if err != nil {
			return effect.Effects{}, err
		}
		verdict = judge(account.CodeTry{State: account.Active, Factor: m.Factor})
		return verdict.Record, s.write(ctx, tx, m.ID, verdict, now)
	})
	return verdict, err
}

func (s members) write(ctx context.Context, tx *sql.Tx, id string, v account.Verdict, now time.Time) error {
	switch v.Outcome {
	case account.Accepted:
		return one(tx.ExecContext(ctx, `UPDATE staff SET totp_last_step = $1, totp_failures = 0, totp_next_try = 0, last_login_at = $2
			WHERE id = $3 AND totp_last_step < $1`, v.Step, ms(now), id))
	case account.Wrong:
		return one(tx.ExecContext(ctx, `UPDATE staff SET totp_next_try = $1 WHERE id = $2`, ms(v.NextTryAt), id))
	case account.BlockedNow:
		return one(tx.ExecContext(ctx, `UPDATE staff SET state = 'blocked', epoch = epoch + 1 WHERE id = $1 AND state = 'active'`, id))
	default:
		return one(tx.ExecContext(ctx, `UPDATE staff SET totp_failures = totp_failures - 1 WHERE id = $1`, id))
	}
}

func (s members) SetRoles(ctx context.Context, by, id string, roles []staff.Role, rec effect.Effects) error {
	return s.manage(ctx, "staff roles", by, id, roles, rec, `UPDATE staff SET roles = $2, epoch = epoch + 1 WHERE id = $1 AND state <> 'removed'`, text(roles))
}

func (s members) Remove(ctx context.Context, by, id string, rec effect.Effects) error {
	return s.manage(ctx, "remove staff", by, id, nil, rec, `UPDATE staff SET state = 'removed', epoch = epoch + 1, invite = NULL, password_hash = '', totp_sealed = NULL
		WHERE id = $1 AND state <> 'removed'`)
}

// manage changes a member by the hand of another, whose rights are read in the
// same transaction; what the member keeps no role for is left to others.
func (s members) manage(ctx context.Context, doing, by, id string, keeps []staff.Role, rec effect.Effects, query string, args ...any) error {
	return s.db.change(ctx, doing, func(tx *sql.Tx) (effect.Effects, error) {
		if by != "" {
			if err := administrator(ctx, tx, by, id); err != nil {
				return effect.Effects{}, err
			}
		}
		if err := one(tx.ExecContext(ctx, query, append([]any{id}, args...)...)); err != nil {
			return effect.Effects{}, err
		}
		return leave(ctx, tx, staff.Member{ID: id, Roles: keeps}, by, rec)
	})
}

// administrator demands that a member is one, and active. Both rows are held
// first, in one order: of two who remove each other at once the second finds
// its own rights gone.
func administrator(ctx context.Context, tx *sql.Tx, by, id string) error {
	for _, held := range []string{min(by, id), max(by, id)} {
		if _, err := tx.ExecContext(ctx, `UPDATE staff SET epoch = epoch WHERE id = $1`, held); err != nil {
			return err
		}
	}
	m, err := scanMember(tx.QueryRowContext(ctx, `SELECT `+memberColumns+` FROM staff WHERE id = $1 AND state = 'active'`, by))
	if errors.Is(err, sql.ErrNoRows) || err == nil && !m.Has(staff.Administrator) {
		return errs.ErrConflict
	}
	return err
}
