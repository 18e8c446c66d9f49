package sql

import (
	"context"
	"database/sql"
	"errors"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/mail"
)

// space leaves out of the effects the mails for which it is too early (limit.Space)
// and reports whether all remain. A mail that is sent replaces the latest code
// of its mailbox.
func (db *DB) space(ctx context.Context, tx *sql.Tx, rec effect.Effects) (effect.Effects, bool, error) {
	var mails []mail.Message
	for _, m := range rec.Mails {
		if m.Asked == nil {
			mails = append(mails, m)
			continue
		}
		send, err := spaceOne(ctx, tx, m)
		if err != nil {
			return rec, false, err
		}
		if send {
			mails = append(mails, m)
		}
	}
	all := len(mails) == len(rec.Mails)
	rec.Mails = mails
	return rec, all, nil
}

// spaceOne takes the mailbox's row by writing it, so that requests at the same
// moment are judged one after another.
func spaceOne(ctx context.Context, tx *sql.Tx, m mail.Message) (bool, error) {
	key := limit.Mailbox(m.To)
	var tally limit.MailTally
	var last int64
	if err := tx.QueryRowContext(ctx, `INSERT INTO mailboxes (key, mails, last_at) VALUES ($1,0,0)
		ON CONFLICT (key) DO UPDATE SET mails = mailboxes.mails RETURNING mails, last_at`, key).Scan(&tally.Mails, &last); err != nil {
		return false, err
	}
	tally.LastAt = at(last)
	send, tally := limit.Space(tally, m.Asked.Known, m.At)
	if !send {
		return false, nil
	}
	return true, one(tx.ExecContext(ctx, `UPDATE mailboxes SET mails = $1, last_at = $2, code = CASE WHEN CAST($3 AS TEXT) = '' THEN code ELSE $3 END WHERE key = $4`,
		tally.Mails, ms(tally.LastAt), m.Asked.Code, key))
}

// latestCode returns the hash of the code in the latest mail to an address, or "".
func latestCode(ctx context.Context, tx *sql.Tx, address string) (hash string, err error) {
	err = tx.QueryRowContext(ctx, `SELECT code FROM mailboxes WHERE key = $1`, limit.Mailbox(address)).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return hash, err
}
