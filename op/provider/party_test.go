package provider

import (
	"slices"
	"testing"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"omgevingsloket-id/pkg/client"
)

// What the library is shown of a client allows nothing beyond what we serve.
func TestRelyingParty(t *testing.T) {
	t.Parallel()
	registered := client.Client{
		ID: "web", AuthMethod: client.ClientSecretBasic, Scopes: []string{"openid", "offline_access"},
		RedirectURIs: []string{"https://rp.example/cb"}, PostLogoutRedirectURIs: []string{"https://rp.example/"},
	}
	for kind, want := range map[client.ApplicationType]op.ApplicationType{
		"": op.ApplicationTypeWeb, client.WebApplication: op.ApplicationTypeWeb, client.NativeApplication: op.ApplicationTypeNative,
	} {
		for _, method := range []client.AuthMethod{client.ClientSecretBasic, client.PrivateKeyJWT, client.None} {
			registered.ApplicationType, registered.AuthMethod = kind, method
			c := relyingParty{registered}
			if c.ApplicationType() != want || c.AuthMethod() != oidc.AuthMethod(method) {
				t.Errorf("%q, %s: ApplicationType, AuthMethod = %v, %v, want %v, %v", kind, method, c.ApplicationType(), c.AuthMethod(), want, method)
			}
		}
	}
	c := relyingParty{registered}
	if c.GetID() != registered.ID || !slices.Equal(c.RedirectURIs(), registered.RedirectURIs) || !slices.Equal(c.PostLogoutRedirectURIs(), registered.PostLogoutRedirectURIs) {
		t.Errorf("relyingParty = %+v, want what is registered: %+v", c, registered)
	}
	if !slices.Equal(c.ResponseTypes(), []oidc.ResponseType{oidc.ResponseTypeCode}) || !slices.Equal(c.GrantTypes(), []oidc.GrantType{oidc.GrantTypeCode}) {
		t.Errorf("ResponseTypes, GrantTypes = %v, %v, want the code flow alone", c.ResponseTypes(), c.GrantTypes())
	}
	if c.IDTokenLifetime() != idTokenLifetime || c.ClockSkew() != 0 || c.AccessTokenType() != op.AccessTokenTypeJWT {
		t.Errorf("IDTokenLifetime, ClockSkew, AccessTokenType = %v, %v, %v", c.IDTokenLifetime(), c.ClockSkew(), c.AccessTokenType())
	}
	if c.LoginURL("x") != "" || c.DevMode() || c.IsScopeAllowed("offline_access") || c.IDTokenUserinfoClaimsAssertion() ||
		c.RestrictAdditionalIdTokenScopes() != nil || c.RestrictAdditionalAccessTokenScopes() != nil {
		t.Errorf("relyingParty = %+v allows what we do not serve", c)
	}
}
