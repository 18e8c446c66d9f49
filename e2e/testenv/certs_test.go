package testenv

import (
	"crypto/tls"
	"testing"
)

// clientTLS is what a client needs to trust the servers here.
func clientTLS(t *testing.T) *tls.Config {
	t.Helper()
	return &tls.Config{RootCAs: TLS(t).Pool, ServerName: "127.0.0.1"}
}
