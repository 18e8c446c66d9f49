package storagetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

// key returns the hash of a new handle.
func key() string { return secret.Text(fresh("handle")).Hash() }

func request() authreq.Request {
	return authreq.Request{
		Key: key(), Browser: key(), ClientID: "portal", RedirectURI: "https://portal.example/cb?x=ë",
		Scopes: []string{"openid", "email"}, State: "s\"<>&\u2028", Nonce: "n", Challenge: "c",
		Claims: json.RawMessage(`{"id_token":{"email":null}}`), ACR: "a", LoginHint: "zoë@example.org", Lang: "nl",
		Hinted: "acc-h", ForceLogin: true, ForceConsent: true, AccountID: "acc", Epoch: 7,
		PasswordAt: noon.Add(time.Second), AuthTime: noon.Add(2 * time.Second), SID: "sid", Session: key(),
		Consented: true, Refusal: "access_denied", Finished: true, CreatedAt: noon,
	}
}

// Requests tests an authreq.Store.
func Requests(t *testing.T, open func(*testing.T) authreq.Store) {
	s := open(t)
	lifecycle(t, life[authreq.Request]{
		fresh:   request,
		create:  s.Create,
		get:     s.Get,
		save:    s.Save,
		key:     func(r authreq.Request) string { return r.Key },
		rekey:   func(r authreq.Request, key string) authreq.Request { r.Key = key; return r },
		version: func(r authreq.Request) int64 { return r.Version },
		touch:   func(r authreq.Request) authreq.Request { r.SID += "'"; r.Finished = !r.Finished; return r },
	})
	t.Run("zero fields come back as zero", func(t *testing.T) {
		r := authreq.Request{Key: key(), CreatedAt: noon}
		must(t, s.Create(ctx(t), r, time.Minute))
		same(t, ok[authreq.Request](t)(s.Get(ctx(t), r.Key)), r)
	})
	t.Run("AZ: of a crowd that finishes one request, one does", func(t *testing.T) {
		r := request()
		r.Finished = false
		must(t, s.Create(ctx(t), r, time.Minute))
		results := atOnce(func(int) error {
			mine, err := s.Get(ctx(t), r.Key)
			if err != nil {
				return err
			}
			if mine.Finished {
				return errs.ErrConflict
			}
			mine.Finished = true
			_, err = s.Save(ctx(t), mine, time.Minute)
			return err
		})
		exactlyOne(t, results, errs.ErrConflict)
	})
	t.Run("pushed", func(t *testing.T) { pushedRequests(t, s) })
}

// pushedRequests tests pushed requests (RFC 9126) in a store.
func pushedRequests(t *testing.T, s authreq.Store) {
	push := func(t *testing.T) authreq.Request {
		r := authreq.Push(key(), "portal", "scope=openid&state=%C3%AB", noon)
		must(t, s.Create(ctx(t), r, time.Minute))
		return r
	}
	begun := func(r authreq.Request, id string) authreq.Request {
		return authreq.Request{Pushed: authreq.Begins(r.Key, id)}
	}
	t.Run("of a client, for a while", func(t *testing.T) {
		r := push(t)
		same(t, ok[authreq.Request](t)(authreq.Pushed(ctx(t), s, r.Key, "portal", noon.Add(authreq.PushedLifetime-1))), r)
		for name, of := range map[string]struct {
			key, client string
			at          time.Time
		}{"another client": {r.Key, "other", noon}, "no client": {r.Key, "", noon}, "another key": {key(), "portal", noon}, "too late": {r.Key, "portal", noon.Add(authreq.PushedLifetime)}} {
			if _, err := authreq.Pushed(ctx(t), s, of.key, of.client, of.at); !errors.Is(err, errs.ErrNotFound) {
				t.Errorf("%s: %v, want not found", name, err)
			}
		}
		login := request()
		login.CreatedAt = noon
		must(t, s.Create(ctx(t), login, time.Minute))
		_, err := authreq.Pushed(ctx(t), s, login.Key, login.ClientID, noon)
		is(t, err, errs.ErrNotFound) // a login is no pushed request
	})
	t.Run("spent by one login of a crowd", func(t *testing.T) {
		r := push(t)
		exactlyOne(t, atOnce(func(i int) error { return begun(r, fmt.Sprint(i)).Spend(ctx(t), s, noon) }), errs.ErrConflict)
		_, err := authreq.Pushed(ctx(t), s, r.Key, "portal", noon)
		is(t, err, errs.ErrNotFound)
	})
	t.Run("spent again by the same login", func(t *testing.T) {
		r := push(t)
		for range 3 {
			must(t, begun(r, "a").Spend(ctx(t), s, noon))
		}
		is(t, begun(r, "b").Spend(ctx(t), s, noon), errs.ErrConflict)
		must(t, authreq.Request{}.Spend(ctx(t), s, noon)) // a login without a pushed request
	})
}

// gone reports whether err is errs.ErrNotFound; another error ends the test.
func gone[T any](t *testing.T, _ T, err error) bool {
	t.Helper()
	if err != nil && !errors.Is(err, errs.ErrNotFound) {
		t.Fatalf("got error %v, want success or not found", err)
	}
	return err != nil
}
