//go:build linux && !amd64 && !arm64

package document

import "runtime"

// filterCalls returns WallCalls: there is no filter for this architecture.
func filterCalls() ([]Missing, error) {
	return []Missing{{WallCalls, "no seccomp filter for " + runtime.GOARCH}}, nil
}
