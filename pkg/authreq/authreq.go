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
// only if Next returns its step, so no step can be skipped.
package authreq

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

const (
	// Lifetime is the longest time from /authorize to the code.
	Lifetime = time.Hour

	// Unanswered is how long a request is stored in which no password was
	// accepted yet. The first page carries the request for Lifetime (Carry).
	Unanswered = 10 * time.Minute

	// Answered is how long a request that has ended is stored, so that a lost
	// answer can be sent again; one that ended with an error is stored for
	// Lifetime.
	Answered = 2 * time.Minute

	// LongestStored is the most bytes that are stored of a request, besides
	// its state.
	LongestStored = 4096

	// Overhead is the most bytes that a stored request may have more than the
	// query that it came in: names, keys and a time.
	Overhead = 640
)

// Request is an authorization request in progress. ClientID is "" for a login
// without a client, which ends on the list of portals.
type Request struct {
	Key     string `json:"-"`       // hash of the handle in the URL
	Browser string `json:"browser"` // hash of the secret of the browser that it began in

	ClientID     string          `json:"client,omitempty"`
	RedirectURI  string          `json:"redirect_uri,omitempty"`
	Scopes       []string        `json:"scopes,omitempty"`
	State        string          `json:"state,omitempty"`
	ResponseMode ResponseMode    `json:"mode,omitempty"`
	Nonce        string          `json:"nonce,omitempty"`
	Challenge    string          `json:"challenge,omitempty"`
	Claims       json.RawMessage `json:"claims,omitempty"`      // the claims parameter (OIDC Core §5.5), checked
	ACR          string          `json:"acr,omitempty"`         // the value of the acr claim
	LoginHint    string          `json:"login_hint,omitempty"`  // only fills in the e-mail field
	Lang         string          `json:"lang,omitempty"`        // from ui_locales
	Hinted       string          `json:"hinted,omitempty"`      // account of id_token_hint or of the sub claim's value; no other may finish
	ForceLogin   bool            `json:"force,omitempty"`       // prompt=login or max_age exceeded
	ForceConsent bool            `json:"ask_consent,omitempty"` // prompt=consent
	Pushed       string          `json:"pushed,omitempty"`      // the pushed request that it began with (Begins)
	Parameters   string          `json:"parameters,omitempty"`  // of a pushed request (Push), which is no login
	To           string          `json:"to,omitempty"`          // path of the page of ours where a login without a client began and ends; "" is the list of portals

	// Proven by the login so far.
	AccountID   string    `json:"account,omitempty"` // set by the right password
	Epoch       int64     `json:"epoch,omitempty"`
	PasswordAt  time.Time `json:"password_at,omitzero"`
	MailboxAt   time.Time `json:"mailbox_at,omitzero"` // set by a right mailed code, after an unblock
	AuthTime    time.Time `json:"auth_time,omitzero"`  // set by the second factor, or by an existing session
	SID         string    `json:"sid,omitempty"`
	Session     string    `json:"session,omitempty"` // key of the session that the login began or used
	Consented   bool      `json:"consented,omitempty"`
	Nudge       bool      `json:"nudge,omitempty"`      // the password is known to others: a new one is asked for, once
	Unreachable time.Time `json:"unreachable,omitzero"` // when mail to the holder was last refused: the holder is told, once
	Refusal     string    `json:"refusal,omitempty"`    // OAuth error for the client instead of a code
	Finished    bool      `json:"finished,omitempty"`   // the response was sent to the client
	Code        string    `json:"code,omitempty"`       // of a request that ended with a code: the first characters of its hash

	CreatedAt time.Time `json:"created,omitzero"` // zero when Finished
	Version   int64     `json:"version"`

	Sent int `json:"-"` // bytes of the query or body that it came in, while it is new
}

// ResponseMode is how a response reaches the client.
type ResponseMode string

// The response modes.
const (
	Query    ResponseMode = ""          // in the query of the redirect URI (OAuth 2.0 Multiple Response Types §2.1)
	FormPost ResponseMode = "form_post" // in a form that the browser posts to it (OAuth 2.0 Form Post Response Mode §2)
)

// Expired reports whether Lifetime has passed.
func (r Request) Expired(now time.Time) bool { return !now.Before(r.CreatedAt.Add(Lifetime)) }

// TTL returns for how long a store has to keep the request from now on.
func (r Request) TTL(now time.Time) time.Duration {
	return max(r.CreatedAt.Add(Lifetime).Sub(now), 0)
}

// FirstTTL returns for how long a store has to keep a new request.
func (r Request) FirstTTL(now time.Time) time.Duration {
	if r.AccountID != "" {
		return r.TTL(now)
	}
	return min(r.TTL(now), Unanswered)
}

// Stored returns the request as it is stored: JSON without HTML escapes, so that
// it is not longer than what was sent.
func (r Request) Stored() (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(r)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Fits reports whether the request, which came in a query of sent bytes, may be
// stored in size bytes. A query that is encoded as RFC 3986 §3.4 requires is
// never shorter than what is stored of it.
func (r Request) Fits(size, sent int) bool {
	return size-len(r.State) <= LongestStored && size <= sent+Overhead
}

// Forget clears everything that the login has proven so far. It is for another
// person, another epoch or a step up, which begin again with the password.
func (r *Request) Forget() {
	r.AccountID, r.Epoch, r.SID, r.Session = "", 0, "", ""
	r.PasswordAt, r.MailboxAt, r.AuthTime = time.Time{}, time.Time{}, time.Time{}
	r.Consented, r.Nudge, r.Unreachable = false, false, time.Time{}
}

// The lengths to which Ended shortens two hashes: enough to distinguish browsers, and
// the two codes that one request may have had.
const (
	shortBrowser = 16
	shortCode    = 8
)

// start returns the first n bytes of s, or s if it is shorter.
func start(s string, n int) string { return s[:min(len(s), n)] }

// Ended returns what is stored of a request that has ended: what it takes to send
// its answer again, at most 150 bytes besides the client's id, state and redirect
// URI. The answer is the OAuth error refusal, or the code of this hash, whose grant
// has the rest; if both are "", the login ended on a page of ours.
func (r Request) Ended(refusal, codeHash string) Request {
	next := Request{
		Key: r.Key, Browser: start(r.Browser, shortBrowser), ClientID: r.ClientID, State: r.State, To: r.To,
		ResponseMode: r.ResponseMode, Refusal: refusal, Finished: true, Code: start(codeHash, shortCode), Version: r.Version,
	}
	if refusal != "" {
		next.RedirectURI = r.RedirectURI
	}
	return next
}

// EndsWith reports whether a stored request has ended with this refusal, or with
// the code of this hash.
func (r Request) EndsWith(refusal, codeHash string) bool {
	return r.Finished && r.Refusal == refusal && r.Code == start(codeHash, shortCode)
}

// Of reports whether the request began in the browser whose secret has this hash.
func (r Request) Of(browser string) bool {
	if r.Finished && len(r.Browser) == shortBrowser {
		browser = start(browser, shortBrowser)
	}
	return r.Browser != "" && secret.Text(r.Browser).Equal(browser)
}

// Carry returns the request, without what the login has proven, for the page that
// carries it in the browser: everything in it came from there. Carried returns it,
// in the same browser only.
func (r Request) Carry(mac []byte) (string, error) {
	key, browser := r.Key, r.Browser
	r.Forget()
	r.Refusal, r.Finished, r.Browser, r.Version = "", false, "", 1
	r.LoginHint = "" // the page has it in the e-mail field
	plain, err := r.Stored()
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(plain)
	return text + "." + carriedMAC(mac, key, browser, text), nil
}

// Carried returns the request with this key that the browser with this hash
// carried. It returns errs.ErrNotFound if carried is not what Carry returned for
// this key and browser, or if the request has expired.
func Carried(mac []byte, carried, key, browser string, now time.Time) (Request, error) {
	text, sum, _ := strings.Cut(carried, ".")
	if !secret.Text(sum).Equal(carriedMAC(mac, key, browser, text)) {
		return Request{}, errs.ErrNotFound
	}
	plain, err := base64.RawURLEncoding.DecodeString(text)
	var r Request
	if err != nil || json.Unmarshal(plain, &r) != nil || r.Expired(now) {
		return Request{}, errs.ErrNotFound
	}
	r.Key, r.Browser, r.Version = key, browser, 1
	return r, nil
}

func carriedMAC(mac []byte, key, browser, text string) string {
	return secret.MAC(mac, "carried authorization request", key, browser, text)
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
