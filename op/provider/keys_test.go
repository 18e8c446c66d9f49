package provider_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/signkey"
)

// Signing keys: they follow each other, and nothing that was signed stops
// being good before its time.

// published are the kids of the JWKS.
func published(s *site.Site) []string {
	s.T.Helper()
	_, m, _ := s.Call(http.MethodGet, "/jwks", nil, nil)
	var kids []string
	for _, k := range m["keys"].([]any) {
		kids = append(kids, k.(map[string]any)["kid"].(string))
	}
	return kids
}

// refresh is what every server does each minute.
func refresh(sites ...*site.Site) {
	for _, s := range sites {
		s.T.Helper()
		site.Must(s.T, s.Keys.Refresh(s.T.Context()))
	}
}

// inState counts keys of one algorithm.
func inState(s *site.Site, alg string, state signkey.State) (n int) {
	s.T.Helper()
	keys, err := s.Stores.DB.Keys().Keys(s.T.Context())
	site.Must(s.T, err)
	for _, k := range keys {
		if k.Alg == alg && k.State == state {
			n++
		}
		if (k.State == signkey.Retired || k.State == signkey.Hints) && len(k.Sealed) != 0 {
			s.T.Errorf("key %s cannot sign any more and keeps its private half", k.ID)
		}
	}
	return n
}

// TestR208_RotationByHand: at one of two servers, in the middle of
// everything. Old tokens and hints stay good, and nothing is signed with a
// key that the other server does not know yet (JW-19, UI-03).
func TestR208_RotationByHand(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	one, two := pair(t, nil)
	_, b := one.Active(site.Email)
	before := b.Tokens(site.NewRequest("web", site.CallbackURI))
	oldKid := JWTHeader(t, before["id_token"])["kid"].(string)
	site.Must(t, one.Keys.Rotate(t.Context(), "operator"))

	between := b.Tokens(site.NewRequest("web", site.CallbackURI))
	if status, _ := two.Userinfo(between); status != http.StatusOK {
		t.Error("at a server that has not heard of the rotation:", status)
	}
	if kid := JWTHeader(t, between["id_token"])["kid"].(string); !slices.Contains(published(two), kid) {
		t.Error("signed with a key that the other server does not publish")
	}
	for range 2 {
		one.Clock.Add(time.Minute)
		refresh(one, two)
	}
	after := b.Tokens(site.NewRequest("web", site.CallbackURI))
	newKid := JWTHeader(t, after["id_token"])["kid"].(string)
	if newKid == oldKid {
		t.Error("the old key still signs")
	}
	for _, s := range []*site.Site{one, two} {
		for _, tokens := range []map[string]any{before, between, after} {
			if status, _ := s.Userinfo(tokens); status != http.StatusOK {
				t.Error("userinfo:", status)
			}
			b.On(s).NewCode(site.NewRequest("web", site.CallbackURI).With("id_token_hint", tokens["id_token"].(string)))
		}
		if kids := published(s); !slices.Contains(kids, oldKid) || !slices.Contains(kids, newKid) || len(kids) != 2*len(signkey.Algorithms) {
			t.Error("published:", kids)
		}
	}
	goOIDC(one, before, "web", "RS256")
	goOIDC(one, after, "web", "RS256")
	// gone from the JWKS later, known for hints longer, then forgotten.
	schedule := one.Config.KeySchedule()
	one.Clock.Add(schedule.Retain)
	refresh(one, two)
	if slices.Contains(published(two), oldKid) || !slices.Contains(published(two), newKid) {
		t.Error("published after", schedule.Retain, published(two))
	}
	again := one.Browser()
	again.Seed = b.Seed
	again.Authorize(site.NewRequest("web", site.CallbackURI)).Login(site.Email)
	again.NewCode(site.NewRequest("web", site.CallbackURI).With("id_token_hint", before["id_token"].(string)))
	one.Clock.Add(schedule.Hint)
	refresh(one, two)
	again.Authorize(site.NewRequest("web", site.CallbackURI)).Login(site.Email)
	again.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("id_token_hint", before["id_token"].(string)), "invalid_request")
}

// TestR208_TwoRotateAtOnce: one succeeds, the others hear that somebody else
// did, and there is one key of each kind.
func TestR208_TwoRotateAtOnce(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	one, two := pair(t, nil)
	var mu sync.Mutex
	done := 0
	site.AtOnce(4, func(i int) {
		err := []*site.Site{one, two}[i%2].Keys.Rotate(t.Context(), "operator")
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err == nil:
			done++
		case !errors.Is(err, errs.ErrConflict):
			t.Error(err)
		}
	})
	if done == 0 {
		t.Error("nobody rotated")
	}
	site.AtOnce(8, func(i int) { refresh([]*site.Site{one, two}[i%2]) })
	for _, alg := range signkey.Algorithms {
		if a, r := inState(one, alg, signkey.Active), inState(one, alg, signkey.Retired); a != 1 || r != done {
			t.Errorf("%s: %d active, %d retired after %d rotations", alg, a, r, done)
		}
	}
	if !slices.Equal(published(one), published(two)) {
		t.Error("the servers publish different keys")
	}
}

// TestJW19_ScheduledRotation: hours of short-lived keys at two servers that
// refresh at different moments. A relying party that keeps the JWKS for as
// long as it may always knows the key.
func TestJW19_ScheduledRotation(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	one, two := pair(t, func(c *config.Config) {
		c.Keys.Publish, c.Keys.Sign, c.Keys.Retain = 20*time.Minute, time.Hour, 20*time.Minute
		site.SignedAccess(c)
	})
	_, b := one.Active(site.Email)
	kept, keptAt := published(one), one.Clock.Now()
	seen := map[string]bool{}
	var last map[string]any
	for i := range 30 { // five hours
		one.Clock.Add(10 * time.Minute)
		servers := []*site.Site{one, two}
		signs, checks := servers[i%2], servers[(i+1)%2]
		refresh(servers[i%2])
		if one.Clock.Now().Sub(keptAt) >= 20*time.Minute {
			kept, keptAt = published(checks), one.Clock.Now()
		}
		r := site.NewRequest("web", site.CallbackURI)
		status, tokens := signs.Redeem(r, b.On(checks).NewCode(r))
		if status != http.StatusOK {
			t.Fatal(status, tokens)
		}
		for _, name := range []string{"id_token", "access_token"} {
			kid := JWTHeader(t, tokens[name])["kid"].(string)
			seen[kid] = true
			if !slices.Contains(kept, kid) {
				t.Fatalf("round %d: %s by %s, which nobody was told of in time", i, name, kid)
			}
		}
		for _, of := range []map[string]any{tokens, last} {
			if of == nil {
				continue
			}
			if status, _ := checks.Userinfo(of); status != http.StatusOK {
				t.Fatalf("round %d: userinfo %d", i, status)
			}
		}
		last = tokens
	}
	if len(seen) < 2*4 { // RS256 and ES256
		t.Errorf("%d keys in five hours", len(seen))
	}
}

// TestJW19_AfterALongSleep: nobody refreshed when the next key was due to be
// announced. It is announced first, and signs no earlier for that.
func TestJW19_AfterALongSleep(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	kid := func() string {
		b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "login")).Login(site.Email)
		return JWTHeader(t, b.Tokens(site.NewRequest("web", site.CallbackURI))["id_token"])["kid"].(string)
	}
	old, known := kid(), published(s)
	s.Clock.Add(3 * s.Config.Keys.Sign)
	refresh(s)
	s.Clock.Add(5 * time.Minute)
	refresh(s)
	if now := kid(); now != old || len(published(s)) != 2*len(known) {
		t.Errorf("signed by %s, and %d keys are published", now, len(published(s)))
	}
	known = published(s)
	s.Clock.Add(s.Config.Keys.Publish)
	refresh(s)
	if now := kid(); now == old || !slices.Contains(known, now) {
		t.Error("after the notice, signed by", now)
	}
}

// TestR209_KeysSurviveARestart, and are sealed at rest.
func TestR209_KeysSurviveARestart(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	if again := s.Twin(0); !slices.Equal(published(s), published(again)) {
		t.Error("new keys after a restart")
	}
	keys, err := s.Stores.DB.Keys().Keys(t.Context())
	site.Must(t, err)
	for _, k := range keys {
		if len(k.Sealed) == 0 || json.Valid(k.Sealed) || slices.Equal(k.Sealed[:2], []byte{0x30, 0x82}) {
			t.Errorf("key %s lies open", k.ID)
		}
	}
}

// TestJW20_TypesOfTokens: one key may sign several types; none passes for
// another (RFC 8725 §3.11, R-189).
func TestJW20_TypesOfTokens(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.SignedAccess)
	_, b := s.Active(site.Email)
	tokens := b.Tokens(site.NewRequest("web", site.CallbackURI))
	for name, typ := range map[string]string{"id_token": "JWT", "access_token": "at+jwt"} {
		for _, asked := range []string{"JWT", "at+jwt", "logout+jwt", ""} {
			var claims map[string]any
			if err := s.Keys.Verify(tokens[name].(string), asked, &claims); (err == nil) != (asked == typ) {
				t.Errorf("%s as %q: %v", name, asked, err)
			}
		}
	}
}

// TestJW06_FormerIssuer: the same keys under another name; what they signed
// before is worth nothing.
func TestJW06_FormerIssuer(t *testing.T) {
	t.Parallel()
	for name, access := range map[string]func(*config.Config){"JWTs": site.SignedAccess, "handles": nil} {
		t.Run(name, func(t *testing.T) { t.Parallel(); formerIssuer(t, site.New(t, access)) })
	}
}

func formerIssuer(t *testing.T, s *site.Site) {
	t.Helper()
	_, b := s.Active(site.Email)
	tokens := b.Tokens(site.NewRequest("web", site.CallbackURI))
	s.Config.Issuer = strings.Replace(s.Config.Issuer, "127.0.0.1", "localhost", 1)
	renamed := s.Twin(0)
	if status, _ := renamed.Userinfo(tokens); status != http.StatusUnauthorized {
		t.Error("userinfo:", status)
	}
	renamed.Browser().RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("id_token_hint", tokens["id_token"].(string)), "invalid_request")
}
