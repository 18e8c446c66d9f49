package redis_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/storage/storagetest"
)

// The values in Redis while servers of two versions run side by side (RR-04). If
// this test fails, the format has changed: give it a new number in values.go
// when the other version would misread it or drop what a check depends on.
const (
	wireHash    = "68fd3bfc9f9b4bbe21bea34cd9eaed8c5b2f1a7b5c3ef63a8f3f3d2f4a6b7c8d"
	wireRequest = `{"v":1,"kind":"req","key":"` + wireHash + `","data":{"browser":"b","client":"portal","redirect_uri":"https://p.example/cb",` +
		`"scopes":["openid","email"],"state":"s","nonce":"n","challenge":"c","claims":{"userinfo":{"email":null}},"acr":"low","login_hint":"h","lang":"nl",` +
		`"hinted":"a1","force":true,"ask_consent":true,"account":"a1","epoch":3,"password_at":"2026-03-02T12:00:01Z","auth_time":"2026-03-02T12:00:02Z",` +
		`"sid":"sid","session":"ses","consented":true,"refusal":"access_denied","finished":true,"created":"2026-03-02T12:00:00Z","version":4}}`
	wireSession = `{"v":1,"kind":"ses","key":"` + wireHash + `","data":{"sid":"sid","account":"a1","epoch":3,"browser":"b",` +
		`"auth_time":"2026-03-02T12:00:01Z","created":"2026-03-02T12:00:00Z","seen":"2026-03-02T12:00:03Z","version":4}}`
	wireWindow = "olid:win:a54bf4725275733d0734c943ad06c7b046b0e3d5ea5c9cbbd6a849784a1450a0" // SHA-256 of 5:login198.51.100.0/24
)

func TestWire(t *testing.T) {
	t.Parallel()
	address := testenv.Redis(t)
	s, raw := open(t, address), driver(t, address)
	r := authreq.Request{
		Key: wireHash, Browser: "b", ClientID: "portal", RedirectURI: "https://p.example/cb", Scopes: []string{"openid", "email"},
		State: "s", Nonce: "n", Challenge: "c", Claims: json.RawMessage(`{"userinfo":{"email":null}}`), ACR: "low", LoginHint: "h", Lang: "nl",
		Hinted: "a1", ForceLogin: true, ForceConsent: true, AccountID: "a1", Epoch: 3, PasswordAt: noon.Add(time.Second), AuthTime: noon.Add(2 * time.Second),
		SID: "sid", Session: "ses", Consented: true, Refusal: "access_denied", Finished: true, CreatedAt: noon, Version: 4,
	}
	v := session.Session{
		Key: wireHash, SID: "sid", AccountID: "a1", Epoch: 3, Browser: "b", AuthTime: noon.Add(time.Second), CreatedAt: noon,
		SeenAt: noon.Add(3 * time.Second), Version: 4,
	}
	must(t, s.Requests().Create(t.Context(), r, time.Hour))
	must(t, s.Sessions().Create(t.Context(), v, time.Hour))
	for range 2 {
		_, _, err := storagetest.Spend(t.Context(), s.Windows(), "login", "198.51.100.0/24", 1, 1, time.Hour)
		must(t, err)
	}
	for name, want := range map[string]string{
		"olid:req:" + wireHash: wireRequest, "olid:ses:" + wireHash: wireSession, wireWindow: "2",
	} {
		if got := raw.Get(t.Context(), name).Val(); got != want {
			t.Errorf("at %s\nis   %s\nwant %s", name, got, want)
		}
	}

	t.Run("is read, and what a newer version added is passed over", func(t *testing.T) {
		added := wireSession[:len(wireSession)-2] + `,"added":{"x":1}},"added":1}`
		must(t, raw.Set(t.Context(), "olid:ses:"+wireHash, added, time.Hour).Err())
		must(t, raw.Set(t.Context(), "olid:req:"+wireHash, wireRequest, time.Hour).Err())
		gotV, err := s.Sessions().Get(t.Context(), wireHash)
		must(t, err)
		gotR, err := s.Requests().Get(t.Context(), wireHash)
		must(t, err)
		if gotV != v || !reflect.DeepEqual(gotR, r) {
			t.Errorf("got %+v and %+v", gotV, gotR)
		}
		v.Version = 4
		next, err := s.Sessions().Save(t.Context(), v, time.Hour)
		must(t, err)
		if next.Version != 5 {
			t.Errorf("the next version is %d", next.Version)
		}
	})
}
