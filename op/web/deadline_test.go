package web

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"omgevingsloket-id/pkg/errs"
)

// A handler that waits for something that never comes answers 503 with
// Retry-After within ten seconds, a page or not; only what says so may take
// longer.
func TestW2_RequestTime(t *testing.T) {
	t.Parallel()
	catalog, err := LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	k, err := New(Options{Settings: Settings{Issuer: "http://localhost"}, Catalog: catalog, Rand: rand.Reader, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	forever := func(_ http.ResponseWriter, r *http.Request) error {
		<-r.Context().Done()
		return errs.Unavailable("waiting", r.Context().Err())
	}
	k.Router.Get("/forever", forever)
	k.Router.RawPage("GET", "/raw", forever)
	k.Router.Get("/patient", func(w http.ResponseWriter, r *http.Request) error {
		ctx := Patient(r.Context())
		if _, bound := ctx.Deadline(); bound {
			return errors.New("the context of a patient call has a deadline")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Minute):
			_, err := io.WriteString(w, "done")
			return err
		}
	})
	k.Router.Upload("/upload", 1, forever)
	site := k.Router.Handler()
	synctest.Test(t, func(t *testing.T) {
		for path, want := range map[string]int{"/forever": 503, "/raw": 503, "/patient": 200} {
			ctx, cancel := context.WithCancel(t.Context())
			start, w := time.Now(), httptest.NewRecorder()
			site.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "http://localhost"+path, nil))
			cancel()
			if w.Code != want || want == 503 && (time.Since(start) > 10*time.Second || w.Header().Get("Retry-After") == "") {
				t.Errorf("GET %s = %d after %v with Retry-After %q, want %d", path, w.Code, time.Since(start), w.Header().Get("Retry-After"), want)
			}
		}
	})
	for _, route := range k.Router.Routes() {
		timed(route, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if _, bound := r.Context().Deadline(); bound == (route.Upload > 0) {
				t.Errorf("%s: the request has a deadline: %t", route.Path, bound)
			}
		})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}
}
