// Package authreq owns one authorization request from /authorize until its
// code is issued, and the rule that says what comes next.
//
//	/authorize ─► password ─┬─► enrol (first time) ──► code ─┬─► consent ─► finish
//	     │                  ├─► code ────────────────────────┤      (third party)
//	     │                  └─► blocked                      │
//	     └── single sign-on ─────────────────────────────────┘
//
// Steps never know each other: each one changes what is stored and asks
// Next again. No page can be reached out of turn, because every page first
// compares its own step with the answer of Next.
package authreq

import (
	"context"
	"encoding/json"
	"time"
)

// Lifetime is how long a person may take from /authorize to the code.
const Lifetime = time.Hour

// Request is an authorization request in progress. ClientID "" is a login
// that nobody asked for: it ends on our own page that lists the portals.
type Request struct {
	Key     string `json:"-"`       // hash of the handle in the URL
	Browser string `json:"browser"` // hash of the browser secret it began in

	ClientID     string          `json:"client,omitempty"`
	RedirectURI  string          `json:"redirect_uri,omitempty"`
	Scopes       []string        `json:"scopes,omitempty"`
	State        string          `json:"state,omitempty"`
	Nonce        string          `json:"nonce,omitempty"`
	Challenge    string          `json:"challenge,omitempty"`
	Claims       json.RawMessage `json:"claims,omitempty"`      // the claims parameter (OIDC Core §5.5), checked
	ACR          string          `json:"acr,omitempty"`         // the level that will be stated
	LoginHint    string          `json:"login_hint,omitempty"`  // fills the e-mail field, nothing else
	Lang         string          `json:"lang,omitempty"`        // from ui_locales
	Hinted       string          `json:"hinted,omitempty"`      // account that id_token_hint or claims.sub names; only it may finish
	ForceLogin   bool            `json:"force,omitempty"`       // prompt=login or max_age exceeded
	ForceConsent bool            `json:"ask_consent,omitempty"` // prompt=consent

	// What the login has proven so far.
	AccountID  string    `json:"account,omitempty"` // after the right password
	Epoch      int64     `json:"epoch,omitempty"`
	PasswordAt time.Time `json:"password_at,omitzero"`
	AuthTime   time.Time `json:"auth_time,omitzero"` // after the second factor, or of the session
	SID        string    `json:"sid,omitempty"`
	Session    string    `json:"session,omitempty"` // key of the session the login ended in
	Consented  bool      `json:"consented,omitempty"`
	Refusal    string    `json:"refusal,omitempty"`  // OAuth error that the client gets instead of a code
	Finished   bool      `json:"finished,omitempty"` // the answer went to the client

	CreatedAt time.Time `json:"created"`
	Version   int64     `json:"version"`
}

// Expired tells whether the person took too long.
func (r Request) Expired(now time.Time) bool { return !now.Before(r.CreatedAt.Add(Lifetime)) }

// TTL is how long a store must keep the request from now on.
func (r Request) TTL(now time.Time) time.Duration {
	return max(r.CreatedAt.Add(Lifetime).Sub(now), 0)
}

// Forget drops what the login has proven so far: another person, another
// epoch, or a step up begins again with the password.
func (r *Request) Forget() {
	r.AccountID, r.Epoch, r.SID, r.Session = "", 0, "", ""
	r.PasswordAt, r.AuthTime = time.Time{}, time.Time{}
	r.Consented = false
}

// Store keeps requests (Redis, or SQL without one). It may forget; then the
// person starts again at the portal. errs.ErrUnavailable when it does not
// answer.
type Store interface {
	// Create keeps a new request for ttl; errs.ErrConflict if the key exists.
	Create(ctx context.Context, r Request, ttl time.Duration) error
	// Get answers errs.ErrNotFound when there is none (any more).
	Get(ctx context.Context, key string) (Request, error)
	// Save writes r if the stored version is still r.Version, and gives the
	// request with its new version. Of any number of callers with one
	// version, one succeeds; errs.ErrConflict for the rest, errs.ErrNotFound
	// if it is gone. Nothing is created.
	Save(ctx context.Context, r Request, ttl time.Duration) (Request, error)
}
