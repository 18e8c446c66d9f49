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

// spaceOne locks the mailbox's row by writing it, so that concurrent calls are
// judged one after another.
func spaceOne(ctx context.Context, tx *sql.Tx, m mail.Message) (bool, error) {
	key := limit.Mailbox(m.To)
	var tally limit.MailTally
	var last int64
	if err := tx.QueryRowContext(ctx, `INSERT INTO mailboxes (key, mails, last_at) VALUES ($1,0,0)
		ON CONFLICT (key) DO UPDATE SET mails = mailboxes.mails RETURNING mails, last_at, tries`, key).Scan(&tally.Mails, &last, &tally.Tries); err != nil {
		return false, err
	}
	tally.LastAt = at(last)
	send, tally := limit.Space(tally, m.Asked.Known, m.At)
	if !send {
		return false, nil
	}
	if m.Asked.Code == "" {
		return true, one(tx.ExecContext(ctx, `UPDATE mailboxes SET mails = $1, last_at = $2 WHERE key = $3`, tally.Mails, ms(tally.LastAt), key))
	}
	return true, one(tx.ExecContext(ctx, `UPDATE mailboxes SET mails = $1, last_at = $2, tries = 0, code = $3 WHERE key = $4`,
		tally.Mails, ms(tally.LastAt), m.Asked.Code, key))
}

// tryLatestCode counts a try of the latest code of a mailbox, and returns the hash of
// that code, or "", and how often it was tried.
func tryLatestCode(ctx context.Context, tx *sql.Tx, address string) (hash string, tries int, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE mailboxes SET tries = tries + 1 WHERE key = $1 RETURNING code, tries`, limit.Mailbox(address)).Scan(&hash, &tries)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return hash, tries, err
}
