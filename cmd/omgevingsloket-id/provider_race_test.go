package main

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/secret"
)

// crowd is how many do the same thing at the same moment.
const crowd = 64

// pair are two servers of one installation, on PostgreSQL and Redis.
func pair(t *testing.T, change func(*config.Config)) (one, two *site) {
	servers := onServers(t)
	one = newSite(t, func(c *config.Config) {
		servers(c)
		if change != nil {
			change(c)
		}
	})
	return one, one.twin(0)
}

// tally counts answers; safe for concurrent use.
type tally struct {
	sync.Mutex
	counts map[string]int
	kept   map[string]any
}

func (c *tally) add(status int, out map[string]any) {
	c.Lock()
	defer c.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	code, _ := out["error"].(string)
	c.counts[http.StatusText(status)+" "+code]++
	if status == http.StatusOK {
		c.kept = out
	}
}

// oneOf demands one success and nothing but refusals of this kind besides.
func (c *tally) oneOf(t *testing.T, n int, refusal string) {
	t.Helper()
	if c.counts["OK "] != 1 || c.counts[refusal] != n-1 {
		t.Errorf("of %d: %v", n, c.counts)
	}
}

// L2 and TK-01: one code, many at once. The replays revoke what it gave.
func TestL02_CodeRedeemedManyTimes(t *testing.T) { raceCode(t, newSite(t, nil), nil) }

func TestTK01_OneCodeAtTwoServers(t *testing.T) {
	one, two := pair(t, nil)
	raceCode(t, one, two)
}

func raceCode(t *testing.T, one, two *site) {
	servers := []*site{one, one}
	if two != nil {
		servers[1] = two
	}
	_, b := one.active(testEmail)
	for range 5 {
		r := newRequest("web", callbackURI)
		code := b.newCode(r)
		var got tally
		atOnce(crowd, func(i int) {
			status, out := servers[i%2].redeem(r, code)
			got.add(status, out)
		})
		got.oneOf(t, crowd, "Bad Request invalid_grant")
		if status, _ := servers[1].userinfo(got.kept); status != http.StatusUnauthorized {
			t.Error("the tokens outlived 63 replays:", status)
		}
	}
}

// AZ-22: one finished login, many callbacks at once: one code.
func TestAZ22_OneLoginManyCallbacks(t *testing.T) {
	one, two := pair(t, nil)
	a, b := one.active(testEmail)
	before := one.issued(a)
	link := b.lastStep(newRequest("web", callbackURI).with("prompt", "login"), testEmail)
	var mu sync.Mutex
	codes, answers := map[string]bool{}, map[string]int{}
	atOnce(crowd, func(i int) {
		on := []*browser{b, b.on(two)}[i%2]
		a := on.send(on.asks(http.MethodGet, link, nil))
		mu.Lock()
		defer mu.Unlock()
		u, err := url.Parse(a.header.Get("Location"))
		must(t, err)
		answers[fmt.Sprint(a.status, " ", u.Host, u.Path)]++
		if code := u.Query().Get("code"); code != "" {
			codes[code] = true
		}
	})
	if again := answers["303 /login/restart"] + answers["410 "]; len(codes) != 1 || answers["303 rp.example/cb"] != 1 || again != crowd-1 {
		t.Errorf("%d codes, %v", len(codes), answers)
	}
	if n := one.issued(a) - before; n != 1 {
		t.Errorf("%d grants", n)
	}
}

// begun at one server, finished at the other, redeemed at the
// first, told about at the second.
func TestR310_OneFlowOverTwoServers(t *testing.T) {
	one, two := pair(t, nil)
	a := one.person(testEmail)
	r := newRequest("web", callbackURI)
	b := one.browser().authorize(r).at("/login")
	answer := b.on(two).get("?" + b.url.RawQuery).enrol(a.Email).answered()
	status, tokens := one.redeem(r, answer.Get("code"))
	if status != http.StatusOK || answer.Get("iss") != one.config.Issuer {
		t.Fatal(status, tokens)
	}
	if status, info := two.userinfo(tokens); status != http.StatusOK || info["sub"] != idToken(t, tokens)["sub"] {
		t.Error(status, info)
	}
	// revoked at one, dead at the other.
	if status, _, _ := two.call(http.MethodPost, "/revoke", url.Values{"token": {tokens["access_token"].(string)}}, two.basic()); status != http.StatusOK {
		t.Error("revoke:", status)
	}
	if status, _ := one.userinfo(tokens); status != http.StatusUnauthorized {
		t.Error("revoked at the other server:", status)
	}
}

// TK-17, R-030: one assertion, many at once, at two servers: one success.
func TestTK17_OneAssertionAtTwoServers(t *testing.T) {
	key := newClientKey(t, "ES256", "k1")
	one, two := pair(t, with(keyed(t, "keyed", keyedURI, key)))
	servers := []*site{one, two}
	token := key.sign(t, one.assertion("keyed"), nil)
	var got tally
	atOnce(crowd, func(i int) {
		form := asserted(token)
		form.Set("token", "x")
		status, out, _ := servers[i%2].call(http.MethodPost, "/revoke", form, nil)
		got.add(status, out)
	})
	got.oneOf(t, crowd, "Unauthorized invalid_client")
}

// AZ-24, R-022: 256 bits, no two alike, nothing that they share but the kind.
func TestAZ24_CodesAreRandom(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	seen := map[string]bool{}
	first := map[byte]int{}
	for range 300 {
		code := b.newCode(newRequest("web", callbackURI))
		if _, ok := secret.Parse(secret.KindCode, code); !ok || seen[code] {
			t.Fatalf("%q", code)
		}
		seen[code] = true
		first[code[len(secret.KindCode)+1]]++
	}
	if len(first) < 40 { // of 64; fewer than 40 of 300 draws is beyond luck
		t.Errorf("first characters: %v", first)
	}
}
