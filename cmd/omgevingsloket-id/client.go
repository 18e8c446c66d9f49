package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

type clientCommand struct {
	Add    clientAdd    `cmd:"" help:"Add a relying party to the database."`
	Set    clientSet    `cmd:"" help:"Change a relying party in the database. Its secret stays."`
	Show   clientShow   `cmd:"" help:"Show a relying party as the file would have it."`
	List   clientList   `cmd:"" help:"List all relying parties."`
	Remove clientRemove `cmd:"" help:"Remove a relying party; its tokens die with it."`
}

// clientFlags are what the configuration file offers for a client. What is not given is
// nil, and stays as it is; "" empties a text or a list.
type clientFlags struct {
	Name            *string  `help:"Shown to people."`
	RedirectURI     []string `sep:"none" help:"Where people may be sent back to; repeat for more."`
	PostLogout      []string `sep:"none" help:"Where people may go after logging out; repeat for more."`
	AuthMethod      *string  `help:"How it authenticates: none, client_secret_basic, client_secret_post or private_key_jwt."`
	SecretHash      []string `help:"Hex SHA-256 of a secret that you made; repeat while two are valid."`
	JWKSFile        string   `type:"existingfile" help:"File with its public keys (JWK Set)."`
	JWKSURI         *string  `name:"jwks-uri" help:"Address of its public keys."`
	Scope           []string `help:"Scopes it may ask for, besides openid."`
	Policy          *string  `help:"Hold it to a stricter policy than the issuer's: nlgov or general."`
	Sector          *string  `help:"Sector of its pairwise subjects."`
	InitiateURI     *string  `name:"initiate-login-uri" help:"Where a login can be started (OIDC Core §4)."`
	HomeURI         *string  `name:"home-uri" help:"Its front page, for our list of portals."`
	ThirdParty      *bool    `negatable:"" help:"Ask people for consent."`
	Native          *bool    `negatable:"" help:"It runs on the person's own device: auth method none, any port on 127.0.0.1 or [::1], consent at each login."`
	SigningAlg      *string  `help:"Algorithm of its ID tokens: RS256, PS256, ES256 or EdDSA."`
	UserinfoAlg     *string  `help:"Sign what userinfo answers, with RS256, PS256, ES256 or EdDSA; \"\" answers in JSON."`
	PublicSubject   *bool    `negatable:"" help:"Same subject as at other public-subject clients; policy general only."`
	PKCEOptional    *bool    `negatable:"" name:"pkce-optional" help:"It may leave PKCE out; a confidential client of policy general only."`
	RequirePushed   *bool    `negatable:"" name:"require-pushed-requests" help:"Refuse its authorization requests that were not pushed (RFC 9126)."`
	ClaimsInIDToken *bool    `negatable:"" name:"claims-in-id-token" help:"Put the claims of its scopes in the ID token too, for software that reads no userinfo."`
	AccessTokens    *string  `help:"Its access tokens: opaque (handles that only this provider reads) or jwt (RFC 9068)."`
	DutchClaims     *bool    `negatable:"" help:"Add the urn:etoegang claims that Dutch government software reads."`
}

// apply changes a client as the flags say.
func (f clientFlags) apply(c *client.Client) error {
	texts := func(to *[]string, given []string) {
		if given != nil {
			*to = slices.DeleteFunc(slices.Clone(given), func(s string) bool { return s == "" })
		}
	}
	texts(&c.RedirectURIs, f.RedirectURI)
	texts(&c.PostLogoutRedirectURIs, f.PostLogout)
	texts(&c.SecretHashes, f.SecretHash)
	if f.Scope != nil {
		c.Scopes = scopesOf(f.Scope)
	}
	give(&c.Name, f.Name)
	give(&c.AuthMethod, (*client.AuthMethod)(f.AuthMethod))
	give(&c.JWKSURI, f.JWKSURI)
	give(&c.Policy, (*client.Policy)(f.Policy))
	give(&c.SectorHost, f.Sector)
	give(&c.InitiateLoginURI, f.InitiateURI)
	give(&c.HomeURI, f.HomeURI)
	give(&c.ThirdParty, f.ThirdParty)
	give(&c.SigningAlg, f.SigningAlg)
	give(&c.UserinfoAlg, f.UserinfoAlg)
	give(&c.PublicSubject, f.PublicSubject)
	give(&c.PKCEOptional, f.PKCEOptional)
	give(&c.DutchClaims, f.DutchClaims)
	give(&c.AccessTokens, (*client.AccessTokens)(f.AccessTokens))
	give(&c.ClaimsInIDToken, f.ClaimsInIDToken)
	give(&c.RequirePushed, f.RequirePushed)
	switch {
	case f.Native != nil && *f.Native:
		c.ApplicationType = client.NativeApplication
	case f.Native != nil:
		c.ApplicationType = ""
	}
	switch {
	case f.JWKSFile != "":
		keys, err := secret.ReadFile(f.JWKSFile)
		if err != nil {
			return err
		}
		c.JWKS = json.RawMessage(keys)
		if f.JWKSURI == nil {
			c.JWKSURI = ""
		}
	case f.JWKSURI != nil && *f.JWKSURI != "":
		c.JWKS = nil
	}
	if f.AuthMethod == nil {
		return nil
	}
	// Remove what the new method of authentication does not use.
	if !hasSecret(*c) && f.SecretHash == nil {
		c.SecretHashes = nil
	}
	if c.AuthMethod != client.PrivateKeyJWT && f.JWKSFile == "" && f.JWKSURI == nil {
		c.JWKS, c.JWKSURI = nil, ""
	}
	return nil
}

// scopesOf returns the scopes in lists that are separated by spaces too, as clients
// send them: each once, and without openid, which every client may ask for.
func scopesOf(given []string) []string {
	scopes := []string{}
	for _, s := range strings.Fields(strings.Join(given, " ")) {
		if s != "openid" && !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	return scopes
}

// allScopes returns the scopes that a client may ask for, for people.
func allScopes(c client.Client) string {
	return strings.Join(append([]string{"openid"}, scopesOf(c.Scopes)...), " ")
}

func give[T any](to, given *T) {
	if given != nil {
		*to = *given
	}
}

func hasSecret(c client.Client) bool {
	return c.AuthMethod == client.ClientSecretBasic || c.AuthMethod == client.ClientSecretPost
}

// newSecret adds a secret to a client that needs one and has none or, if another, to a
// client with secrets, of which only the latest stays valid. It returns the new secret,
// or "".
func newSecret(c *client.Client, another bool) secret.Text {
	if !hasSecret(*c) || len(c.SecretHashes) > 0 && !another {
		return ""
	}
	fresh := secret.New(rand.Reader, secret.KindClient)
	c.SecretHashes = append([]string{fresh.Hash()}, c.SecretHashes[:min(len(c.SecretHashes), 1)]...)
	return fresh
}

// checkClient returns why a client cannot be registered.
func checkClient(c config.Config, wanted client.Client) error {
	if wanted.Native() && c.Production() && !c.NativeClients {
		return fmt.Errorf("%w: production allows native clients only with the setting native_clients", errUse)
	}
	for _, s := range wanted.Scopes {
		if !slices.Contains(claim.Scopes(), s) {
			return fmt.Errorf("%w: scope %q does not exist; choose from %s", errUse, s, strings.Join(claim.Scopes(), ", "))
		}
		if s == "profile" && cmp.Or(wanted.Policy, c.Policy) == client.NLGov {
			return fmt.Errorf("%w: scope %q: policy nlgov refuses it (R-059); omgevingsloket has these claims", errUse, s)
		}
	}
	if err := wanted.Validate(c.Policy, !c.Production()); err != nil {
		return fmt.Errorf("%w:\n%w", errUse, err)
	}
	if own := wanted.UsesOrigin(c.Issuer, c.Console.Origin); own != "" {
		return fmt.Errorf("%w: %s is an address of this provider itself", errUse, own)
	}
	return nil
}

// usualScopes are what the software of most portals asks for, besides openid.
func usualScopes(p client.Policy) []string {
	if p == client.NLGov {
		return []string{"omgevingsloket", "email"} // no profile
	}
	return []string{"omgevingsloket", "profile", "email"}
}

type clientAdd struct {
	target
	ID string `arg:"" help:"client_id."`
	clientFlags
}

// Help explains the command.
func (clientAdd) Help() string {
	return "--name and --redirect-uri are required. Without --auth-method it is client_secret_basic, and the secret is shown once; " +
		"without --scope the client may ask for openid, profile, email and omgevingsloket (policy nlgov: no profile)."
}

// Run checks and stores the client. It makes a secret and prints it once.
func (t clientAdd) Run(w world) error {
	if t.Name == nil || len(t.RedirectURI) == 0 {
		return fmt.Errorf("%w: give --name and --redirect-uri", errUse)
	}
	return withCurrent(t.target, w, func(ctx context.Context, c config.Config, s *app.Stores) error {
		fresh := client.Client{ID: t.ID, AuthMethod: client.ClientSecretBasic}
		if err := t.apply(&fresh); err != nil {
			return err
		}
		if t.Scope == nil {
			fresh.Scopes = usualScopes(cmp.Or(fresh.Policy, c.Policy))
		}
		if t.AccessTokens == nil && cmp.Or(fresh.Policy, c.Policy) == client.General {
			fresh.AccessTokens = client.OpaqueTokens
		}
		shown := newSecret(&fresh, false)
		if err := checkClient(c, fresh); err != nil {
			return err
		}
		for _, fixed := range c.Clients {
			if fixed.ID == fresh.ID {
				return fmt.Errorf("client %q stands in the configuration file already", fresh.ID)
			}
		}
		err := s.DB.Clients().Add(ctx, fresh, clientRecord(audit.ClientAdded, fresh.ID))
		if errors.Is(err, errs.ErrConflict) {
			return fmt.Errorf("client %q exists already; change it with `client set`", fresh.ID)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(w.stdout, "Client %s added. It may ask for the scopes %s.\n", fresh.ID, allScopes(fresh))
		saySecret(w, shown)
		return nil
	})
}

func saySecret(w world, fresh secret.Text) {
	if fresh != "" {
		fmt.Fprintf(w.stdout, "Its secret, shown only now: %s\n", fresh.Reveal())
	}
}

type clientSet struct {
	target
	ID string `arg:"" help:"client_id."`
	clientFlags
	NewSecret bool `help:"Make another secret. The one before it stays valid until the next."`
}

// Help explains the command.
func (clientSet) Help() string {
	return "Only what is given changes; \"\" empties a text or a list, --no-… takes a choice back. Servers notice within two seconds."
}

// Run changes the client.
func (t clientSet) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, c config.Config, s *app.Stores) error {
		var before, after client.Client
		var shown secret.Text
		err := s.DB.Clients().Change(ctx, t.ID, func(was client.Client) (client.Client, effect.Effects, error) {
			next := was
			if err := t.apply(&next); err != nil {
				return was, effect.Effects{}, err
			}
			shown = newSecret(&next, t.NewSecret)
			before, after = was, next
			return next, clientRecord(audit.ClientChanged, t.ID), checkClient(c, next)
		})
		if errors.Is(err, errs.ErrNotFound) {
			return fmt.Errorf("there is no client %q in the database; one from the configuration file is changed there", t.ID)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(w.stdout, "Client %s changed.\n", t.ID)
		if before.Sector() != after.Sector() || before.PublicSubject != after.PublicSubject {
			fmt.Fprintln(w.stdout, "Its people have another sub from now on: a portal that knows them by the old one takes them for new people.")
		}
		saySecret(w, shown)
		return nil
	})
}

type clientShow struct {
	target
	ID string `arg:"" help:"client_id."`
}

// Run prints the client in the form of the configuration file.
func (t clientShow) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, c config.Config, s *app.Stores) error {
		for _, fixed := range c.Clients {
			if fixed.ID == t.ID {
				fmt.Fprintln(w.stdout, "# From the configuration file.")
				return config.Clients{fixed}.Print(w.stdout)
			}
		}
		stored, err := s.DB.Clients().ByID(ctx, t.ID)
		if errors.Is(err, errs.ErrNotFound) {
			return fmt.Errorf("there is no client %q; `client list` shows all", t.ID)
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(w.stdout, "# From the database. The hashes of its secrets are not shown.")
		return config.Clients{stored}.Print(w.stdout)
	})
}

func clientRecord(action audit.Action, id string) effect.Effects {
	return effect.Of(audit.Operator(operator()).Did(action, id, time.Now()))
}

type clientList struct{ target }

// Run lists the clients of the file and of the database.
func (t clientList) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, c config.Config, s *app.Stores) error {
		all, err := client.NewDirectory(c.Clients, s.DB.Clients(), c.Policy, !c.Production(), time.Now).List(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(w.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "ID\tNAME\tAUTHENTICATION\tPOLICY\tCONSENT\tFROM\tSCOPES")
		for _, one := range all {
			from := "database"
			if slices.ContainsFunc(c.Clients, func(fixed client.Client) bool { return fixed.ID == one.ID }) {
				from = "file"
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%t\t%s\t%s\n", one.ID, one.Name, one.AuthMethod, one.Policy, one.ThirdParty, from, allScopes(one))
		}
		return table.Flush()
	})
}

type clientRemove struct {
	target
	ID string `arg:"" help:"client_id."`
}

// Run removes a client from the database.
func (t clientRemove) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, _ config.Config, s *app.Stores) error {
		err := s.DB.Clients().Remove(ctx, t.ID, clientRecord(audit.ClientRemoved, t.ID))
		if errors.Is(err, errs.ErrNotFound) {
			return fmt.Errorf("there is no client %q in the database; one from the configuration file is removed there", t.ID)
		}
		if err == nil {
			fmt.Fprintf(w.stdout, "Client %s removed.\n", t.ID)
		}
		return err
	})
}
