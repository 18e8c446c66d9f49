//go:build !unix

package config

import "io/fs"

// ownerOf: this system has no owners in the sense of the rule.
func ownerOf(fs.FileInfo) (int, bool) { return 0, false }
