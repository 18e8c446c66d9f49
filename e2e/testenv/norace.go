//go:build !race

package testenv

// UnderRace reports whether the tests run with the race detector; the binaries they build then
// have it too.
const UnderRace = false
