package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

type clientCommand struct {
	Add    clientAdd    `cmd:"" help:"Add a relying party to the database."`
	List   clientList   `cmd:"" help:"List all relying parties."`
	Remove clientRemove `cmd:"" help:"Remove a relying party; its tokens die with it."`
}

type clientAdd struct {
	target
	ID            string   `arg:"" help:"client_id."`
	Name          string   `required:"" help:"Shown to people."`
	RedirectURI   []string `required:"" sep:"none" help:"Where people may be sent back to; repeat for more."`
	PostLogout    []string `sep:"none" help:"Where people may go after logging out; repeat for more."`
	AuthMethod    string   `default:"client_secret_basic" enum:"none,client_secret_basic,client_secret_post,private_key_jwt" help:"How it authenticates: ${enum}."`
	JWKSFile      string   `type:"existingfile" help:"File with its public keys (JWK Set)."`
	JWKSURI       string   `name:"jwks-uri" help:"Address of its public keys."`
	Scope         []string `default:"omgevingsloket,email" help:"Scopes it may ask for, besides openid."`
	Policy        string   `enum:"nlgov,general," default:"" help:"Hold it to a stricter policy than the issuer's."`
	Sector        string   `help:"Sector of its pairwise subjects."`
	InitiateURI   string   `name:"initiate-login-uri" help:"Where a login can be started (OIDC Core §4)."`
	HomeURI       string   `name:"home-uri" help:"Its front page, for our list of portals."`
	ThirdParty    bool     `help:"Ask people for consent."`
	Native        bool     `help:"It runs on the person's own device: auth method none, any port on 127.0.0.1 or [::1], consent at each login."`
	SigningAlg    string   `default:"" enum:"RS256,PS256,ES256," help:"Algorithm of its ID tokens; RS256 if not given."`
	PublicSubject bool     `help:"Same subject as at other public-subject clients; policy general only."`
}

// Run checks and stores the client. It makes a secret and prints it once.
func (t clientAdd) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, c config.Config, s *app.Stores) error {
		fresh := client.Client{
			ID: t.ID, Name: t.Name, RedirectURIs: t.RedirectURI, PostLogoutRedirectURIs: t.PostLogout, AuthMethod: client.AuthMethod(t.AuthMethod),
			JWKSURI: t.JWKSURI, Scopes: t.Scope, Policy: client.Policy(t.Policy), SectorHost: t.Sector, InitiateLoginURI: t.InitiateURI,
			HomeURI: t.HomeURI, ThirdParty: t.ThirdParty, SigningAlg: t.SigningAlg, PublicSubject: t.PublicSubject,
		}
		if t.Native {
			fresh.ApplicationType = client.NativeApplication
		}
		if t.Native && c.Production() && !c.NativeClients {
			return fmt.Errorf("%w: production allows native clients only with the setting native_clients", errUse)
		}
		if t.JWKSFile != "" {
			keys, err := secret.ReadFile(t.JWKSFile)
			if err != nil {
				return err
			}
			fresh.JWKS = json.RawMessage(keys)
		}
		var shown secret.Text
		if fresh.AuthMethod == client.ClientSecretBasic || fresh.AuthMethod == client.ClientSecretPost {
			shown = secret.New(rand.Reader, secret.KindClient)
			fresh.SecretHashes = []string{shown.Hash()}
		}
		if err := fresh.Validate(c.Policy, !c.Production()); err != nil {
			return fmt.Errorf("%w:\n%w", errUse, err)
		}
		if own := fresh.UsesOrigin(c.Issuer, c.Console.Origin); own != "" {
			return fmt.Errorf("%w: %s is an address of this provider itself", errUse, own)
		}
		for _, fixed := range c.Clients {
			if fixed.ID == fresh.ID {
				return fmt.Errorf("client %q stands in the configuration file already", fresh.ID)
			}
		}
		err := s.DB.Clients().Add(ctx, fresh, clientRecord(audit.ClientAdded, fresh.ID))
		if errors.Is(err, errs.ErrConflict) {
			return fmt.Errorf("client %q exists already; remove it first", fresh.ID)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(w.stdout, "Client %s added.\n", fresh.ID)
		if shown != "" {
			fmt.Fprintf(w.stdout, "Its secret, shown only now: %s\n", shown.Reveal())
		}
		return nil
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
		fmt.Fprintln(table, "ID\tNAME\tAUTHENTICATION\tPOLICY\tCONSENT")
		for _, c := range all {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%t\n", c.ID, c.Name, c.AuthMethod, c.Policy, c.ThirdParty)
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
