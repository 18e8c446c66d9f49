package clients

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const matrixHead = `# Relying parties that were tried

Written by ` + "`make long`" + ` (` + "`e2e/clients`" + `), which starts each of these programs, with exactly the settings that
[README](../README.md#connect-your-portal-in-five-minutes) prints for it, against the real binary on a practice environment. Each logs a
person in, shows the name, forgets the person and logs in again after two rotations of the keys in a row (so that it has never seen the
key), and logs out: after that the provider asks for the password again. Only addresses, id and secret are put in. As everything runs on
this machine over http, oauth2-proxy gets ` + "`--cookie-secure=false`" + ` and openid-client ` + "`allowInsecureRequests`" + ` besides.

There are no refresh tokens. Under "refresh" stands how long a party keeps its people by itself; during a session here a new login shows no
page, as the second login of each row did. Under "settings" stands what the client is registered with besides name and addresses.

| relying party | version | what runs | login | name, read from | logout | key rotation | PKCE | refresh | settings |
|---|---|---|---|---|---|---|---|---|---|
`

// notRun ends the page: limits that were met, and what was not tried.
const notRun = `
- Keycloak reads our keys at most once in 10 seconds: somebody who logs in within 10 seconds of two rotations in a row is refused.
  It was logged in at after that.
- Dex ends no session here, and its portals have no ID token of ours: the person follows a link with ` + "`client_id`" + `, is asked, and is sent on.
- oauth2-proxy calls ` + "`end_session`" + ` from its server; the session of the person's browser ends all the same.
- Auth.js needs Node.js 20: the fetch of Debian 12's own Node.js 18 keeps only one of several cookies.
- passport-openidconnect and Auth.js trust an ID token that comes from the token endpoint over TLS (OIDC Core §3.1.3.7) and check no
  signature, so that a rotation means nothing to them.

Every party of the list was run; none was left out because a registry does not serve it.
`

// options returns what README registers the party with, besides name and addresses.
func (p party) options(t *testing.T) string {
	t.Helper()
	var all []string
	line := fromREADME(t, p.Name).add
	for i, a := range line {
		switch {
		case !strings.HasPrefix(a, "--") || a == "--name" || a == "--redirect-uri" || a == "--post-logout":
		case i+1 < len(line) && !strings.HasPrefix(line[i+1], "--"):
			all = append(all, "`"+a+" "+line[i+1]+"`")
		default:
			all = append(all, "`"+a+"`")
		}
	}
	return cmp.Or(strings.Join(all, " "), "none")
}

// writeMatrix writes deploy/clients.md.
func writeMatrix(t *testing.T, rows map[string]seen) {
	t.Helper()
	var b strings.Builder
	b.WriteString(matrixHead)
	word := func(ok bool) string {
		if ok {
			return "yes"
		}
		return "**no**"
	}
	for _, p := range parties {
		s, ran := rows[p.Name]
		if !ran {
			continue // only some were asked for
		}
		pkce := "none: `--pkce-optional`"
		switch {
		case p.PKCE == none:
		case s.challenge != "S256":
			pkce = "**no**"
		case p.PKCE == "":
			pkce = "on by default"
		default:
			pkce = "off by default; on with `" + p.PKCE + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s, %s | %s | %s | %s | %s | %s |\n",
			p.Name, p.Version, p.Runs, word(s.login), word(s.claims), p.Claims, word(s.logout), word(s.rotation), pkce, p.Refresh, p.options(t))
	}
	b.WriteString(notRun)
	if len(rows) != len(parties) {
		t.Logf("not all parties ran, so deploy/clients.md stays as it is:\n%s", &b)
		return
	}
	if err := os.WriteFile(filepath.Join(root, "deploy", "clients.md"), []byte(b.String()), 0o644); err != nil {
		t.Error(err)
	}
}
