package provider

import (
	"errors"
	"testing"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/client"
)

// How a login ends follows from what is stored alone.
func TestSettle(t *testing.T) {
	t.Parallel()
	const uri = "https://rp.example/cb"
	subjects := claim.Subjects{Salt: []byte("salt"), Issuer: "https://id.example"}
	person := account.Account{ID: "a1"}
	registered := client.Client{ID: "web", AuthMethod: client.ClientSecretBasic, RedirectURIs: []string{uri}}
	native := client.Client{ID: "app", AuthMethod: client.None, ApplicationType: client.NativeApplication, RedirectURIs: []string{"http://127.0.0.1/cb"}}
	moved := client.Client{ID: "web", RedirectURIs: []string{uri + "/"}}
	subject := subjects.For(person, registered).Person
	for name, c := range map[string]struct {
		client  *client.Client
		account *account.Account
		request authreq.Request
		want    ending
		err     error
	}{
		"a code":                             {&registered, &person, authreq.Request{RedirectURI: uri}, ending{}, nil},
		"a code for the person hinted":       {&registered, &person, authreq.Request{RedirectURI: uri, Hinted: subject}, ending{}, nil},
		"a code at a loopback port":          {&native, &person, authreq.Request{RedirectURI: "http://127.0.0.1:9/cb"}, ending{}, nil},
		"another person than hinted":         {&registered, &person, authreq.Request{RedirectURI: uri, Hinted: "x"}, ending{refusal: "login_required"}, nil},
		"another person, who refused":        {&registered, &person, authreq.Request{RedirectURI: uri, Hinted: "x", Refusal: "access_denied"}, ending{refusal: "login_required"}, nil},
		"a subject of another sector":        {&native, &person, authreq.Request{RedirectURI: "http://127.0.0.1/cb", Hinted: subject}, ending{refusal: "login_required"}, nil},
		"refused":                            {&registered, &person, authreq.Request{RedirectURI: uri, Refusal: "access_denied"}, ending{refusal: "access_denied"}, nil},
		"refused, hinted":                    {&registered, &person, authreq.Request{RedirectURI: uri, Hinted: subject, Refusal: "consent_required"}, ending{refusal: "consent_required"}, nil},
		"refused before an account is known": {&registered, nil, authreq.Request{RedirectURI: uri, Hinted: "x", Refusal: "consent_required"}, ending{refusal: "consent_required"}, nil},
		"redirect URI withdrawn":             {&moved, &person, authreq.Request{RedirectURI: uri}, ending{}, errRedirectURI},
		"redirect URI withdrawn, refused":    {&moved, &person, authreq.Request{RedirectURI: uri, Refusal: "access_denied"}, ending{}, errRedirectURI},
		"redirect URI withdrawn, hinted":     {&moved, &person, authreq.Request{RedirectURI: uri, Hinted: "x"}, ending{}, errRedirectURI},
		"no client":                          {nil, &person, authreq.Request{}, ending{portals: true}, nil},
		"no client, hinted":                  {nil, &person, authreq.Request{Hinted: "x"}, ending{portals: true}, nil},
		"no client, refused":                 {nil, &person, authreq.Request{Refusal: "access_denied"}, ending{portals: true, refusal: "access_denied"}, nil},
	} {
		got, err := settle(&flow.Login{Client: c.client, Account: c.account, Request: c.request}, subjects)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: settle() = %+v, %v, want %+v, %v", name, got, err, c.want, c.err)
		}
	}
}
