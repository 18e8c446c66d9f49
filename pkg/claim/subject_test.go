package claim_test

import (
	"testing"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/client"
)

// OIDC Core §8.1: one subject in a sector, another one in each other sector.
func TestSubjects(t *testing.T) {
	t.Parallel()
	s := claim.Subjects{Salt: []byte("0123456789abcdef0123456789abcdef"), Issuer: "https://id.example"}
	one := account.Account{ID: "account-1"}
	a := client.Client{ID: "a", RedirectURIs: []string{"https://a.example/cb"}}
	for name, c := range map[string]struct {
		subjects claim.Subjects
		account  account.Account
		client   client.Client
		same     bool // as account one at client a
	}{
		"the same host":      {s, one, client.Client{ID: "b", RedirectURIs: []string{"https://a.example:8443/other"}}, true},
		"the sector by name": {s, one, client.Client{ID: "b", SectorHost: "a.example", RedirectURIs: []string{"https://b.example/cb"}}, true},
		"another issuer":     {claim.Subjects{Salt: s.Salt, Issuer: "https://other.example"}, one, a, true},
		"another host":       {s, one, client.Client{ID: "a", RedirectURIs: []string{"https://b.example/cb"}}, false},
		"another account":    {s, account.Account{ID: "account-2"}, a, false},
		"another salt":       {claim.Subjects{Salt: []byte("x")}, one, a, false},
		"public":             {s, one, client.Client{ID: "a", PublicSubject: true, RedirectURIs: a.RedirectURIs}, false},
	} {
		here, there := s.For(one, a), c.subjects.For(c.account, c.client)
		if (here.Person == there.Person) != c.same || (here.Company == there.Company) != c.same {
			t.Errorf("%s: For() = %+v and %+v, want them equal: %t", name, here, there, c.same)
		}
		if there.Person == there.Company {
			t.Errorf("%s: For() = %+v, want a company that is not the person", name, there)
		}
	}
	// A public subject is the same for all clients and differs from that of any sector.
	b := client.Client{ID: "b", PublicSubject: true, SectorHost: "b.example"}
	if p, q := s.For(one, client.Client{ID: "a", PublicSubject: true}).Person, s.For(one, b).Person; p != q {
		t.Errorf("For() of two public clients = %q and %q, want them equal", p, q)
	}
	if p, q := s.For(one, client.Client{ID: "a", SectorHost: "public"}).Person, s.For(one, b).Person; p == q {
		t.Errorf("For() of the sector named %q = %q, want another than the public one", "public", p)
	}
	b.DutchClaims = true
	if got := s.For(one, b); !got.Dutch || got.Issuer != s.Issuer || s.For(one, a).Dutch {
		t.Errorf("For() = %+v, want the issuer %q and the client's Dutch names", got, s.Issuer)
	}
}

// Portals store these values: with another computation they would not
// recognize anyone.
func TestSubjectsStay(t *testing.T) {
	t.Parallel()
	s := claim.Subjects{Salt: []byte("0123456789abcdef0123456789abcdef")}
	got := s.For(account.Account{ID: "account-1"}, client.Client{RedirectURIs: []string{"https://a.example/cb"}})
	if want := (claim.Subject{Person: "g9P_99dG6xS7hPh9Uagx_0yDJptfk3ONRHrUHAm-OOs", Company: "-Z91G2G7pQKOpobh_FEaxat4kcOFio_HyJvhlJdDUxk"}); got != want {
		t.Errorf("For() = %+v, want %+v", got, want)
	}
}
