package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestErrorResponses(t *testing.T) {
	for code, c := range map[string]struct {
		status int
		text   string
	}{
		"access_denied":                     {http.StatusForbidden, "U bent niet ingelogd"},
		"login_required":                    {http.StatusForbidden, "U moet eerst inloggen"},
		"interaction_required":              {http.StatusForbidden, "heeft u nodig"},
		"consent_required":                  {http.StatusForbidden, "toestemming is nodig"},
		"unmet_authentication_requirements": {http.StatusForbidden, "niveau is niet mogelijk"},
		"temporarily_unavailable":           {http.StatusServiceUnavailable, "kan nu even niet"},
		"server_error":                      {http.StatusServiceUnavailable, "kan nu even niet"},
		"invalid_request":                   {http.StatusBadGateway, "Inloggen is niet gelukt"},
		"<script>":                          {http.StatusBadGateway, "invalid_response"},
	} {
		t.Run(code, func(t *testing.T) {
			s := newStage(t, nil)
			s.op.answer = func(_, back url.Values) {
				back.Del("code")
				back.Set("error", code)
				back.Set("error_description", "<img src=x>"+strings.Repeat("long", 200))
			}
			b := s.browser()
			res := b.login("/login")
			wantNoLogin(t, b, res, c.status)
			wantText(t, res, c.text, "Opnieuw inloggen", "&lt;img src=x&gt;")
			if strings.Contains(res.body, "<img") || strings.Contains(res.body, "<script>") || len(res.body) > 3000 {
				t.Errorf("the description is shown raw or whole:\n%s", res.body)
			}
			if strings.Contains(s.log.String(), "img") {
				t.Error("the description went into the log")
			}
		})
	}
}

// A link with an error but without a valid state shows nothing of its parameters.
func TestErrorWithoutStateShowsNothingOfIt(t *testing.T) {
	s := newStage(t, nil)
	res := s.browser().get("/callback?error=access_denied&error_description=call+0900-1234&state=x")
	want(t, res, http.StatusBadRequest)
	if strings.Contains(res.body, "0900") {
		t.Error("foreign text on our page")
	}
}

func TestTokenEndpointErrors(t *testing.T) {
	fail := func(status int, body string) func(*stage) {
		return func(s *stage) {
			s.op.token = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				_, _ = w.Write([]byte(body))
			}
		}
	}
	for name, c := range map[string]struct {
		change func(*stage)
		status int
		text   string
	}{
		"code refused":   {fail(400, `{"error":"invalid_grant"}`), http.StatusBadRequest, "niet meer geldig"},
		"client unknown": {fail(401, `{"error":"invalid_client"}`), http.StatusBadGateway, "registration at the provider"},
		"other error":    {fail(400, `{"error":"invalid_request","error_description":"geheim"}`), http.StatusBadGateway, "invalid_request"},
		"down":           {fail(503, `{"error":"temporarily_unavailable"}`), http.StatusServiceUnavailable, "niet bereikbaar"},
		"down, no JSON":  {fail(502, `<h1>geheim</h1>`), http.StatusServiceUnavailable, "niet bereikbaar"},
		"no ID token":    {fail(200, `{"access_token":"geheim","token_type":"Bearer"}`), http.StatusBadGateway, "niet gelukt"},
		"no token":       {fail(200, `{"token_type":"geheim"}`), http.StatusServiceUnavailable, "niet bereikbaar"},
		"userinfo down":  {func(s *stage) { s.op.infoFails = true }, http.StatusServiceUnavailable, "niet bereikbaar"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			c.change(s)
			b := s.browser()
			res := b.login("/login")
			wantNoLogin(t, b, res, c.status)
			wantText(t, res, c.text)
			if strings.Contains(res.body+s.log.String(), "geheim") {
				t.Error("the provider's answer leaked into page or log")
			}
		})
	}
}
