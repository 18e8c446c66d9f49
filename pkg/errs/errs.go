// Package errs owns the three answers a store can give besides success.
//
// They are kept apart from the first line to the last, because they lead to
// different words for people and to different codes for clients:
//
//	ErrNotFound     there is no such thing (or no longer)
//	ErrConflict     it exists, but is not in the state the caller named:
//	                already used, already taken, changed in between
//	ErrUnavailable  nobody knows: the store did not answer; always a 503,
//	                never "invalid"
package errs

import (
	"errors"
	"fmt"
)

// The kinds. Test with errors.Is; stores wrap them with context for the log.
var (
	ErrNotFound    = errors.New("not found")
	ErrConflict    = errors.New("conflict")
	ErrUnavailable = errors.New("unavailable")
)

// Unavailable wraps a driver's error so that it can be logged but is never
// taken for an answer. A nil err stays nil.
func Unavailable(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w: %w", doing, ErrUnavailable, err)
}
