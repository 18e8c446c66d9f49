package secret

import "context"

// Constants stores random values of an installation that never change, sealed:
// the salt of pairwise subjects, the keys of form tokens. They outlive the
// master key that seals them.
type Constants interface {
	// Constant returns the 32 bytes with this name, and creates them if there
	// are none. Concurrent calls return the same value.
	Constant(ctx context.Context, name string) ([]byte, error)
}
