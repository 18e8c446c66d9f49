package flow

import (
	"context"
	"errors"
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
)

// ErrTooLarge is returned by Begin for a request that may not be stored
// (authreq.Request.Fits).
var ErrTooLarge = errors.New("flow: the authorization request is too large to store")

// storedApart is what a stored request takes besides its value: its key and the
// store's own administration.
const storedApart = 256

// Carried is the parameter in which the address of the first page's form carries
// the authorization request, for when the store has forgotten it or never had it.
const Carried = "request"

// keep stores a new request for a while. What strangers make us store is counted;
// beyond what everybody together may, the browser carries the request and
// nothing is stored.
func (f *Dispatcher) keep(r *http.Request, v *Login) error {
	size, err := sizeOf(v.Request)
	if err != nil {
		return err
	}
	if v.Step == authreq.StepFinish {
		v.carried = true
		return nil
	}
	if v.Request.AccountID == "" {
		free, err := f.count(r, size)
		if err != nil {
			return err
		}
		if !free {
			v.carried = true
			return f.carriable(v)
		}
	}
	return f.Requests.Create(r.Context(), v.Request, v.Request.FirstTTL(f.Now()))
}

// Push stores a request that a client pushed (authreq.Push). What strangers push is
// counted as their logins are. The error is ErrTooLarge for a request that may not be
// stored, and errs.ErrUnavailable when there is no room for those of strangers.
func (f *Dispatcher) Push(r *http.Request, req authreq.Request, stranger bool) error {
	size, err := sizeOf(req)
	if err != nil {
		return err
	}
	if stranger {
		free, err := f.count(r, size)
		if err != nil {
			return err
		}
		if !free {
			return errs.Unavailable("pushing a request", errFull)
		}
	}
	return f.Requests.Create(r.Context(), req, authreq.PushedLifetime)
}

// sizeOf returns the bytes that a new request takes in the store, with its key. The error
// is ErrTooLarge if it may not be stored.
func sizeOf(r authreq.Request) (int, error) {
	stored, err := r.Stored()
	if err == nil && !r.Fits(len(stored), r.Sent) {
		err = ErrTooLarge
	}
	return len(stored) + storedApart, err
}

var errFull = errors.New("strangers have as many logins in progress as may be stored")

// carriable returns ErrTooLarge for a request that no address can carry.
func (f *Dispatcher) carriable(v *Login) error {
	carried, err := f.Carry(v)
	if err == nil && carried == "" {
		err = ErrTooLarge
	}
	return err
}

func (f *Dispatcher) count(r *http.Request, size int) (bool, error) {
	bytes := limit.LoginBytes
	if f.PerMinute > 0 {
		bytes = bytes.UpTo(f.PerMinute * authreq.LongestStored)
	}
	if err := f.Limits.Spend(r, bytes, size); err != nil {
		return false, err
	}
	return f.Limits.Within(r, limit.LoginBytesAll, size)
}

// stored returns the stored request, or the one that the browser carries if the
// store does not have it; carried reports which. What is carried is stored when a
// password was accepted, by Renew.
func (f *Dispatcher) stored(r *http.Request, handle, browser secret.Text) (req authreq.Request, carried bool, err error) {
	req, err = f.Requests.Get(r.Context(), handle.Hash())
	if !errors.Is(err, errs.ErrNotFound) {
		return req, false, err
	}
	text := web.Query(r).Get(Carried)
	if text == "" {
		return req, false, err
	}
	req, err = authreq.Carried(f.CarryKey, text, handle.Hash(), browser.Hash(), f.Now())
	return req, true, err
}

// longestCarried is the longest request that an address carries: with the rest, it
// stays within web's limit and those of proxies.
const longestCarried = 7 << 10

// Carry returns the value of the parameter Carried for the form of a page, or "" for
// a request that is too long for an address; such a request is only stored.
func (f *Dispatcher) Carry(v *Login) (string, error) {
	carried, err := v.Request.Carry(f.CarryKey)
	if len(carried) > longestCarried {
		carried = ""
	}
	return carried, err
}

// save stores a changed request, which may not be stored yet.
func (f *Dispatcher) save(ctx context.Context, v *Login) (authreq.Request, error) {
	if !v.carried {
		return f.Requests.Save(ctx, v.Request, v.Request.TTL(f.Now()))
	}
	return v.Request, f.Requests.Create(ctx, v.Request, v.Request.TTL(f.Now()))
}

// next returns the address of the next page of a login.
func (f *Dispatcher) next(v *Login) (string, error) {
	location := ForStep(v.Step, v.Handle)
	if !v.carried {
		return location, nil
	}
	carried, err := f.Carry(v)
	return web.AddQuery(location, map[string][]string{Carried: {carried}}), err
}
