// Package clients logs people in at the real binary with relying parties that nobody here
// wrote, each started as its own process with the settings that README prints for it
// (parties_test.go is the table), and with the libraries openid-client and coreos/go-oidc.
//
// It has tests only. What runs besides is in the folders node, python and java, with the
// packages of their lock files, and oauth2-proxy and dex, each a module of its own that
// names the program to build. Adding a party is a row of the table and a part of README.
package clients
