package claim_test

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/client"
)

// company returns an account with a value for every claim.
func company() account.Account {
	return account.Account{
		ID: "account-1", Kind: account.LegalPerson, Email: "anna@example.com", Lang: "en", CreatedAt: time.Unix(1_780_000_000, 0),
		Profile: account.Profile{
			GivenName: "Anna", FamilyName: "Muster", Birthdate: "1980-02-29", Phone: "+4930123456",
			Address: account.Address{Line1: "Hauptstr. 1", Line3: "10115 Berlin", Country: "DE"},
			Organization: &account.Organization{
				Name: "Muster GmbH", RegistrationNumber: "HRB 12345", RegistrationCountry: "DE", Address: account.Address{Line1: "Werkstr. 2", Line2: "Tor 3", Country: "DE"},
			},
		},
	}
}

func TestScopesAndNames(t *testing.T) {
	t.Parallel()
	if got, want := claim.Scopes(), []string{"openid", "address", "email", "omgevingsloket", "phone", "profile"}; !slices.Equal(got, want) {
		t.Errorf("Scopes() = %q, want %q", got, want)
	}
	// Discovery lists each claim that an account can have, once.
	values := claim.Values(company(), claim.Subject{Person: "p", Company: "c", Issuer: "https://id.example"}, claim.Names())
	if got, want := slices.Sorted(maps.Keys(values)), claim.Names(); !slices.Equal(got, want) {
		t.Errorf("Values() of all names has %q, want %q", got, want)
	}
}

func TestWanted(t *testing.T) {
	t.Parallel()
	asked := func(text string) claim.Request {
		r, err := claim.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	profile := []string{"birthdate", "family_name", "given_name", "locale", "name", "updated_at"}
	for name, c := range map[string]struct {
		client, request []string
		claims          string
		inIDToken       []string
		inUserInfo      []string
	}{
		"nothing":                              {[]string{"profile"}, []string{"openid"}, "", nil, nil},
		"scope claims come with userinfo":      {[]string{"profile"}, []string{"openid", "profile"}, "", nil, profile},
		"two scopes, sorted":                   {[]string{"email", "phone"}, []string{"phone", "email"}, "", nil, []string{"email", "email_verified", "phone_number", "phone_number_verified"}},
		"a scope that the client has not":      {[]string{"email"}, []string{"email", "profile"}, "", nil, []string{"email", "email_verified"}},
		"an unknown scope":                     {[]string{"email", "groups"}, []string{"groups"}, "", nil, nil},
		"one claim in the ID token":            {[]string{"email"}, nil, `{"id_token":{"email":null}}`, []string{"email"}, nil},
		"one claim at userinfo":                {[]string{"email"}, nil, `{"userinfo":{"email":{"essential":true}}}`, nil, []string{"email"}},
		"essential opens nothing":              {[]string{"email"}, nil, `{"id_token":{"birthdate":{"essential":true}},"userinfo":{"address":null}}`, nil, nil},
		"a claim that two of its scopes allow": {[]string{"omgevingsloket", "profile"}, []string{"profile"}, `{"userinfo":{"given_name":null,"represents":null}}`, nil, []string{"birthdate", "family_name", "given_name", "locale", "name", "represents", "updated_at"}},
		"unknown claims":                       {[]string{"email"}, nil, `{"id_token":{"email":null,"shoe_size":null,"sub":{"value":"x"}}}`, []string{"email"}, nil},
		"unknown members":                      {[]string{"email"}, nil, `{"id_token":{"email":{"purpose":"mail"}},"verified_claims":{"claims":{}}}`, []string{"email"}, nil},
	} {
		r := asked(c.claims)
		if got := claim.Wanted(c.client, c.request, r, claim.InIDToken); !slices.Equal(got, c.inIDToken) {
			t.Errorf("%s: Wanted(ID token) = %q, want %q", name, got, c.inIDToken)
		}
		if got := claim.Wanted(c.client, c.request, r, claim.InUserInfo); !slices.Equal(got, c.inUserInfo) {
			t.Errorf("%s: Wanted(userinfo) = %q, want %q", name, got, c.inUserInfo)
		}
	}
	// The consent page shows the claims of both places, each once.
	r := asked(`{"id_token":{"phone_number":null,"email":null}}`)
	if got, want := claim.Asked([]string{"email", "phone"}, []string{"email"}, r), []string{"email", "email_verified", "phone_number"}; !slices.Equal(got, want) {
		t.Errorf("Asked() = %q, want %q", got, want)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	padded := func(length int) string {
		return `{"id_token":{}` + strings.Repeat(" ", length-len(`{"id_token":{}}`)) + "}"
	}
	for text, want := range map[string]error{
		"": nil, "{}": nil, "null": nil, `{"id_token":null}`: nil, padded(4096): nil,
		padded(4097): claim.ErrMalformed, "{": claim.ErrMalformed, "[]": claim.ErrMalformed, `{"id_token":[]}`: claim.ErrMalformed, `{"userinfo":{"email":"x"}}`: claim.ErrMalformed,
		`{"userinfo":{"email":{"essential":"yes"}}}`: claim.ErrMalformed, "{}{}": claim.ErrMalformed,
	} {
		r, err := claim.Parse(text)
		if !errors.Is(err, want) || err != nil && (r.IDToken != nil || r.UserInfo != nil) {
			t.Errorf("Parse(%.40q) = %v, %v, want %v", text, r, err, want)
		}
	}
	r, err := claim.Parse(`{"id_token":{"acr":{"value":"low","values":["high",3,"low"]},"sub":null}}`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := r.IDToken["acr"].Texts(), []string{"low", "high", "low"}; !slices.Equal(got, want) {
		t.Errorf("Texts() = %q, want %q", got, want)
	}
	if wish, asked := r.IDToken["sub"]; wish != nil || !asked {
		t.Errorf("Parse() of null = %v, asked for: %t, want nil, true", wish, asked)
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	subject := claim.Subject{Person: "p", Company: "c", Issuer: "https://id.example"}
	bare := account.Account{Kind: account.NaturalPerson, Email: "a@example.com"}
	unregistered := company()
	unregistered.Profile.Organization.RegistrationNumber, unregistered.Profile.Organization.Address = "", account.Address{}
	for name, c := range map[string]struct {
		account account.Account
		wanted  []string
		want    map[string]any
	}{
		"nothing is volunteered": {company(), nil, map[string]any{}},
		"what is asked for": {
			company(), []string{"email", "email_verified", "family_name", "phone_number", "account_type"},
			map[string]any{"email": "anna@example.com", "email_verified": true, "family_name": "Muster", "phone_number": "+4930123456", "account_type": "legal_person"},
		},
		// OIDC Core §5.3.2: a claim without a value is left out, never empty.
		"what has no value is left out": {bare, claim.Names(), map[string]any{"email": "a@example.com", "email_verified": true, "account_type": "natural_person"}},
		"a foreign address is lines":    {company(), []string{"address"}, map[string]any{"address": map[string]any{"street_address": "Hauptstr. 1\n10115 Berlin", "country": "Germany", "country_code": "DE"}}},
		"a company": {company(), []string{"represents"}, map[string]any{"represents": map[string]any{
			"sub": "c", "iss": "https://id.example", "sub_id_type": claim.SubIDType, "organization_name": "Muster GmbH", "registration_number": "HRB 12345", "registration_country": "DE",
			"address": map[string]any{"street_address": "Werkstr. 2\nTor 3", "country": "Germany", "country_code": "DE"},
		}}},
		"a company without a number": {unregistered, []string{"represents"}, map[string]any{"represents": map[string]any{
			"sub": "c", "iss": "https://id.example", "sub_id_type": claim.SubIDType, "organization_name": "Muster GmbH", "registration_country": "DE",
		}}},
		"unknown claims": {company(), []string{"shoe_size", "password"}, map[string]any{}},
	} {
		if got := claim.Values(c.account, subject, c.wanted); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: Values(%q) = %s, want %s", name, c.wanted, text(t, got), text(t, c.want))
		}
	}
}

// The urn:etoegang names are added to ours under the same rule: only for
// claims that were asked for.
func TestDutchValues(t *testing.T) {
	t.Parallel()
	const (
		first, last, born = "urn:etoegang:1.9:attribute:FirstName", "urn:etoegang:1.9:attribute:FamilyName", "urn:etoegang:1.9:attribute:DateOfBirth"
		pseudonym, kind   = "urn:etoegang:1.12:EntityConcernedID:PseudoID", "namequalifier"
		number, name      = "urn:etoegang:1.11:EntityConcernedID:eIDASLegalIdentifier", "urn:etoegang:1.11:attribute-represented:CompanyName"
	)
	unregistered := company()
	unregistered.Profile.Organization.RegistrationNumber = ""
	person := company()
	person.Profile.Organization = nil
	for what, c := range map[string]struct {
		account account.Account
		wanted  []string
		want    map[string]any // besides our own names
	}{
		"nothing asked for":          {company(), nil, map[string]any{}},
		"a name":                     {company(), []string{"given_name"}, map[string]any{first: "Anna", pseudonym: "p", kind: "pseudo"}},
		"what has no Dutch name":     {company(), []string{"email"}, map[string]any{pseudonym: "p", kind: "pseudo"}},
		"a company":                  {company(), []string{"represents"}, map[string]any{pseudonym: "p", kind: "pseudo", name: "Muster GmbH", number: "DE/NL/HRB 12345"}},
		"a company without a number": {unregistered, []string{"represents"}, map[string]any{pseudonym: "p", kind: "pseudo", name: "Muster GmbH"}},
		"a person": {
			person, []string{"family_name", "birthdate", "represents"},
			map[string]any{last: "Muster", born: "1980-02-29", pseudonym: "p", kind: "pseudo"},
		},
	} {
		got := claim.Values(c.account, claim.Subject{Person: "p", Company: "c", Dutch: true}, c.wanted)
		maps.DeleteFunc(got, func(name string, _ any) bool { return slices.Contains(claim.Names(), name) })
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: Values(%q) adds %s, want %s", what, c.wanted, text(t, got), text(t, c.want))
		}
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Y8, Y10, Y12: what OpenID Connect Core §5.1 has a form for is given, in that form.
func TestY8_Y10_Y12_Values(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		profile account.Profile
		want    map[string]any
	}{
		{account.Profile{GivenName: "Suharto", Birthdate: "1980-00-00", Phone: "+390612345678"}, map[string]any{"given_name": "Suharto", "birthdate": "1980", "phone_number": "+390612345678"}},
		{account.Profile{FamilyName: "Suharto", Birthdate: "1980-05-00", Phone: "+31201234567;ext=12"}, map[string]any{"family_name": "Suharto", "birthdate": "1980", "phone_number": "+31201234567;ext=12"}},
		{account.Profile{Birthdate: "1980-05-17", Phone: "+31 (0)20 1234567"}, map[string]any{"birthdate": "1980-05-17", "phone_number": "+31201234567"}},
		{account.Profile{Phone: "+999 12 34 56 78"}, map[string]any{}},
	} {
		got := claim.Values(account.Account{Profile: c.profile}, claim.Subject{}, []string{"given_name", "family_name", "birthdate", "phone_number"})
		if !maps.Equal(got, c.want) {
			t.Errorf("Values(%+v) = %v, want %v", c.profile, got, c.want)
		}
		verified := claim.Values(account.Account{Profile: c.profile}, claim.Subject{}, []string{"phone_number_verified"})
		if _, has := got["phone_number"]; has != (len(verified) == 1) {
			t.Errorf("Values(%+v) = %v with %v", c.profile, got, verified)
		}
	}
}

// Y23: relying parties show name; a phone number is never verified here.
func TestY23_NameAndPhone(t *testing.T) {
	t.Parallel()
	all := claim.Values(company(), claim.Subject{}, claim.Names())
	if all["name"] != "Anna Muster" || all["phone_number_verified"] != false || all["updated_at"] != int64(1_780_000_000) {
		t.Errorf("Values() = %v", all)
	}
	moved := company()
	moved.Previous = []account.PreviousAddress{{Email: "old@example.com", Until: time.Unix(1_790_000_000, 0).Add(account.PreviousTime)}}
	one := company()
	one.Profile.FamilyName, one.Profile.Phone = "", ""
	for name, c := range map[string]struct {
		account account.Account
		claim   string
		want    any
	}{
		"after a change of address": {moved, "updated_at", int64(1_790_000_000)}, "one name": {one, "name", "Anna"}, "no phone": {one, "phone_number_verified", nil},
	} {
		if got := claim.Values(c.account, claim.Subject{}, []string{c.claim})[c.claim]; got != c.want {
			t.Errorf("%s: %s = %v, want %v", name, c.claim, got, c.want)
		}
	}
	// Who allowed the parts allowed the name.
	if got := claim.Asked([]string{"profile"}, nil, claim.Request{UserInfo: map[string]*claim.Wish{"name": nil, "updated_at": nil}}); !slices.Equal(got, []string{"family_name", "given_name"}) {
		t.Errorf("Asked() = %q, want the parts of the name", got)
	}
}

// Y23: the claims of scopes are in the ID token of a client that is registered so.
func TestY23_InToken(t *testing.T) {
	t.Parallel()
	c := client.Client{Scopes: []string{"email", "phone"}}
	asked := claim.Request{IDToken: map[string]*claim.Wish{"phone_number": nil, "birthdate": nil}, UserInfo: map[string]*claim.Wish{"phone_number_verified": nil}}
	for inToken, want := range map[bool][]string{false: {"phone_number"}, true: {"email", "email_verified", "phone_number"}} {
		c.ClaimsInIDToken = inToken
		if got := claim.InToken(c, []string{"openid", "email", "profile"}, asked); !slices.Equal(got, want) {
			t.Errorf("claims_in_id_token %t: InToken() = %q, want %q", inToken, got, want)
		}
	}
}

// Y36: country is a name (OIDC Core §5.1.1) with its code beside it; under nlgov it
// is the code, as portals there read it.
func TestY36_Country(t *testing.T) {
	t.Parallel()
	for codes, want := range map[bool]map[string]any{
		false: {"street_address": "Hauptstr. 1\n10115 Berlin", "country": "Germany", "country_code": "DE"},
		true:  {"street_address": "Hauptstr. 1\n10115 Berlin", "country": "DE"},
	} {
		if got := claim.Values(company(), claim.Subject{Codes: codes}, []string{"address"})["address"]; !reflect.DeepEqual(got, want) {
			t.Errorf("codes %t: address = %v, want %v", codes, got, want)
		}
	}
}
