// Package load measures what calls of the provider cost, beside a yardstick and a peer, in one run and with
// one driver: `make bench`, which writes deploy/performance.md, and `make bench-short`. As part of `make test`
// it sends a few seconds of load of which no request may fail; no test here judges a time.
//
//	product    the real binary, on SQLite, and on PostgreSQL and Redis
//	yardstick  net/http with the same back end and the work that nobody can leave out (cmd/yardstick.go)
//	peer       oidc-provider on Redis, with the packages of a lock file (peer/)
//
// Each is a process of its own on 127.0.0.1, a party. One round has each party do all its phases; figures
// are medians of rounds, and ratios are those of parties that did the same phase in the same round.
//
//	visitor_test.go  a browser: cookies, redirects
//	calls_test.go    the calls, each with the check of its response
//	phase_test.go    the loops, and the table of phases
//	usage_test.go    CPU time and memory, from /proc
//	parties_test.go  starting product, yardstick and peer
//	report_test.go   medians, ratios and the report
//	overload_test.go twice as many passwords as can be hashed, and what others notice of it
//	waits_test.go    for what connections to PostgreSQL wait while four servers share it
//	growth_test.go   the cost of calls in a large installation and in a small one, and the bytes of what is
//	                 stored, as part of `make long`, and into deploy/growth.md: `make growth`
//	seed/            accounts, applications, sessions, grants and events, straight into the stores
//	cmd/             what runs in a process of its own
//	peer/            the peer
//	backend/         the databases as this package opens them itself
//
// CPU time is that of the server and of its stores, not of the driver. The driver shares the machine's cores
// with them, so that throughput and times are comparable only within a run.
package load
