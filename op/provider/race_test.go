package provider_test

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/secret"
)

// crowd is how many do the same thing at the same moment.
const crowd = 64

// pair are two servers of one installation, on PostgreSQL and Redis.
func pair(t *testing.T, change func(*config.Config)) (one, two *site.Site) {
	servers := site.OnServers(t)
	one = site.New(t, func(c *config.Config) {
		servers(c)
		if change != nil {
			change(c)
		}
	})
	two = one.Twin(0)
	return one, two
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
func TestL02_CodeRedeemedManyTimes(t *testing.T) {
	t.Parallel()
	raceCode(t, site.New(t, nil), nil)
}

func TestTK01_OneCodeAtTwoServers(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	one, two := pair(t, nil)
	raceCode(t, one, two)
}

func raceCode(t *testing.T, one, two *site.Site) {
	servers := []*site.Site{one, one}
	if two != nil {
		servers[1] = two
	}
	_, b := one.Active(site.Email)
	for range 5 {
		r := site.NewRequest("web", site.CallbackURI)
		code := b.NewCode(r)
		var got tally
		site.AtOnce(crowd, func(i int) {
			status, out := servers[i%2].Redeem(r, code)
			got.add(status, out)
		})
		got.oneOf(t, crowd, "Bad Request invalid_grant")
		if status, _ := servers[1].Userinfo(got.kept); status != http.StatusUnauthorized {
			t.Error("the tokens outlived 63 replays:", status)
		}
	}
}

// AZ-22: one finished login, many callbacks at once: one code.
func TestAZ22_OneLoginManyCallbacks(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	one, two := pair(t, nil)
	a, b := one.Active(site.Email)
	before := issued(one, a)
	link := lastStep(b, site.NewRequest("web", site.CallbackURI).With("prompt", "login"), site.Email)
	var mu sync.Mutex
	codes, answers := map[string]bool{}, map[string]int{}
	site.AtOnce(crowd, func(i int) {
		on := []*site.Browser{b, b.On(two)}[i%2]
		a := on.Send(on.Request(http.MethodGet, link, nil))
		mu.Lock()
		defer mu.Unlock()
		u, err := url.Parse(a.Header.Get("Location"))
		site.Must(t, err)
		answers[fmt.Sprint(a.Status, " ", u.Host, u.Path)]++
		if code := u.Query().Get("code"); code != "" {
			codes[code] = true
		}
	})
	// Each answer holds the one code, or is the page to begin again.
	answered := answers["303 rp.example/cb"]
	if again := answers["303 /login/restart"] + answers["410 "]; len(codes) != 1 || answered == 0 || answered+again != crowd {
		t.Errorf("%d codes, %v, want one code and no other answer than it or to begin again", len(codes), answers)
	}
	if n := issued(one, a) - before; n != 1 {
		t.Errorf("%d grants", n)
	}
}

// begun at one server, finished at the other, redeemed at the
// first, told about at the second.
func TestR310_OneFlowOverTwoServers(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	one, two := pair(t, nil)
	a := one.Person(site.Email)
	r := site.NewRequest("web", site.CallbackURI)
	b := one.Browser().Authorize(r).At("/login")
	answer := b.On(two).Get("?" + b.URL.RawQuery).Enrol(a.Email).Answered()
	status, tokens := one.Redeem(r, answer.Get("code"))
	if status != http.StatusOK || answer.Get("iss") != one.Config.Issuer {
		t.Fatal(status, tokens)
	}
	if status, info := two.Userinfo(tokens); status != http.StatusOK || info["sub"] != site.IDToken(t, tokens)["sub"] {
		t.Error(status, info)
	}
	// revoked at one, dead at the other.
	if status, _, _ := two.Call(http.MethodPost, "/revoke", url.Values{"token": {tokens["access_token"].(string)}}, two.Basic()); status != http.StatusOK {
		t.Error("revoke:", status)
	}
	if status, _ := one.Userinfo(tokens); status != http.StatusUnauthorized {
		t.Error("revoked at the other server:", status)
	}
}

// TK-17, R-030: one assertion, many at once, at two servers: one success.
func TestTK17_OneAssertionAtTwoServers(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	key := site.NewClientKey(t, "ES256", "k1")
	one, two := pair(t, site.WithClients(site.KeyedClient(t, "keyed", site.KeyedURI, key)))
	servers := []*site.Site{one, two}
	token := key.Sign(t, one.Assertion("keyed"), nil)
	var got tally
	site.AtOnce(crowd, func(i int) {
		form := site.Asserted(token)
		form.Set("token", "x")
		status, out, _ := servers[i%2].Call(http.MethodPost, "/revoke", form, nil)
		got.add(status, out)
	})
	got.oneOf(t, crowd, "Unauthorized invalid_client")
}

// AZ-24, R-022: 256 bits, no two alike, nothing that they share but the kind.
func TestAZ24_CodesAreRandom(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	seen := map[string]bool{}
	first := map[byte]int{}
	for range 300 {
		code := b.NewCode(site.NewRequest("web", site.CallbackURI))
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
