package web

import (
	"net/http"
	"strings"
)

// NotModified reports whether a GET or HEAD has a representation with this entity
// tag already, so that 304 is the answer. Tags are compared weakly, since a proxy
// that compresses weakens them (RFC 9110 §13.1.2, §8.8.3.2).
func NotModified(r *http.Request, etag string) bool {
	etag = strings.TrimPrefix(etag, "W/")
	rest := strings.Join(r.Header.Values("If-None-Match"), ",")
	if strings.TrimSpace(rest) == "*" {
		return true
	}
	for {
		rest = strings.TrimPrefix(strings.TrimLeft(rest, " \t,"), "W/")
		if !strings.HasPrefix(rest, `"`) {
			return false
		}
		end := strings.IndexByte(rest[1:], '"')
		if end < 0 {
			return false
		}
		tag := rest[:end+2]
		if tag == etag {
			return true
		}
		rest = rest[end+2:]
	}
}
