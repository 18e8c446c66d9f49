package sql_test

import (
	"testing"
	"time"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/grant"
)

// What changes between the reading of a code and the write that redeems it is
// seen by the write (TK-01, TK-12). Another process holds the file in between.
func TestTK12_RedeemedAsItWasRead(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		change string
		want   grant.Refusal
	}{
		"nothing":           {`SELECT 1`, ""},
		"redeemed":          {`UPDATE grants SET redeemed_at = 1, expires = 1`, grant.RefusedReplay},
		"revoked":           {`UPDATE grants SET revoked_at = 1`, grant.RefusedRevoked},
		"session ended":     {`INSERT INTO ended_sessions (sid, expires) VALUES ('s', 1)`, grant.RefusedRevoked},
		"account blocked":   {`UPDATE accounts SET state = 'blocked'`, grant.RefusedAccount},
		"account has moved": {`UPDATE accounts SET epoch = 8`, grant.RefusedAccount},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, sqlite(t), func() time.Time { return now })
			_, err := db.Raw().ExecContext(t.Context(), `INSERT INTO accounts (id, kind, email, profile, lang, password_hash, state, epoch, created_at, totp_sealed, totp_last_step)
				VALUES ('a', 'natural_person', 'jo@example.com', '{}', 'nl', '', 'active', 7, 1, x'00', 1)`)
			if err != nil {
				t.Fatal(err)
			}
			g := grant.Grant{
				ID: "g", CodeHash: "h", ClientID: "portal", AccountID: "a", SID: "s", Epoch: 7, RedirectURI: "https://portal.example/cb",
				Scopes: []string{"openid"}, Challenge: "c", IssuedAt: now, CodeExpires: now.Add(grant.CodeLifetime),
			}
			if err := db.Grants().Issue(t.Context(), g, effect.Effects{}); err != nil {
				t.Fatal(err)
			}
			held, err := db.Raw().BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = held.Rollback() }()
			answered := make(chan struct{})
			var refused grant.Refusal
			var fault error
			go func() {
				defer close(answered)
				_, _, refused, fault = db.Grants().Redeem(t.Context(), grant.Redemption{
					CodeHash: "h", ClientID: "portal", RedirectURI: g.RedirectURI, Challenge: "c", Now: now, Expires: now.Add(time.Hour),
				}, effect.Effects{})
			}()
			for !db.Writing() {
				time.Sleep(time.Millisecond)
			}
			if _, err := held.ExecContext(t.Context(), test.change); err != nil {
				t.Fatal(err)
			}
			if err := held.Commit(); err != nil {
				t.Fatal(err)
			}
			<-answered
			if refused != test.want || fault != nil {
				t.Errorf("Redeem() = %q, %v, want %q", refused, fault, test.want)
			}
		})
	}
}
