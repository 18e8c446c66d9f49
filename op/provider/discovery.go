package provider

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
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
	AuthMethods           []client.AuthMethod `json:"token_endpoint_auth_methods_supported"`
	AuthAlgs              []string            `json:"token_endpoint_auth_signing_alg_values_supported"`
	RevocationAuthMethods []client.AuthMethod `json:"revocation_endpoint_auth_methods_supported"`
	RevocationAuthAlgs    []string            `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	ClaimTypes            []string            `json:"claim_types_supported"`
	Claims                []string            `json:"claims_supported"`
	UILocales             []string            `json:"ui_locales_supported"`
	PromptValues          []string            `json:"prompt_values_supported"`
	ChallengeMethods      []string            `json:"code_challenge_methods_supported"`
	IssParameter          bool                `json:"authorization_response_iss_parameter_supported"`
	ClaimsParameter       bool                `json:"claims_parameter_supported"`
	RequestParameter      bool                `json:"request_parameter_supported"`
	RequestURIParameter   bool                `json:"request_uri_parameter_supported"`
}

func (p *Room) prepareMetadata() {
	m := metadata{
		Issuer: p.issuer, Authorization: p.issuer + pathAuthorize, Token: p.issuer + pathToken, Userinfo: p.issuer + pathUserinfo,
		Revocation: p.issuer + pathRevoke, EndSession: p.issuer + pathEndSession, JWKS: p.issuer + pathJWKS,
		ResponseTypes: []string{"code"}, ResponseModes: []string{"query"}, GrantTypes: []string{"authorization_code"},
		ACRValues: []string{p.Policy.ACR}, SubjectTypes: p.Policy.SubjectTypes,
		IDTokenAlgs: signkey.Algorithms, AuthMethods: p.Policy.AuthMethods, RevocationAuthMethods: p.Policy.AuthMethods,
		ClaimTypes: []string{"normal"}, Claims: append([]string{"sub", "iss", "aud", "exp", "iat", "nbf", "jti", "auth_time", "acr", "sid", "nonce"}, claim.Names()...),
		PromptValues: []string{"none", "login", "consent", "select_account"}, ChallengeMethods: []string{"S256"},
		IssParameter: true, ClaimsParameter: true,
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
	sum := sha256.Sum256(document)
	p.metadata, p.etag = document, `"`+hex.EncodeToString(sum[:8])+`"`
}

func (p *Room) discovery(w http.ResponseWriter, r *http.Request) {
	p.publish(w, r, p.metadata, p.etag)
}

func (p *Room) jwks(w http.ResponseWriter, r *http.Request) {
	document, etag := p.Keys.JWKS()
	p.publish(w, r, document, etag)
}

// publish serves a document from memory. It may be cached for as long as a new
// key is published before it is used, at most a week.
func (p *Room) publish(w http.ResponseWriter, r *http.Request, document []byte, etag string) {
	const week = 7 * 24 * time.Hour
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(min(week, p.Keys.Schedule.Publish)/time.Second)))
	h.Set("ETag", etag)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if origin := r.Header.Get("Origin"); origin != "" {
		// Public documents, without credentials; the origin is named rather
		// than a wildcard, as NL GOV OIDC §5 requires.
		h.Set("Access-Control-Allow-Origin", origin)
		h.Add("Vary", "Origin")
	}
	if web.NotModified(r, etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(document)
}
