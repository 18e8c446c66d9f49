package provider_test

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
)

// Y32: whatever the provider refuses has one line in the log, with the client, the
// error that the client or the person saw, the parameter and the rule; and no secret.
func TestY32_EveryErrorHasItsLine(t *testing.T) {
	t.Parallel()
	log := &buffer{}
	s := site.Start(t, site.Setup{Log: slog.New(slog.NewTextHandler(log, nil))})
	request := func(pairs ...string) site.Request {
		r := site.NewRequest("web", site.CallbackURI)
		for i := 0; i < len(pairs); i += 2 {
			r = r.With(pairs[i], pairs[i+1])
		}
		return r
	}
	type expected struct{ client, error, parameter string }
	check := func(what string, want expected, status int, reference string) {
		t.Helper()
		var lines []string
		for l := range strings.Lines(log.take()) {
			if strings.Contains(l, `msg="request refused"`) || strings.Contains(l, `msg="client refused"`) || strings.Contains(l, `msg="request failed"`) {
				lines = append(lines, l)
			}
		}
		if len(lines) != 1 {
			t.Errorf("%s: %d lines, want 1: %q", what, len(lines), lines)
			return
		}
		line := lines[0]
		for name, value := range map[string]string{"client": want.client, "error": want.error, "parameter": want.parameter} {
			if value != "" && !strings.Contains(line, " "+name+"="+value) {
				t.Errorf("%s: no %s=%s in %s", what, name, value, line)
			}
		}
		if !strings.Contains(line, " rule=") && !strings.HasPrefix(want.error, "web.") && want.error != "" && status != http.StatusUnauthorized {
			t.Errorf("%s: no rule in %s", what, line)
		}
		if strings.Contains(line, "canary") || reference != "" && !strings.Contains(line, "request="+reference) {
			t.Errorf("%s: reference %q, logged %s", what, reference, line)
		}
	}
	for what, c := range map[string]struct {
		r    site.Request
		want expected
	}{
		"unknown client":       {request("client_id", "who"), expected{`"\"who\""`, "provider.error.client", "client_id"}},
		"another redirect URI": {request("redirect_uri", "https://rp.example/canary"), expected{"web", "provider.error.redirect_uri", "redirect_uri"}},
		"response type":        {request("response_type", "token"), expected{"web", "unsupported_response_type", ""}},
		"no response type":     {request("response_type", ""), expected{"web", "invalid_request", "response_type"}},
		"response mode":        {request("response_mode", "fragment"), expected{"web", "invalid_request", ""}},
		"request object":       {request("request", "canary"), expected{"web", "request_not_supported", "request"}},
		"no openid":            {request("scope", "email"), expected{"web", "invalid_scope", "scope"}},
		"no PKCE":              {request("code_challenge", ""), expected{"web", "invalid_request", "code_challenge"}},
		"prompt":               {request("prompt", "none login"), expected{"web", "invalid_request", "prompt"}},
		"max_age":              {request("max_age", "canary"), expected{"web", "invalid_request", "max_age"}},
		"claims":               {request("claims", "canary"), expected{"web", "invalid_request", "claims"}},
		"hint":                 {request("id_token_hint", "canary"), expected{"web", "invalid_request", "id_token_hint"}},
		"nobody is logged in":  {request("prompt", "none"), expected{"web", "login_required", ""}},
		"level":                {request("claims", `{"id_token":{"acr":{"essential":true,"value":"urn:canary"}}}`), expected{"web", "unmet_authentication_requirements", ""}},
		"state too long":       {request("state", strings.Repeat("x", 9000)), expected{"", "", ""}},
	} {
		b := s.Browser()
		log.take()
		a := b.Send(b.Request(http.MethodGet, "/authorize?"+c.r.Encode(), nil))
		reference := ""
		if _, after, ok := strings.Cut(a.Body, `<code dir="ltr">`); ok {
			reference, _, _ = strings.Cut(after, "<")
		}
		check("authorize: "+what, c.want, a.Status, reference)
	}
	basic := s.Basic()
	for what, c := range map[string]struct {
		path   string
		form   url.Values
		header http.Header
		want   expected
	}{
		"no grant type":    {"/token", url.Values{}, basic, expected{"web", "invalid_request", "grant_type"}},
		"another grant":    {"/token", url.Values{"grant_type": {"password"}}, basic, expected{"web", "unsupported_grant_type", ""}},
		"no code":          {"/token", url.Values{"grant_type": {"authorization_code"}, "code": {"canary"}, "redirect_uri": {site.CallbackURI}, "code_verifier": {"canary"}}, basic, expected{"web", "invalid_grant", "code"}},
		"wrong secret":     {"/token", url.Values{"grant_type": {"authorization_code"}, "code": {"canary"}}, authorization(encoded("web", "canary")), expected{"web", "invalid_client", ""}},
		"unknown client":   {"/token", url.Values{"grant_type": {"authorization_code"}, "code": {"canary"}}, authorization(encoded("who", "canary")), expected{`"\"who\""`, "invalid_client", ""}},
		"parameter twice":  {"/token", url.Values{"grant_type": {"authorization_code", "authorization_code"}}, basic, expected{"web", "invalid_request", "grant_type"}},
		"in the address":   {"/token?code=canary", url.Values{"grant_type": {"authorization_code"}}, basic, expected{"web", "invalid_request", ""}},
		"revoke, no token": {"/revoke", url.Values{}, basic, expected{"web", "invalid_request", ""}},
		"userinfo":         {"/userinfo", url.Values{}, http.Header{"Authorization": {"Bearer canary"}}, expected{"", "invalid_token", ""}},
		"logout, of web":   {"/end_session", url.Values{"id_token_hint": {"canary", "canary"}, "client_id": {"web"}}, nil, expected{"web", "web.error.bad_request", "id_token_hint"}},
		"logout, of who":   {"/end_session", url.Values{"client_id": {"who"}, "state": {"\xff"}}, nil, expected{`"\"who\""`, "web.error.bad_request", "state"}},
		"logout, a fault":  {"/end_session", url.Values{"id_token_hint": {"canary", "canary"}}, nil, expected{"", "web.error.bad_request", ""}},
	} {
		log.take()
		status, _, _ := s.Call(http.MethodPost, c.path, c.form, c.header)
		if status < http.StatusBadRequest {
			t.Errorf("%s: %d", what, status)
			continue
		}
		check(c.path+": "+what, c.want, status, "")
	}
	// What a person decides is told by redirect as well.
	_, b := s.Active(site.Email)
	b.Authorize(site.NewRequest("third", "https://third.example/cb").With("scope", "openid email")).At("/consent")
	log.take()
	b.Submit("decision", "no")
	if b.URL.Query().Get("error") != "access_denied" {
		t.Fatalf("consent refused: at %s", b.URL)
	}
	check("consent refused", expected{"third", "access_denied", ""}, http.StatusSeeOther, "")
}
