package sql

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
)

const requestColumns = `id, reference, account_id, epoch, kind, state, second, answers, code_asked, code_right, rights, wrongs, reason, ticket, ` +
	`email, tries, opened_by, opened_at, confirmed_by, valid_from, valid_until, decided_by, decided_at, version`

// The states of requests that are not over, and of those that wait for an
// official.
const (
	underWay     = `state IN ('open', 'proposed', 'confirmed')`
	withOfficial = `state IN ('open', 'proposed')`
)

// sameAccount is the condition that the account still has the epoch of its request.
const sameAccount = `epoch = (SELECT epoch FROM accounts WHERE accounts.id = account_id)`

func scanRequest(r row) (helpdesk.Request, error) {
	var q helpdesk.Request
	var answers string
	var opened, from, until, decided int64
	err := r.Scan(&q.ID, &q.Reference, &q.AccountID, &q.Epoch, &q.Kind, &q.State, &q.Second, &answers, &q.CodeAsked, &q.CodeRight, &q.Right, &q.Wrong,
		&q.Reason, &q.Ticket, &q.Email, &q.Tries, &q.OpenedBy, &opened, &q.ConfirmedBy, &from, &until, &q.DecidedBy, &decided, &q.Version)
	if err == nil {
		err = json.Unmarshal([]byte(answers), &q.Answers)
	}
	if len(q.Answers) == 0 {
		q.Answers = nil
	}
	q.OpenedAt, q.From, q.Until, q.DecidedAt = at(opened), at(from), at(until), at(decided)
	return q, err
}

func readRequests(ctx context.Context, q querier, query string, args ...any) ([]helpdesk.Request, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	return all(rows, err, scanRequest)
}

func (s desk) by(ctx context.Context, where, value string) (helpdesk.Request, error) {
	q, err := scanRequest(s.db.sql.QueryRowContext(ctx, `SELECT `+requestColumns+` FROM helpdesk_requests WHERE `+where+` = $1`, value))
	return q, answer("helpdesk request", err)
}

func (s desk) Request(ctx context.Context, id string) (helpdesk.Request, error) {
	return s.by(ctx, "id", id)
}

func (s desk) ByReference(ctx context.Context, reference string) (helpdesk.Request, error) {
	if reference == "" {
		return helpdesk.Request{}, errs.ErrNotFound
	}
	return s.by(ctx, `reference <> '' AND reference`, reference) // the condition of its index
}

func (s desk) LiveChange(ctx context.Context, accountID string, now time.Time) (helpdesk.Request, error) {
	live, err := s.live(ctx, now, `account_id = $1 AND kind <> 'unblock' AND `+underWay, accountID)
	if err == nil && len(live) == 0 {
		err = errs.ErrNotFound
	}
	if err != nil {
		return helpdesk.Request{}, err
	}
	return live[0], nil
}

func (s desk) OpenedBy(ctx context.Context, official string, now time.Time) ([]helpdesk.Request, error) {
	return s.live(ctx, now, `opened_by = $1 AND `+withOfficial+` AND opened_at > $2`, official, ms(now.Add(-helpdesk.ProposalTime)))
}

func (s desk) Waiting(ctx context.Context, now time.Time) ([]helpdesk.Request, error) {
	return s.live(ctx, now, `state = 'proposed' AND opened_at > $1`, ms(now.Add(-helpdesk.ProposalTime)))
}

// live returns the requests that are not over and whose account has not changed
// since, the oldest first.
func (s desk) live(ctx context.Context, now time.Time, where string, args ...any) ([]helpdesk.Request, error) {
	found, err := readRequests(ctx, s.db.sql, `SELECT `+requestColumns+` FROM helpdesk_requests WHERE `+where+` AND `+sameAccount+` ORDER BY opened_at, id`, args...)
	var out []helpdesk.Request
	for _, q := range found {
		if !q.Over(now) {
			out = append(out, q)
		}
	}
	return out, answer("helpdesk requests", err)
}

// lately selects the requests about an account ($1) that are under way or ended
// after $2. Servers older than migration 13 end requests in other tables, which
// count too until a later version copies and drops them.
const lately = `SELECT ` + requestColumns + ` FROM helpdesk_requests WHERE account_id = $1 AND (` + underWay + ` OR decided_at > $2)
	UNION ALL SELECT ` + requestColumns + ` FROM account_changes WHERE account_id = $1 AND NOT ` + underWay + ` AND decided_at > $2
	UNION ALL SELECT id, '', account_id, epoch, 'unblock', state, second, answers, TRUE, code_right, rights, wrongs, reason, ticket,
		'', 0, opened_by, opened_at, '', 0, 0, decided_by, decided_at, version
		FROM unblock_cases WHERE account_id = $1 AND NOT ` + underWay + ` AND decided_at > $2`

func (s desk) Moved(ctx context.Context, accountID string, now time.Time) (bool, error) {
	found, err := readRequests(ctx, s.db.sql, lately, accountID, ms(now.Add(-helpdesk.SecondWithin)))
	return helpdesk.Moved(found, now), answer("change of address", err)
}

func (s desk) Begin(ctx context.Context, accountID string, since time.Time, judge func(account.Account, []helpdesk.Request) (helpdesk.Request, []helpdesk.Request, effect.Effects, error)) error {
	return s.db.change(ctx, "begin helpdesk request", func(tx *sql.Tx) (effect.Effects, error) {
		a, err := lockAccount(ctx, tx, `$1`, accountID)
		if err != nil {
			return effect.Effects{}, err
		}
		found, err := readRequests(ctx, tx, lately, a.ID, ms(since))
		if err != nil {
			return effect.Effects{}, err
		}
		begun, ended, rec, err := judge(a, found)
		if err != nil {
			return effect.Effects{}, err
		}
		for _, q := range ended {
			if err := put(ctx, tx, stateOf(found, q.ID), q); err != nil {
				return effect.Effects{}, err
			}
		}
		if err := act(ctx, tx, begun, a); err != nil {
			return effect.Effects{}, err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO helpdesk_requests (`+requestColumns+`)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24)`,
			begun.ID, begun.Reference, begun.AccountID, begun.Epoch, begun.Kind, begun.State, begun.Second, text(begun.Answers), begun.CodeAsked,
			begun.CodeRight, begun.Right, begun.Wrong, begun.Reason, begun.Ticket, begun.Email, begun.Tries, begun.OpenedBy, ms(begun.OpenedAt),
			begun.ConfirmedBy, ms(begun.From), ms(begun.Until), begun.DecidedBy, ms(begun.DecidedAt), begun.Version)
		return rec, err
	})
}

// stateOf returns the state in which a request was read.
func stateOf(read []helpdesk.Request, id string) helpdesk.State {
	for _, q := range read {
		if q.ID == id {
			return q.State
		}
	}
	return ""
}

// lockAccount locks an account's row, before those of its requests, so that two
// writers never wait for each other. The error is errs.ErrConflict if there is
// none.
func lockAccount(ctx context.Context, tx *sql.Tx, id, arg string) (account.Account, error) {
	a, err := scanAccount(tx.QueryRowContext(ctx, `UPDATE accounts SET epoch = epoch WHERE id = `+id+` RETURNING `+accountColumns, arg))
	if errors.Is(err, sql.ErrNoRows) {
		err = errs.ErrConflict
	}
	return a, err
}

// Move reads and judges without a lock; the write has the condition that the rows are
// still as they were judged.
func (s desk) Move(ctx context.Context, id string, judge func(helpdesk.Request, account.Account) (helpdesk.Request, effect.Effects, error)) (helpdesk.Request, error) {
	var next helpdesk.Request
	err := rejudged(func() error {
		was, err := s.Request(ctx, id)
		if err != nil {
			return err
		}
		a, err := accounts{s.db}.ByID(ctx, was.AccountID)
		if err != nil {
			return err
		}
		var rec effect.Effects
		if next, rec, err = judge(was, a); err != nil {
			return err
		}
		return s.db.change(ctx, "helpdesk request", func(tx *sql.Tx) (effect.Effects, error) {
			// Codes may have been tried since, so the change is made from the locked row.
			now, err := lockAccount(ctx, tx, `$1`, a.ID)
			if errors.Is(err, errs.ErrConflict) || err == nil && (now.State != a.State || now.Epoch != a.Epoch) {
				err = errMoved
			}
			if err != nil {
				return effect.Effects{}, err
			}
			return rec, s.keep(ctx, tx, was.State, next, now)
		})
	})
	if err != nil {
		return helpdesk.Request{}, err
	}
	next.Version++
	return next, nil
}

// keep writes a request that was judged in the state was, and the change of its
// locked account.
func (s desk) keep(ctx context.Context, tx *sql.Tx, was helpdesk.State, q helpdesk.Request, a account.Account) error {
	if err := act(ctx, tx, q, a); err != nil {
		return err
	}
	return put(ctx, tx, was, q)
}

// Try counts before it judges. The rows are locked, so that each of several
// concurrent tries sees the count of the others.
func (s desk) Try(ctx context.Context, id string, judge func(helpdesk.Request, account.Account) (helpdesk.Request, effect.Effects, error)) (helpdesk.Request, error) {
	var next helpdesk.Request
	err := s.db.change(ctx, "code for an address", func(tx *sql.Tx) (effect.Effects, error) {
		a, err := lockAccount(ctx, tx, `(SELECT account_id FROM helpdesk_requests WHERE id = $1)`, id)
		if err != nil {
			return effect.Effects{}, err
		}
		was, err := scanRequest(tx.QueryRowContext(ctx, `UPDATE helpdesk_requests SET tries = tries + 1 WHERE id = $1 RETURNING `+requestColumns, id))
		if err != nil {
			return effect.Effects{}, err
		}
		var rec effect.Effects
		if next, rec, err = judge(was, a); err != nil {
			return effect.Effects{}, err
		}
		if err := s.keep(ctx, tx, was.State, next, a); err != nil {
			return effect.Effects{}, err
		}
		next.Version++
		return rec, nil
	})
	return next, err
}

// put writes a request if its row still has the state and version that were judged.
func put(ctx context.Context, tx *sql.Tx, was helpdesk.State, q helpdesk.Request) error {
	return asJudged(tx.ExecContext(ctx, `UPDATE helpdesk_requests
		SET state = $1, answers = $2, code_right = $3, rights = $4, wrongs = $5, reason = $6, ticket = $7, email = $8, tries = $9,
			confirmed_by = $10, valid_from = $11, valid_until = $12, decided_by = $13, decided_at = $14, second = $15, version = version + 1
		WHERE id = $16 AND state = $17 AND version = $18`,
		q.State, text(q.Answers), q.CodeRight, q.Right, q.Wrong, q.Reason, q.Ticket, q.Email, q.Tries,
		q.ConfirmedBy, ms(q.From), ms(q.Until), q.DecidedBy, ms(q.DecidedAt), q.Second, q.ID, was, q.Version))
}

// act makes the change of a locked account that a request asks for
// (helpdesk.Request.Act).
func act(ctx context.Context, tx *sql.Tx, q helpdesk.Request, a account.Account) error {
	if q.State != helpdesk.Done {
		return nil
	}
	next, err := q.Act(a)
	if err != nil {
		return err
	}
	return putAccount(ctx, tx, a, next)
}

// moveAddress changes what depends on the address of an account.
func moveAddress(ctx context.Context, tx *sql.Tx, previous string, a account.Account) error {
	if err := keepPrevious(ctx, tx, a); err != nil {
		return err
	}
	// After an undo there is no time of the change; the address was reserved for the
	// account.
	if at := a.MovedAt(); !at.IsZero() {
		if err := unreserved(ctx, tx, a.Email, a.ID, at); err != nil {
			return err
		}
	}
	// A code that was mailed to the previous address is no longer valid.
	if _, err := tx.ExecContext(ctx, `UPDATE outbox SET state = 'dropped', sealed = NULL, reason = 'address changed'
		WHERE state = 'waiting' AND kind IN ('status-code', 'recovery-code') AND recipient = $1`, previous); err != nil {
		return err
	}
	if err := forgetBounces(ctx, tx, previous); err != nil {
		return err
	}
	if err := replaceTerms(ctx, tx, a); err != nil {
		return err
	}
	return moveApplication(ctx, tx, a)
}

// moveApplication sends the mails about the application of an account, and about its
// change requests, to the new address, and lets officials find them by it.
func moveApplication(ctx context.Context, tx *sql.Tx, a account.Account) error {
	rows, err := tx.QueryContext(ctx, `UPDATE applications SET email = $1, status_code = '', status_code_expires = 0
		WHERE account_id = $2 OR changes <> '' AND changes = $2 AND state <> 'expired' RETURNING `+applicationColumns, a.Email, a.ID)
	moved, err := all(rows, err, func(r row) (application.Application, error) { return scanApplication(r) })
	if err != nil {
		return err
	}
	for _, app := range moved {
		if app.Reference == "" {
			continue // a draft, which no search finds
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM application_terms WHERE application_id = $1`, app.ID); err != nil {
			return err
		}
		if err := putTerms(ctx, tx, applicationTerms, app.ID, app.SearchTerms()); err != nil {
			return err
		}
	}
	return nil
}
