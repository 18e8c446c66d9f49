package authreq

import (
	"context"
	"errors"
	"strings"
	"time"

	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

// PushedLifetime is how long logins can begin with a pushed request: the expires_in
// of RFC 9126 §2.2.
const PushedLifetime = 90 * time.Second

// Push returns what is stored of a request that a client pushed: its parameters, as a
// query. It belongs to no browser, so that it cannot serve as a login.
func Push(key, clientID, query string, now time.Time) Request {
	return Request{Key: key, ClientID: clientID, Parameters: query, CreatedAt: now, Version: 1}
}

// Pushed returns the request with this key that the client pushed. It returns
// errs.ErrNotFound if there is none, if it has expired, or if a login that began with
// it has ended (RFC 9126 §4).
func Pushed(ctx context.Context, s Store, key, clientID string, now time.Time) (Request, error) {
	r, err := s.Get(ctx, key)
	if err != nil {
		return Request{}, err
	}
	if r.Parameters == "" || r.ClientID != clientID || !now.Before(r.CreatedAt.Add(PushedLifetime)) {
		return Request{}, errs.ErrNotFound
	}
	_, err = s.Get(ctx, spentKey(key))
	switch {
	case errors.Is(err, errs.ErrNotFound):
		return r, nil
	case err == nil:
		err = errs.ErrNotFound
	}
	return Request{}, err
}

// Begins returns the value of the field Pushed of a login that begins with the pushed
// request with this key. id is unique to this login.
func Begins(key, id string) string { return key + pushedSeparator + id }

const pushedSeparator = "."

// Spend uses up the pushed request that r began with, if any, for r. Of several
// logins that began with it, one succeeds, also if it calls Spend again; the others
// return errs.ErrConflict.
func (r Request) Spend(ctx context.Context, s Store, now time.Time) error {
	if r.Pushed == "" {
		return nil
	}
	key, _, _ := strings.Cut(r.Pushed, pushedSeparator)
	mark := Request{Key: spentKey(key), Pushed: r.Pushed, CreatedAt: now, Version: 1}
	err := s.Create(ctx, mark, Lifetime+PushedLifetime)
	if !errors.Is(err, errs.ErrConflict) {
		return err
	}
	first, err := s.Get(ctx, mark.Key)
	if err == nil && first.Pushed != r.Pushed {
		err = errs.ErrConflict
	}
	return err
}

// spentKey returns the key under which it is stored that a pushed request was spent.
func spentKey(key string) string { return secret.Text("spent " + key).Hash() }
