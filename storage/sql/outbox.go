package sql

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
)

type outbox struct{ db *DB }

// Outbox returns the store of messages that wait to be sent.
func (db *DB) Outbox() mail.Outbox { return outbox{db} }

func (s outbox) Take(ctx context.Context, now time.Time, lease time.Duration, n int) ([]mail.Item, error) {
	return s.take(ctx, now, lease, n, 0)
}

func (s outbox) TakeExpiring(ctx context.Context, now time.Time, lease time.Duration, n int) ([]mail.Item, error) {
	return s.take(ctx, now, lease, n, 1)
}

// take takes messages that expire at or after expires, in milliseconds since
// 1970; 0 includes those that never expire.
func (s outbox) take(ctx context.Context, now time.Time, lease time.Duration, n int, expires int64) ([]mail.Item, error) {
	var items []mail.Item
	err := s.db.change(ctx, "outbox", func(tx *sql.Tx) (effect.Effects, error) {
		items = nil
		skip := ""
		if s.db.postgres {
			skip = "FOR UPDATE SKIP LOCKED" // SQLite has one writer at a time anyway
		}
		rows, err := tx.QueryContext(ctx, `UPDATE outbox SET due = $1 WHERE id IN
			(SELECT id FROM outbox WHERE state = 'waiting' AND due <= $2 AND expires >= $4
				ORDER BY CASE WHEN expires = 0 THEN 1 ELSE 0 END, expires, due, id LIMIT $3 `+skip+`)
			RETURNING id, recipient, lang, kind, subject, sealed, at, expires, attempts`, ms(now.Add(lease)), ms(now), n, expires)
		if err != nil {
			return effect.Effects{}, err
		}
		damaged, err := s.read(rows, &items)
		if err != nil {
			return effect.Effects{}, err
		}
		// A row that cannot be decrypted must not stop the others.
		for _, id := range damaged {
			if _, err := tx.ExecContext(ctx, `UPDATE outbox SET state = 'dropped', sealed = NULL, reason = 'does not open' WHERE id = $1`, id); err != nil {
				return effect.Effects{}, err
			}
		}
		return effect.Effects{}, nil
	})
	return items, err
}

// read turns rows into items and returns the ids of those it cannot decrypt.
func (s outbox) read(rows *sql.Rows, items *[]mail.Item) (damaged []string, err error) {
	defer rows.Close()
	for rows.Next() {
		var item mail.Item
		var sealed []byte
		var written, expires int64
		if err := rows.Scan(&item.ID, &item.To, &item.Lang, &item.Kind, &item.Subject, &sealed, &written, &expires, &item.Attempts); err != nil {
			return nil, err
		}
		plain, err := s.db.ring.Open(sealed, mailAAD(item.ID))
		if err != nil {
			damaged = append(damaged, item.ID)
			continue
		}
		item.Text, item.At, item.Expires = secret.Text(plain), at(written), at(expires)
		*items = append(*items, item)
	}
	return damaged, rows.Err()
}

func (s outbox) Sent(ctx context.Context, m mail.Message, now time.Time) error {
	return s.db.change(ctx, "outbox", func(tx *sql.Tx) (effect.Effects, error) {
		if err := one(tx.ExecContext(ctx, `DELETE FROM outbox WHERE id = $1`, m.ID)); err != nil {
			return effect.Effects{}, unlessGone(err)
		}
		if err := noteSent(ctx, tx, m, now); err != nil {
			return effect.Effects{}, err
		}
		return effect.Effects{}, accepted(ctx, tx, m.To, now)
	})
}

func (s outbox) Refused(ctx context.Context, m mail.Message, now time.Time, r mail.Refusal) error {
	return s.db.change(ctx, "outbox", func(tx *sql.Tx) (effect.Effects, error) {
		if err := one(tx.ExecContext(ctx, `UPDATE outbox SET state = 'dropped', sealed = NULL, due = $1, reason = $2 WHERE id = $3 AND state = 'waiting'`,
			ms(now), r.Error(), m.ID)); err != nil {
			return effect.Effects{}, unlessGone(err)
		}
		return mark(ctx, tx, m.To, mail.Bounce{Refusal: r, Kind: m.Kind, At: now, Source: mail.FromRelay})
	})
}

// unlessGone returns nil for a message that another worker ended.
func unlessGone(err error) error {
	if errors.Is(err, errs.ErrConflict) {
		return nil
	}
	return err
}

func (s outbox) Later(ctx context.Context, id string, until time.Time, reason string) error {
	_, err := s.db.exec(ctx, `UPDATE outbox SET due = $1, attempts = attempts + 1, reason = $2 WHERE id = $3 AND state = 'waiting'`, ms(until), reason, id)
	return answer("outbox", err)
}

func (s outbox) Drop(ctx context.Context, id string, now time.Time, reason string) error {
	_, err := s.db.exec(ctx, `UPDATE outbox SET state = 'dropped', sealed = NULL, due = $1, reason = $2 WHERE id = $3`, ms(now), reason, id)
	return answer("outbox", err)
}

func (s outbox) Waiting(ctx context.Context) (int, error) {
	var n int
	err := s.db.sql.QueryRowContext(ctx, `SELECT COUNT(*) FROM outbox WHERE state = 'waiting'`).Scan(&n)
	return n, answer("outbox", err)
}
