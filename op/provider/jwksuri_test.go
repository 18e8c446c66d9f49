package provider_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/op/provider"
	"omgevingsloket-id/pkg/client"
)

// keyServer is where a client publishes its keys.
type keyServer struct {
	*httptest.Server
	mu     sync.Mutex
	body   string
	status int
	asked  int
	to     string // redirect
}

func (k *keyServer) serve(body string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.body = body
}

func (k *keyServer) answer(status int, to string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.status, k.to = status, to
}

func (k *keyServer) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.asked
}

func (k *keyServer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked++
	if k.to != "" {
		w.Header().Set("Location", k.to)
	}
	w.WriteHeader(k.status)
	_, _ = w.Write([]byte(k.body))
}

// behindURI is a client whose keys are at an address.
func behindURI(t testing.TB) (*keyServer, client.Client) {
	k := &keyServer{status: http.StatusOK}
	k.Server = httptest.NewServer(k)
	t.Cleanup(k.Close)
	return k, site.NewClient("remote", site.KeyedURI, func(c *client.Client) {
		c.AuthMethod, c.SecretHashes, c.JWKSURI = client.PrivateKeyJWT, nil, k.URL+"/jwks"
	})
}

// TestR166_KeysAtAnAddress: read once, again for an unknown kid, at most once
// a minute; a client may rotate (R-159 for assertions).
func TestR166_KeysAtAnAddress(t *testing.T) {
	t.Parallel()
	server, c := behindURI(t)
	s := site.New(t, site.WithClients(c))
	old, fresh := site.NewClientKey(t, "PS256", "k1"), site.NewClientKey(t, "ES256", "k2")
	server.serve(string(site.JWKS(t, old)))
	works := func(k site.ClientKey, want bool, asked int) {
		t.Helper()
		status, out := prove(s, k.Sign(t, s.Assertion("remote"), nil))
		if got := out["error"] == "invalid_grant"; got != want {
			t.Errorf("%s: %d %v", k.KID, status, out)
		}
		if n := server.count(); n != asked {
			t.Errorf("asked %d times, want %d", n, asked)
		}
	}
	works(old, true, 1)
	works(old, true, 1)
	s.Clock.Add(2 * time.Minute)
	server.serve(string(site.JWKS(t, fresh)))
	works(fresh, true, 2) // unknown kid: asked again
	works(old, false, 2)  // and again, but not within the minute
	for range 20 {
		works(site.NewClientKey(t, "ES256", "storm"), false, 2)
	}
	s.Clock.Add(time.Minute)
	works(site.NewClientKey(t, "ES256", "storm"), false, 3)
	s.Clock.Add(11 * time.Minute)
	works(fresh, true, 4) // stale
	// Old keys are better than none.
	server.answer(http.StatusInternalServerError, "")
	s.Clock.Add(11 * time.Minute)
	works(fresh, true, 5)
	s.Clock.Add(time.Minute)
	server.Close()
	works(fresh, true, 5)
}

// TestR166_HangingUpCostsNothing: a caller that asks and hangs up does not use up
// the attempt of this minute.
func TestR166_HangingUpCostsNothing(t *testing.T) {
	t.Parallel()
	server, c := behindURI(t)
	server.serve(string(site.JWKS(t, site.NewClientKey(t, "ES256", "k1"))))
	now := time.Now()
	f := provider.NewKeyFetcher(true, func() time.Time { return now })
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Fetch(gone, c.JWKSURI, false); err != nil {
		t.Error(err)
	}
	if set, err := f.Fetch(t.Context(), c.JWKSURI, false); err != nil || len(set.Keys) != 1 {
		t.Error(set, err)
	}
}

// TestR212_AnswersThatAreNoKeys: a client whose keys cannot be read does not
// authenticate, which is no outage of ours (Y18); nothing is followed, and little
// is read.
func TestR212_AnswersThatAreNoKeys(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	key := site.NewClientKey(t, "ES256", "k1")
	good := string(site.JWKS(t, key))
	elsewhere, _ := behindURI(t)
	elsewhere.serve(good)
	for name, c := range map[string]struct {
		status   int
		to, body string
	}{
		"a web page": {200, "", "<html>"}, "nothing": {200, "", ""}, "an error": {500, "", good}, "not found": {404, "", good},
		"a redirect": {302, elsewhere.URL, good}, "much": {200, "", strings.Repeat(" ", 70_000) + good},
	} {
		server, client := behindURI(t)
		s := site.New(t, site.WithClients(client))
		server.serve(c.body)
		server.answer(c.status, c.to)
		for range 3 {
			status, out := prove(s, key.Sign(t, s.Assertion("remote"), nil))
			WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")
		}
		if server.count() != 1 {
			t.Errorf("%s: asked %d times", name, server.count())
		}
	}
	if elsewhere.count() != 0 {
		t.Error("a redirect was followed")
	}
}

// TestR212_OnlyPublicAddresses: in production nothing private is called, by
// whatever name.
func TestR212_OnlyPublicAddresses(t *testing.T) {
	t.Parallel()
	server, c := behindURI(t)
	server.serve(string(site.JWKS(t, site.NewClientKey(t, "ES256", "k1"))))
	for _, uri := range []string{
		c.JWKSURI, strings.Replace(c.JWKSURI, "127.0.0.1", "localhost", 1), strings.Replace(c.JWKSURI, "127.0.0.1", "[::1]", 1),
		strings.Replace(c.JWKSURI, "127.0.0.1", "[::ffff:127.0.0.1]", 1), strings.Replace(c.JWKSURI, "127.0.0.1", "0.0.0.0", 1),
		"http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "http://172.16.0.1/", "http://192.168.1.1/", "http://100.64.0.1/", "http://[fe80::1]/",
		"http://[fd00::1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://0.0.0.1/", "http://224.0.0.1/", "http://255.255.255.255/", "http://198.18.0.1/",
	} {
		f := provider.NewKeyFetcher(false, time.Now)
		_, err := f.Fetch(t.Context(), uri, false)
		if err == nil || !strings.Contains(err.Error(), "public address") {
			t.Errorf("%s: %v", uri, err)
		}
	}
	if server.count() != 0 {
		t.Error("it was called")
	}
	// On practice, this machine and its networks may be called; never the
	// link, where clouds keep their secrets.
	practice := provider.NewKeyFetcher(true, time.Now)
	if _, err := practice.Fetch(t.Context(), c.JWKSURI, false); err != nil {
		t.Error("practice:", err)
	}
	if _, err := practice.Fetch(t.Context(), "http://169.254.169.254/", false); err == nil || !strings.Contains(err.Error(), "public address") {
		t.Error("practice, the link:", err)
	}
}

// TestR034_KeysRegisteredOnce: jwks or jwks_uri, by https.
func TestR034_KeysRegisteredOnce(t *testing.T) {
	t.Parallel()
	key := site.NewClientKey(t, "ES256", "k1")
	for name, change := range map[string]func(*client.Client){
		"both":       func(c *client.Client) { c.JWKSURI = "https://keyed.example/jwks" },
		"neither":    func(c *client.Client) { c.JWKS = nil },
		"http":       func(c *client.Client) { c.JWKS, c.JWKSURI = nil, "http://keyed.example/jwks" },
		"file":       func(c *client.Client) { c.JWKS, c.JWKSURI = nil, "file:///etc/passwd" },
		"with user":  func(c *client.Client) { c.JWKS, c.JWKSURI = nil, "https://u:p@keyed.example/jwks" },
		"and public": func(c *client.Client) { c.AuthMethod = client.None },
	} {
		c := site.KeyedClient(t, "keyed", site.KeyedURI, key)
		change(&c)
		if err := c.Validate(client.NLGov, false); err == nil {
			t.Errorf("%s: registered", name)
		}
	}
}
