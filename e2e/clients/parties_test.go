package clients

import (
	"os"
	"testing"

	"omgevingsloket-id/e2e/practice"
)

// parties is the table of the relying parties.
var parties = []party{
	{
		Name: "oauth2-proxy", Version: "7.15.6", Claims: "userinfo", PKCE: "code_challenge_method: S256",
		login: "/", logout: "/oauth2/sign_out?rd=%2Fbye", start: oauth2Proxy,
	},
	{
		Name: "Dex", Version: "2.41.1", Claims: "userinfo", PKCE: none, login: "/login", logout: "/logout", start: dex,
	},
	{
		Name: "mod_auth_openidc", Version: "Debian's", Quick: true, Claims: "ID token and userinfo", PKCE: "OIDCPKCEMethod S256",
		login: "/", logout: "/callback?logout=BASE%2Fbye%2F", start: apache,
	},
	{
		Name: "Authlib", Version: "1.9.10", Claims: "userinfo", PKCE: `"code_challenge_method": "S256"`, login: "/login", home: "/", logout: "/logout",
		start: pyScript("authlib_portal.py", "settings.py"),
	},
	{
		Name: "mozilla-django-oidc", Version: "5.0.2", Claims: "userinfo", PKCE: "OIDC_USE_PKCE = True", login: "/oidc/authenticate/", home: "/", logout: "/leave",
		start: pyScript("django_portal.py", "settings.py", "holders.py"),
	},
	{
		Name: "Spring Security", Version: "7, of Spring Boot 4.0.7", Claims: "ID token and userinfo",
		login: "/oauth2/authorization/omgevingsloket-id", home: "/me", logout: "/leave", start: spring,
	},
	{
		Name: "Keycloak", Version: "26.5.6, as a broker", Claims: "userinfo", PKCE: `"pkceMethod": "S256"`,
		login: "/login", logout: "/logout", start: keycloak,
	},
	{
		Name: "Auth.js", Version: "@auth/express 0.12.3", Quick: true, Claims: "ID token", login: "/login", home: "/", logout: "/logout",
		start: script("authjs.mjs"),
	},
	{
		Name: "passport-openidconnect", Version: "0.1.2", Claims: "ID token", PKCE: none, login: "/login", home: "/", logout: "/logout",
		start: script("passport.mjs"),
	},
	{
		Name: "oidc-client-ts", Version: "3.5.0 in Chromium", Claims: "userinfo", login: "/login", logout: "/logout",
		start: script("oidc-client-ts.mjs"), visitor: newChromium,
	},
	{
		Name: "openid-client", Version: "6.8.9", Quick: true, Claims: "userinfo", login: "/login", home: "/", logout: "/logout",
		start: script("openid-client.mjs", `"));`, `"), { execute: [oidc.allowInsecureRequests] });`), /* http on this machine */
	},
}

// TestParties walks through the parties that start in seconds.
func TestParties(t *testing.T) {
	site := practice.Start(t)
	for _, p := range parties {
		if p.Quick || os.Getenv("ALL") != "" {
			t.Run(p.Name, func(t *testing.T) { p.walk(t, site) })
		}
	}
}
