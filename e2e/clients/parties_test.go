package clients

import (
	"testing"
	"time"

	"omgevingsloket-id/e2e/practice"
	"omgevingsloket-id/e2e/testenv"
)

// parties is the table of the relying parties.
var parties = []party{
	{
		Name: "oauth2-proxy", Version: "7.15.6", Runs: "its own binary, built from its Go module",
		Claims: "userinfo", Refresh: "its cookie lives for 7 days (`cookie_expire`)",
		PKCE:  "code_challenge_method: S256",
		login: "/", logout: "/oauth2/sign_out?rd=%2Fbye",
		start: oauth2Proxy,
	},
	{
		Name: "Dex", Version: "2.41.1", Runs: "its own binary, built from its Go module, with a portal behind it",
		Claims: "userinfo", Refresh: "its own tokens",
		PKCE:  none,
		login: "/login", logout: "/logout",
		start: dex,
	},
	{
		Name: "mod_auth_openidc", Version: "2.4.12, Debian 12", Runs: "Debian's package in Debian's Apache", Quick: true,
		Claims: "ID token and userinfo", Refresh: "its session ends after 5 idle minutes, or 8 hours",
		PKCE:  "OIDCPKCEMethod S256",
		login: "/", logout: "/callback?logout=BASE%2Fbye%2F",
		start: apache,
	},
	{
		Name: "Authlib", Version: "1.9.10", Runs: "a portal of Flask",
		Claims: "userinfo", Refresh: "the portal's own session",
		PKCE:  `"code_challenge_method": "S256"`,
		login: "/login", home: "/", logout: "/logout",
		start: pyScript("authlib_portal.py", "settings.py"),
	},
	{
		Name: "mozilla-django-oidc", Version: "5.0.2", Runs: "a portal of Django 5.2",
		Claims: "userinfo", Refresh: "Django's session, 2 weeks; `SessionRefresh` asks again every 15 minutes",
		PKCE:  "OIDC_USE_PKCE = True",
		login: "/oidc/authenticate/", home: "/", logout: "/leave",
		start: pyScript("django_portal.py", "settings.py", "holders.py"),
	},
	{
		Name: "Spring Security", Version: "7, of Spring Boot 4.0.7", Runs: "a portal of Spring Boot",
		Claims: "ID token and userinfo", Refresh: "the portal's own session",
		login: "/oauth2/authorization/omgevingsloket-id", home: "/me", logout: "/leave",
		start: spring,
	},
	{
		Name: "Keycloak", Version: "26.5.6, as a broker", Runs: "the distribution from Maven Central, with a portal behind it",
		Claims: "userinfo", Refresh: "its own session and tokens",
		PKCE: `"pkceMethod": "S256"`, Pause: 11 * time.Second,
		login: "/login", logout: "/logout",
		start: keycloak,
	},
	{
		Name: "Auth.js", Version: "@auth/express 0.12.3", Runs: "a portal of Express 5",
		Claims: "ID token", Refresh: "its session lives for 30 days",
		login: "/login", home: "/", logout: "/logout",
		start: node20(script("authjs.mjs")),
	},
	{
		Name: "passport-openidconnect", Version: "0.1.2", Runs: "a portal of Express 5", Quick: true,
		Claims: "ID token", Refresh: "the portal's own session",
		PKCE:  none,
		login: "/login", home: "/", logout: "/logout",
		start: script("passport.mjs"),
	},
	{
		Name: "oidc-client-ts", Version: "3.5.0 in Chromium", Runs: "a page in Chromium",
		Claims: "userinfo", Refresh: "a login without a page; `signinSilent` in a frame only on the same site as the provider",
		login: "/login", logout: "/logout",
		start: script("oidc-client-ts.mjs"), visitor: newChromium,
	},
	{
		Name: "openid-client", Version: "6.8.9", Runs: "a portal of Express 5", Quick: true,
		Claims: "userinfo", Refresh: "the portal's own session",
		PKCE:  "code_challenge (S256)",
		login: "/login", home: "/", logout: "/logout",
		// http on this machine
		start: script("openid-client.mjs", `"));`, `"), { execute: [oidc.allowInsecureRequests] });`),
	},
}

// TestY22_Parties walks through the parties that start in seconds, with the settings of
// README.
func TestY22_Parties(t *testing.T) {
	site := practice.Start(t)
	for _, p := range parties {
		if p.Quick {
			t.Run(p.Name, func(t *testing.T) { p.walk(t, site, new(seen)) })
		}
	}
}

// TestY22_AllParties walks through all parties, and writes what came of it to
// deploy/clients.md.
func TestY22_AllParties(t *testing.T) {
	testenv.Long(t)
	site := practice.Start(t)
	rows := map[string]seen{}
	for _, p := range parties {
		t.Run(p.Name, func(t *testing.T) {
			var s seen
			defer func() { rows[p.Name] = s }() // also if the walk ends early
			p.walk(t, site, &s)
		})
	}
	writeMatrix(t, rows)
}
