package sql

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/consent"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/signkey"
)

type clients struct{ db *DB }

// Clients returns the store of clients.
func (db *DB) Clients() client.Store { return clients{db} }

func (s clients) ByID(ctx context.Context, id string) (client.Client, error) {
	var data string
	if err := s.db.sql.QueryRowContext(ctx, `SELECT data FROM clients WHERE id = $1`, id).Scan(&data); err != nil {
		return client.Client{}, answer("client", err)
	}
	var c client.Client
	err := json.Unmarshal([]byte(data), &c)
	return c, answer("client", err)
}

func (s clients) List(ctx context.Context) ([]client.Client, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT data FROM clients ORDER BY id`)
	out, err := all(rows, err, func(r row) (client.Client, error) {
		var c client.Client
		var data string
		if err := r.Scan(&data); err != nil {
			return c, err
		}
		err := json.Unmarshal([]byte(data), &c)
		return c, err
	})
	return out, answer("clients", err)
}

func (s clients) Add(ctx context.Context, c client.Client, rec effect.Effects) error {
	return s.db.with(ctx, "add client", rec, `INSERT INTO clients (id, data) VALUES ($1,$2)`, c.ID, text(c))
}

func (s clients) Change(ctx context.Context, id string, change func(client.Client) (client.Client, effect.Effects, error)) error {
	var refused error
	err := s.db.change(ctx, "change client", func(tx *sql.Tx) (effect.Effects, error) {
		var data string
		if err := tx.QueryRowContext(ctx, `SELECT data FROM clients WHERE id = $1`, id).Scan(&data); err != nil {
			return effect.Effects{}, err
		}
		var c client.Client
		if err := json.Unmarshal([]byte(data), &c); err != nil {
			return effect.Effects{}, err
		}
		next, rec, err := change(c)
		if refused = err; err != nil {
			return effect.Effects{}, err
		}
		return rec, one(tx.ExecContext(ctx, `UPDATE clients SET data = $1 WHERE id = $2 AND data = $3`, text(next), id, data))
	})
	if refused != nil {
		return refused
	}
	return err
}

func (s clients) Remove(ctx context.Context, id string, rec effect.Effects) error {
	return s.db.change(ctx, "remove client", func(tx *sql.Tx) (effect.Effects, error) {
		err := one(tx.ExecContext(ctx, `DELETE FROM clients WHERE id = $1`, id))
		if errors.Is(err, errs.ErrConflict) {
			return effect.Effects{}, errs.ErrNotFound
		}
		if err != nil {
			return effect.Effects{}, err
		}
		_, err = tx.ExecContext(ctx, `UPDATE grants SET revoked_at = $1 WHERE client_id = $2 AND revoked_at = 0`, ms(s.db.now()), id)
		return rec, err
	})
}

type consents struct{ db *DB }

// Consents returns the store of consents.
func (db *DB) Consents() consent.Store { return consents{db} }

func (s consents) Get(ctx context.Context, accountID, clientID string) (consent.Consent, error) {
	c := consent.Consent{AccountID: accountID, ClientID: clientID}
	var claims string
	var given int64
	err := s.db.sql.QueryRowContext(ctx, `SELECT claims, given_at FROM consents WHERE account_id = $1 AND client_id = $2`, accountID, clientID).Scan(&claims, &given)
	if err != nil {
		return consent.Consent{}, answer("consent", err)
	}
	c.GivenAt = at(given)
	return c, answer("consent", json.Unmarshal([]byte(claims), &c.Claims))
}

func (s consents) Give(ctx context.Context, c consent.Consent, rec effect.Effects) error {
	return s.db.with(ctx, "give consent", rec, `INSERT INTO consents (account_id, client_id, claims, given_at) VALUES ($1,$2,$3,$4)
		ON CONFLICT (account_id, client_id) DO UPDATE SET claims = excluded.claims, given_at = excluded.given_at`,
		c.AccountID, c.ClientID, text(c.Claims), ms(c.GivenAt))
}

func (s consents) Of(ctx context.Context, accountID string) ([]consent.Consent, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT client_id, claims, given_at FROM consents WHERE account_id = $1 ORDER BY client_id`, accountID)
	out, err := all(rows, err, func(r row) (consent.Consent, error) {
		c := consent.Consent{AccountID: accountID}
		var claims string
		var given int64
		if err := r.Scan(&c.ClientID, &claims, &given); err != nil {
			return c, err
		}
		c.GivenAt = at(given)
		return c, json.Unmarshal([]byte(claims), &c.Claims)
	})
	return out, answer("consents", err)
}

// Withdraw revokes twice: a grant that was issued in the middle of the transaction is not
// among those that the transaction sees, and may be redeemed before it commits.
func (s consents) Withdraw(ctx context.Context, accountID, clientID string, now time.Time, rec effect.Effects) error {
	const revoke = `UPDATE grants SET revoked_at = $1 WHERE account_id = $2 AND client_id = $3 AND revoked_at = 0`
	err := s.db.change(ctx, "withdraw consent", func(tx *sql.Tx) (effect.Effects, error) {
		err := one(tx.ExecContext(ctx, `DELETE FROM consents WHERE account_id = $1 AND client_id = $2`, accountID, clientID))
		if errors.Is(err, errs.ErrConflict) {
			err = errs.ErrNotFound
		}
		if err != nil {
			return effect.Effects{}, err
		}
		_, err = tx.ExecContext(ctx, revoke, ms(now), accountID, clientID)
		return rec, err
	})
	if err != nil && !errors.Is(err, errs.ErrNotFound) {
		return err
	}
	// Also when the consent is gone already: the call that removed it may have ended here.
	_, second := s.db.exec(context.WithoutCancel(ctx), revoke, ms(now), accountID, clientID)
	return errors.Join(err, answer("withdraw consent", second))
}

type keys struct{ db *DB }

// Keys returns the store of signing keys.
func (db *DB) Keys() signkey.Store { return keys{db} }

func (s keys) Keys(ctx context.Context) ([]signkey.Key, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT id, alg, state, public, sealed, created_at, since FROM signing_keys ORDER BY created_at, id`)
	out, err := all(rows, err, func(r row) (signkey.Key, error) {
		var k signkey.Key
		var public string
		var created, since int64
		if err := r.Scan(&k.ID, &k.Alg, &k.State, &public, &k.Sealed, &created, &since); err != nil {
			return k, err
		}
		k.Public, k.CreatedAt, k.Since = []byte(public), at(created), at(since)
		return k, nil
	})
	return out, answer("keys", err)
}

func (s keys) Apply(ctx context.Context, changes []signkey.Change, now time.Time, rec effect.Effects) error {
	return s.db.change(ctx, "rotate keys", func(tx *sql.Tx) (effect.Effects, error) {
		for _, c := range changes {
			if err := applyKey(ctx, tx, c, now); err != nil {
				return effect.Effects{}, err
			}
		}
		return rec, nil
	})
}

func applyKey(ctx context.Context, tx *sql.Tx, c signkey.Change, now time.Time) error {
	switch {
	case c.From == "":
		k := c.Key
		_, err := tx.ExecContext(ctx, `INSERT INTO signing_keys (id, alg, state, public, sealed, created_at, since) VALUES ($1,$2,$3,$4,$5,$6,$7)`,
			k.ID, k.Alg, c.To, string(k.Public), k.Sealed, ms(k.CreatedAt), ms(now))
		return err
	case c.To == "":
		return one(tx.ExecContext(ctx, `DELETE FROM signing_keys WHERE id = $1 AND state = $2`, c.Key.ID, c.From))
	case !c.To.Signs():
		return one(tx.ExecContext(ctx, `UPDATE signing_keys SET state = $1, since = $2, sealed = NULL WHERE id = $3 AND state = $4`, c.To, ms(now), c.Key.ID, c.From))
	default:
		return one(tx.ExecContext(ctx, `UPDATE signing_keys SET state = $1, since = $2 WHERE id = $3 AND state = $4`, c.To, ms(now), c.Key.ID, c.From))
	}
}
