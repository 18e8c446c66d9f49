//go:build race

package testenv

// underRace reports whether the tests run with the race detector; the binaries they build then
// have it too.
const underRace = true
