package sql

import (
	"cmp"
	"context"
	"database/sql"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
)

type desk struct{ db *DB }

// Helpdesk returns the helpdesk's store.
func (db *DB) Helpdesk() helpdesk.Store { return desk{db} }

func scanAccounts(rows *sql.Rows, err error) ([]account.Account, error) {
	return all(rows, err, func(r row) (account.Account, error) { return scanAccount(r) })
}

// shortWord is the least number of letters that find terms by their beginning;
// a shorter word finds equal terms only, so that accounts cannot be listed
// letter by letter.
const shortWord = 3

// fewAccounts is the most accounts that are counted for each word, to find the word with
// the fewest; its accounts are then checked one by one for the other words.
const fewAccounts = 500

func (s desk) Search(ctx context.Context, words []string, max int) ([]account.Account, error) {
	search := sought{in: accountTerms, words: words, short: shortWord}
	if len(words) > 1 {
		var err error
		if search, err = s.db.seek(ctx, accountTerms, words, shortWord, fewAccounts); err != nil {
			return nil, answer("search", err)
		}
	}
	query, args := search.accounts(max)
	out, err := scanAccounts(s.db.sql.QueryContext(ctx, query, args...))
	return out, answer("search", err)
}

// accounts returns the statement that reads the first max accounts.
func (s sought) accounts(max int) (string, []any) {
	where, args := s.first([]any{max})
	return `SELECT ` + accountColumns + ` FROM accounts WHERE ` + where + ` ORDER BY email LIMIT $1`, args
}

func (s desk) Application(ctx context.Context, accountID string) (application.Application, []application.Document, error) {
	if accountID == "" {
		return application.Application{}, nil, errs.ErrNotFound
	}
	app, err := applications{s.db}.by(ctx, "account_id", accountID)
	if err != nil {
		return app, nil, err
	}
	documents, err := applications{s.db}.Documents(ctx, app.ID)
	return app, documents, err
}

func (s desk) AccountOf(ctx context.Context, reference string) (account.Account, error) {
	app, err := applications{s.db}.ByReference(ctx, reference)
	if err != nil {
		return account.Account{}, err
	}
	return accounts{s.db}.ByID(ctx, cmp.Or(app.AccountID, app.Changes))
}

func (s desk) Note(ctx context.Context, rec effect.Effects) error {
	return s.db.change(ctx, "note", func(*sql.Tx) (effect.Effects, error) { return rec, nil })
}

// Resend locks the account's row first, so that each of several concurrent calls
// counts the previous ones.
func (s desk) Resend(ctx context.Context, a account.Account, now time.Time, rec effect.Effects) error {
	return s.db.change(ctx, "mail again", func(tx *sql.Tx) (effect.Effects, error) {
		if err := one(tx.ExecContext(ctx, `UPDATE accounts SET epoch = epoch WHERE id = $1 AND epoch = $2 AND state <> 'closed'`, a.ID, a.Epoch)); err != nil {
			return effect.Effects{}, err
		}
		var sent int
		const mailed = `WHERE object_kind = $1 AND object_id = $2 AND action = $3 AND at > $4`
		err := tx.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM audit_events `+mailed+`) + (SELECT COUNT(*) FROM audit_pool `+mailed+`)`,
			audit.ObjectAccount, a.ID, audit.AccountMailResent, ms(now.Add(-helpdesk.MailsWithin))).Scan(&sent)
		if err == nil && sent >= helpdesk.MailsAgain {
			err = helpdesk.ErrMails
		}
		return rec, err
	})
}

func (s desk) Reopen(ctx context.Context, accountID string, epoch int64, reason account.BlockReason, ref string, now time.Time, rec effect.Effects) error {
	return accounts{s.db}.move(ctx, "reopen account", accountID, rec, func(a account.Account) (account.Account, error) {
		return a.Reopen(epoch, reason, ref, helpdesk.ReopenTime, now)
	})
}
