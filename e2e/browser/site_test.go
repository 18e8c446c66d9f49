package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// site is a small web site that counts its visits.
type site struct {
	URL   string // http://127.0.0.1:PORT
	pages map[string]http.HandlerFunc

	mu     sync.Mutex
	visits map[string]int // "METHOD /path"
	header http.Header    // of the last request
}

func newSite(t *testing.T, pages map[string]http.HandlerFunc) *site {
	t.Helper()
	s := &site{pages: pages, visits: map[string]int{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.visits[r.Method+" "+r.URL.Path]++
	if r.URL.Path != "/favicon.ico" {
		s.header = r.Header
	}
	s.mu.Unlock()
	page, ok := s.pages[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	page(w, r)
}

func (s *site) visited(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.visits[what]
}

func (s *site) lastHeader(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.header.Get(name)
}

// show answers with a page; header pairs come first.
func show(body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		write(w, body)
	}
}

func write(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprint(w, `<!doctype html><html lang="nl"><meta name="viewport" content="width=device-width">`+
		`<title>Titel</title><body>`+body)
}
