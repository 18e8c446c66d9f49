package redis

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// All keys, and how long they live:
//
//	olid:<ns>:req:<hash of handle>        JSON   authreq.Lifetime at most (authreq.Request.TTL)
//	olid:<ns>:ses:<hash of handle>        JSON   session.Limits.TTL
//	olid:<ns>:win:<hash of name and key>  count  the window, from its first event
//	olid:<ns>:win:{<tag>}<half a hash>    count  the same, for the charges of one call: the tag, 16 digits of the hash of the
//	                                             first one, puts them into one Cluster slot
//
// The namespace separates installations that share a Redis: production never
// finds what practice stored there. Without a namespace its part is left out.
//
// A hash is 64 hex digits, so that text from outside cannot choose a Cluster slot, add
// line ends to a key, or make it megabytes long.
const prefix = "olid:"

// kind is the part of a key that says what is stored there. The value holds it
// too.
type kind string

const (
	kindRequest kind = "req"
	kindSession kind = "ses"
	kindWindow  kind = "win"
)

// name returns the key for a hash.
func (s *Store) name(k kind, hash string) string { return s.prefix + string(k) + ":" + hash }

// hashOf returns a handle's hash as it is, and the hash of any other text.
func hashOf(key string) string {
	if len(key) != hex.EncodedLen(sha256.Size) || strings.Trim(key, "0123456789abcdef") != "" {
		return hashed(key)
	}
	return key
}

// windowHash returns the hash that names a counter. The length keeps
// ("ab","c") and ("a","bc") apart.
func windowHash(name, key string) string {
	return hashed(strconv.Itoa(len(name)) + ":" + name + key)
}

func hashed(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// ms rounds a time to live to milliseconds, at least 1: Redis refuses 0.
func ms(ttl time.Duration) time.Duration {
	return max(ttl.Truncate(time.Millisecond), time.Millisecond)
}
