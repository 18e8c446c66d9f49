// Package portal implements the relying party that stands in for the Omgevingsloket: a
// small website where people log in with Omgevingsloket-ID and see the claims that the
// portal got.
//
// It uses OpenID Connect only, and nothing else of our provider, so that it shows a
// developer what a relying party has to check. Sessions and login attempts are in
// memory: restarting the portal logs people out.
package portal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"omgevingsloket-id/pkg/secret"
)

// Config configures New. BaseURL, Issuer and one entry are required; the rest has a
// default.
type Config struct {
	// BaseURL is the portal's own origin, such as "http://localhost:8081". All
	// addresses of the portal are made from it, never from Host.
	BaseURL string
	// Issuer is the provider's issuer identifier, byte for byte.
	Issuer string
	// Entries are the portals served here, each with its own client. The first
	// one has the path "/".
	Entries []Entry

	ApplyURL string // page to apply for an account; "" means no link
	MailDir  string // folder of *.eml files to show at /mail; practice only
	Lang     string // "nl" (default) or "en", for browsers that prefer neither

	HTTPClient *http.Client     // for calls to the provider; default: 10 s, no redirects
	Now        func() time.Time // default time.Now
	Rand       io.Reader        // default crypto/rand
	Logger     *slog.Logger     // default slog.Default
}

// Entry is one portal: a front page at Path and a client at the provider.
type Entry struct {
	Path     string   // "/" or one segment, such as "/second"
	Name     string   // shown as the portal's name
	ClientID string   // as registered at the provider
	Scopes   []string // default: openid profile email
	// IDTokenClaims are requested in the ID token, besides the claims that
	// the scopes put in userinfo (OIDC Core §5.5).
	IDTokenClaims []string

	// ClientSecret makes a confidential client, and PrivateKeyFile, a file with a
	// private JWK, a client with private_key_jwt (OIDC Core §9). With neither the
	// client is public. PKCE is used in all three cases.
	ClientSecret   secret.Text
	PrivateKeyFile string

	// ThirdParty reports that the provider asks the user for consent; the front
	// page then says so.
	ThirdParty bool
}

// URIs are the addresses of an entry that are registered at the provider.
type URIs struct {
	Home           string
	Redirect       string // redirect_uris
	PostLogout     string // post_logout_redirect_uris
	InitiateLogin  string // initiate_login_uri
	ClaimsDocument string // /claims.json, for tests
}

// URIsOf returns what to register for the entry at path of a portal at baseURL.
func URIsOf(baseURL, path string) URIs {
	home := strings.TrimSuffix(baseURL, "/") + path
	prefix := strings.TrimSuffix(home, "/")
	return URIs{
		Home:           home,
		Redirect:       prefix + "/callback",
		PostLogout:     prefix + "/logout/done",
		InitiateLogin:  prefix + "/login/start",
		ClaimsDocument: prefix + "/claims.json",
	}
}

// Portal is the website: an http.Handler without goroutines of its own.
type Portal struct {
	cfg      Config
	base     *url.URL
	entries  []*entry
	idp      *idp
	attempts *shelf[attempt]
	sessions *shelf[session]
	now      func() time.Time
	log      *slog.Logger
	handler  http.Handler
}

// entry is a checked Entry, with what follows from it.
type entry struct {
	Entry
	URIs
	prefix string // "" or "/second": prefix of its paths
	suffix string // "" or "_second": suffix of its cookies
	key    *jose.JSONWebKey
}

// The limits on what is kept in memory. When there is more, the oldest is dropped, and
// its user starts again.
const (
	attemptLife = time.Hour // includes scanning a QR code for the first time
	sessionLife = 12 * time.Hour
	maxKept     = 10_000
)

// New checks cfg and builds the portal. It does not contact the provider, which
// may start later.
func New(cfg Config) (*Portal, error) {
	p := &Portal{now: cfg.Now, log: cfg.Logger}
	if p.now == nil {
		p.now = time.Now
	}
	if p.log == nil {
		p.log = slog.Default()
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Lang == "" {
		cfg.Lang = "nl"
	}
	if catalogue[cfg.Lang] == nil {
		return nil, fmt.Errorf("portal: language %q does not exist; use nl or en", cfg.Lang)
	}
	base, err := origin(cfg.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("portal: base URL: %w", err)
	}
	if _, err := webURL(cfg.Issuer); err != nil {
		return nil, fmt.Errorf("portal: issuer: %w", err)
	}
	if cfg.ApplyURL != "" {
		if _, err := webURL(cfg.ApplyURL); err != nil {
			return nil, fmt.Errorf("portal: apply URL: %w", err)
		}
	}
	p.cfg, p.base = cfg, base
	if p.entries, err = checkEntries(base.String(), cfg.Entries); err != nil {
		return nil, fmt.Errorf("portal: %w", err)
	}
	p.idp = &idp{issuer: cfg.Issuer, client: providerClient(cfg.HTTPClient), now: p.now}
	p.attempts = newShelf[attempt](attemptLife, maxKept, p.now)
	p.sessions = newShelf[session](sessionLife, maxKept, p.now)
	p.handler = p.guard(p.routes())
	return p, nil
}

// ServeHTTP implements http.Handler.
func (p *Portal) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

// Serve serves on l until ctx ends, and then lets running requests finish. The timeout
// of a response includes the calls to the provider.
func (p *Portal) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler:           p,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(p.log.Handler(), slog.LevelWarn),
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		return errors.Join(err, srv.Close())
	}
	return nil
}

// routes returns the handler of all pages.
func (p *Portal) routes() http.Handler {
	mux := http.NewServeMux()
	for _, e := range p.entries {
		at := func(pattern string, h func(http.ResponseWriter, *http.Request, *entry)) {
			method, path, _ := strings.Cut(pattern, " ")
			mux.HandleFunc(method+" "+e.prefix+path, func(w http.ResponseWriter, r *http.Request) { h(w, r, e) })
		}
		at("GET /{$}", p.home)
		if e.prefix != "" {
			at("GET ", p.home)
		}
		at("GET /login", p.login)
		at("GET /login/start", p.initiate)
		at("GET /callback", p.callback)
		at("GET /claims.json", p.claims)
		at("POST /logout", p.logout)
		at("GET /logout/done", p.loggedOut)
	}
	if p.cfg.MailDir != "" {
		mux.HandleFunc("GET /mail", p.mailbox)
		mux.HandleFunc("GET /mail/{name}", p.letter)
	}
	mux.HandleFunc("GET /static/{name}", p.static)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		t := p.texts(w, r)
		p.message(w, r, p.entries[0], http.StatusNotFound, note{Title: t.NotFoundTitle, Text: t.NotFoundText, Home: true})
	})
	return mux
}

// entryPath matches the paths that cannot hide a page of the portal.
var entryPath = regexp.MustCompile(`^/([a-z][a-z0-9-]*)?$`)

var takenPaths = map[string]bool{"/login": true, "/callback": true, "/logout": true, "/mail": true, "/static": true}

func checkEntries(base string, list []Entry) ([]*entry, error) {
	if len(list) == 0 || list[0].Path != "/" {
		return nil, errors.New(`the first entry must have the path "/"`)
	}
	seen := map[string]bool{}
	var out []*entry
	for _, e := range list {
		switch {
		case !entryPath.MatchString(e.Path) || takenPaths[e.Path]:
			return nil, fmt.Errorf(`entry path %q: use "/" or one free segment of a-z, 0-9 and "-", such as "/second"`, e.Path)
		case seen[e.Path]:
			return nil, fmt.Errorf("entry path %q stands twice", e.Path)
		case e.ClientID == "":
			return nil, fmt.Errorf("entry %q has no client id; register one at the provider with `omgevingsloket-id client add`", e.Path)
		case e.ClientSecret != "" && e.PrivateKeyFile != "":
			return nil, fmt.Errorf("entry %q has a client secret and a private key; a client proves itself in one way", e.Path)
		}
		seen[e.Path] = true
		if e.Name == "" {
			e.Name = "Oefenloket"
		}
		if len(e.Scopes) == 0 {
			e.Scopes = []string{"openid", "profile", "email"}
		}
		one := &entry{Entry: e, URIs: URIsOf(base, e.Path), prefix: strings.TrimSuffix(e.Path, "/")}
		one.suffix = strings.Replace(one.prefix, "/", "_", 1)
		var err error
		if one.key, err = readKey(e.PrivateKeyFile); err != nil {
			return nil, fmt.Errorf("entry %q: %w", e.Path, err)
		}
		out = append(out, one)
	}
	return out, nil
}

// webURL parses an absolute http or https address.
func webURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("%q is no address such as https://id.example.nl", s)
	}
	return u, nil
}

// origin parses an address that is only a scheme, host and port.
func origin(s string) (*url.URL, error) {
	u, err := webURL(strings.TrimSuffix(s, "/"))
	if err != nil {
		return nil, err
	}
	if u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q: only scheme, host and port, such as http://localhost:8081", s)
	}
	return u, nil
}
