package sql_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/consent"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/grant"
)

// The write that redeems a code sees what changed since the code was read (TK-01,
// TK-12). Another process holds the file in between.
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
		"consent withdrawn": {`DELETE FROM consents WHERE account_id = 'a' AND client_id = 'portal'`, grant.RefusedRevoked},
		"account blocked":   {`UPDATE accounts SET state = 'blocked'`, grant.RefusedAccount},
		"account has moved": {`UPDATE accounts SET epoch = 8`, grant.RefusedAccount},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, sqlite(t), func() time.Time { return now })
			_, err := db.Raw().ExecContext(t.Context(), `INSERT INTO accounts (id, kind, email, profile, lang, password_hash, state, epoch, created_at, totp_sealed, totp_last_step)
				VALUES ('a', 'natural_person', 'jo@example.com', '{}', 'nl', '', 'active', 7, 1, x'00', 1)`)
			if err == nil {
				err = db.Consents().Give(t.Context(), consent.Consent{AccountID: "a", ClientID: "portal", GivenAt: now}, effect.Effects{})
			}
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
					CodeHash: "h", ClientID: "portal", RedirectURI: g.RedirectURI, Challenge: "c", Now: now, Expires: now.Add(time.Hour), Consent: true,
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

// A grant that is issued and redeemed while the withdrawal of its consent has revoked the
// grants and not yet committed is revoked too.
func TestWithdrawnWhileRedeemed(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	db := open(t, postgres(t), func() time.Time { return now })
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := db.Raw().ExecContext(t.Context(), `INSERT INTO accounts (id, kind, email, profile, lang, password_hash, state, epoch, created_at, totp_sealed, totp_last_step)
		VALUES ('a', 'natural_person', 'jo@example.com', '{}', 'nl', '', 'active', 7, 1, 'x', 1)`)
	do(err)
	do(db.Consents().Give(t.Context(), consent.Consent{AccountID: "a", ClientID: "portal", GivenAt: now}, effect.Effects{}))
	// The event of the withdrawal is written last and waits for this lock.
	held, err := db.Raw().BeginTx(t.Context(), nil)
	do(err)
	defer func() { _ = held.Rollback() }()
	_, err = held.ExecContext(t.Context(), `LOCK TABLE audit_pool IN ACCESS EXCLUSIVE MODE`)
	do(err)
	withdrawn := make(chan error, 1)
	go func() {
		e := audit.Holder("a").Did(audit.ConsentWithdrawn, "a", now)
		withdrawn <- db.Consents().Withdraw(context.Background(), "a", "portal", now, effect.Of(e))
	}()
	for waiting := 0; waiting == 0; {
		do(db.Raw().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM pg_locks WHERE relation = 'audit_pool'::regclass AND NOT granted`).Scan(&waiting))
	}
	g := grant.Grant{
		ID: "g", CodeHash: "h", ClientID: "portal", AccountID: "a", SID: "s", Epoch: 7, RedirectURI: "https://portal.example/cb",
		Scopes: []string{"openid"}, Challenge: "c", IssuedAt: now, CodeExpires: now.Add(grant.CodeLifetime),
	}
	do(db.Grants().Issue(t.Context(), g, effect.Effects{}))
	_, _, refused, err := db.Grants().Redeem(t.Context(), grant.Redemption{
		CodeHash: "h", ClientID: "portal", RedirectURI: g.RedirectURI, Challenge: "c", Now: now, Expires: now.Add(time.Hour), Consent: true,
	}, effect.Effects{})
	if do(err); refused != "" {
		t.Fatalf("Redeem() = %q before the withdrawal commits, want no refusal", refused)
	}
	do(held.Commit())
	do(<-withdrawn)
	if _, _, err := db.Grants().Live(t.Context(), "g", now); !errors.Is(err, errs.ErrNotFound) {
		t.Errorf("Live() = %v after the withdrawal, want %v", err, errs.ErrNotFound)
	}
}
