package config

import (
	"errors"
	"fmt"
	"strings"
)

// Fault is one thing wrong with the settings: where, why, and what to do.
type Fault struct {
	Path   string // session.idle, OLID_SESSION_IDLE or clients[2]
	Line   int    // in the file; 0 when it is not about a line
	Reason string
	Fix    string
}

// Error gives "session.idle (line 12): reason; what to do".
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

// faults collects them; each is a Fault.
type faults []error

func (fs *faults) add(path, reason, fix string) {
	*fs = append(*fs, Fault{Path: path, Reason: reason, Fix: fix})
}

func (fs faults) join() error { return errors.Join(fs...) }
