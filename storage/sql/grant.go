package sql

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/grant"
)

type grants struct{ db *DB }

// Grants returns the store of grants.
func (db *DB) Grants() grant.Store { return grants{db} }

const grantColumns = `id, client_id, account_id, sid, epoch, redirect_uri, scopes, claims, nonce, ` +
	`challenge, auth_time, acr, issued_at, code_expires, expires, redeemed_at, revoked_at, tries, access_hash`

// grantScan receives the columns of a grant; value turns it into a Grant.
type grantScan struct {
	g                                                         grant.Grant
	scopes, claims                                            string
	authTime, issued, codeExpires, expires, redeemed, revoked int64
}

func (s *grantScan) targets() []any {
	return []any{&s.g.ID, &s.g.ClientID, &s.g.AccountID, &s.g.SID, &s.g.Epoch, &s.g.RedirectURI, &s.scopes, &s.claims, &s.g.Nonce, &s.g.Challenge,
		&s.authTime, &s.g.ACR, &s.issued, &s.codeExpires, &s.expires, &s.redeemed, &s.revoked, &s.g.Tries, &s.g.AccessHash}
}

func (s *grantScan) value() (grant.Grant, error) {
	g := s.g
	if err := json.Unmarshal([]byte(s.scopes), &g.Scopes); err != nil {
		return grant.Grant{}, err
	}
	if s.claims != "" {
		g.Claims = json.RawMessage(s.claims)
	}
	g.AuthTime, g.IssuedAt, g.CodeExpires, g.Expires, g.RedeemedAt, g.RevokedAt =
		at(s.authTime), at(s.issued), at(s.codeExpires), at(s.expires), at(s.redeemed), at(s.revoked)
	return g, nil
}

// of prefixes each column with the name of a table, for a join.
func of(table, columns string) string {
	return table + "." + strings.ReplaceAll(columns, ", ", ", "+table+".")
}

// Issue is one guarded statement that locks nothing. A grant that is issued while
// its account changes has an epoch that has passed, and one that is issued while
// its session ends is not redeemed.
func (s grants) Issue(ctx context.Context, g grant.Grant, rec effect.Effects) error {
	state, epoch := g.Wants()
	return s.db.with(ctx, "issue grant", rec, `INSERT INTO grants
		(id, code_hash, client_id, account_id, sid, epoch, redirect_uri, scopes, claims, nonce, challenge, auth_time, acr, issued_at, code_expires)
		SELECT $1,$2,$3,a.id,CAST($5 AS TEXT),a.epoch,$7,$8,$9,$10,$11,CAST($12 AS BIGINT),$13,CAST($14 AS BIGINT),CAST($15 AS BIGINT) FROM accounts a
		WHERE a.id = $4 AND a.epoch = $6 AND a.state = $16 AND NOT EXISTS (SELECT 1 FROM ended_sessions e WHERE e.sid = $5)`,
		g.ID, g.CodeHash, g.ClientID, g.AccountID, g.SID, epoch, g.RedirectURI, text(g.Scopes), string(g.Claims), g.Nonce, g.Challenge,
		ms(g.AuthTime), g.ACR, ms(g.IssuedAt), ms(g.CodeExpires), state)
}

const (
	// endSession records the end of the session $1 until $2.
	endSession = `INSERT INTO ended_sessions (sid, expires) VALUES ($1,$2) ON CONFLICT (sid) DO UPDATE SET expires = excluded.expires`
	// notEnded is the condition that the end of the session $2 is not recorded.
	notEnded = `NOT EXISTS (SELECT 1 FROM ended_sessions e WHERE e.sid = $2)`
)

// over returns the condition that the grant in the table g must not be redeemed any more
// although its own row does not say so: its session has ended or, for a client that
// gets nothing without it, the consent was withdrawn.
func over(r grant.Redemption, g string) string {
	ended := `EXISTS (SELECT 1 FROM ended_sessions e WHERE e.sid = ` + g + `.sid)`
	if r.Consent {
		return `(` + ended + ` OR NOT EXISTS (SELECT 1 FROM consents c WHERE c.account_id = ` + g + `.account_id AND c.client_id = ` + g + `.client_id))`
	}
	return ended
}

func sessionEnded(ctx context.Context, q querier, sid string) (bool, error) {
	err := q.QueryRowContext(ctx, `SELECT sid FROM ended_sessions WHERE sid = $1`, sid).Scan(&sid)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (s grants) Issued(ctx context.Context, codeHash string) (grant.Grant, error) {
	return s.find(ctx, `SELECT `+grantColumns+` FROM grants WHERE code_hash = $1`, codeHash)
}

func (s grants) ByID(ctx context.Context, id string) (grant.Grant, error) {
	return s.find(ctx, `SELECT `+grantColumns+` FROM grants WHERE id = $1`, id)
}

func (s grants) find(ctx context.Context, query, key string) (grant.Grant, error) {
	var scan grantScan
	if err := s.db.sql.QueryRowContext(ctx, query, key).Scan(scan.targets()...); err != nil {
		return grant.Grant{}, answer("grant", err)
	}
	g, err := scan.value()
	return g, answer("grant", err)
}

// Redeem reads, judges, and writes what it judged with one guarded statement if
// the code is right. Otherwise the try counts, and another redemption may have been
// quicker: tryCode judges again.
func (s grants) Redeem(ctx context.Context, r grant.Redemption, replay effect.Effects) (grant.Grant, account.Account, grant.Refusal, error) {
	var scan grantScan
	var ended bool
	a, err := scanAccount(s.db.sql.QueryRowContext(ctx, `SELECT `+of("g", grantColumns)+`, `+over(r, "g")+`, `+of("a", accountColumns)+`
		FROM grants g JOIN accounts a ON a.id = g.account_id WHERE g.code_hash = $1`, r.CodeHash), append(scan.targets(), &ended)...)
	if errors.Is(err, sql.ErrNoRows) {
		return grant.Grant{}, account.Account{}, grant.RefusedUnknown, nil
	}
	var g grant.Grant
	if err == nil {
		g, err = scan.value()
	}
	if err != nil {
		return grant.Grant{}, account.Account{}, "", answer("redeem", err)
	}
	g.Tries++
	g, refused := g.Redeem(a, ended, r)
	if ended || refused != "" {
		return s.tryCode(ctx, r, replay)
	}
	state, epoch := g.Wants()
	err = one(s.db.exec(ctx, `UPDATE grants SET redeemed_at = $1, expires = $2, access_hash = $3, tries = tries + 1
		WHERE id = $4 AND redeemed_at = 0 AND revoked_at = 0 AND NOT `+over(r, "grants")+`
		AND EXISTS (SELECT 1 FROM accounts a WHERE a.id = grants.account_id AND a.state = $5 AND a.epoch = $6)`,
		ms(g.RedeemedAt), ms(g.Expires), g.AccessHash, g.ID, state, epoch))
	if errors.Is(err, errs.ErrConflict) {
		return s.tryCode(ctx, r, replay)
	}
	if err != nil {
		return grant.Grant{}, account.Account{}, "", answer("redeem", err)
	}
	return g, a, "", nil
}

// tryCode counts the try first, which locks the row, and then writes what the
// rule returns. EndSession and Consents.Withdraw write the end before they revoke the
// grants, so that a redemption either sees the end or is revoked by it.
func (s grants) tryCode(ctx context.Context, r grant.Redemption, replay effect.Effects) (g grant.Grant, a account.Account, refused grant.Refusal, err error) {
	err = s.db.change(ctx, "redeem", func(tx *sql.Tx) (effect.Effects, error) {
		refused = ""
		var scan grantScan
		err := tx.QueryRowContext(ctx, `UPDATE grants SET tries = tries + 1 WHERE code_hash = $1 RETURNING `+grantColumns, r.CodeHash).Scan(scan.targets()...)
		if errors.Is(err, sql.ErrNoRows) {
			refused = grant.RefusedUnknown
			return effect.Effects{}, nil
		}
		if err != nil {
			return effect.Effects{}, err
		}
		was, err := scan.value()
		if err != nil {
			return effect.Effects{}, err
		}
		a, err = scanAccount(tx.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM accounts WHERE id = $1`, was.AccountID))
		if err != nil {
			return effect.Effects{}, err
		}
		r.Consent = r.Consent && r.ClientID == was.ClientID // another client ends nothing
		var ended bool
		err = tx.QueryRowContext(ctx, `SELECT `+over(r, "g")+` FROM grants g WHERE g.code_hash = $1`, r.CodeHash).Scan(&ended)
		if err != nil {
			return effect.Effects{}, err
		}
		g, refused = was.Redeem(a, ended, r)
		var rec effect.Effects
		if refused == grant.RefusedReplay && was.RevokedAt.IsZero() {
			rec = replay
		}
		return rec, one(tx.ExecContext(ctx, `UPDATE grants SET redeemed_at = $1, expires = $2, revoked_at = $3, tries = $4, access_hash = $5
			WHERE id = $6 AND redeemed_at = $7 AND revoked_at = $8`,
			ms(g.RedeemedAt), ms(g.Expires), ms(g.RevokedAt), g.Tries, g.AccessHash, g.ID, ms(was.RedeemedAt), ms(was.RevokedAt)))
	})
	if err != nil || refused != "" {
		return grant.Grant{}, account.Account{}, refused, err
	}
	return g, a, "", nil
}

func (s grants) Live(ctx context.Context, id string, now time.Time) (grant.Grant, account.Account, error) {
	var scan grantScan
	a, err := scanAccount(s.db.sql.QueryRowContext(ctx, `SELECT `+of("g", grantColumns)+`, `+of("a", accountColumns)+`
		FROM grants g JOIN accounts a ON a.id = g.account_id
		WHERE g.id = $1 AND NOT EXISTS (SELECT 1 FROM ended_sessions e WHERE e.sid = g.sid)`, id), scan.targets()...)
	if err != nil {
		return grant.Grant{}, account.Account{}, answer("grant", err)
	}
	g, err := scan.value()
	if err == nil && !g.Alive(a, now) {
		err = sql.ErrNoRows
	}
	if err != nil {
		return grant.Grant{}, account.Account{}, answer("grant", err)
	}
	return g, a, nil
}

func (s grants) Revoke(ctx context.Context, id, clientID string, now time.Time, rec effect.Effects) error {
	return s.db.change(ctx, "revoke", func(tx *sql.Tx) (effect.Effects, error) {
		err := one(tx.ExecContext(ctx, `UPDATE grants SET revoked_at = $1 WHERE id = $2 AND client_id = $3 AND revoked_at = 0`, ms(now), id, clientID))
		if !errors.Is(err, errs.ErrConflict) {
			return rec, err
		}
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM grants WHERE id = $1 AND client_id = $2`, id, clientID).Scan(&n); err != nil {
			return effect.Effects{}, err
		}
		if n == 0 {
			return effect.Effects{}, errs.ErrNotFound
		}
		return effect.Effects{}, nil
	})
}

func (s grants) EndSession(ctx context.Context, sid string, now, until time.Time, rec effect.Effects) ([]string, error) {
	var clients []string
	err := s.db.change(ctx, "end session", func(tx *sql.Tx) (effect.Effects, error) {
		clients = nil
		if _, err := tx.ExecContext(ctx, endSession, sid, ms(until)); err != nil {
			return effect.Effects{}, err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE grants SET revoked_at = $1 WHERE sid = $2 AND revoked_at = 0`, ms(now), sid); err != nil {
			return effect.Effects{}, err
		}
		rows, err := tx.QueryContext(ctx, `SELECT DISTINCT client_id FROM grants WHERE sid = $1 ORDER BY client_id`, sid)
		clients, err = all(rows, err, scanID)
		return rec, err
	})
	return clients, err
}

func (s grants) Ended(ctx context.Context, sid string) (bool, error) {
	ended, err := sessionEnded(ctx, s.db.sql, sid)
	return ended, answer("session", err)
}

func (s grants) UseOnce(ctx context.Context, clientID, jti string, expires time.Time) error {
	_, err := s.db.exec(ctx, `INSERT INTO assertions (client_id, jti, expires) VALUES ($1,$2,$3)`, clientID, jti, ms(expires))
	return answer("assertion", err)
}
