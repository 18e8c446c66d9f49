package claim_test

import (
	"fmt"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/client"
)

// A client may ask for the scopes email and phone. The request has the scope
// email, and wants two claims in the ID token; the date of birth is in none of
// the client's scopes.
func ExampleWanted() {
	request, err := claim.Parse(`{"id_token": {"phone_number": {"essential": true}, "birthdate": null}}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	allowed, scopes := []string{"email", "phone"}, []string{"openid", "email"}
	fmt.Println("ID token:", claim.Wanted(allowed, scopes, request, claim.InIDToken))
	fmt.Println("userinfo:", claim.Wanted(allowed, scopes, request, claim.InUserInfo))
	fmt.Println("consent: ", claim.Asked(allowed, scopes, request))
	// Output:
	// ID token: [phone_number]
	// userinfo: [email email_verified]
	// consent:  [email email_verified phone_number]
}

// Claims without a value are left out.
func ExampleValues() {
	anna := account.Account{ID: "4711", Email: "anna@example.com", Lang: "nl", Profile: account.Profile{GivenName: "Anna"}}
	portal := client.Client{ID: "portal", RedirectURIs: []string{"https://portal.example/callback"}}
	subjects := claim.Subjects{Salt: []byte("32 bytes, made once and for good"), Issuer: "https://id.example"}

	values := claim.Values(anna, subjects.For(anna, portal), []string{"email", "given_name", "phone_number"})
	fmt.Println(values)
	// Output:
	// map[email:anna@example.com given_name:Anna]
}

// A person has another subject in each sector, so that two organizations cannot
// find out that they have the same user.
func ExampleSubjects_For() {
	subjects := claim.Subjects{Salt: []byte("32 bytes, made once and for good"), Issuer: "https://id.example"}
	anna := account.Account{ID: "4711"}
	subject := func(redirectURI string) string {
		return subjects.For(anna, client.Client{ID: "rp", RedirectURIs: []string{redirectURI}}).Person
	}
	fmt.Println(subject("https://town.example/cb") == subject("https://town.example/other"))
	fmt.Println(subject("https://town.example/cb") == subject("https://bank.example/cb"))
	// Output:
	// true
	// false
}
