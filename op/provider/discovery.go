package provider

import (
	"encoding/json"
	"slices"
	"sync/atomic"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/signkey"
)

// metadata is the provider metadata of OpenID Connect Discovery §3 and RFC 8414
// §2. A member whose default is something we do not support is always present
//
type metadata struct {
	Issuer                string              `json:"issuer"`
	Authorization         string              `json:"authorization_endpoint"`
	Token                 string              `json:"token_endpoint"`
	Userinfo              string              `json:"userinfo_endpoint"`
	Revocation            string              `json:"revocation_endpoint"`
	EndSession            string              `json:"end_session_endpoint"`
	JWKS                  string              `json:"jwks_uri"`
	Scopes                []string            `json:"scopes_supported"`
	ResponseTypes         []string            `json:"response_types_supported"`
	ResponseModes         []string            `json:"response_modes_supported"`
	GrantTypes            []string            `json:"grant_types_supported"`
	ACRValues             []string            `json:"acr_values_supported"`
	SubjectTypes          []string            `json:"subject_types_supported"`
	SubIDTypes            []string            `json:"sub_id_types_supported,omitempty"`
	IDTokenAlgs           []string            `json:"id_token_signing_alg_values_supported"`
	UserinfoAlgs          []string            `json:"userinfo_signing_alg_values_supported"`
	AuthMethods           []client.AuthMethod `json:"token_endpoint_auth_methods_supported"`
	AuthAlgs              []string            `json:"token_endpoint_auth_signing_alg_values_supported"`
	RevocationAuthMethods []client.AuthMethod `json:"revocation_endpoint_auth_methods_supported"`
	RevocationAuthAlgs    []string            `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	ClaimTypes            []string            `json:"claim_types_supported"`
	Claims                []string            `json:"claims_supported"`
	UILocales             []string            `json:"ui_locales_supported"`
	PromptValues          []string            `json:"prompt_values_supported"`
	ChallengeMethods      []string            `json:"code_challenge_methods_supported"`
	Push                  string              `json:"pushed_authorization_request_endpoint"`
	RequirePushed         bool                `json:"require_pushed_authorization_requests"`
	IssParameter          bool                `json:"authorization_response_iss_parameter_supported"`
	ClaimsParameter       bool                `json:"claims_parameter_supported"`
	RequestParameter      bool                `json:"request_parameter_supported"`
	RequestURIParameter   bool                `json:"request_uri_parameter_supported"`
}

// metadata returns the metadata as JSON.
func (p *Room) metadata() []byte {
	m := metadata{
		Issuer: p.issuer, Authorization: p.issuer + pathAuthorize, Token: p.issuer + pathToken, Userinfo: p.issuer + pathUserinfo,
		Revocation: p.issuer + pathRevoke, EndSession: p.issuer + pathEndSession, JWKS: p.issuer + pathJWKS,
		ResponseTypes: []string{"code"}, ResponseModes: responseModes, GrantTypes: []string{"authorization_code"},
		ACRValues: []string{p.Policy.ACR}, SubjectTypes: p.Policy.SubjectTypes,
		IDTokenAlgs: signkey.Algorithms, UserinfoAlgs: signkey.Algorithms, AuthMethods: p.Policy.AuthMethods, RevocationAuthMethods: p.Policy.AuthMethods,
		ClaimTypes: []string{"normal"}, Claims: append([]string{"sub", "iss", "aud", "exp", "iat", "nbf", "jti", "auth_time", "acr", "sid", "nonce"}, claim.Names()...),
		PromptValues: promptValues, ChallengeMethods: []string{"S256"},
		Push: p.issuer + pathPush, IssParameter: true, ClaimsParameter: true,
	}
	if p.Policy.Dutch {
		m.SubIDTypes, m.Claims = []string{claim.SubIDType}, append(m.Claims, "sub_id_type")
	}
	for _, s := range claim.Scopes() {
		if !slices.Contains(p.Policy.RefusedScopes, s) {
			m.Scopes = append(m.Scopes, s)
		}
	}
	for _, a := range assertionAlgs {
		m.AuthAlgs = append(m.AuthAlgs, string(a))
	}
	m.RevocationAuthAlgs = m.AuthAlgs
	for _, l := range web.Langs {
		m.UILocales = append(m.UILocales, l.Code)
	}
	document, err := json.Marshal(m)
	if err != nil {
		panic("provider: metadata does not encode: " + err.Error())
	}
	return document
}

// keysDocument returns the document of the published keys, which is made again when the
// keys have changed.
func (p *Room) keysDocument(t *web.Router) func() *web.Document {
	type made struct {
		etag     string // of the keys
		document *web.Document
	}
	var last atomic.Pointer[made]
	return func() *web.Document {
		keys, etag := p.Keys.JWKS()
		m := last.Load()
		if m == nil || m.etag != etag {
			m = &made{etag, t.NewDocument("application/json", keys, p.cacheTime())}
			last.Store(m)
		}
		return m.document
	}
}

// cacheTime returns how long the documents may be cached: as long as a new key is
// published before it is used, at most a week.
func (p *Room) cacheTime() time.Duration {
	const week = 7 * 24 * time.Hour
	return min(week, p.Keys.Schedule.Publish)
}
