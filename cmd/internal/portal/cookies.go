package portal

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"time"
)

// The names of our cookies. The provider on the same host shares the jar, for
// cookies know no ports: hence the prefix, and few of them.
const (
	cookieSession = "portal_session"
	cookieLogin   = "portal_login_" // followed by an id of the attempt
	cookieLogout  = "portal_logout"
	cookieLang    = "portal_lang"
)

// maxLogins is how many unfinished logins a browser carries; the oldest goes.
const maxLogins = 8

// random gives 256 bits in base64url, 43 characters: beyond guessing, and the
// shape of a PKCE verifier (RFC 7636 §4.1). Without randomness nothing safe can
// be done, so it panics.
func (p *Portal) random() string {
	var b [32]byte
	if _, err := io.ReadFull(p.cfg.Rand, b[:]); err != nil {
		panic("portal: no randomness: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// cookieName adds __Host- where a browser accepts it (https), so that no
// sibling host can plant one.
func (p *Portal) cookieName(name string) string {
	if p.base.Scheme == "https" {
		return "__Host-" + name
	}
	return name
}

func (p *Portal) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: p.cookieName(name), Value: value, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, Secure: p.base.Scheme == "https", SameSite: http.SameSiteLaxMode,
	})
}

func (p *Portal) dropCookie(w http.ResponseWriter, name string) {
	p.setCookie(w, name, "", -time.Second)
}

// cookie gives the value of a cookie, "" when there is none.
func (p *Portal) cookie(r *http.Request, name string) string {
	c, err := r.Cookie(p.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// loginCookie names the cookie of one login attempt, so that tabs that log in
// at the same time do not overwrite each other's.
func loginCookie(state string) string {
	sum := sha256.Sum256([]byte(state))
	return cookieLogin + hex.EncodeToString(sum[:8])
}

// trimLogins drops the oldest unfinished logins of this browser. Browsers send
// the earliest cookie first (RFC 6265 §5.4).
func (p *Portal) trimLogins(w http.ResponseWriter, r *http.Request) {
	var names []string
	for _, c := range r.Cookies() {
		if strings.HasPrefix(c.Name, p.cookieName(cookieLogin)) {
			names = append(names, strings.TrimPrefix(c.Name, p.cookieName("")))
		}
	}
	for i := 0; i <= len(names)-maxLogins; i++ {
		p.dropCookie(w, names[i])
	}
}
