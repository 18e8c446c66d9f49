package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/errs"
)

// assertionAlgs are the algorithms that clients may sign with.
var assertionAlgs = []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256}

var errAssertion = errors.New("client assertion refused")

// assertionClaims are the claims of a client assertion (RFC 7523 §3).
type assertionClaims struct {
	Issuer   string       `json:"iss"`
	Subject  string       `json:"sub"`
	Audience jwt.Audience `json:"aud"`
	Expires  *float64     `json:"exp"`
	IssuedAt *float64     `json:"iat"`
	NotFrom  *float64     `json:"nbf"`
	ID       string       `json:"jti"`
}

// assertedClient returns the client that an assertion names. The signature has
// not been verified.
func assertedClient(assertion string) (string, error) {
	parsed, err := jwt.ParseSigned(assertion, assertionAlgs)
	if err != nil {
		return "", errAssertion
	}
	var claims assertionClaims
	if err := parsed.UnsafeClaimsWithoutVerification(&claims); err != nil {
		return "", errAssertion
	}
	return claims.Subject, nil
}

// clockSkew is how far a client's clock may be ahead.
const clockSkew = 10 * time.Second

// verifyAssertion checks the header, the signature and the claims, and then marks
// the jti as used: last, so that only the client itself can use up its jti.
func (p *Room) verifyAssertion(ctx context.Context, c client.Client, assertion string) error {
	parsed, err := jwt.ParseSigned(assertion, assertionAlgs)
	if err != nil || len(parsed.Headers) != 1 {
		return errAssertion
	}
	header := parsed.Headers[0]
	if err := checkAssertionHeader(header); err != nil {
		return err
	}
	claims, err := p.verifySignature(ctx, c, parsed, header)
	if err != nil {
		return err
	}
	expires, err := p.checkAssertionClaims(c, claims)
	if err != nil {
		return err
	}
	if err := p.Grants.UseOnce(ctx, c.ID, claims.ID, expires.Add(clockSkew)); errors.Is(err, errs.ErrConflict) {
		return fmt.Errorf("%w: replayed", errAssertion)
	} else if err != nil {
		return err
	}
	return nil
}

// checkAssertionHeader refuses a header that holds a key, the address of one, or
// the type of another kind of token (R-168, TK-18).
func checkAssertionHeader(h jose.Header) error {
	if h.JSONWebKey != nil {
		return errAssertion
	}
	for _, name := range []jose.HeaderKey{"jku", "x5u", "x5c", "crit", "b64", "zip", "cty"} {
		if _, ok := h.ExtraHeaders[name]; ok {
			return errAssertion
		}
	}
	switch h.ExtraHeaders[jose.HeaderType] {
	case nil, "JWT", "client-authentication+jwt":
		return nil
	}
	return errAssertion
}

func (p *Room) verifySignature(ctx context.Context, c client.Client, parsed *jwt.JSONWebToken, header jose.Header) (assertionClaims, error) {
	var claims assertionClaims
	for _, fresh := range []bool{false, true} {
		set, err := p.clientKeys(ctx, c, fresh)
		if err != nil {
			return claims, err
		}
		for _, key := range set.Keys {
			if header.KeyID != "" && key.KeyID != header.KeyID || key.Use == "enc" || key.Algorithm != "" && key.Algorithm != header.Algorithm || client.CheckKey(key) != nil {
				continue
			}
			if parsed.Claims(key.Key, &claims) == nil {
				return claims, nil
			}
		}
		if c.JWKSURI == "" {
			break // there is no newer set to fetch
		}
	}
	return claims, fmt.Errorf("%w: no key of the client verifies it", errAssertion)
}

func (p *Room) clientKeys(ctx context.Context, c client.Client, fresh bool) (jose.JSONWebKeySet, error) {
	if c.JWKSURI != "" {
		return p.ClientKeys.Fetch(ctx, c.JWKSURI, fresh)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(c.JWKS, &set); err != nil {
		return set, errAssertion
	}
	return set, nil
}

func (p *Room) checkAssertionClaims(c client.Client, claims assertionClaims) (expires time.Time, err error) {
	now := p.Now()
	lifetime := time.Duration(p.Policy.AssertionLifetime) * time.Second
	switch {
	case claims.Issuer != c.ID || claims.Subject != c.ID:
		return expires, fmt.Errorf("%w: iss or sub is not the client", errAssertion)
	case !slices.Contains(claims.Audience, p.issuer) && !slices.Contains(claims.Audience, p.issuer+pathToken):
		return expires, fmt.Errorf("%w: aud is not this provider", errAssertion)
	case len(claims.Audience) != 1:
		return expires, errAssertion // TK-17: the assertion is for other audiences as well
	case claims.ID == "" || len(claims.ID) > 256 || claims.Expires == nil:
		return expires, errAssertion
	}
	if claims.IssuedAt == nil && p.Policy.For(c).AssertionIssuedAt {
		return expires, errAssertion
	}
	// Compared as numbers, because a time.Time overflows for distant dates.
	seconds := float64(now.UnixMilli()) / 1000
	if *claims.Expires <= seconds || *claims.Expires > seconds+(lifetime+clockSkew).Seconds() {
		return expires, fmt.Errorf("%w: exp has passed or is too far ahead", errAssertion)
	}
	for _, from := range []*float64{claims.IssuedAt, claims.NotFrom} {
		if from != nil && *from > seconds+clockSkew.Seconds() {
			return expires, errAssertion
		}
	}
	return time.UnixMilli(int64(*claims.Expires * 1000)), nil
}
