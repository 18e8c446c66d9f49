// Package authreq defines an authorization request, from /authorize until its
// code is issued, and the rule for its next step.
//
//	/authorize ─► password ─┬─► enrol (first time) ──► code ─┬─► consent ─► finish
//	     │                  │     ▲                          │      (third party)
//	     │                  ├─► wait ─► mailbox (unblocked)  │
//	     │                  ├─► code ────────────────────────┤
//	     │                  └─► blocked                      │
//	     └── single sign-on ─────────────────────────────────┘
//
// Each step changes the stored request and calls Next again. A page is served
// only if Next returns its step, so none can be reached out of turn.
package authreq

import (
	"context"
	"encoding/json"
	"time"
)

// Lifetime is the longest time from /authorize to the code.
const Lifetime = time.Hour

// Request is an authorization request in progress. ClientID is "" for a login
// without a client, which ends on the list of portals.
type Request struct {
	Key     string `json:"-"`       // hash of the handle in the URL
	Browser string `json:"browser"` // hash of the secret of the browser that it began in

	ClientID     string          `json:"client,omitempty"`
	RedirectURI  string          `json:"redirect_uri,omitempty"`
	Scopes       []string        `json:"scopes,omitempty"`
	State        string          `json:"state,omitempty"`
	Nonce        string          `json:"nonce,omitempty"`
	Challenge    string          `json:"challenge,omitempty"`
	Claims       json.RawMessage `json:"claims,omitempty"`      // the claims parameter (OIDC Core §5.5), checked
	ACR          string          `json:"acr,omitempty"`         // the value of the acr claim
	LoginHint    string          `json:"login_hint,omitempty"`  // only fills in the e-mail field
	Lang         string          `json:"lang,omitempty"`        // from ui_locales
	Hinted       string          `json:"hinted,omitempty"`      // account of id_token_hint or of the sub claim's value; no other may finish
	ForceLogin   bool            `json:"force,omitempty"`       // prompt=login or max_age exceeded
	ForceConsent bool            `json:"ask_consent,omitempty"` // prompt=consent

	// Proven by the login so far.
	AccountID  string    `json:"account,omitempty"` // set by the right password
	Epoch      int64     `json:"epoch,omitempty"`
	PasswordAt time.Time `json:"password_at,omitzero"`
	MailboxAt  time.Time `json:"mailbox_at,omitzero"` // set by a right mailed code, after an unblock
	AuthTime   time.Time `json:"auth_time,omitzero"`  // set by the second factor, or by an existing session
	SID        string    `json:"sid,omitempty"`
	Session    string    `json:"session,omitempty"` // key of the session that the login began or used
	Consented  bool      `json:"consented,omitempty"`
	Refusal    string    `json:"refusal,omitempty"`  // OAuth error for the client instead of a code
	Finished   bool      `json:"finished,omitempty"` // the response was sent to the client

	CreatedAt time.Time `json:"created"`
	Version   int64     `json:"version"`
}

// Expired reports whether Lifetime has passed.
func (r Request) Expired(now time.Time) bool { return !now.Before(r.CreatedAt.Add(Lifetime)) }

// TTL returns for how long a store has to keep the request from now on.
func (r Request) TTL(now time.Time) time.Duration {
	return max(r.CreatedAt.Add(Lifetime).Sub(now), 0)
}

// Forget clears everything that the login has proven so far. It is for another
// person, another epoch or a step up, which begin again with the password.
func (r *Request) Forget() {
	r.AccountID, r.Epoch, r.SID, r.Session = "", 0, "", ""
	r.PasswordAt, r.MailboxAt, r.AuthTime = time.Time{}, time.Time{}, time.Time{}
	r.Consented = false
}

// Store stores requests (Redis, or SQL without one). It may lose them; the
// person then starts again at the portal. All methods return
// errs.ErrUnavailable when the store cannot be reached.
type Store interface {
	// Create stores a new request for ttl. It returns errs.ErrConflict if the
	// key exists.
	Create(ctx context.Context, r Request, ttl time.Duration) error
	// Get returns errs.ErrNotFound when there is none or it has expired.
	Get(ctx context.Context, key string) (Request, error)
	// Save stores r for ttl if the stored version is still r.Version, and
	// returns it with its new version. One of several concurrent calls with
	// the same version succeeds; the others return errs.ErrConflict. It
	// returns errs.ErrNotFound if there is no such request.
	Save(ctx context.Context, r Request, ttl time.Duration) (Request, error)
}
