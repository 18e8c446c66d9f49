package web_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
)

// Y32: each refused request is one line of the log, whatever the answer looks like:
// a page, JSON, a redirect to a client, a bare status. It holds our words only.
func TestY32_OneLineForARefusedRequest(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	k := newKit(t, func(o *web.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	page := func(path string, err error) {
		k.Router.Get(path, func(http.ResponseWriter, *http.Request) error { return err })
	}
	page("/page", web.Fail(http.StatusBadRequest, "web.error.bad_request", web.Rule("parameter twice")))
	page("/form", &web.FormError{Status: http.StatusBadRequest, Reason: "state is too long", Cause: errors.New("canary")})
	page("/network", web.Fail(http.StatusRequestTimeout, "web.error.bad_request", &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded, Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}}))
	page("/wrapped", web.Fail(http.StatusBadRequest, "web.error.bad_request", fmt.Errorf("of %s", "canary@example.org")))
	page("/failed", errors.New("disk full"))
	k.Router.Raw(http.MethodGet, "/json", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.Explain(r.Context(), func(f *web.Refusal) { f.Client, f.Reason, f.Cause = "portal", "wrong_secret", "canary" })
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error":"invalid_client","error_description":"client authentication failed"}`))
	}))
	k.Router.Raw(http.MethodGet, "/down", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.Explain(r.Context(), func(f *web.Refusal) { f.Cause = "no route to the database" })
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"error":"server_error"}`))
	}))
	k.Router.Get("/redirect", func(w http.ResponseWriter, r *http.Request) error {
		return k.Pages.SeeOther(w, "https://portal.example/cb?state=canary&error=invalid_scope&error_description=scope+phone+is+not+open")
	})
	k.Router.Get("/away", func(w http.ResponseWriter, r *http.Request) error {
		return k.Pages.Away(w, r, "https://portal.example/cb?state=canary&error=access_denied&error_description=the+person+cancelled")
	})
	k.Router.Get("/out", func(w http.ResponseWriter, r *http.Request) error {
		return k.Pages.Away(w, r, "https://portal.example/out?state=x")
	})
	k.Router.Get("/gone", func(http.ResponseWriter, *http.Request) error { return web.Restart(errs.ErrNotFound) })
	k.Router.Get("/own", func(w http.ResponseWriter, r *http.Request) error { return k.Pages.SeeOther(w, "/login?error=x") })
	k.Router.Raw(http.MethodGet, "/bearer", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="x", error="invalid_token"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	k.Router.Get("/fine", says("fine"))
	k.Router.Explains(func(f *web.Refusal) {
		if strings.Contains(f.Rule, "scope") {
			f.Parameter = "scope"
		}
	})
	for _, c := range []struct {
		target   string
		prefetch bool
		want     []string // none: no line
	}{
		{"/page", false, []string{"level=INFO", `msg="request refused"`, "status=400", "error=web.error.bad_request", `rule="parameter twice"`}},
		{"/form", false, []string{"error=web.error.bad_request", `rule="state is too long"`}},
		{"/network", false, []string{"status=408"}},
		{"/wrapped", false, []string{"status=400"}},
		{"/failed", false, []string{"level=ERROR", `msg="request failed"`, "status=500", "disk full"}},
		{"/json", false, []string{"level=INFO", "client=portal", "error=invalid_client", `rule="client authentication failed"`, "reason=wrong_secret"}},
		{"/down", false, []string{"level=ERROR", "error=server_error", `cause="no route to the database"`}},
		{"/redirect", false, []string{"level=INFO", "status=303", "error=invalid_scope", "parameter=scope", `rule="scope phone is not open"`}},
		{"/away", false, []string{"level=INFO", "status=200", "error=access_denied", `rule="the person cancelled"`}},
		{"/gone", false, []string{"status=410", "error=web.error.restart", `rule="not known, or not any more"`}},
		{"/out", false, nil},
		{"/bearer", false, []string{"status=401", "error=invalid_token"}},
		{"/nowhere", false, []string{"status=404", "error=web.error.not_found"}},
		{"/page", true, []string{"level=INFO", "status=403", "error=prefetch"}},
		{"/own", false, nil},
		{"/fine", false, nil},
	} {
		log.Reset()
		r := httptest.NewRequest(http.MethodGet, c.target, nil)
		if c.prefetch {
			r.Header.Set("Sec-Purpose", "prefetch")
		}
		w := send(k, r)
		line := log.String()
		if n := strings.Count(line, "\n"); (n == 1) != (c.want != nil) || n > 1 {
			t.Errorf("GET %s logs %d lines: %s", c.target, n, line)
		}
		for _, want := range c.want {
			if !strings.Contains(line, want) {
				t.Errorf("GET %s logs %s, without %s", c.target, line, want)
			}
		}
		if strings.Contains(line, "canary") || strings.Contains(line, "192.0.2.1") {
			t.Errorf("GET %s logs %s", c.target, line)
		}
		// The reference on a page leads to its line.
		if _, after, ok := strings.Cut(line, "request="); ok && strings.Contains(w.Body.String(), `data-page="web/error"`) {
			if reference, _, _ := strings.Cut(after, " "); len(reference) != 12 || w.Code >= 500 && !strings.Contains(w.Body.String(), reference) {
				t.Errorf("GET %s shows no reference %q", c.target, reference)
			}
		}
	}
}

// Y32: a tel: address holds what is dialled.
func TestY32_Tel(t *testing.T) {
	t.Parallel()
	for phone, want := range map[string]string{
		"+31 88 797 07 90": "+31887970790", "+31 (0)88 797 07 90": "+31887970790", "088 797 0790": "0887970790", "(088) 797-0790": "0887970790", "1400": "1400", "": "",
	} {
		if got := (web.Helpdesk{Phone: phone}).Tel(); got != want {
			t.Errorf("Tel(%q) = %q, want %q", phone, got, want)
		}
	}
}
