// Package walk has a test that walks through the life of an account in random orders,
// with a second person who tries to get in at each step, and compares what happens with
// a model of the account.
package walk
