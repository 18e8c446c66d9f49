// Package audit owns the record of who did what to whom. It is not a log
// level: an event is written in the transaction of the change it tells of,
// or the change does not happen.
//
//	change ──┐
//	         ├── one transaction ── commit
//	event ───┘        │
//	                  └─ last step: the chain's head moves on (hash over the
//	                     previous head and this event)
//
// Values never hold addresses, codes, secrets or documents: ids only.
package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Actor kinds: who did it.
const (
	ActorApplicant = "applicant"
	ActorHolder    = "holder"   // the account's owner
	ActorStaff     = "staff"    // an official, by id
	ActorOperator  = "operator" // somebody at the command line
	ActorSystem    = "system"   // a rule, such as a limit or a deadline
	ActorClient    = "client"   // a relying party, by client id
)

// Event is one line of the record.
type Event struct {
	Seq        int64             `json:"seq"`         // set by the store, 1 and up
	At         time.Time         `json:"at"`          // UTC, milliseconds
	ActorKind  string            `json:"actor_kind"`  // one of the Actor constants
	ActorID    string            `json:"actor_id"`    // account id, staff id, client id or operating-system user; may be empty
	Origin     string            `json:"origin"`      // network prefix of the caller (/24, /48), or "cli"
	Action     string            `json:"action"`      // "account.blocked", "application.submitted", …
	ObjectKind string            `json:"object_kind"` // "account", "application", "client", "key"
	ObjectID   string            `json:"object_id"`   //
	Outcome    string            `json:"outcome"`     // "ok" or "refused"
	Reason     string            `json:"reason"`      // a code or a human reason, never personal data
	RequestID  string            `json:"request_id"`  // the reference shown to people
	Details    map[string]string `json:"details"`     // further ids and codes
	PrevHash   string            `json:"prev_hash"`   // set by the store
	Hash       string            `json:"hash"`        // set by the store
}

// ChainHash computes the hash of an event that follows prev. The encoding is
// JSON of a fixed struct, so that a third party can repeat it.
func ChainHash(prev string, e Event) string {
	b, err := json.Marshal(struct {
		Seq        int64             `json:"seq"`
		At         int64             `json:"at"`
		ActorKind  string            `json:"actor_kind"`
		ActorID    string            `json:"actor_id"`
		Origin     string            `json:"origin"`
		Action     string            `json:"action"`
		ObjectKind string            `json:"object_kind"`
		ObjectID   string            `json:"object_id"`
		Outcome    string            `json:"outcome"`
		Reason     string            `json:"reason"`
		RequestID  string            `json:"request_id"`
		Details    map[string]string `json:"details"`
		Prev       string            `json:"prev"`
	}{e.Seq, e.At.UnixMilli(), e.ActorKind, e.ActorID, e.Origin, e.Action, e.ObjectKind, e.ObjectID, e.Outcome, e.Reason, e.RequestID, e.Details, prev})
	if err != nil {
		panic("audit: event does not encode: " + err.Error()) // strings and numbers always do
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Store reads the record. Events travel with the change they belong to
// (package record); only a reading that is to be known of is an event alone.
type Store interface {
	// Events lists in order of Seq, after the given one, at most limit.
	Events(ctx context.Context, after int64, limit int) ([]Event, error)
	// Find lists what the filter wants, newest first: by At, then Seq.
	Find(ctx context.Context, f Filter, limit int) ([]Event, error)
	// EventsAbout lists what happened to one object, newest first.
	EventsAbout(ctx context.Context, objectKind, objectID string, limit int) ([]Event, error)
	// Note adds an event about something that changed nothing.
	Note(ctx context.Context, e Event) error
}
