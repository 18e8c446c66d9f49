package clients

import (
	"os"
	"testing"

	"omgevingsloket-id/e2e/practice"
)

// parties is the table of the relying parties.
var parties = []party{
	{
		Name: "Auth.js", Version: "@auth/express 0.12.3", Quick: true, Claims: "ID token", login: "/login", home: "/", logout: "/logout",
		start: script("authjs.mjs"),
	},
	{
		Name: "passport-openidconnect", Version: "0.1.2", Claims: "ID token", PKCE: none, login: "/login", home: "/", logout: "/logout",
		start: script("passport.mjs"),
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
