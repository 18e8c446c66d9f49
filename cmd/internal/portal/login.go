package portal

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"omgevingsloket-id/pkg/secret"
)

// attempt is one login in progress, stored under its state.
type attempt struct {
	entry    *entry
	browser  secret.Text // value of this attempt's cookie
	nonce    string
	verifier secret.Text // PKCE (RFC 7636)
	target   string      // path of the portal to redirect to in the end
	// notBefore is the earliest time of authentication that the request
	// allows; zero means any.
	notBefore time.Time
}

// loginParams are the parameters that /login passes on to the provider, with the form
// of each. Tests and developers use them.
var loginParams = map[string]*regexp.Regexp{
	"prompt":     regexp.MustCompile(`^(none|login|consent|select_account|create)( (login|consent|select_account))*$`),
	"max_age":    regexp.MustCompile(`^[0-9]{1,9}$`),
	"acr_values": regexp.MustCompile(`^[!-~]+( [!-~]+)*$`),
	"login_hint": regexp.MustCompile(`^[^\x00-\x1f]{1,320}$`),
	"claims":     regexp.MustCompile(`^\{[\x20-\x7e]*\}$`),
}

// maxParam keeps the redirect address within the limits of servers.
const maxParam = 2000

// login starts an authorization request: GET /login, optionally with some of
// loginParams.
func (p *Portal) login(w http.ResponseWriter, r *http.Request, e *entry) {
	q, ok := once(r)
	extra := map[string]string{}
	for name, shape := range loginParams {
		v := q.Get(name)
		if v == "" {
			continue
		}
		ok = ok && len(v) <= maxParam && shape.MatchString(v) && (name != "claims" || json.Valid([]byte(v)))
		extra[name] = v
	}
	if !ok {
		p.badLink(w, r, e, "/login: prompt, max_age, acr_values, login_hint or claims is malformed or stands twice")
		return
	}
	p.begin(w, r, e, e.Path, extra)
}

// initiate lets the provider start a login here: GET /login/start, the
// initiate_login_uri (OIDC Core §4). iss must be the configured provider, and the
// target must be a page of the portal.
func (p *Portal) initiate(w http.ResponseWriter, r *http.Request, e *entry) {
	q, ok := once(r)
	if !ok || q.Get("iss") != p.cfg.Issuer {
		p.badLink(w, r, e, "/login/start: iss must be "+p.cfg.Issuer)
		return
	}
	extra := map[string]string{}
	if hint := q.Get("login_hint"); loginParams["login_hint"].MatchString(hint) {
		extra["login_hint"] = hint
	}
	target := e.Path
	if link := q.Get("target_link_uri"); link != "" {
		if target, ok = p.ownPath(link); !ok {
			p.badLink(w, r, e, "/login/start: target_link_uri must lie at "+p.base.String())
			return
		}
	}
	p.begin(w, r, e, target, extra)
}

// ownPath returns path and query of an address on our own origin. The result is only
// used behind that origin, so that no spelling can lead elsewhere.
func (p *Portal) ownPath(link string) (string, bool) {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != p.base.Scheme || u.Host != p.base.Host || u.User != nil {
		return "", false
	}
	return pathOf(u), true
}

// pathOf returns path and query of u; it always starts with a slash.
func pathOf(u *url.URL) string {
	path := u.EscapedPath()
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return path
}

// begin redirects the browser to the provider. State, nonce and PKCE verifier are new
// for each attempt, and a cookie binds the attempt to this browser.
func (p *Portal) begin(w http.ResponseWriter, r *http.Request, e *entry, target string, extra map[string]string) {
	m, err := p.idp.metadata(r.Context())
	if err != nil {
		p.unreachable(w, r, e, err)
		return
	}
	a := attempt{
		entry: e, target: target, nonce: p.random(),
		browser: secret.Text(p.random()), verifier: secret.Text(p.random()),
		notBefore: p.oldestLogin(extra),
	}
	options := []oauth2.AuthCodeOption{
		oidc.Nonce(a.nonce),
		oauth2.S256ChallengeOption(a.verifier.Reveal()),
	}
	if lang := p.chosen(w, r); lang != nil {
		options = append(options, oauth2.SetAuthURLParam("ui_locales", lang.Lang))
	}
	if claims := e.claimsParameter(); claims != "" {
		options = append(options, oauth2.SetAuthURLParam("claims", claims)) // a value in extra replaces it
	}
	for name, v := range extra {
		options = append(options, oauth2.SetAuthURLParam(name, v))
	}
	state := p.random()
	p.trimLogins(w, r)
	p.setCookie(w, loginCookie(state), a.browser.Reveal(), attemptLife)
	p.attempts.put(state, a)
	http.Redirect(w, r, m.oauth(e).AuthCodeURL(state, options...), http.StatusSeeOther)
}

// claimsParameter returns the claims parameter that asks for IDTokenClaims, or "".
func (e Entry) claimsParameter() string {
	if len(e.IDTokenClaims) == 0 {
		return ""
	}
	wishes := map[string]any{}
	for _, name := range e.IDTokenClaims {
		wishes[name] = nil
	}
	parameter, err := json.Marshal(map[string]any{"id_token": wishes})
	if err != nil {
		panic("portal: claims do not encode: " + err.Error()) // names cannot fail
	}
	return string(parameter)
}

// clockSkew is how much the provider's clock may differ from ours.
const clockSkew = time.Minute

// oldestLogin returns the earliest time of authentication for a request with
// prompt=login or max_age. An attacker can remove these from the address of the
// request, which auth_time then shows.
func (p *Portal) oldestLogin(extra map[string]string) time.Time {
	age := extra["max_age"]
	if slices.Contains(strings.Fields(extra["prompt"]), "login") {
		age = "0"
	}
	seconds, err := strconv.Atoi(age)
	if err != nil {
		return time.Time{}
	}
	return p.now().Add(-clockSkew - time.Duration(seconds)*time.Second)
}

// once returns the query, and whether it is well formed and has each parameter once
// (RFC 6749 §3.1).
func once(r *http.Request) (url.Values, bool) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	for _, v := range q {
		if len(v) > 1 {
			return q, false
		}
	}
	return q, err == nil
}
