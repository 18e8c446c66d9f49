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

// The names of the cookies. Cookies do not depend on ports, so a provider on the same
// host gets them too: hence the prefix, and few cookies.
const (
	cookieSession = "portal_session"
	cookieLogin   = "portal_login_" // followed by an id of the attempt
	cookieLogout  = "portal_logout"
	cookieLang    = "portal_lang"
)

// maxLogins is how many unfinished logins a browser has; the oldest one is dropped.
const maxLogins = 8

// random returns 256 random bits in base64url: 43 characters, the form of a PKCE
// verifier (RFC 7636 §4.1). It panics if it cannot read random bytes.
func (p *Portal) random() string {
	var b [32]byte
	if _, err := io.ReadFull(p.cfg.Rand, b[:]); err != nil {
		panic("portal: no randomness: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// cookieName adds the prefix __Host- over https, so that a sibling host cannot set
// the cookie.
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

// cookie returns the value of a cookie, or "".
func (p *Portal) cookie(r *http.Request, name string) string {
	c, err := r.Cookie(p.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// loginCookie returns the name of the cookie of one login attempt. Tabs that log in
// at the same time have different ones.
func loginCookie(state string) string {
	sum := sha256.Sum256([]byte(state))
	return cookieLogin + hex.EncodeToString(sum[:8])
}

// trimLogins drops the oldest unfinished logins of this browser. Browsers send the
// earliest cookie first (RFC 6265 §5.4).
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
