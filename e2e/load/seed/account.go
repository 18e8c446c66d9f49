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

// Account is what somebody logs in with, besides Password.
type Account struct {
	ID    string
	Email string
	Key   string // of the authenticator app
}

// accounts stores n active accounts with names and keys of their own, in one transaction. hash is that of
// Password; one serves all, since a hash costs more than everything else of an account. There are done already.
func accounts(ctx context.Context, db *sql.DB, ring *secret.KeyRing, hash string, done, n int) ([]Account, error) {
	people := table{into: `accounts (id, kind, email, profile, lang, password_hash, state, epoch, totp_sealed, totp_last_step, totp_shown_at, created_at, last_login_at)`}
	terms := table{into: `account_terms (term, account_id)`}
	var all []Account
	now := time.Now()
	for i := range n {
		a := person(done+i, now)
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
		people.add(a.ID, a.Kind, a.Email, string(profile), a.Lang, hash, account.Active, 1, sealed, 1, at, at, at)
		for _, term := range helpdesk.Terms(a) {
			terms.add(hex.EncodeToString([]byte(term)), a.ID)
		}
		all = append(all, Account{ID: a.ID, Email: a.Email, Key: key.Reveal()})
	}
	return all, within(ctx, db, func(tx *sql.Tx) error {
		if err := people.insert(ctx, tx); err != nil {
			return err
		}
		return terms.insert(ctx, tx)
	})
}

var (
	given  = []string{"Anna", "Jan", "Zoë", "Piet", "Ewa", "José", "Ingrid", "Marek", "Léa", "Sven", "Chiara", "Tomáš", "Maria", "Lars", "Ana", "Pedro"}
	family = []string{"Müller", "Jansen", "Nowak", "García", "Dubois", "Andersson", "Rossi", "Novák", "Peeters", "Schmidt", "Silva", "Kowalski", "Weber", "Nielsen"}
)

// person returns an account of the nth person, with an address of their own. Each pair of names comes as often as
// any other.
func person(n int, now time.Time) account.Account {
	id := secret.NewID(rand.Reader)
	return account.Account{
		ID: id, Kind: account.NaturalPerson, Email: strings.ToLower(id) + "@example.com", Lang: "nl", State: account.Active, CreatedAt: now,
		Profile: account.Profile{
			GivenName: given[n%len(given)], FamilyName: family[n/len(given)%len(family)], Birthdate: fmt.Sprintf("%d-%02d-%02d", 1940+mathrand.IntN(65), 1+mathrand.IntN(12), 1+mathrand.IntN(28)),
			Phone: fmt.Sprintf("+4930%07d", mathrand.IntN(10_000_000)), Address: account.Address{Line1: fmt.Sprintf("Hauptstraße %d", 1+mathrand.IntN(200)), Line2: "10115 Berlin", Country: "DE"},
		},
	}
}
