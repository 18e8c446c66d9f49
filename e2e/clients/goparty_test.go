package clients

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"omgevingsloket-id/e2e/testenv"
)

var (
	builtMu sync.Mutex
	built   = map[string]string{}
)

// build builds the tool of a module in a folder here, once, from the module cache.
func build(t *testing.T, folder, tool string) string {
	t.Helper()
	builtMu.Lock()
	defer builtMu.Unlock()
	if path := built[folder]; path != "" {
		return path
	}
	path := filepath.Join(testenv.Dir(t, folder), folder)
	cmd := exec.CommandContext(t.Context(), testenv.Tool(t, "go"), "build", "-o", path, tool)
	cmd.Dir, cmd.Env = folder, append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", tool, err, out)
	}
	built[folder] = path
	return path
}

// oauth2Proxy starts oauth2-proxy before a portal that shows a header.
func oauth2Proxy(t *testing.T, r *run) {
	t.Helper()
	program := build(t, "oauth2-proxy", "github.com/oauth2-proxy/oauth2-proxy/v7")
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) {
		fmt.Fprintf(w, "<p>%s</p>", in.Header.Get("X-Forwarded-Name"))
	}))
	t.Cleanup(portal.Close)
	own := r.file(t, "oauth2-proxy.cfg", r.settings[0])
	providers := r.file(t, "providers.yaml", replace(r.settings[1], "http://127.0.0.1:3000", portal.URL, "0.0.0.0:4180", r.addr))
	// http on this machine
	testenv.Start(t, program, []string{"--config", own, "--alpha-config", providers, "--cookie-secure=false"}).WaitReady(r.base + "/ping")
}

// brokered is a small portal behind a broker: the broker is what is tested.
type brokered struct {
	mu        sync.Mutex
	name, raw string // of who is logged in
}

// startBrokered serves a portal at r.base that logs in at the broker, and logs out at the
// address that logout returns for an ID token of the broker. hint is a parameter of the
// login, and its value.
func startBrokered(t *testing.T, r *run, issuer, id, secret string, logout func(raw string) string, hint ...string) {
	t.Helper()
	provider, err := oidc.NewProvider(t.Context(), issuer)
	if err != nil {
		t.Fatal(err)
	}
	b := &brokered{name: "Nobody"}
	config := oauth2.Config{
		ClientID: id, ClientSecret: secret, Endpoint: provider.Endpoint(), RedirectURL: r.base + "/callback", Scopes: []string{"openid", "profile", "email"},
	}
	verifier := oauth2.GenerateVerifier()
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, in *http.Request) {
		options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier)}
		if len(hint) == 2 {
			options = append(options, oauth2.SetAuthURLParam(hint[0], hint[1]))
		}
		http.Redirect(w, in, config.AuthCodeURL("state", options...), http.StatusFound)
	})
	mux.HandleFunc("/callback", func(w http.ResponseWriter, in *http.Request) {
		if err := b.login(in, provider, config, verifier); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		http.Redirect(w, in, "/", http.StatusFound)
	})
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		fmt.Fprintf(w, "<p>%s</p>", b.name)
	})
	mux.HandleFunc("/logout", func(w http.ResponseWriter, in *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.name = "Nobody"
		http.Redirect(w, in, logout(b.raw), http.StatusFound)
	})
	server := &http.Server{Addr: r.addr, Handler: mux}
	go func() { _ = server.ListenAndServe() }()
	t.Cleanup(func() { _ = server.Close() })
}

func (b *brokered) login(in *http.Request, provider *oidc.Provider, config oauth2.Config, verifier string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.name = "Nobody"
	token, err := config.Exchange(in.Context(), in.URL.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		return fmt.Errorf("%s: %w", in.URL.RawQuery, err)
	}
	b.raw, _ = token.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(in.Context(), b.raw)
	if err != nil {
		return err
	}
	var claims struct{ Name string }
	if err := id.Claims(&claims); err != nil {
		return err
	}
	b.name = claims.Name
	return nil
}

// dexConf is the part of Dex that has nothing to do with us.
const dexConf = `
issuer: ISSUER
storage: {type: memory}
web: {http: ADDR}
oauth2: {skipApprovalScreen: true}
staticClients:
  - {id: behind, secret: behind-dex, name: Behind, redirectURIs: [BASE/callback]}
`

// dex starts Dex and a portal behind it.
func dex(t *testing.T, r *run) {
	t.Helper()
	program := build(t, "dex", "github.com/dexidp/dex/cmd/dex")
	issuer := r.broker + "/dex"
	conf := replace(dexConf, "ISSUER", issuer, "ADDR", strings.TrimPrefix(r.broker, "http://"), "BASE", r.base) + r.settings[0]
	testenv.Start(t, program, []string{"serve", r.file(t, "dex.yaml", conf)}).WaitReady(issuer + "/.well-known/openid-configuration")
	startBrokered(t, r, issuer, "behind", "behind-dex", func(string) string { return strings.TrimSpace(r.settings[1]) })
}
