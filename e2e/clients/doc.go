// Package clients logs people in at the real binary with independent relying parties:
// openid-client for Node.js, and coreos/go-oidc.
//
// It has tests only. The Node.js part is in openid-client; its packages are installed from
// the lock file into a temporary folder.
package clients
