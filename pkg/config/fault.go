package config

import (
	"errors"
	"fmt"
	"strings"
)

// Fault is an error in the settings: where it is, why, and what to do.
type Fault struct {
	Path   string // session.idle, OLID_SESSION_IDLE or clients[2]
	Line   int    // in the file; 0 if it is not about a line
	Reason string
	Fix    string
}

// Error returns "session.idle (line 12): reason; what to do".
func (f Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.Path)
	if f.Line > 0 {
		fmt.Fprintf(&b, " (line %d)", f.Line)
	}
	b.WriteString(": " + f.Reason)
	if f.Fix != "" {
		b.WriteString("; " + f.Fix)
	}
	return b.String()
}

type faults []Fault

func (fs *faults) add(path, reason, fix string) {
	*fs = append(*fs, Fault{Path: path, Reason: reason, Fix: fix})
}

// join returns all faults as one error, or nil when there are none.
func (fs faults) join() error {
	each := make([]error, len(fs))
	for i, f := range fs {
		each[i] = f
	}
	return errors.Join(each...)
}
