// Package faults breaks the stores of the running binary, and the binary itself,
// while people apply, enrol and log in, and officials join (W12). The files are a table
// of faults (faults_test.go), the visitors that go through them (visitor_test.go,
// official_test.go), what must hold after each (invariants_test.go), and the proxy that
// cuts a connection at a COMMIT or a change (proxy_test.go).
package faults
