package web

import (
	"context"
	"net/http"
	"time"
)

// requestTime bounds the work for one request, however many stores it waits for,
// so that each is answered within ten seconds. A call of a store ends before it.
const requestTime = 8 * time.Second

// timed runs next with requestTime. A route that reads a file is not timed: its
// bytes may come slowly, and the server bounds their time.
func timed(route Route, next http.Handler) http.Handler {
	if route.Upload > 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestTime)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// Patient returns the context of a request without requestTime, for the few that
// may take longer: exports and the inspection of a file.
func Patient(ctx context.Context) context.Context {
	if v := visitOf(ctx); v != nil {
		return v
	}
	return ctx
}
