package storagetest

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
)

// Silence requires that every method of every store that is not nil returns
// errs.ErrUnavailable when the context was cancelled before the call.
func Silence(t *testing.T, s Stores) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	eachMethod(s, func(name string, call func(context.Context) error) {
		if err := call(over); !errors.Is(err, errs.ErrUnavailable) {
			t.Errorf("%s: got %v, want unavailable", name, err)
		} else if errors.Is(err, errs.ErrNotFound) || errors.Is(err, errs.ErrConflict) {
			t.Errorf("%s: %v is two answers at once", name, err)
		}
	})
}

// eachMethod calls do for each method of each store in a struct. call passes a
// text or a zero value for everything but the context.
func eachMethod(s any, do func(name string, call func(context.Context) error)) {
	stores := reflect.ValueOf(s)
	for i := range stores.NumField() {
		store := stores.Field(i)
		if store.IsNil() {
			continue
		}
		for j := range store.Type().NumMethod() {
			method := store.Method(j)
			do(stores.Type().Field(i).Name+"."+store.Type().Method(j).Name, func(ctx context.Context) error {
				in := []reflect.Value{reflect.ValueOf(ctx)}
				for k := 1; k < method.Type().NumIn(); k++ {
					in = append(in, something(method.Type().In(k)))
				}
				call := method.Call
				if method.Type().IsVariadic() {
					call = method.CallSlice
				}
				out := call(in)
				err, _ := out[len(out)-1].Interface().(error)
				return err
			})
		}
	}
}

func something(kind reflect.Type) reflect.Value {
	if kind == reflect.TypeFor[[]limit.Charge]() {
		return reflect.ValueOf([]limit.Charge{limit.SessionCodesDay.Charge("x", 1)})
	}
	v := reflect.New(kind).Elem()
	switch kind.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	}
	return v
}

// Strings requires that no text from outside makes a store return
// errs.ErrUnavailable: what cannot be stored is not found (SQ-10, SQ-11).
func Strings(t *testing.T, open func(*testing.T) Stores) {
	s := open(t)
	for _, odd := range []string{"", "a\x00b", "\xff\xfe", "'; DROP TABLE accounts; --", "$1", "%", "_", "\u202e", string(make([]byte, 1<<16))} {
		lookups := map[string]func() error{
			"Accounts.ByID":                func() error { _, err := s.Accounts.ByID(ctx(t), odd); return err },
			"Accounts.InSession":           func() error { _, err := s.Accounts.InSession(ctx(t), odd, odd); return err },
			"Accounts.Owner":               func() error { _, err := s.Accounts.Owner(ctx(t), odd, noon); return err },
			"Accounts.ByEmail":             func() error { _, err := s.Accounts.ByEmail(ctx(t), odd); return err },
			"Accounts.ByBlockRef":          func() error { _, err := s.Accounts.ByBlockRef(ctx(t), odd); return err },
			"Applications.ByHandle":        func() error { _, err := s.Applications.ByHandle(ctx(t), odd); return err },
			"Applications.ByReference":     func() error { _, err := s.Applications.ByReference(ctx(t), odd); return err },
			"Applications.DocumentContent": func() error { _, err := s.Applications.DocumentContent(ctx(t), odd); return err },
			"Clients.ByID":                 func() error { _, err := s.Clients.ByID(ctx(t), odd); return err },
			"Clients.Remove":               func() error { return s.Clients.Remove(ctx(t), odd, effect.Effects{}) },
			"Consents.Get":                 func() error { _, err := s.Consents.Get(ctx(t), odd, odd); return err },
			"Grants.Live":                  func() error { _, _, err := s.Grants.Live(ctx(t), odd, noon); return err },
			"Grants.Revoke":                func() error { return s.Grants.Revoke(ctx(t), odd, odd, noon, effect.Effects{}) },
			"Requests.Get":                 func() error { _, err := s.Requests.Get(ctx(t), odd); return err },
			"Sessions.Get":                 func() error { _, err := s.Sessions.Get(ctx(t), odd); return err },
		}
		for name, look := range lookups {
			if err := look(); !errors.Is(err, errs.ErrNotFound) {
				t.Errorf("%s(%.20q): got %v, want not found", name, odd, err)
			}
		}
		if err := s.Grants.UseOnce(ctx(t), "client", odd+"!", noon); errors.Is(err, errs.ErrUnavailable) {
			t.Errorf("Grants.UseOnce(%.20q): %v", odd, err) // a client chooses the jti of its assertions
		}
	}
}
