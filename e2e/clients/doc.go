// Package clients lets relying parties that nobody here wrote log people in at
// the real binary: openid-client for Node.js, and coreos/go-oidc.
//
// It has tests only. The Node.js part is in openid-client; its packages are
// installed from the lock file into a temporary folder.
package clients
