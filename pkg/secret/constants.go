package secret

import "context"

// Constants are random values that one installation makes once and keeps for
// good, sealed: the salt of pairwise subjects, the keys of form tokens.
// They outlive the master key that seals them.
type Constants interface {
	// Constant gives the 32 bytes under name, and makes them first if there
	// are none. Of any number of callers the first one's value stays.
	Constant(ctx context.Context, name string) ([]byte, error)
}
