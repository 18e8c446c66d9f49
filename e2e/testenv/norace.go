//go:build !race

package testenv

// underRace tells whether the tests run with the race detector; what they
// build is then built with it too.
const underRace = false
