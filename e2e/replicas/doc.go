// Package replicas runs two servers of the real binary on one PostgreSQL and one Redis,
// behind one address, and tests that what may happen only once happens once in both together.
//
// It has tests only.
package replicas
