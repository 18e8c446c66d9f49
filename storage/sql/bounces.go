package sql

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
)

type bounces struct{ db *DB }

// Bounces returns the store of addresses that refused mail.
func (db *DB) Bounces() mail.Bounces { return bounces{db} }

// bounceKey returns the hash under which an address is kept.
func bounceKey(address string) string {
	sum := sha256.Sum256([]byte("bounce|" + address))
	return hex.EncodeToString(sum[:])
}

func (s bounces) ByAddress(ctx context.Context, address string) ([]mail.Bounce, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT kind, at, code, status, source FROM bounces WHERE mailbox = $1 ORDER BY at DESC, kind`, bounceKey(address))
	out, err := all(rows, err, func(r row) (b mail.Bounce, err error) {
		var when int64
		err = r.Scan(&b.Kind, &when, &b.Code, &b.Status, &b.Source)
		b.At = at(when)
		return b, err
	})
	return out, answer("bounces", err)
}

// Mark uses up the id of the message, so that a report counts once.
func (s bounces) Mark(ctx context.Context, id, address string, r mail.Refusal, now time.Time) (kind string, err error) {
	err = s.db.change(ctx, "bounces", func(tx *sql.Tx) (effect.Effects, error) {
		err := tx.QueryRowContext(ctx, `DELETE FROM sent_mails WHERE id = $1 AND mailbox = $2 AND at > $3 RETURNING kind`,
			id, bounceKey(address), ms(now.Add(-mail.ReportTime))).Scan(&kind)
		if errors.Is(err, sql.ErrNoRows) {
			return effect.Effects{}, errs.ErrNotFound
		}
		if err != nil {
			return effect.Effects{}, err
		}
		return mark(ctx, tx, address, mail.Bounce{Refusal: r, Kind: kind, At: now, Source: mail.FromReport})
	})
	return kind, err
}

// mark stores a refusal, in place of that of an earlier mail of the kind, and returns the
// event about the account that has the address.
func mark(ctx context.Context, tx *sql.Tx, address string, b mail.Bounce) (effect.Effects, error) {
	if _, err := tx.ExecContext(ctx, `INSERT INTO bounces (mailbox, kind, at, code, status, source) VALUES ($1,$2,$3,$4,$5,$6)
		ON CONFLICT (mailbox, kind) DO UPDATE SET at = excluded.at, code = excluded.code, status = excluded.status, source = excluded.source, accepted_at = 0`,
		bounceKey(address), b.Kind, ms(b.At), b.Code, b.Status, b.Source); err != nil {
		return effect.Effects{}, err
	}
	id, err := scanID(tx.QueryRowContext(ctx, `SELECT id FROM accounts WHERE email = $1`, address))
	if errors.Is(err, sql.ErrNoRows) {
		return effect.Effects{}, nil
	}
	if err != nil {
		return effect.Effects{}, err
	}
	details := map[string]string{"mail": b.Kind, "code": b.Codes(), "source": string(b.Source)}
	return effect.Of(audit.System("bounces").Did(audit.AccountMailRefused, id, b.At).With(details)), nil
}

// accepted ends refusals of an address to which the relay accepts mail again; those from
// a report, when no other report has come within mail.ReportTime.
func accepted(ctx context.Context, tx *sql.Tx, address string, now time.Time) error {
	key := bounceKey(address)
	if _, err := tx.ExecContext(ctx, `DELETE FROM bounces WHERE mailbox = $1 AND source = $2`, key, mail.FromRelay); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE bounces SET accepted_at = $1 WHERE mailbox = $2 AND accepted_at = 0`, ms(now), key)
	return err
}

// noteSent keeps the id of a mail for reports about it.
func noteSent(ctx context.Context, tx *sql.Tx, m mail.Message, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO sent_mails (id, mailbox, kind, at) VALUES ($1,$2,$3,$4) ON CONFLICT (id) DO NOTHING`, m.ID, bounceKey(m.To), m.Kind, ms(now))
	return err
}

func forgetBounces(ctx context.Context, tx *sql.Tx, address string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM bounces WHERE mailbox = $1`, bounceKey(address))
	return err
}
