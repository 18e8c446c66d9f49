package audit

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Filter selects events. All fields that are not zero have to match.
type Filter struct {
	From, Until time.Time // From <= At < Until
	ActorKind   ActorKind
	ActorID     string
	Action      Action
	ObjectKind  ObjectKind
	ObjectID    string
	Outcome     Outcome
	Before      Cursor // only events that are older
}

// Cursor is a position in the audit log read newest first: by time, and by
// number within one millisecond. The zero value is the newest end.
type Cursor struct {
	At  time.Time
	Seq int64
}

// Zero reports whether c is the zero value.
func (c Cursor) Zero() bool { return c == Cursor{} }

// String returns the cursor's form in a URL, "milliseconds.number", or "" for
// the zero value.
func (c Cursor) String() string {
	if c.Zero() {
		return ""
	}
	return fmt.Sprintf("%d.%d", c.At.UnixMilli(), c.Seq)
}

// ParseCursor parses the result of String. It reports false for any other text.
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

// After returns the cursor that selects the events older than e.
func After(e Event) Cursor { return Cursor{At: e.At, Seq: e.Seq} }

// Object is what events are about.
type Object struct {
	Kind ObjectKind
	ID   string
}

// History selects events about some objects.
type History struct {
	Of      []Object
	Since   time.Time
	Before  int64    // only events with a lower Seq; 0 for all
	Only    []Action // none: all but Without
	Without []Action
}
