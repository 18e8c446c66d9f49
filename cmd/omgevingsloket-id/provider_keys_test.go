package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/signkey"
)

// Signing keys: they follow each other, and nothing that was signed stops
// being good before its time.

// published are the kids of the JWKS.
func (s *site) published() []string {
	s.t.Helper()
	_, m, _ := s.call(http.MethodGet, "/jwks", nil, nil)
	var kids []string
	for _, k := range m["keys"].([]any) {
		kids = append(kids, k.(map[string]any)["kid"].(string))
	}
	return kids
}

// refresh is what every server does each minute.
func refresh(sites ...*site) {
	for _, s := range sites {
		s.t.Helper()
		must(s.t, s.keys.Refresh(s.t.Context()))
	}
}

// inState counts keys of one algorithm.
func (s *site) inState(alg string, state signkey.State) (n int) {
	s.t.Helper()
	keys, err := s.stores.db.Keys().Keys(s.t.Context())
	must(s.t, err)
	for _, k := range keys {
		if k.Alg == alg && k.State == state {
			n++
		}
		if (k.State == signkey.Retired || k.State == signkey.Hints) && len(k.Sealed) != 0 {
			s.t.Errorf("key %s cannot sign any more and keeps its private half", k.ID)
		}
	}
	return n
}

// TestR208_RotationByHand: at one of two servers, in the middle of
// everything. Old tokens and hints stay good, and nothing is signed with a
// key that the other server does not know yet (JW-19, UI-03).
func TestR208_RotationByHand(t *testing.T) {
	one, two := pair(t, nil)
	_, b := one.active(testEmail)
	before := b.tokens(newRequest("web", callbackURI))
	oldKid := jwtHeader(t, before["id_token"])["kid"].(string)
	must(t, one.keys.Rotate(t.Context(), "operator"))

	between := b.tokens(newRequest("web", callbackURI))
	if status, _ := two.userinfo(between); status != http.StatusOK {
		t.Error("at a server that has not heard of the rotation:", status)
	}
	if kid := jwtHeader(t, between["id_token"])["kid"].(string); !slices.Contains(two.published(), kid) {
		t.Error("signed with a key that the other server does not publish")
	}
	for range 2 {
		one.clock.add(time.Minute)
		refresh(one, two)
	}
	after := b.tokens(newRequest("web", callbackURI))
	newKid := jwtHeader(t, after["id_token"])["kid"].(string)
	if newKid == oldKid {
		t.Error("the old key still signs")
	}
	for _, s := range []*site{one, two} {
		for _, tokens := range []map[string]any{before, between, after} {
			if status, _ := s.userinfo(tokens); status != http.StatusOK {
				t.Error("userinfo:", status)
			}
			b.on(s).newCode(newRequest("web", callbackURI).with("id_token_hint", tokens["id_token"].(string)))
		}
		if kids := s.published(); !slices.Contains(kids, oldKid) || !slices.Contains(kids, newKid) || len(kids) != 6 {
			t.Error("published:", kids)
		}
	}
	one.goOIDC(before, "web", "RS256")
	one.goOIDC(after, "web", "RS256")
	// gone from the JWKS later, known for hints longer, then forgotten.
	schedule := one.config.KeySchedule()
	one.clock.add(schedule.Retain)
	refresh(one, two)
	if slices.Contains(two.published(), oldKid) || !slices.Contains(two.published(), newKid) {
		t.Error("published after", schedule.Retain, two.published())
	}
	again := one.browser()
	again.seed = b.seed
	again.authorize(newRequest("web", callbackURI)).login(testEmail)
	again.newCode(newRequest("web", callbackURI).with("id_token_hint", before["id_token"].(string)))
	one.clock.add(schedule.Hint)
	refresh(one, two)
	again.authorize(newRequest("web", callbackURI)).login(testEmail)
	again.toClient(newRequest("web", callbackURI).with("id_token_hint", before["id_token"].(string)), "invalid_request")
}

// TestR208_TwoRotateAtOnce: one succeeds, the others hear that somebody else
// did, and there is one key of each kind.
func TestR208_TwoRotateAtOnce(t *testing.T) {
	one, two := pair(t, nil)
	var mu sync.Mutex
	done := 0
	atOnce(4, func(i int) {
		err := []*site{one, two}[i%2].keys.Rotate(t.Context(), "operator")
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
	atOnce(8, func(i int) { refresh([]*site{one, two}[i%2]) })
	for _, alg := range signkey.Algorithms {
		if a, r := one.inState(alg, signkey.Active), one.inState(alg, signkey.Retired); a != 1 || r != done {
			t.Errorf("%s: %d active, %d retired after %d rotations", alg, a, r, done)
		}
	}
	if !slices.Equal(one.published(), two.published()) {
		t.Error("the servers publish different keys")
	}
}

// TestJW19_ScheduledRotation: hours of short-lived keys at two servers that
// refresh at different moments. A relying party that keeps the JWKS for as
// long as it may always knows the key.
func TestJW19_ScheduledRotation(t *testing.T) {
	one, two := pair(t, func(c *config.Config) {
		c.Keys.Publish, c.Keys.Sign, c.Keys.Retain = 20*time.Minute, time.Hour, 20*time.Minute
	})
	_, b := one.active(testEmail)
	kept, keptAt := one.published(), one.clock.now()
	seen := map[string]bool{}
	var last map[string]any
	for i := range 30 { // five hours
		one.clock.add(10 * time.Minute)
		servers := []*site{one, two}
		signs, checks := servers[i%2], servers[(i+1)%2]
		refresh(servers[i%2])
		if one.clock.now().Sub(keptAt) >= 20*time.Minute {
			kept, keptAt = checks.published(), one.clock.now()
		}
		r := newRequest("web", callbackURI)
		status, tokens := signs.redeem(r, b.on(checks).newCode(r))
		if status != http.StatusOK {
			t.Fatal(status, tokens)
		}
		for _, name := range []string{"id_token", "access_token"} {
			kid := jwtHeader(t, tokens[name])["kid"].(string)
			seen[kid] = true
			if !slices.Contains(kept, kid) {
				t.Fatalf("round %d: %s by %s, which nobody was told of in time", i, name, kid)
			}
		}
		for _, of := range []map[string]any{tokens, last} {
			if of == nil {
				continue
			}
			if status, _ := checks.userinfo(of); status != http.StatusOK {
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
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	kid := func() string {
		b.authorize(newRequest("web", callbackURI).with("prompt", "login")).login(testEmail)
		return jwtHeader(t, b.tokens(newRequest("web", callbackURI))["id_token"])["kid"].(string)
	}
	old, known := kid(), s.published()
	s.clock.add(3 * s.config.Keys.Sign)
	refresh(s)
	s.clock.add(5 * time.Minute)
	refresh(s)
	if now := kid(); now != old || len(s.published()) != 2*len(known) {
		t.Errorf("signed by %s, and %d keys are published", now, len(s.published()))
	}
	known = s.published()
	s.clock.add(s.config.Keys.Publish)
	refresh(s)
	if now := kid(); now == old || !slices.Contains(known, now) {
		t.Error("after the notice, signed by", now)
	}
}

// TestR209_KeysSurviveARestart, and are sealed at rest.
func TestR209_KeysSurviveARestart(t *testing.T) {
	s := newSite(t, nil)
	if again := s.twin(0); !slices.Equal(s.published(), again.published()) {
		t.Error("new keys after a restart")
	}
	keys, err := s.stores.db.Keys().Keys(t.Context())
	must(t, err)
	for _, k := range keys {
		if len(k.Sealed) == 0 || json.Valid(k.Sealed) || slices.Equal(k.Sealed[:2], []byte{0x30, 0x82}) {
			t.Errorf("key %s lies open", k.ID)
		}
	}
}

// TestJW20_TypesOfTokens: one key may sign several types; none passes for
// another (RFC 8725 §3.11, R-189).
func TestJW20_TypesOfTokens(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	tokens := b.tokens(newRequest("web", callbackURI))
	for name, typ := range map[string]string{"id_token": "JWT", "access_token": "at+jwt"} {
		for _, asked := range []string{"JWT", "at+jwt", "logout+jwt", ""} {
			var claims map[string]any
			if err := s.keys.Verify(tokens[name].(string), asked, &claims); (err == nil) != (asked == typ) {
				t.Errorf("%s as %q: %v", name, asked, err)
			}
		}
	}
}

// TestJW06_FormerIssuer: the same keys under another name; what they signed
// before is worth nothing.
func TestJW06_FormerIssuer(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	tokens := b.tokens(newRequest("web", callbackURI))
	s.config.Issuer = strings.Replace(s.config.Issuer, "127.0.0.1", "localhost", 1)
	renamed := s.twin(0)
	if status, _ := renamed.userinfo(tokens); status != http.StatusUnauthorized {
		t.Error("userinfo:", status)
	}
	renamed.browser().toClient(newRequest("web", callbackURI).with("id_token_hint", tokens["id_token"].(string)), "invalid_request")
}
