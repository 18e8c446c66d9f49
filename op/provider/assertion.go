package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/errs"
)

// assertionAlgs are the algorithms that clients may sign with.
var assertionAlgs = []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA}

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
	var claims struct { // the others are judged once the signature is verified
		Subject string `json:"sub"`
	}
	if err := parsed.UnsafeClaimsWithoutVerification(&claims); err != nil {
		return "", errAssertion
	}
	return claims.Subject, nil
}

// clockSkew is how far a client's clock may be ahead.
const clockSkew = 10 * time.Second

// wrongAssertion is an assertion that the client itself signed, with what is wrong
// with it: since it proved who it is, it is told the reason.
type wrongAssertion struct{ reason string }

func (e *wrongAssertion) Error() string { return errAssertion.Error() + ": " + e.reason }

func (e *wrongAssertion) Unwrap() error { return errAssertion }

func wrong(format string, args ...any) error {
	return &wrongAssertion{"client_assertion: " + fmt.Sprintf(format, args...)}
}

// verifyAssertion checks the signature, the header and the claims, and then marks
// the jti as used: last, so that only the client itself can use up its jti. What
// is wrong behind a right signature is a *wrongAssertion.
func (p *Room) verifyAssertion(ctx context.Context, c client.Client, assertion string) error {
	parsed, err := jwt.ParseSigned(assertion, assertionAlgs)
	if err != nil || len(parsed.Headers) != 1 {
		return errAssertion
	}
	header := parsed.Headers[0]
	claims, err := p.verifySignature(ctx, c, parsed, header)
	if err != nil {
		return err
	}
	if err := checkAssertionHeader(header); err != nil {
		return err
	}
	expires, err := p.checkAssertionClaims(c, claims)
	if err != nil {
		return err
	}
	if err := p.Grants.UseOnce(ctx, c.ID, claims.ID, expires.Add(clockSkew)); errors.Is(err, errs.ErrConflict) {
		return wrong("jti was used before")
	} else if err != nil {
		return err
	}
	return nil
}

// checkAssertionHeader refuses a header that holds a key, the address of one, or
// the type of another kind of token (R-168, TK-18). Types are media types, in any
// case and with or without "application/" (RFC 7515 §4.1.9).
func checkAssertionHeader(h jose.Header) error {
	if h.JSONWebKey != nil {
		return wrong("the header must not hold a key")
	}
	for _, name := range []jose.HeaderKey{"jku", "x5u", "x5c", "crit", "b64", "zip", "cty"} {
		if _, ok := h.ExtraHeaders[name]; ok {
			return wrong("the header must not hold %s", name)
		}
	}
	if h.ExtraHeaders[jose.HeaderType] == nil {
		return nil
	}
	typ, _ := h.ExtraHeaders[jose.HeaderType].(string)
	switch strings.TrimPrefix(strings.ToLower(typ), "application/") {
	case "jwt", "client-authentication+jwt":
		return nil
	}
	return wrong("typ must be JWT or client-authentication+jwt")
}

func (p *Room) verifySignature(ctx context.Context, c client.Client, parsed *jwt.JSONWebToken, header jose.Header) (assertionClaims, error) {
	var claims assertionClaims
	for _, fresh := range []bool{false, true} {
		keys, err := p.clientKeys(ctx, c, fresh)
		if err != nil {
			return claims, fmt.Errorf("%w: %s", errAssertion, err.Error()) // not wrapped: a time-out of the client's server is no outage of ours
		}
		for _, key := range client.KeysFor(keys, header.KeyID, header.Algorithm) {
			var signed json.RawMessage
			if parsed.Claims(key.Key, &signed) != nil {
				continue
			}
			if parsed.UnsafeClaimsWithoutVerification(&claims) != nil {
				return claims, wrong("a claim has the wrong type, or stands twice: iss, sub and jti are texts, exp, iat and nbf are numbers, aud is a text or a list of texts")
			}
			return claims, nil
		}
		if c.JWKSURI == "" {
			break // there is no newer set to fetch
		}
	}
	return claims, fmt.Errorf("%w: no key of the client verifies it", errAssertion)
}

// clientKeys returns the keys that the client registered. Those that it published
// badly, or that cannot be fetched, are its own fault and not an outage of ours.
func (p *Room) clientKeys(ctx context.Context, c client.Client, fresh bool) ([]jose.JSONWebKey, error) {
	if c.JWKSURI != "" {
		set, err := p.ClientKeys.Fetch(ctx, c.JWKSURI, fresh)
		return set.Keys, err
	}
	return client.ParseKeys(c.JWKS)
}

// longestJTI bounds the jti of an assertion, in bytes.
const longestJTI = 256

func (p *Room) checkAssertionClaims(c client.Client, claims assertionClaims) (expires time.Time, err error) {
	now := p.Now()
	policy := p.Policy.For(c)
	lifetime := time.Duration(p.Policy.AssertionLifetime) * time.Second
	if err := p.checkAudience(policy, claims.Audience); err != nil {
		return expires, err
	}
	switch {
	case claims.Issuer != c.ID || claims.Subject != c.ID:
		return expires, wrong("iss and sub must be the client_id")
	case claims.ID == "" || len(claims.ID) > longestJTI:
		return expires, wrong("jti is required, with at most %d characters", longestJTI)
	case claims.Expires == nil:
		return expires, wrong("exp is required")
	case claims.IssuedAt == nil && policy.AssertionIssuedAt:
		return expires, wrong("iat is required")
	}
	// Compared as numbers, because a time.Time overflows for distant dates.
	seconds := float64(now.UnixMilli()) / 1000
	switch {
	case *claims.Expires <= seconds:
		return expires, wrong("exp has passed")
	case *claims.Expires > seconds+(lifetime+clockSkew).Seconds():
		return expires, wrong("exp is more than %d seconds ahead", int(lifetime.Seconds()))
	}
	for name, from := range map[string]*float64{"iat": claims.IssuedAt, "nbf": claims.NotFrom} {
		if from != nil && *from > seconds+clockSkew.Seconds() {
			return expires, wrong("%s is in the future", name)
		}
	}
	return time.UnixMilli(int64(*claims.Expires * 1000)), nil
}

// checkAudience requires that each audience is this provider: with a foreign one,
// the assertion could be used there too, or comes from there (TK-17). Under nlgov
// there is one.
func (p *Room) checkAudience(policy Policy, audience jwt.Audience) error {
	own := []string{p.issuer, p.issuer + pathToken, p.issuer + pathPush} // RFC 9126 §2
	if len(audience) == 0 || slices.ContainsFunc(audience, func(a string) bool { return !slices.Contains(own, a) }) {
		return wrong("aud must be the issuer, the token endpoint or the endpoint for pushed requests, and nothing else")
	}
	if len(audience) > 1 && policy.OneAudience {
		return wrong("aud must be one value")
	}
	return nil
}
