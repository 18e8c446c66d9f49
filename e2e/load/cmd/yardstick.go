package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/redis/go-redis/v9"

	"omgevingsloket-id/e2e/load/backend"
)

// yardstick answers the calls of a provider with the work that no provider on the same back end can leave
// out, and nothing else: no login, no check of a client or a parameter, no limits, no headers.
//
//	/hello      a constant
//	discovery   constant bytes, and so are the keys
//	/authorize  reads the session; writes a grant and an event in one durable transaction
//	/token      redeems the grant by one guarded, durable UPDATE; one signature
//	/userinfo   one read
//
// The id of a client is the algorithm of its ID tokens.
type yardstick struct {
	issuer  string
	write   *sql.DB
	redis   *redis.Client // nil: sessions are in the database
	signers map[string]jose.Signer
	files   map[string][]byte // discovery and keys, by path

	grant, event, redeem, read, begin, session *sql.Stmt

	closers []func() error
}

const schema = `
CREATE TABLE sessions (id TEXT PRIMARY KEY, account TEXT NOT NULL);
CREATE TABLE grants (id TEXT PRIMARY KEY, account TEXT NOT NULL, nonce TEXT NOT NULL, code TEXT NOT NULL,
	token TEXT NOT NULL DEFAULT '', redeemed_at BIGINT NOT NULL DEFAULT 0);
CREATE TABLE events (at BIGINT NOT NULL, what TEXT NOT NULL, account TEXT NOT NULL, client TEXT NOT NULL, grant_id TEXT NOT NULL);`

func newYardstick(ctx context.Context, issuer, database, cache string) (*yardstick, error) {
	y := &yardstick{issuer: issuer}
	if err := y.keys(); err != nil {
		return nil, err
	}
	read, write, err := backend.Open(database)
	if err != nil {
		return nil, err
	}
	y.write, y.closers = write, append(y.closers, read.Close, write.Close)
	if _, err := write.ExecContext(ctx, schema); err != nil {
		return nil, err
	}
	prepare := func(on *sql.DB, text string) *sql.Stmt {
		s, failed := on.PrepareContext(ctx, text)
		if err = errors.Join(err, failed); s != nil {
			y.closers = append(y.closers, s.Close)
		}
		return s
	}
	y.begin = prepare(write, `INSERT INTO sessions (id, account) VALUES ($1, $2)`)
	y.session = prepare(read, `SELECT account FROM sessions WHERE id = $1`)
	y.grant = prepare(write, `INSERT INTO grants (id, account, nonce, code) VALUES ($1, $2, $3, $4)`)
	y.event = prepare(write, `INSERT INTO events (at, what, account, client, grant_id) VALUES ($1, $2, $3, $4, $5)`)
	y.redeem = prepare(write, `UPDATE grants SET redeemed_at = $1, token = $2 WHERE id = $3 AND code = $4 AND redeemed_at = 0 RETURNING account, nonce`)
	y.read = prepare(read, `SELECT account FROM grants WHERE id = $1 AND token = $2`)
	if err != nil {
		return nil, err
	}
	if cache != "" {
		options, err := redis.ParseURL(cache)
		if err != nil {
			return nil, err
		}
		y.redis = redis.NewClient(options)
		y.closers = append(y.closers, y.redis.Close)
	}
	return y, nil
}

// keys makes the signing keys, and the documents that name them.
func (y *yardstick) keys() error {
	es, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	rs, err2 := rsa.GenerateKey(rand.Reader, 2048)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	var set jose.JSONWebKeySet
	y.signers = map[string]jose.Signer{}
	for alg, key := range map[string]crypto.Signer{"ES256": es, "RS256": rs} {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: alg, Algorithm: alg, Use: "sig"})
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: jose.JSONWebKey{Key: key, KeyID: alg}}, nil)
		if err != nil {
			return err
		}
		y.signers[alg] = signer
	}
	keys, err1 := json.Marshal(set)
	metadata, err2 := json.Marshal(map[string]any{
		"issuer": y.issuer, "authorization_endpoint": y.issuer + "/authorize", "token_endpoint": y.issuer + "/token",
		"userinfo_endpoint": y.issuer + "/userinfo", "jwks_uri": y.issuer + "/jwks", "response_types_supported": []string{"code"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"ES256", "RS256"},
	})
	y.files = map[string][]byte{"/jwks": keys, "/.well-known/openid-configuration": metadata}
	return errors.Join(err1, err2)
}

func (y *yardstick) close() {
	for _, c := range slices.Backward(y.closers) {
		_ = c()
	}
}

func (y *yardstick) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello\n")) })
	for path, file := range y.files {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(file)
		})
	}
	for pattern, answer := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /authorize": y.authorize, "POST /token": y.token, "GET /userinfo": y.userinfo,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := answer(w, r); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
			}
		})
	}
	return mux
}

// authorize begins a session for a visitor who has none, without a page.
func (y *yardstick) authorize(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	account, err := y.visitor(w, r)
	if err != nil {
		return err
	}
	id, code := rand.Text(), rand.Text()
	tx, err := y.write.BeginTx(r.Context(), nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := y.insert(r.Context(), tx, y.grant, id, account, q.Get("nonce"), hash(code)); err != nil {
		return err
	}
	if err := y.insert(r.Context(), tx, y.event, time.Now().UnixMilli(), "grant", account, q.Get("client_id"), id); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	w.Header().Set("Location", q.Get("redirect_uri")+"?"+url.Values{"code": {id + "." + code}, "state": {q.Get("state")}, "iss": {y.issuer}}.Encode())
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

func (y *yardstick) insert(ctx context.Context, tx *sql.Tx, prepared *sql.Stmt, values ...any) error {
	s := tx.StmtContext(ctx, prepared)
	defer func() { _ = s.Close() }()
	_, err := s.ExecContext(ctx, values...)
	return err
}

// visitor returns the account of the session of a request.
func (y *yardstick) visitor(w http.ResponseWriter, r *http.Request) (account string, err error) {
	ctx := r.Context()
	if cookie, err := r.Cookie("session"); err == nil {
		key := hash(cookie.Value)
		if y.redis != nil {
			return y.redis.Get(ctx, key).Result()
		}
		err := y.session.QueryRowContext(ctx, key).Scan(&account)
		return account, err
	}
	handle, account := rand.Text(), rand.Text()
	http.SetCookie(w, &http.Cookie{Name: "session", Value: handle, Path: "/"})
	if y.redis != nil {
		return account, y.redis.Set(ctx, hash(handle), account, time.Hour).Err()
	}
	_, err = y.begin.ExecContext(ctx, hash(handle), account)
	return account, err
}

func (y *yardstick) token(w http.ResponseWriter, r *http.Request) error {
	id, code, _ := strings.Cut(r.PostFormValue("code"), ".")
	client, _, _ := r.BasicAuth()
	signer := y.signers[client]
	if signer == nil {
		return errors.New("unknown client")
	}
	now, token := time.Now(), rand.Text()
	var account, nonce string
	if err := y.redeem.QueryRowContext(r.Context(), now.UnixMilli(), hash(token), id, hash(code)).Scan(&account, &nonce); err != nil {
		return err
	}
	claims, err := json.Marshal(map[string]any{"iss": y.issuer, "sub": account, "aud": client, "nonce": nonce, "iat": now.Unix(), "exp": now.Unix() + 300})
	if err != nil {
		return err
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return err
	}
	idToken, err := signed.CompactSerialize()
	if err != nil {
		return err
	}
	return respond(w, map[string]any{"access_token": id + "." + token, "token_type": "Bearer", "expires_in": 900, "id_token": idToken})
}

func (y *yardstick) userinfo(w http.ResponseWriter, r *http.Request) error {
	id, token, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ".")
	var account string
	if err := y.read.QueryRowContext(r.Context(), id, hash(token)).Scan(&account); err != nil {
		return err
	}
	return respond(w, map[string]any{"sub": account, "email": account + "@example.com", "email_verified": true})
}

func respond(w http.ResponseWriter, body map[string]any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(body)
}

func hash(handle string) string {
	sum := sha256.Sum256([]byte(handle))
	return hex.EncodeToString(sum[:])
}
