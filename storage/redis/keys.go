package redis

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// Every key that exists, and how long it lives:
//
//	olid:<ns>:req:<hash of handle>        JSON   authreq.Lifetime at most (authreq.Request.TTL)
//	olid:<ns>:ses:<hash of handle>        JSON   session.Limits.TTL
//	olid:<ns>:win:<hash of name and key>  count  the window, from its first event
//
// The namespace keeps installations apart that share a Redis: production never
// finds what practice left there. Without one its part of the name is left out.
//
// A hash is 64 hex digits, so no text from outside shapes a key: no braces
// that would choose a Cluster slot, no line ends, no megabytes.
const prefix = "olid:"

// kind is the part of a key that says what is kept there; it stands in the
// value as well.
type kind string

const (
	kindRequest kind = "req"
	kindSession kind = "ses"
	kindWindow  kind = "win"
)

// name is the key of what is known by this hash.
func (s *Store) name(k kind, hash string) string { return s.prefix + string(k) + ":" + hash }

// hashOf gives the hash of a handle as it is, and that of anything else.
func hashOf(key string) string {
	if len(key) != hex.EncodedLen(sha256.Size) || strings.Trim(key, "0123456789abcdef") != "" {
		return hashed(key)
	}
	return key
}

// windowHash names a counter. The length keeps ("ab","c") and ("a","bc")
// apart.
func windowHash(name, key string) string {
	return hashed(strconv.Itoa(len(name)) + ":" + name + key)
}

func hashed(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// ms is a time to live as Redis counts it. It is never nought, which Redis
// refuses: what is over already lives for a last millisecond.
func ms(ttl time.Duration) time.Duration {
	return max(ttl.Truncate(time.Millisecond), time.Millisecond)
}
