// Package client defines relying parties: their redirect URIs, scopes and
// authentication. ("Application" is a person's request for an account, never
// a client.)
package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"omgevingsloket-id/pkg/effect"
)

// AuthMethod is how a client authenticates at the token endpoint.
type AuthMethod string

// The methods (OIDC Core §9).
const (
	None              AuthMethod = "none" // public client: PKCE only
	ClientSecretBasic AuthMethod = "client_secret_basic"
	ClientSecretPost  AuthMethod = "client_secret_post"
	PrivateKeyJWT     AuthMethod = "private_key_jwt"
)

// Policy is the set of rules that a client has to meet.
type Policy string

// The policies (DESIGN §5).
const (
	NLGov   Policy = "nlgov"
	General Policy = "general"
)

// Client is a relying party.
type Client struct {
	ID                     string          `yaml:"id" json:"id"`                                                          // client_id
	Name                   string          `yaml:"name" json:"name"`                                                      // shown to people
	RedirectURIs           []string        `yaml:"redirect_uris" json:"redirect_uris"`                                    // compared byte for byte
	PostLogoutRedirectURIs []string        `yaml:"post_logout_redirect_uris" json:"post_logout_redirect_uris"`            // compared byte for byte
	AuthMethod             AuthMethod      `yaml:"auth_method" json:"auth_method"`                                        //
	SecretHashes           []string        `yaml:"secret_hashes" json:"secret_hashes"`                                    // hex SHA-256 of generated secrets
	JWKS                   json.RawMessage `yaml:"-" json:"jwks,omitempty"`                                               // public keys, inline …
	JWKSURI                string          `yaml:"jwks_uri" json:"jwks_uri"`                                              // … or by address, never both
	Scopes                 []string        `yaml:"scopes" json:"scopes"`                                                  // scopes that it may request; openid is implied
	Policy                 Policy          `yaml:"policy" json:"policy"`                                                  // "" = that of the issuer
	PublicSubject          bool            `yaml:"public_subject" json:"public_subject"`                                  // subject type public; general policy only
	SectorHost             string          `yaml:"sector" json:"sector"`                                                  // pairwise sector; "" = host of the redirect URIs
	InitiateLoginURI       string          `yaml:"initiate_login_uri" json:"initiate_login_uri"`                          // OIDC Core §4
	ThirdParty             bool            `yaml:"third_party" json:"third_party"`                                        // people are asked for consent
	PKCEOptional           bool            `yaml:"pkce_optional" json:"pkce_optional"`                                    // confidential client of the general policy only
	DutchClaims            bool            `yaml:"dutch_claims" json:"dutch_claims"`                                      // adds the urn:etoegang names and sub_id_type
	ClaimsInIDToken        bool            `yaml:"claims_in_id_token" json:"claims_in_id_token,omitempty"`                // the claims of scopes are in the ID token too
	SigningAlg             string          `yaml:"id_token_signed_response_alg" json:"signing_alg"`                       // "" = RS256 (OIDC Reg §2)
	UserinfoAlg            string          `yaml:"userinfo_signed_response_alg" json:"userinfo_alg,omitempty"`            // "" = JSON (OIDC Reg §2)
	HomeURI                string          `yaml:"home_uri" json:"home_uri"`                                              // its start page, for the list of portals
	AccessTokens           AccessTokens    `yaml:"access_tokens" json:"access_tokens,omitempty"`                          // "" = that of the installation
	RequirePushed          bool            `yaml:"require_pushed_authorization_requests" json:"require_pushed,omitempty"` // RFC 9126 §6
	ApplicationType        ApplicationType `yaml:"application_type" json:"application_type,omitempty"`                    // "" = web (OIDC Registration §2)
}

// AccessTokens is the format of the access tokens of a client.
type AccessTokens string

// The formats of access tokens.
const (
	OpaqueTokens AccessTokens = "opaque" // handles that only this provider can read
	JWTTokens    AccessTokens = "jwt"    // RFC 9068; always under policy nlgov
)

// AccessFormat returns the format of the client's access tokens under a policy: the
// one that the policy requires, or else the client's own, or else made, which is that
// of the installation.
func (c Client) AccessFormat(policy Policy, made AccessTokens) AccessTokens {
	if policy == NLGov {
		return JWTTokens
	}
	return cmp.Or(c.AccessTokens, made)
}

// ApplicationType is where a client runs (OIDC Registration §2).
type ApplicationType string

// The application types.
const (
	WebApplication    ApplicationType = "web"
	NativeApplication ApplicationType = "native" // on the person's own device, where any program can pretend to be it (RFC 8252 §8.6)
)

// Native reports whether the client runs on the person's own device.
func (c Client) Native() bool { return c.ApplicationType == NativeApplication }

// AsksEachTime reports whether people are asked for consent at each login, also
// if they gave it before (RFC 8252 §8.6).
func (c Client) AsksEachTime() bool { return c.Native() }

// NeedsConsent reports whether the client gets nothing without the consent of the person.
func (c Client) NeedsConsent() bool { return c.ThirdParty || c.AsksEachTime() }

// Public reports whether it is a public client (RFC 6749 §2.1).
func (c Client) Public() bool { return c.AuthMethod == None }

// AllowsRedirect reports whether uri is a registered redirect URI, byte for
// byte (RFC 9700 §2.1). For a native client on a loopback IP address the port
// may differ (RFC 8252 §7.3).
func (c Client) AllowsRedirect(uri string) bool {
	if slices.Contains(c.RedirectURIs, uri) {
		return true
	}
	if !c.Native() {
		return false
	}
	for _, registered := range c.RedirectURIs {
		if sameButPort(registered, uri) {
			return true
		}
	}
	return false
}

// sameButPort reports whether both URIs are http on the same loopback IP
// address and equal apart from the port.
func sameButPort(registered, uri string) bool {
	for _, host := range []string{"http://127.0.0.1", "http://[::1]"} {
		a, okA := strings.CutPrefix(registered, host)
		b, okB := strings.CutPrefix(uri, host)
		if okA && okB {
			path, ok := afterPort(a)
			other, fits := afterPort(b)
			return ok && fits && path == other
		}
	}
	return false
}

// afterPort returns the path and query after an optional ":port".
func afterPort(s string) (rest string, ok bool) {
	if after, has := strings.CutPrefix(s, ":"); has {
		rest = strings.TrimLeft(after, "0123456789")
		port, err := strconv.ParseUint(after[:len(after)-len(rest)], 10, 16)
		return rest, err == nil && port > 0 && strings.HasPrefix(rest, "/")
	}
	return s, strings.HasPrefix(s, "/")
}

// AllowsPostLogout reports whether uri is a registered post-logout redirect
// URI, byte for byte (OIDC RP-Initiated Logout §3).
func (c Client) AllowsPostLogout(uri string) bool {
	return slices.Contains(c.PostLogoutRedirectURIs, uri)
}

// Sector returns the sector identifier for pairwise subjects (OIDC Core §8.1):
// the host of the redirect URIs unless one is named. On a loopback address, which
// unrelated programs share, each native client is a sector of its own.
func (c Client) Sector() string {
	if c.SectorHost != "" {
		return c.SectorHost
	}
	if len(c.RedirectURIs) > 0 {
		if u, err := url.Parse(c.RedirectURIs[0]); err == nil {
			if ip := net.ParseIP(u.Hostname()); !c.Native() || ip == nil || !ip.IsLoopback() {
				return u.Hostname()
			}
		}
	}
	return c.ID
}

// Validate checks a client against the issuer's policy and returns all faults,
// joined. insecure allows http on localhost, for the demo and tests.
func (c Client) Validate(issuer Policy, insecure bool) error {
	var faults []error
	add := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	policy := c.Policy
	if policy == "" {
		policy = issuer
	}
	if c.ID == "" || len(c.ID) > 128 || strings.ContainsFunc(c.ID, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }) {
		add("id: 1 to 128 printable ASCII characters without spaces, quotes and backslashes")
	}
	if strings.TrimSpace(c.Name) == "" {
		add("name: is shown to people on the login page; give one")
	}
	if policy != NLGov && policy != General {
		add("policy %q: choose nlgov or general", c.Policy)
	}
	if issuer == NLGov && policy == General {
		add("policy general: an issuer with policy nlgov can only be tightened, not loosened")
	}
	if len(c.RedirectURIs) == 0 {
		add("redirect_uris: give at least one")
	}
	if len(c.RedirectURIs) > mostURIs || len(c.PostLogoutRedirectURIs) > mostURIs {
		add("redirect_uris, post_logout_redirect_uris: at most %d each; a portal with more is several clients", mostURIs)
		return errors.Join(faults...)
	}
	for _, u := range c.RedirectURIs {
		if err := checkURI(u, insecure, c.Native()); err != nil {
			add("redirect_uris: %w", err)
		}
	}
	for _, u := range c.PostLogoutRedirectURIs {
		if err := checkURI(u, insecure, c.Native()); err != nil {
			add("post_logout_redirect_uris: %w", err)
		}
	}
	for _, one := range []struct{ name, uri string }{{"initiate_login_uri", c.InitiateLoginURI}, {"home_uri", c.HomeURI}, {"jwks_uri", c.JWKSURI}} {
		if one.uri == "" {
			continue
		}
		if err := checkURI(one.uri, insecure, false); err != nil {
			add("%s: %w", one.name, err)
		}
	}
	if c.SectorHost == "" && !c.PublicSubject && differentHosts(c.RedirectURIs) {
		add("sector: the redirect URIs have several hosts; name one sector for the pairwise subject")
	}
	faults = append(faults, c.checkAuth(policy)...)
	return errors.Join(faults...)
}

func (c Client) checkAuth(policy Policy) []error {
	var faults []error
	add := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	hasKeys := len(c.JWKS) > 0 || c.JWKSURI != ""
	switch c.AuthMethod {
	case None:
		if len(c.SecretHashes) > 0 || hasKeys {
			add("auth_method none: a public client has no secret and no keys")
		}
	case ClientSecretBasic, ClientSecretPost:
		if policy == NLGov {
			add("auth_method %s: policy nlgov has no client secrets (R-027); use private_key_jwt", c.AuthMethod)
		}
		if len(c.SecretHashes) == 0 {
			add("secret_hashes: give the SHA-256 of at least one secret")
		}
	case PrivateKeyJWT:
		if len(c.JWKS) > 0 && c.JWKSURI != "" {
			add("jwks and jwks_uri: give one, not both (R-034)")
		}
		if !hasKeys {
			add("auth_method private_key_jwt: give jwks or jwks_uri")
		}
		if len(c.JWKS) > 0 {
			if err := checkKeys(c.JWKS); err != nil {
				add("jwks: %w", err)
			}
		}
	default:
		add("auth_method %q: choose none, client_secret_basic, client_secret_post or private_key_jwt", c.AuthMethod)
	}
	switch c.ApplicationType {
	case "", WebApplication:
	case NativeApplication:
		if !c.Public() {
			add("application_type native: such a client cannot keep a secret or key; use auth_method none (RFC 8252 §8.5)")
		}
	default:
		add("application_type %q: choose web or native", c.ApplicationType)
	}
	if c.PKCEOptional && (policy != General || c.Public()) {
		add("pkce_optional: only for a confidential client of policy general")
	}
	if c.PublicSubject && policy == NLGov {
		add("public_subject: policy nlgov has pairwise subjects (R-050)")
	}
	switch c.AccessTokens {
	case "", JWTTokens:
	case OpaqueTokens:
		if policy == NLGov {
			add("access_tokens opaque: policy nlgov has signed access tokens (R-062)")
		}
	default:
		add("access_tokens %q: choose opaque or jwt", c.AccessTokens)
	}
	for _, chosen := range [][2]string{{"id_token_signed_response_alg", c.SigningAlg}, {"userinfo_signed_response_alg", c.UserinfoAlg}} {
		switch chosen[1] {
		case "", "RS256", "PS256", "ES256", "EdDSA":
		default:
			add("%s %q: choose RS256, PS256, ES256 or EdDSA", chosen[0], chosen[1])
		}
	}
	return faults
}

// UsesOrigin returns a URI of the client whose host is that of one of the
// given origins, which are the provider's own; "" if there is none. A code
// must not be sent to the provider itself.
func (c Client) UsesOrigin(own ...string) string {
	for _, raw := range slices.Concat(c.RedirectURIs, c.PostLogoutRedirectURIs, []string{c.InitiateLoginURI, c.HomeURI, c.JWKSURI}) {
		u, err := url.Parse(raw)
		if err != nil || raw == "" {
			continue
		}
		for _, origin := range own {
			if o, err := url.Parse(origin); err == nil && origin != "" && strings.EqualFold(o.Host, u.Host) {
				return raw
			}
		}
	}
	return ""
}

const (
	mostURIs   = 50   // of one kind, for one client
	longestURI = 2000 // characters
)

// checkURI returns an error unless raw is an absolute URI without fragment or
// user, with https and a host name. http is allowed for loopback IP addresses
// of native clients, and for localhost if insecure. Parameters that
// an authorization response sets itself are refused (AZ-04).
func checkURI(raw string, insecure, native bool) error {
	if len(raw) > longestURI {
		return fmt.Errorf("%.60q…: longer than %d characters", raw, longestURI)
	}
	u, err := url.Parse(raw)
	if err != nil || !u.IsAbs() || u.Host == "" || u.Opaque != "" {
		return fmt.Errorf("%q is not an absolute address", raw)
	}
	if strings.ContainsAny(raw, "#\\*") || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r > '~' }) || u.User != nil {
		return fmt.Errorf("%q: no fragment, wildcard, user, space or backslash", raw)
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return fmt.Errorf("%q: the query has a semicolon or a broken escape, which others read differently", raw)
	}
	for _, p := range []string{"code", "state", "iss", "error", "error_description", "response"} {
		if query.Has(p) {
			return fmt.Errorf("%q: parameter %s is the provider's to set", raw, p)
		}
	}
	ip := net.ParseIP(u.Hostname())
	local := ip != nil && ip.IsLoopback() || u.Hostname() == "localhost"
	switch {
	case u.Scheme == "https" && isAddress(u.Hostname()) && !(insecure && local):
		return fmt.Errorf("%q: use a host name, not an IP address", raw)
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && insecure && local:
		return nil
	case u.Scheme == "http" && native && ip != nil && ip.IsLoopback():
		return nil
	}
	return fmt.Errorf("%q: https only (http for loopback IP addresses of native clients)", raw)
}

// isAddress reports whether a browser takes host for an IP address: it has a
// colon or ends in a number (URL Standard, host parsing), such as 127.1 or
// 0x7f000001, which net.ParseIP does not know. An empty last label counts as a
// number.
func isAddress(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	hex, isHex := strings.CutPrefix(strings.ToLower(last), "0x")
	return strings.Contains(host, ":") || strings.Trim(last, "0123456789") == "" || isHex && strings.Trim(hex, "0123456789abcdef") == ""
}

func differentHosts(uris []string) bool {
	hosts := map[string]bool{}
	for _, raw := range uris {
		if u, err := url.Parse(raw); err == nil {
			hosts[u.Hostname()] = true
		}
	}
	return len(hosts) > 1
}

// Store stores clients. All methods return errs.ErrUnavailable when the
// database cannot be reached.
type Store interface {
	// ByID returns errs.ErrNotFound if there is no such client.
	ByID(ctx context.Context, id string) (Client, error)
	// List returns all clients in order of id.
	List(ctx context.Context) ([]Client, error)
	// Add stores a new client. It returns errs.ErrConflict when the id is
	// taken.
	Add(ctx context.Context, c Client, rec effect.Effects) error
	// Change replaces a client with what change returns for it, in one
	// transaction, together with the effects. An error of change is returned and
	// changes nothing. It returns errs.ErrNotFound if there is no such client, and
	// errs.ErrConflict when it changed meanwhile.
	Change(ctx context.Context, id string, change func(Client) (Client, effect.Effects, error)) error
	// Remove removes a client and revokes its grants. It returns
	// errs.ErrNotFound if there is no such client.
	Remove(ctx context.Context, id string, rec effect.Effects) error
}
