// Package seed stores accounts straight into the product's database, with the SQL that a login and a search
// need. Applying and enrolling would take a password hash and a page each; for measurements there may be a
// million.
package seed

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/totp"
)

// Password is that of every account.
const Password = "correct horse battery staple"

// Account is what somebody logs in with, besides Password.
type Account struct {
	Email string
	Key   string // of the authenticator app
}

// batch is how many accounts are in one transaction.
const batch = 500

// Accounts stores n active accounts with names and keys of their own, and returns them. hash is that of
// Password; one serves all, since a hash costs more than everything else of an account.
func Accounts(ctx context.Context, db *sql.DB, ring *secret.KeyRing, hash string, n int) ([]Account, error) {
	var all []Account
	for len(all) < n {
		some, err := store(ctx, db, ring, hash, min(batch, n-len(all)))
		if err != nil {
			return nil, fmt.Errorf("seed: %w", err)
		}
		all = append(all, some...)
	}
	return all, nil
}

func store(ctx context.Context, db *sql.DB, ring *secret.KeyRing, hash string, n int) ([]Account, error) {
	accounts := table{into: `accounts (id, kind, email, profile, lang, password_hash, state, epoch, totp_sealed, totp_last_step, totp_shown_at, created_at, last_login_at)`}
	terms := table{into: `account_terms (term, account_id)`}
	var all []Account
	now := time.Now()
	for range n {
		a := person(now)
		key, err := totp.NewSecret(rand.Reader)
		if err != nil {
			return nil, err
		}
		sealed, err := ring.Seal([]byte(key.Reveal()), account.FactorAAD(a.ID, 0))
		if err != nil {
			return nil, err
		}
		profile, err := json.Marshal(a.Profile)
		if err != nil {
			return nil, err
		}
		at := now.UnixMilli()
		accounts.add(a.ID, a.Kind, a.Email, string(profile), a.Lang, hash, account.Active, 1, sealed, 1, at, at, at)
		for _, term := range helpdesk.Terms(a) {
			terms.add(hex.EncodeToString([]byte(term)), a.ID)
		}
		all = append(all, Account{Email: a.Email, Key: key.Reveal()})
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	for _, t := range []table{accounts, terms} {
		if err := t.insert(ctx, tx); err != nil {
			return nil, err
		}
	}
	return all, tx.Commit()
}

var (
	given  = []string{"Anna", "Jan", "Zoë", "Piet", "Ewa", "José", "Ingrid", "Marek", "Léa", "Sven", "Chiara", "Tomáš", "Maria", "Lars", "Ana", "Pedro"}
	family = []string{"Müller", "Jansen", "Nowak", "García", "Dubois", "Andersson", "Rossi", "Novák", "Peeters", "Schmidt", "Silva", "Kowalski", "Weber", "Nielsen"}
)

// person returns an account of somebody with a common name and an address of their own.
func person(now time.Time) account.Account {
	id := secret.NewID(rand.Reader)
	pick := func(from []string) string { return from[mathrand.IntN(len(from))] }
	return account.Account{
		ID: id, Kind: account.NaturalPerson, Email: strings.ToLower(id) + "@example.com", Lang: "nl", State: account.Active, CreatedAt: now,
		Profile: account.Profile{
			GivenName: pick(given), FamilyName: pick(family), Birthdate: fmt.Sprintf("%d-%02d-%02d", 1940+mathrand.IntN(65), 1+mathrand.IntN(12), 1+mathrand.IntN(28)),
			Phone: fmt.Sprintf("+4930%07d", mathrand.IntN(10_000_000)), Address: account.Address{Line1: fmt.Sprintf("Hauptstraße %d", 1+mathrand.IntN(200)), Line2: "10115 Berlin", Country: "DE"},
		},
	}
}

// table gathers rows for INSERT statements.
type table struct {
	into string
	rows [][]any
}

func (t *table) add(values ...any) { t.rows = append(t.rows, values) }

// insert inserts the rows, with at most about a thousand parameters in one statement.
func (t table) insert(ctx context.Context, tx *sql.Tx) error {
	for rows := t.rows; len(rows) > 0; {
		n := min(len(rows), 1000/len(rows[0]))
		var text strings.Builder
		var args []any
		text.WriteString("INSERT INTO " + t.into + " VALUES ")
		for i, row := range rows[:n] {
			if i > 0 {
				text.WriteString(", ")
			}
			for j, v := range row {
				args = append(args, v)
				fmt.Fprintf(&text, "%c$%d", "(,"[min(j, 1)], len(args))
			}
			text.WriteString(")")
		}
		text.WriteString(" ON CONFLICT DO NOTHING")
		if _, err := tx.ExecContext(ctx, text.String(), args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
