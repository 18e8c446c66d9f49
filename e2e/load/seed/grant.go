package seed

import (
	"context"
	"crypto/rand"
	"database/sql"
	"time"

	"omgevingsloket-id/pkg/secret"
)

// grants stores grants of these accounts, redeemed now, in one transaction.
func grants(ctx context.Context, db *sql.DB, of []Account) error {
	rows := table{into: `grants (id, code_hash, client_id, account_id, sid, epoch, redirect_uri, scopes, claims, nonce, challenge, auth_time, acr, issued_at, code_expires, expires, redeemed_at, tries, access_hash)`}
	now := time.Now()
	ms := now.UnixMilli()
	hash := func() string { return secret.New(rand.Reader, secret.KindBrowser).Hash() }
	for _, who := range of {
		rows.add(secret.NewID(rand.Reader), hash(), "ES256", who.ID, secret.NewID(rand.Reader), 1, "https://portal.example.com/callback", "openid email", `{}`,
			secret.NewID(rand.Reader), hash(), ms, "", ms, now.Add(time.Minute).UnixMilli(), now.Add(time.Hour).UnixMilli(), ms, 1, hash())
	}
	return within(ctx, db, func(tx *sql.Tx) error { return rows.insert(ctx, tx) })
}
