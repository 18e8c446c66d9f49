// Package errs defines the three errors of stores.
//
// They lead to different texts for people and different error codes for
// clients, so they are never converted into each other:
//
//	ErrNotFound     there is no such thing (or no longer)
//	ErrConflict     it exists, but is not in the state the caller named:
//	                already used, already taken, changed in between
//	ErrUnavailable  unknown: the store could not be reached; always a 503,
//	                never "invalid"
package errs

import (
	"errors"
	"fmt"
)

// The errors. Stores wrap them with context for the log; test with errors.Is.
var (
	ErrNotFound    = errors.New("not found")
	ErrConflict    = errors.New("conflict")
	ErrUnavailable = errors.New("unavailable")
)

// Unavailable returns an ErrUnavailable that wraps a driver's error for the
// log; nil for a nil err.
func Unavailable(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w: %w", doing, ErrUnavailable, err)
}
