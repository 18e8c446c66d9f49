package provider

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"maps"
	"strings"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/grant"
	"omgevingsloket-id/pkg/secret"
)

// The header types of our tokens, so that an ID token is never accepted as an
// access token or the reverse (RFC 8725 §3.11).
const (
	typIDToken     = "JWT"
	typAccessToken = "at+jwt" // RFC 9068 §2.1
	typUserinfo    = ""       // of its own would be best, but libraries of clients refuse what they do not know
)

// accessAlg is the algorithm of access tokens that are JWTs: quick, and known to every
// library.
const accessAlg = "ES256"

// accessSeparator is between the two parts of an access token that is a handle: its
// secret, of 256 bits, and the id of its grant, by which the row is found without an
// index of its own.
const accessSeparator = "."

// newAccess returns the secret of a new access token of a client and its hash; both
// are empty if the token is a JWT.
func (p *Room) newAccess(c client.Client) (handle secret.Text, hash string) {
	if c.AccessFormat(p.Policy.For(c).Name, p.Access) != client.OpaqueTokens {
		return "", ""
	}
	handle = secret.New(p.Rand, secret.KindAccess)
	return handle, p.accessHash(handle)
}

// accessHash returns the hash under which a handle is stored. It depends on the
// issuer: a token of one is worth nothing under another.
func (p *Room) accessHash(handle secret.Text) string {
	return secret.Text(handle.Reveal() + " " + p.issuer).Hash()
}

// accessToken is an access token that has the form of one of ours.
type accessToken struct {
	grant  string    // id
	hash   string    // of its secret; "" for a JWT
	client string    // "" for a handle
	ends   time.Time // zero for a handle: its grant says it
}

// of reports whether g is the grant of the token, whatever its state.
func (t accessToken) of(g grant.Grant) bool {
	return g.ID == t.grant && secret.Text(g.AccessHash).Equal(t.hash) && (t.client == "" || g.ClientID == t.client)
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"`
	IDToken     string `json:"id_token"`
	Scope       string `json:"scope"`
}

// accessClaims are the claims of an access token (RFC 9068 §2.2). Its jti is
// the grant's id.
type accessClaims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience []string `json:"aud"`
	ClientID string   `json:"client_id"`
	Azp      string   `json:"azp"` // NL GOV OIDC §5.2.7 requires it beside client_id
	Expires  int64    `json:"exp"`
	IssuedAt int64    `json:"iat"`
	ID       string   `json:"jti"`
	Scope    string   `json:"scope"`
	AuthTime int64    `json:"auth_time"`
	ACR      string   `json:"acr"`
}

// tokens returns the tokens of a redeemed grant.
// handle is the secret of the access token if that is no JWT.
func (p *Room) tokens(c client.Client, g grant.Grant, a account.Account, handle secret.Text, now time.Time) (tokenAnswer, error) {
	subject := p.subject(a, c)
	scope := strings.Join(g.Scopes, " ")
	access := handle.Reveal() + accessSeparator + g.ID
	if handle == "" {
		var err error
		if access, err = p.Keys.Sign(accessAlg, typAccessToken, accessClaims{
			Issuer: p.issuer, Subject: subject.Person, Audience: []string{p.issuer}, ClientID: c.ID, Azp: c.ID,
			Expires: g.Expires.Unix(), IssuedAt: now.Unix(), ID: g.ID, Scope: scope, AuthTime: g.AuthTime.Unix(), ACR: g.ACR,
		}); err != nil {
			return tokenAnswer{}, err
		}
	}
	claims, err := p.idClaims(c, g, a, subject, now)
	if err != nil {
		return tokenAnswer{}, err
	}
	alg := c.SigningAlg
	if alg == "" {
		alg = "RS256"
	}
	claims["at_hash"] = leftHalf(alg, access)
	id, err := p.Keys.Sign(alg, typIDToken, claims)
	if err != nil {
		return tokenAnswer{}, err
	}
	return tokenAnswer{AccessToken: access, TokenType: "Bearer", ExpiresIn: int64(g.Expires.Sub(now) / time.Second), IDToken: id, Scope: scope}, nil
}

// idClaims returns the claims of an ID token (OIDC Core §2, NL GOV OIDC §5.2.2).
// Claims about the person never replace those of the protocol. There is no amr
//
func (p *Room) idClaims(c client.Client, g grant.Grant, a account.Account, subject claim.Subject, now time.Time) (map[string]any, error) {
	wishes, err := claim.Parse(string(g.Claims))
	if err != nil {
		return nil, err
	}
	out := claim.Values(a, subject, claim.InToken(c, g.Scopes, wishes))
	maps.Copy(out, map[string]any{
		"iss": p.issuer, "sub": subject.Person, "aud": c.ID,
		"exp": now.Add(idTokenLifetime).Unix(), "iat": now.Unix(), "nbf": now.Add(-p.Policy.For(c).Behind).Unix(), "jti": p.tokenID(g.ID),
		"auth_time": g.AuthTime.Unix(), "acr": g.ACR, "sid": p.Subjects.Session(g.SID, c),
	})
	if p.typed(c) {
		out["sub_id_type"] = claim.SubIDType
	}
	if g.Nonce != "" {
		out["nonce"] = g.Nonce
	}
	return out, nil
}

// subject returns the subject of an account at a client, under the client's policy.
func (p *Room) subject(a account.Account, c client.Client) claim.Subject {
	s := p.Subjects.For(a, c)
	s.Codes = p.Policy.For(c).Dutch
	return s
}

// typed reports whether tokens for a client say of which type sub is (NL GOV OIDC
// §5.2.2).
func (p *Room) typed(c client.Client) bool { return p.Policy.For(c).Dutch || c.DutchClaims }

// leftHalf returns the at_hash of an access token in an ID token with this algorithm
// (OIDC Core §3.1.3.6): the half of a SHA-256 hash, and of the SHA-512 hash that
// Ed25519 uses (RFC 8032 §5.1).
func leftHalf(alg, token string) string {
	if alg == "EdDSA" {
		sum := sha512.Sum512([]byte(token))
		return base64.RawURLEncoding.EncodeToString(sum[:32])
	}
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

var errToken = errors.New("not an access token of ours, or not any more")

// readAccessToken returns an access token after checking its form, and of a JWT
// signature, type, issuer and audience. The grant decides the rest.
func (p *Room) readAccessToken(token string) (accessToken, error) {
	if left, id, ok := strings.Cut(token, accessSeparator); ok {
		if handle, ok := secret.Parse(secret.KindAccess, left); ok {
			return accessToken{grant: id, hash: p.accessHash(handle)}, nil
		}
	}
	var claims accessClaims
	if err := p.Keys.Verify(token, typAccessToken, &claims); err != nil {
		return accessToken{}, errToken
	}
	if claims.Issuer != p.issuer || len(claims.Audience) != 1 || claims.Audience[0] != p.issuer || claims.ID == "" {
		return accessToken{}, errToken
	}
	return accessToken{grant: claims.ID, client: claims.ClientID, ends: time.Unix(claims.Expires, 0)}, nil
}

// bearer returns the grant of an access token and its account. The grant must not
// be expired or revoked, and the account active and of its epoch.
func (p *Room) bearer(ctx context.Context, token string) (grant.Grant, account.Account, error) {
	t, err := p.readAccessToken(token)
	if err != nil {
		return grant.Grant{}, account.Account{}, err
	}
	if !t.ends.IsZero() && !p.Now().Before(t.ends) {
		return grant.Grant{}, account.Account{}, errToken
	}
	g, a, err := p.Grants.Live(ctx, t.grant, p.Now())
	if err == nil && !t.of(g) {
		return grant.Grant{}, account.Account{}, errToken
	}
	return g, a, err
}
