// Package claim owns what may be told about an account holder: which claims
// a scope stands for, which ones a request asks for, and their values.
//
//	asked for (scope, claims parameter)
//	   ∩ allowed (the scopes of the client)
//	   ∩ known (the account has a value)      = what a client is told
//
// Nothing else is volunteered (NL GOV OIDC §6.4).
package claim

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"omgevingsloket-id/pkg/account"
)

// Scopes that exist besides openid, and the claims each stands for (OIDC
// Core §5.4; "omgevingsloket" is our own and holds just what the
// Omgevingsloket needs).
var scopes = map[string][]string{
	"profile":        {"given_name", "family_name", "birthdate", "locale"},
	"email":          {"email", "email_verified"},
	"phone":          {"phone_number"},
	"address":        {"address"},
	"omgevingsloket": {"account_type", "given_name", "family_name", "birthdate", "address", "locale", "represents"},
}

// dutch are the names that Dutch government software reads, beside ours.
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

// Scopes lists the scopes that exist, openid first.
func Scopes() []string {
	return append([]string{"openid"}, slices.Sorted(maps.Keys(scopes))...)
}

// Names lists the claims that exist about a person, for discovery.
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

// Wish is what a request says about one claim; nil is "please".
type Wish struct {
	Essential bool  `json:"essential"`
	Value     any   `json:"value"`
	Values    []any `json:"values"`
}

// ErrMalformed says that a claims parameter cannot be read.
var ErrMalformed = errors.New("claim: malformed claims parameter")

const longestRequest = 4096

// Parse reads a claims parameter; "" is an empty request. Unknown members
// are passed over, as OIDC Core §5.5 asks.
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

// Place is where a claim is delivered.
type Place string

// The places.
const (
	InIDToken  Place = "id_token"
	InUserInfo Place = "userinfo"
)

// Wanted lists, sorted, the claims a request asks for at a place, as far as
// the client's own scopes allow. Scope claims come with userinfo (OIDC Core
// §5.4); the ID token holds only what the claims parameter asks there.
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

// Asked lists, sorted, all claims a request asks for, wherever: what a
// consent page shows.
func Asked(clientScopes, requestScopes []string, r Request) []string {
	all := append(Wanted(clientScopes, requestScopes, r, InIDToken), Wanted(clientScopes, requestScopes, r, InUserInfo)...)
	slices.Sort(all)
	return slices.Compact(all)
}

// Subject gives the identifier of an account at one client; Company that of
// the company it represents.
type Subject struct {
	Person  string
	Company string
	Issuer  string
	Dutch   bool // add the urn:etoegang names
}

// Values gives the wanted claims that the account has a value for.
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
	case "given_name":
		return text(p.GivenName)
	case "family_name":
		return text(p.FamilyName)
	case "birthdate":
		return text(p.Birthdate)
	case "email":
		return text(a.Email)
	case "email_verified":
		return true // an address is proven before anything else is stored
	case "phone_number":
		return text(p.Phone)
	case "locale":
		return text(a.Lang)
	case "account_type":
		return string(a.Kind)
	case "address":
		return address(p.Address)
	case "represents":
		if p.Organization != nil {
			return represents(*p.Organization, s)
		}
	}
	return nil
}

// address is the address claim (OIDC Core §5.1.1); foreign addresses are
// free lines.
func address(a account.Address) any {
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
	return map[string]any{"street_address": lines, "country": a.Country}
}

// represents is the party a person acts for (NL GOV OIDC §5.2.4).
func represents(o account.Organization, s Subject) any {
	out := map[string]any{
		"sub": s.Company, "iss": s.Issuer, "sub_id_type": SubIDType,
		"organization_name": o.Name, "registration_country": o.RegistrationCountry,
	}
	if o.RegistrationNumber != "" {
		out["registration_number"] = o.RegistrationNumber
	}
	if adr := address(o.Address); adr != nil {
		out["address"] = adr
	}
	return out
}

// Texts are the values a wish names, as far as they are text.
func (w *Wish) Texts() []string {
	var out []string
	for _, v := range append([]any{w.Value}, w.Values...) {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
