package clients

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"omgevingsloket-id/e2e/practice"
)

// relyingParty is a client at the provider and the configuration of openid-client.
type relyingParty struct {
	Issuer     string            `json:"issuer"`
	ID         string            `json:"client_id"`
	Method     string            `json:"method"`
	Secret     string            `json:"secret,omitempty"`
	Key        *jose.JSONWebKey  `json:"key,omitempty"`
	Alg        string            `json:"alg"`
	Redirect   string            `json:"redirect_uri"`
	PostLogout string            `json:"post_logout_redirect_uri"`
	Scope      string            `json:"scope"`
	Parameters map[string]string `json:"parameters,omitempty"`
	Replay     bool              `json:"replay,omitempty"`
}

// register adds the client to a running demo.
func register(t *testing.T, site *practice.Site, method, alg string) relyingParty {
	t.Helper()
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "back") }))
	t.Cleanup(back.Close)
	rp := relyingParty{
		Issuer: site.Issuer, ID: strings.ReplaceAll(method, "_", "-") + "-" + strings.ToLower(alg), Method: method, Alg: alg,
		Redirect: back.URL + "/callback", PostLogout: back.URL + "/out", Scope: "openid email omgevingsloket",
	}
	args := []string{
		"client", "add", rp.ID, "--name", "Test", "--redirect-uri", rp.Redirect, "--post-logout", rp.PostLogout,
		"--auth-method", method, "--signing-alg", alg,
	}
	if method == "private_key_jwt" {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		rp.Key = &jose.JSONWebKey{Key: key, KeyID: "k1", Algorithm: "ES256", Use: "sig"}
		public, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{rp.Key.Public()}})
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "jwks.json")
		if err := os.WriteFile(file, public, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--jwks-file", file)
	}
	added := site.Command(args...)
	if added.Code != 0 {
		t.Fatalf("client add: %+v", added)
	}
	_, secret, _ := strings.Cut(added.Stdout, "shown only now: ")
	rp.Secret = strings.TrimSpace(secret)
	return rp
}

// result is the output of rp.mjs.
type result struct {
	Claims    map[string]any `json:"claims"`
	Userinfo  map[string]any `json:"userinfo"`
	After     map[string]any `json:"after"` // userinfo with a revoked token
	ExpiresIn int            `json:"expires_in"`
	Replay    string         `json:"replay"`
	Logout    string         `json:"logout"`
	Error     string         `json:"error"`
	Message   string         `json:"message"`
}

// login runs rp.mjs. person gets the address to open and returns the callback address at
// the client.
func (rp relyingParty) login(t *testing.T, dir string, person func(authorize string) string) result {
	t.Helper()
	settings, err := json.Marshal(rp)
	if err != nil {
		t.Fatal(err)
	}
	line := append(node(t), "rp.mjs", string(settings))
	cmd := exec.CommandContext(t.Context(), line[0], line[1:]...)
	var errs strings.Builder
	cmd.Dir, cmd.Stderr = dir, &errs
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(out)
	var begin struct{ Authorize string }
	var end result
	for step, v := range []any{&begin, &end} {
		if step == 1 {
			if _, err := io.WriteString(in, person(begin.Authorize)+"\n"); err != nil {
				t.Fatal(err)
			}
		}
		text, err := answers.ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(text, v)
		}
		if err != nil {
			t.Fatalf("rp.mjs: %v\n%s%s", err, text, &errs)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("rp.mjs: %v\n%s", err, &errs)
	}
	return end
}
