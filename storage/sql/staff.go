package sql

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

type members struct{ db *DB }

// Staff returns the store of members of staff.
func (db *DB) Staff() staff.Store { return members{db} }

const memberColumns = `id, name, email, lang, roles, state, password_hash, epoch, totp_sealed, totp_last_step, totp_failures, totp_next_try, ` +
	`COALESCE(invite, ''), invite_expires, created_at, last_login_at, renewal, renewal_by`

func scanMember(r row) (staff.Member, error) {
	var (
		m                                   staff.Member
		roles, hash, renewal                string
		nextTry, inviteEnds, created, login int64
	)
	if err := r.Scan(&m.ID, &m.Name, &m.Email, &m.Lang, &roles, &m.State, &hash, &m.Epoch, &m.Factor.Sealed, &m.Factor.LastStep,
		&m.Factor.Failures, &nextTry, &m.Invite, &inviteEnds, &created, &login, &renewal, &m.Renewal.By); err != nil {
		return staff.Member{}, err
	}
	if err := json.Unmarshal([]byte(roles), &m.Roles); err != nil {
		return staff.Member{}, err
	}
	if renewal != "" {
		if err := json.Unmarshal([]byte(renewal), &m.Renewal); err != nil {
			return staff.Member{}, err
		}
	}
	m.PasswordHash = secret.Text(hash)
	m.Factor.NextTryAt, m.InviteExpires, m.CreatedAt, m.LastLoginAt = at(nextTry), at(inviteEnds), at(created), at(login)
	return m, nil
}

// renewalText encodes a proposal for the database; "" for none.
func renewalText(r staff.Renewal) string {
	if r.ID == "" {
		return ""
	}
	r.At = at(ms(r.At)) // equal when read again, as moveMember compares it
	return text(r)
}

// moveMember writes all that a transition may change of a member. A proposal to
// renew a member changes neither state nor epoch, so it is part of the condition too.
func moveMember(ctx context.Context, tx *sql.Tx, was, next staff.Member) error {
	return asJudged(tx.ExecContext(ctx, `UPDATE staff
		SET name = $1, lang = $2, roles = $3, state = $4, password_hash = $5, epoch = $6, totp_sealed = $7, totp_last_step = $8, totp_failures = $9,
			totp_next_try = $10, invite = NULLIF(CAST($11 AS TEXT), ''), invite_expires = $12, last_login_at = $13, renewal = $17, renewal_by = $18
		WHERE id = $14 AND state = $15 AND epoch = $16 AND renewal = $19`,
		next.Name, next.Lang, text(next.Roles), next.State, next.PasswordHash.Reveal(), next.Epoch, next.Factor.Sealed, next.Factor.LastStep, next.Factor.Failures,
		ms(next.Factor.NextTryAt), next.Invite, ms(next.InviteExpires), ms(next.LastLoginAt), was.ID, was.State, was.Epoch,
		renewalText(next.Renewal), next.Renewal.By, renewalText(was.Renewal)))
}

func (s members) lock(ctx context.Context, tx *sql.Tx, where, value string) (staff.Member, error) {
	return scanMember(s.db.lock(ctx, tx, `SELECT `+memberColumns+` FROM staff WHERE `+where+` = $1`, value))
}

func (s members) Invite(ctx context.Context, by string, m staff.Member, rec func(staff.Member) effect.Effects) (staff.Member, error) {
	var kept staff.Member
	err := transition(ctx, s.db, "invite staff", func(tx *sql.Tx) (staff.Member, error) {
		if _, err := s.managedBy(ctx, tx, by, by); err != nil {
			return staff.Member{}, err
		}
		was, err := s.lock(ctx, tx, "email", m.Email)
		if errors.Is(err, sql.ErrNoRows) {
			return staff.Member{}, nil
		}
		return was, err
	}, func(was staff.Member) (staff.Member, error) {
		return was.InvitedAs(m, by == "")
	}, func(tx *sql.Tx, was, next staff.Member) (effect.Effects, error) {
		kept = next
		if was.ID == "" {
			return rec(next), insertMember(ctx, tx, next)
		}
		if err := moveMember(ctx, tx, was, next); err != nil {
			return effect.Effects{}, err
		}
		return s.leave(ctx, tx, next, by, void(was, next, rec(next)))
	})
	return kept, err
}

// insertMember stores a new member, unless another one with that address was stored
// since it was looked for.
func insertMember(ctx context.Context, tx *sql.Tx, m staff.Member) error {
	return asJudged(tx.ExecContext(ctx, `INSERT INTO staff (id, name, email, lang, roles, state, epoch, invite, invite_expires, created_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10) ON CONFLICT (email) DO NOTHING`,
		m.ID, m.Name, m.Email, m.Lang, text(m.Roles), m.State, m.Epoch, m.Invite, ms(m.InviteExpires), ms(m.CreatedAt)))
}

func (s members) by(ctx context.Context, where, value string) (staff.Member, error) {
	m, err := scanMember(s.db.sql.QueryRowContext(ctx, `SELECT `+memberColumns+` FROM staff WHERE `+where+` = $1`, value))
	return m, answer("staff", err)
}

func (s members) ByID(ctx context.Context, id string) (staff.Member, error) {
	return s.by(ctx, "id", id)
}

func (s members) InSession(ctx context.Context, id, sid string) (staff.Member, error) {
	m, err := scanMember(s.db.sql.QueryRowContext(ctx, `SELECT `+memberColumns+` FROM staff WHERE id = $1 AND `+notEnded, id, sid))
	return m, answer("staff", err)
}

func (s members) EndSession(ctx context.Context, sid string, until time.Time) error {
	_, err := s.db.exec(ctx, endSession, sid, ms(until))
	return answer("end session", err)
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
	return transition(ctx, s.db, "accept invitation",
		func(tx *sql.Tx) (staff.Member, error) { return s.lock(ctx, tx, "invite", inviteHash) },
		func(m staff.Member) (staff.Member, error) { return m.Accept(password, sealed, now) },
		func(tx *sql.Tx, was, next staff.Member) (effect.Effects, error) {
			return void(was, next, rec), moveMember(ctx, tx, was, next)
		})
}

// TryCode counts first, on the locked row, as accounts do.
func (s members) TryCode(ctx context.Context, id string, epoch int64, now time.Time, judge func(account.CodeTry) account.Verdict) (account.Verdict, error) {
	var verdict account.Verdict
	err := s.db.change(ctx, "staff code", func(tx *sql.Tx) (effect.Effects, error) {
		m, err := scanMember(tx.QueryRowContext(ctx, `UPDATE staff SET totp_failures = totp_failures + 1
			WHERE id = $1 AND epoch = $2 RETURNING `+memberColumns, id, epoch))
		if err != nil {
			return effect.Effects{}, orConflict(err)
		}
		try, err := m.Try()
		if err != nil {
			return effect.Effects{}, err
		}
		verdict = judge(try)
		next, err := m.Judged(verdict, now)
		if err != nil {
			return effect.Effects{}, err
		}
		return verdict.Effects, moveMember(ctx, tx, m, next)
	})
	if err != nil {
		return account.Verdict{}, err
	}
	return verdict, nil
}

func (s members) SetRoles(ctx context.Context, by, id string, roles []staff.Role, rec effect.Effects) error {
	return s.manage(ctx, "staff roles", by, id, func(m staff.Member, _ office) (staff.Member, error) { return m.SetRoles(roles) },
		func(was, next staff.Member) effect.Effects { return void(was, next, rec) })
}

func (s members) Remove(ctx context.Context, by, id string, rec effect.Effects) error {
	return s.manage(ctx, "remove staff", by, id, func(m staff.Member, _ office) (staff.Member, error) { return m.Remove() },
		func(was, next staff.Member) effect.Effects { return void(was, next, rec) })
}

func (s members) Propose(ctx context.Context, by, id string, r staff.Renewal, now time.Time, rec effect.Effects) error {
	return s.manage(ctx, "propose renewal", by, id, func(m staff.Member, o office) (staff.Member, error) { return m.Propose(r, o[by], now) },
		func(staff.Member, staff.Member) effect.Effects { return rec })
}

func (s members) Confirm(ctx context.Context, by, id, renewal string, fresh staff.Member, now time.Time, rec effect.Effects) error {
	return s.manage(ctx, "confirm renewal", by, id, func(m staff.Member, o office) (staff.Member, error) {
		return m.Confirm(renewal, o[by], o[m.Renewal.By], fresh, now)
	}, func(staff.Member, staff.Member) effect.Effects { return rec })
}

func (s members) EndProposal(ctx context.Context, by, id string, rec effect.Effects, judge func(m, by staff.Member) (staff.Member, error)) error {
	return s.manage(ctx, "end proposal", by, id, func(m staff.Member, o office) (staff.Member, error) { return judge(m, o[by]) },
		func(staff.Member, staff.Member) effect.Effects { return rec })
}

// office holds, by id, the members that a change concerns, also the one who makes it.
type office map[string]staff.Member

// manage makes a transition of a member for another member, by, whose rights are
// read in the same transaction.
func (s members) manage(ctx context.Context, doing, by, id string, judge func(staff.Member, office) (staff.Member, error), rec func(was, next staff.Member) effect.Effects) error {
	var concerned office
	return transition(ctx, s.db, doing, func(tx *sql.Tx) (staff.Member, error) {
		var err error
		if concerned, err = s.managedBy(ctx, tx, by, id); err != nil {
			return staff.Member{}, err
		}
		return s.lock(ctx, tx, "id", id)
	}, func(m staff.Member) (staff.Member, error) { return judge(m, concerned) }, func(tx *sql.Tx, was, next staff.Member) (effect.Effects, error) {
		if err := moveMember(ctx, tx, was, next); err != nil {
			return effect.Effects{}, err
		}
		return s.leave(ctx, tx, next, by, rec(was, next))
	})
}

// managedBy returns errs.ErrConflict unless by is the id of a member who may change
// others, or "" for the operator. It locks by, the member with this id, the proposer
// of that member's renewal, and those whose renewal the member proposed, in order of
// id, for the operator too: of two who remove each other at once the second has no
// rights any more, and no two wait for each other.
func (s members) managedBy(ctx context.Context, tx *sql.Tx, by, id string) (office, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+memberColumns+` FROM staff
		WHERE id IN ($1, $2) OR renewal_by = $2 OR id = (SELECT m.renewal_by FROM staff m WHERE m.id = $2) ORDER BY id`+s.db.locking(), by, id)
	locked, err := all(rows, err, scanMember)
	if err != nil {
		return nil, err
	}
	concerned := office{}
	for _, m := range locked {
		concerned[m.ID] = m
	}
	if m, ok := concerned[by]; by != "" && (!ok || !m.Manages()) {
		return nil, errs.ErrConflict
	}
	return concerned, nil
}

// void adds to rec an event about the proposal to renew a member, if it could
// be confirmed and ended with this change.
func void(was, next staff.Member, rec effect.Effects) effect.Effects {
	if len(rec.Events) == 0 || next.Renewal.ID != "" {
		return rec
	}
	if _, live := was.Proposed(rec.Events[0].At); live {
		rec.Events = append(rec.Events, staff.Left{Action: audit.StaffRenewalCancelled, ObjectID: was.ID}.Event(rec.Events[0]))
	}
	return rec
}

func (s members) Rehash(ctx context.Context, id string, old, fresh secret.Text) error {
	return s.db.with(ctx, "rehash", effect.Effects{}, `UPDATE staff SET password_hash = $1 WHERE id = $2 AND password_hash = $3`,
		fresh.Reveal(), id, old.Reveal())
}
