package storagetest

import (
	"encoding/json"
	"errors"
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
}

// gone reports whether err is errs.ErrNotFound; another error ends the test.
func gone[T any](t *testing.T, _ T, err error) bool {
	t.Helper()
	if err != nil && !errors.Is(err, errs.ErrNotFound) {
		t.Fatalf("got error %v, want success or not found", err)
	}
	return err != nil
}
