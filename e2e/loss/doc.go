// Package loss tests that sessions, authorization requests and windows may be lost, or go back to what they were
// some time ago (deploy/decisions/002-what-lives-where.md): the server starts, and what was decided once stays
// decided.
//
//	begin ─► stores are saved ─► minutes pass ─► happen ─► stores go back, or are emptied or torn ─► holds
//
// It has tests only.
package loss
