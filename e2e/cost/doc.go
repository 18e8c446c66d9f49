// Package cost counts what each call costs the stores and the memory, and holds it to ceilings. A count is
// the same on a busy machine, unlike a time.
//
//	site ─► meter: calls the handler itself ─► tally of each operation ─► testdata/ceilings.txt
//	          │                                                              (-update writes it)
//	          └─ Options.Trace of both stores; rows, and keys in Redis, before and after
//
// The columns of the table:
//
//	statements    SQL statements, without BEGIN, COMMIT and ROLLBACK
//	transactions  those that were begun, and statements that write outside of one
//	trips         commands and scripts sent to Redis; a pipeline is one
//	allocations   of the handler, without the client's
//	bytes         by which the stores grew: on SQLite rows and indexes, on PostgreSQL rows, and keys and values in Redis
//
// Statements, transactions and trips are exactly those of the table, so that it is true; allocations and bytes
// exceed it by 10 % at most. Jobs do not run meanwhile. What an operation sends to the stores, in order:
//
//	go test ./e2e/cost -run Ceilings -v
//
// What takes the time is found with the benchmarks:
//
//	go test ./e2e/cost -run '^$' -bench Exchange -cpuprofile cpu.out
package cost
