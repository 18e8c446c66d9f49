package audit

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Filter says which events are wanted; what is empty does not matter. All
// that is given has to hold.
type Filter struct {
	From, Until time.Time // From <= At < Until
	ActorKind   ActorKind
	ActorID     string
	Action      Action
	ObjectKind  ObjectKind
	ObjectID    string
	Outcome     Outcome
	Before      Cursor // only what is older
}

// Cursor is a place in the audit log as it is read, newest first: by time, and
// by number within one millisecond. The zero value is the newest end.
type Cursor struct {
	At  time.Time
	Seq int64
}

// Zero tells whether it is the newest end.
func (c Cursor) Zero() bool { return c == Cursor{} }

// String is the cursor's form in an address: two numbers.
func (c Cursor) String() string {
	if c.Zero() {
		return ""
	}
	return fmt.Sprintf("%d.%d", c.At.UnixMilli(), c.Seq)
}

// ParseCursor reads what String wrote, and nothing else.
func ParseCursor(s string) (Cursor, bool) {
	if s == "" {
		return Cursor{}, true
	}
	millis, seq, _ := strings.Cut(s, ".")
	at, err := strconv.ParseInt(millis, 10, 64)
	n, errSeq := strconv.ParseInt(seq, 10, 64)
	c := Cursor{At: time.UnixMilli(at).UTC(), Seq: n}
	if err != nil || errSeq != nil || at < 0 || n < 1 || c.String() != s {
		return Cursor{}, false
	}
	return c, true
}

// After is the cursor behind an event: what is older than it.
func After(e Event) Cursor { return Cursor{At: e.At, Seq: e.Seq} }
