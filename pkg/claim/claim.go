// Package claim defines the claims about an account holder: those of each
// scope, those that a request asks for, and their values.
//
//	asked for (scope, claims parameter)
//	   ∩ allowed (the scopes of the client)
//	   ∩ known (the account has a value)      = what the client receives
//
// No other claims are sent (NL GOV OIDC §6.4).
package claim

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/birthdate"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/phone"
)

// scopes maps each scope but openid to its claims (OIDC Core §5.4).
// "omgevingsloket" is not standard; it has the claims that the Omgevingsloket
// needs.
var scopes = map[string][]string{
	"profile":        {"name", "given_name", "family_name", "birthdate", "locale", "updated_at"},
	"email":          {"email", "email_verified"},
	"phone":          {"phone_number", "phone_number_verified"},
	"address":        {"address"},
	"omgevingsloket": {"account_type", "name", "given_name", "family_name", "birthdate", "address", "locale", "represents"},
}

// derived maps the claims that only repeat what other claims say to those other claims,
// for which people are asked for consent. There is no preferred_username: a holder has
// no user name, and the e-mail address would reach clients that did not ask for it.
var derived = map[string][]string{"name": {"given_name", "family_name"}, "phone_number_verified": nil, "updated_at": nil}

// dutch maps claims to the names that Dutch government software expects too.
var dutch = map[string]string{
	"given_name":  "urn:etoegang:1.9:attribute:FirstName",
	"family_name": "urn:etoegang:1.9:attribute:FamilyName",
	"birthdate":   "urn:etoegang:1.9:attribute:DateOfBirth",
}

const (
	dutchPseudonym = "urn:etoegang:1.12:EntityConcernedID:PseudoID"
	dutchCompanyID = "urn:etoegang:1.11:EntityConcernedID:eIDASLegalIdentifier"
	dutchCompany   = "urn:etoegang:1.11:attribute-represented:CompanyName"
	dutchQualifier = "namequalifier"
)

// SubIDType says what kind of identifier sub is (NL GOV OIDC §5.2.2).
const SubIDType = "urn:nl-eid-gdi:1.0:id:pseudonym"

// Scopes returns all scopes, openid first.
func Scopes() []string {
	return append([]string{"openid"}, slices.Sorted(maps.Keys(scopes))...)
}

// Names returns all claims about a person in order of name, for discovery.
func Names() []string {
	names := map[string]bool{}
	for _, list := range scopes {
		for _, n := range list {
			names[n] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Request is the claims parameter of an authorization request (OIDC Core §5.5).
type Request struct {
	IDToken  map[string]*Wish `json:"id_token"`
	UserInfo map[string]*Wish `json:"userinfo"`
}

// Wish is a member of the claims parameter. A nil Wish asks for the claim
// without conditions (OIDC Core §5.5.1).
type Wish struct {
	Essential bool  `json:"essential"`
	Value     any   `json:"value"`
	Values    []any `json:"values"`
}

// ErrMalformed is returned by Parse for an invalid claims parameter.
var ErrMalformed = errors.New("claim: malformed claims parameter")

const longestRequest = 4096

// Parse parses a claims parameter; "" is an empty request. It ignores unknown
// members (OIDC Core §5.5) and returns ErrMalformed for other faults.
func Parse(raw string) (Request, error) {
	var r Request
	if raw == "" {
		return r, nil
	}
	if len(raw) > longestRequest {
		return Request{}, fmt.Errorf("%w: longer than %d bytes", ErrMalformed, longestRequest)
	}
	if err := json.Unmarshal([]byte(raw), &r); err != nil {
		return Request{}, ErrMalformed
	}
	return r, nil
}

// Narrow returns the shortest claims parameter that has the same effect on the claims
// that a client of these scopes receives, or nil if r has no effect.
func (r Request) Narrow(clientScopes []string) json.RawMessage {
	narrow := map[Place]map[string]*struct{}{}
	for place, wishes := range map[Place]map[string]*Wish{InIDToken: r.IDToken, InUserInfo: r.UserInfo} {
		for _, name := range Wanted(clientScopes, nil, Request{IDToken: wishes}, InIDToken) {
			if narrow[place] == nil {
				narrow[place] = map[string]*struct{}{}
			}
			narrow[place][name] = nil
		}
	}
	if len(narrow) == 0 {
		return nil
	}
	text, err := json.Marshal(narrow)
	if err != nil {
		panic("claim: " + err.Error()) // names only
	}
	return text
}

// Place is where a claim is delivered.
type Place string

// The places.
const (
	InIDToken  Place = "id_token"
	InUserInfo Place = "userinfo"
)

// Wanted returns, sorted, the claims that a request asks for at a place, among
// those of the client's scopes. Claims of scopes are delivered with userinfo
// (OIDC Core §5.4); the ID token has only those that the claims parameter
// requests there.
func Wanted(clientScopes, requestScopes []string, r Request, place Place) []string {
	allowed := map[string]bool{}
	for _, s := range clientScopes {
		for _, name := range scopes[s] {
			allowed[name] = true
		}
	}
	names := map[string]bool{}
	wishes := r.IDToken
	if place == InUserInfo {
		wishes = r.UserInfo
		for _, s := range requestScopes {
			for _, name := range scopes[s] {
				names[name] = true
			}
		}
	}
	for name := range wishes {
		names[name] = true
	}
	maps.DeleteFunc(names, func(name string, _ bool) bool { return !allowed[name] })
	return slices.Sorted(maps.Keys(names))
}

// InToken returns, sorted, the claims of the ID token for a client: those that the
// claims parameter requests there and, for a client with ClaimsInIDToken, those of
// the scopes of the request too.
func InToken(c client.Client, requestScopes []string, r Request) []string {
	if !c.ClaimsInIDToken {
		return Wanted(c.Scopes, requestScopes, r, InIDToken)
	}
	return Wanted(c.Scopes, requestScopes, Request{UserInfo: r.IDToken}, InUserInfo)
}

// Asked returns, sorted, the claims that a request asks for at any place, for
// the consent page. Derived claims are replaced with those that they are made of.
func Asked(clientScopes, requestScopes []string, r Request) []string {
	var all []string
	for _, name := range slices.Concat(Wanted(clientScopes, requestScopes, r, InIDToken), Wanted(clientScopes, requestScopes, r, InUserInfo)) {
		if parts, ok := derived[name]; ok {
			all = append(all, parts...)
		} else {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// order is the order in which pages show claims.
var order = []string{"given_name", "family_name", "birthdate", "address", "email", "phone_number", "locale", "account_type", "represents"}

// Told returns those of names that a page shows to holders of this kind, in the order
// of pages and each once: the claims that hold something about the person.
func Told(names []string, kind account.Kind) []string {
	var told []string
	for _, name := range order {
		if slices.Contains(names, name) && (name != "represents" || kind != account.NaturalPerson) {
			told = append(told, name)
		}
	}
	return told
}

// Subject holds the identifiers for one client of the account and of the
// company that it represents.
type Subject struct {
	Person  string
	Company string
	Issuer  string
	Dutch   bool // add the urn:etoegang names
	// Codes writes the country of an address as its ISO 3166-1 code alone, as NL GOV
	// portals read it, instead of its name with the code in country_code.
	Codes bool
}

// Values returns the wanted claims for which the account has a value.
func Values(a account.Account, s Subject, wanted []string) map[string]any {
	out := map[string]any{}
	for _, name := range wanted {
		if v := value(a, s, name); v != nil {
			out[name] = v
			if alias, ok := dutch[name]; ok && s.Dutch {
				out[alias] = v
			}
		}
	}
	if s.Dutch && len(out) > 0 {
		out[dutchPseudonym], out[dutchQualifier] = s.Person, "pseudo"
		if o := a.Profile.Organization; o != nil && slices.Contains(wanted, "represents") {
			out[dutchCompany] = o.Name
			if o.RegistrationNumber != "" {
				out[dutchCompanyID] = o.RegistrationCountry + "/NL/" + o.RegistrationNumber
			}
		}
	}
	return out
}

func value(a account.Account, s Subject, name string) any {
	p := a.Profile
	text := func(v string) any {
		if v == "" {
			return nil
		}
		return v
	}
	switch name {
	case "name":
		return text(p.FullName())
	case "updated_at":
		if at := a.UpdatedAt(); !at.IsZero() {
			return at.Unix()
		}
		return nil
	case "given_name":
		return text(p.GivenName)
	case "family_name":
		return text(p.FamilyName)
	case "birthdate":
		if d, ok := birthdate.Parse(p.Birthdate); ok {
			return d.Claim()
		}
		return text(p.Birthdate)
	case "email":
		return text(a.Email)
	case "email_verified":
		return true // an application confirms its address before an account exists
	case "phone_number":
		if n, ok := phone.Parse(p.Phone); ok {
			return n.String()
		}
		return nil // a portal could not call it
	case "phone_number_verified":
		if _, ok := phone.Parse(p.Phone); !ok {
			return nil
		}
		return false // nobody called it
	case "locale":
		return text(a.Lang)
	case "account_type":
		return string(a.Kind)
	case "address":
		return address(p.Address, s.Codes)
	case "represents":
		if p.Organization != nil {
			return represents(*p.Organization, s)
		}
	}
	return nil
}

// address returns the address claim (OIDC Core §5.1.1), or nil without an
// address. Foreign addresses are free lines. country is a name in English, with its
// code in country_code, which is not standard; if codes, country is the code.
func address(a account.Address, codes bool) any {
	if a.Line1 == "" && a.Country == "" {
		return nil
	}
	lines := ""
	for i, l := range a.Lines() {
		if i > 0 {
			lines += "\n"
		}
		lines += l
	}
	if codes {
		return map[string]any{"street_address": lines, "country": a.Country}
	}
	return map[string]any{"street_address": lines, "country": application.CountryName(a.Country, "en"), "country_code": a.Country}
}

// represents returns the claim about the company that a person acts for (NL
// GOV OIDC §5.2.4).
func represents(o account.Organization, s Subject) any {
	out := map[string]any{
		"sub": s.Company, "iss": s.Issuer, "sub_id_type": SubIDType,
		"organization_name": o.Name, "registration_country": o.RegistrationCountry,
	}
	if o.RegistrationNumber != "" {
		out["registration_number"] = o.RegistrationNumber
	}
	if adr := address(o.Address, s.Codes); adr != nil {
		out["address"] = adr
	}
	return out
}

// Texts returns the requested values that are strings.
func (w *Wish) Texts() []string {
	var out []string
	for _, v := range append([]any{w.Value}, w.Values...) {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
