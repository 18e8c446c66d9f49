package web

import (
	"context"
	"net/http"
)

// Queue reserves places to hash passwords; password.Hasher implements it.
type Queue interface {
	// Reserve returns a context in which the next hash has a place in the queue,
	// before strangers if known is of Cookies.Proven. It does not wait; the error is
	// a password.Busy. release frees a place that was not used.
	Reserve(ctx context.Context, known string) (reserved context.Context, release func(), err error)
}

// Queued returns a handler of a form with a password that runs h if the queue has a
// place, or returns the error of Reserve: what is refused has cost no read, no count
// and no write, whatever address it names. h reserves the place when it has charged
// the budget of the source: a source beyond it holds none. known is the argument of
// Reserve; nil is a form of strangers. A form without a password needs no place.
func Queued(q Queue, known func(*http.Request) string, h Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.PostForm.Get("password") == "" {
			return h(w, r)
		}
		name := ""
		if known != nil {
			name = known(r)
		}
		_, release, err := q.Reserve(r.Context(), name)
		if err != nil {
			return err
		}
		release()
		return h(w, r)
	}
}
