// Package replicas runs two servers of the real binary on one PostgreSQL and
// one Redis, behind one address, and lets people and attackers use both at
// once: what happens once happens once in both together.
//
// It has tests only.
package replicas
