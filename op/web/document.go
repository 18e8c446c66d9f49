package web

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Document is a file of ours that is the same for everybody, such as the keys. It is
// served from memory, with headers that are made once.
type Document struct {
	body   []byte
	etag   string
	header http.Header // of each answer with the body; its values are shared, as those of fixedHeaders
}

// NewDocument returns a document of a media type, which caches may keep for so long and
// pages of every site may read.
func (t *Router) NewDocument(kind string, body []byte, keep time.Duration) *Document {
	sum := sha256.Sum256(body)
	d := &Document{body: body, etag: `"` + hex.EncodeToString(sum[:8]) + `"`, header: t.fixedHeaders()}
	d.header.Set("Content-Type", kind)
	d.header.Set("Content-Length", strconv.Itoa(len(body)))
	d.header.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(keep/time.Second)))
	d.header.Set("ETag", d.etag)
	d.header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	return d
}

// serve answers a GET or HEAD, and returns the status.
func (d *Document) serve(w http.ResponseWriter, r *http.Request) int {
	h := w.Header()
	maps.Copy(h, d.header)
	if origin := r.Header.Get("Origin"); origin != "" {
		// Public documents, without credentials; the origin is named rather
		// than a wildcard, as NL GOV OIDC §5 requires.
		h.Set("Access-Control-Allow-Origin", origin)
		h.Add("Vary", "Origin")
	}
	if NotModified(r, d.etag) {
		h.Del("Content-Length")
		w.WriteHeader(http.StatusNotModified)
		return http.StatusNotModified
	}
	_, _ = w.Write(d.body) // fails only if the client has disconnected
	return http.StatusOK
}

// Publish adds the address of a document, which document returns as it is now. Of the
// guards of other routes it has none, since it reads nothing of the request: they are
// most of what such a call costs.
func (t *Router) Publish(path string, document func() *Document) {
	t.add(Route{Method: http.MethodGet, Path: path, Raw: true, document: document})
}

// published returns a handler that serves the documents of routes, and everything else
// with next.
func (t *Router) published(base string, next http.Handler) http.Handler {
	routes := map[string]Route{} // by path
	for _, route := range t.routes {
		if route.document == nil {
			continue
		}
		routes[base+route.Path] = route
		if strings.HasPrefix(route.Path, wellKnown) {
			routes[route.Path+base] = route
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route, ok := routes[r.URL.Path]
		if !ok || r.Method != http.MethodGet && r.Method != http.MethodHead || len(r.RequestURI) > longestURL {
			next.ServeHTTP(w, r)
			return
		}
		start := t.now()
		status := route.document().serve(w, r)
		if t.observe != nil {
			t.observe(route.Path, route.Method, status, t.now().Sub(start))
		}
	})
}
