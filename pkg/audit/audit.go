// Package audit defines the audit log: who did what, to which object. An event
// is written in the transaction of its change; if it cannot be written, the
// change does not happen.
//
//	change ──┐
//	         ├── one transaction ── commit
//	event ───┘        │
//	                  └─ within ChainTime: the chain's head moves on (hash over
//	                     the previous head and this event)
//
// Events hold ids, never addresses, codes, secrets or documents.
package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Outcome is how an action ended.
type Outcome string

// The outcomes.
const (
	OK      Outcome = "ok"
	Refused Outcome = "refused"
)

// Event is an entry of the audit log. Actor.Did returns one.
type Event struct {
	Seq        int64             `json:"seq"`         // set by the store, 1 and up
	At         time.Time         `json:"at"`          // UTC, milliseconds
	ActorKind  ActorKind         `json:"actor_kind"`  //
	ActorID    string            `json:"actor_id"`    // account id, staff id, client id or operating-system user; may be empty
	Origin     string            `json:"origin"`      // network prefix of the caller (/24, /48), or "cli"
	Action     Action            `json:"action"`      // a constant of this or another version
	ObjectKind ObjectKind        `json:"object_kind"` //
	ObjectID   string            `json:"object_id"`   //
	Outcome    Outcome           `json:"outcome"`     //
	Reason     string            `json:"reason"`      // a code or a few words, never personal data
	RequestID  string            `json:"request_id"`  // the reference shown to people
	Details    map[string]string `json:"details"`     // further ids and codes
	PrevHash   string            `json:"prev_hash"`   // set by the store
	Hash       string            `json:"hash"`        // set by the store
}

// The names of details that are read again.
const (
	DetailAgent  = "agent"  // browser and system of the holder (session.Agent)
	DetailClient = "client" // id of the client
	DetailClaims = "claims" // names of the claims that a client was given, as claim.Asked returns them, separated by spaces
	DetailFields = "fields" // names of the fields that changed
)

// ChainHash returns the hash of an event that follows the hash prev: SHA-256,
// in hex, of the JSON of a fixed struct, so that others can repeat it.
func ChainHash(prev string, e Event) string {
	b, err := json.Marshal(struct {
		Seq        int64             `json:"seq"`
		At         int64             `json:"at"`
		ActorKind  ActorKind         `json:"actor_kind"`
		ActorID    string            `json:"actor_id"`
		Origin     string            `json:"origin"`
		Action     Action            `json:"action"`
		ObjectKind ObjectKind        `json:"object_kind"`
		ObjectID   string            `json:"object_id"`
		Outcome    Outcome           `json:"outcome"`
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

// Store reads the audit log. Events are written with their change (package
// effect); only the event of a read is written alone.
type Store interface {
	// Events returns at most limit events with a higher Seq than after, in
	// order of Seq.
	Events(ctx context.Context, after int64, limit int) ([]Event, error)
	// Find returns at most limit matching events, newest first: by At, then
	// Seq.
	Find(ctx context.Context, f Filter, limit int) ([]Event, error)
	// EventsAbout returns at most limit events about an object, newest first.
	EventsAbout(ctx context.Context, kind ObjectKind, objectID string, limit int) ([]Event, error)
	// History returns at most limit events that h selects, the newest first by Seq.
	History(ctx context.Context, h History, limit int) ([]Event, error)
	// Note adds an event of an action that changed nothing, such as a read.
	Note(ctx context.Context, e Event) error
}
