package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"
	"text/tabwriter"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/record"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/signkey"
)

// operator is who is at the command line, for the record.
func operator() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

// withStores runs fn on the stores of a target.
func withStores(t target, w world, fn func(ctx context.Context, c config.Config, s *stores) error) error {
	c, err := t.load(w)
	if err != nil {
		return err
	}
	s, err := openStores(w.ctx, c, rand.Reader, time.Now, newLogger(c, w))
	if err != nil {
		return err
	}
	defer s.close()
	return fn(w.ctx, c, s)
}

// withCurrent is withStores for a schema that is up to date.
func withCurrent(t target, w world, fn func(ctx context.Context, c config.Config, s *stores) error) error {
	return withStores(t, w, func(ctx context.Context, c config.Config, s *stores) error {
		current, err := s.db.Current(ctx)
		if err != nil {
			return err
		}
		if !current {
			return errors.New("the database's schema is not that of this version; run `omgevingsloket-id migrate` first")
		}
		return fn(ctx, c, s)
	})
}

type configCommand struct {
	Check configCheck `cmd:"" help:"Check a configuration; all faults at once."`
	Print configPrint `cmd:"" help:"Show the settings in force, without secrets."`
}

type configCheck struct{ target }

// Run reads the configuration and says what is wrong with it.
func (t configCheck) Run(w world) error {
	c, err := t.load(w)
	if err != nil {
		return err
	}
	for _, warning := range c.Warnings() {
		fmt.Fprintln(w.stdout, "warning:", warning)
	}
	fmt.Fprintln(w.stdout, "The configuration is in order.")
	return nil
}

type configPrint struct{ target }

// Run shows the settings.
func (t configPrint) Run(w world) error {
	c, err := t.load(w)
	if err != nil {
		return err
	}
	return c.Print(w.stdout)
}

type migrateCommand struct{ target }

// Run brings the schema up to date; serve does the same at its start.
func (t migrateCommand) Run(w world) error {
	return withStores(t.target, w, func(ctx context.Context, _ config.Config, s *stores) error {
		if err := s.db.Migrate(ctx); err != nil {
			return err
		}
		fmt.Fprintln(w.stdout, "The schema is up to date.")
		return nil
	})
}

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
	SigningAlg    string   `default:"" enum:"RS256,PS256,ES256," help:"Algorithm of its ID tokens; RS256 if not given."`
	PublicSubject bool     `help:"Same subject as at other public-subject clients; policy general only."`
}

// Run checks and keeps the client. A secret is made here and shown once.
func (t clientAdd) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, c config.Config, s *stores) error {
		fresh := client.Client{
			ID: t.ID, Name: t.Name, RedirectURIs: t.RedirectURI, PostLogoutRedirectURIs: t.PostLogout, AuthMethod: client.AuthMethod(t.AuthMethod),
			JWKSURI: t.JWKSURI, Scopes: t.Scope, Policy: client.Policy(t.Policy), SectorHost: t.Sector, InitiateLoginURI: t.InitiateURI,
			HomeURI: t.HomeURI, ThirdParty: t.ThirdParty, SigningAlg: t.SigningAlg, PublicSubject: t.PublicSubject,
		}
		if t.JWKSFile != "" {
			keys, err := os.ReadFile(t.JWKSFile)
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
		for _, fixed := range c.Clients {
			if fixed.ID == fresh.ID {
				return fmt.Errorf("client %q stands in the configuration file already", fresh.ID)
			}
		}
		err := s.db.Clients().Add(ctx, fresh, clientRecord("client.added", fresh.ID))
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

func clientRecord(action, id string) record.Record {
	return record.Of(audit.Event{At: time.Now(), ActorKind: audit.ActorOperator, ActorID: operator(), Origin: "cli", Action: action, ObjectKind: "client", ObjectID: id, Outcome: "ok"})
}

type clientList struct{ target }

// Run lists the clients of file and database.
func (t clientList) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, c config.Config, s *stores) error {
		all, err := client.NewDirectory(c.Clients, s.db.Clients(), c.Policy, !c.Production(), time.Now).List(ctx)
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

// Run removes a client of the database.
func (t clientRemove) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, _ config.Config, s *stores) error {
		err := s.db.Clients().Remove(ctx, t.ID, clientRecord("client.removed", t.ID))
		if errors.Is(err, errs.ErrNotFound) {
			return fmt.Errorf("there is no client %q in the database; one from the configuration file is removed there", t.ID)
		}
		if err == nil {
			fmt.Fprintf(w.stdout, "Client %s removed.\n", t.ID)
		}
		return err
	})
}

type accountCommand struct {
	Show    accountShow    `cmd:"" help:"Show the state of an account and what happened to it."`
	Unblock accountUnblock `cmd:"" help:"Give a blocked account a fresh enrolment."`
}

type accountShow struct {
	target
	Who string `arg:"" name:"email-or-reference" help:"E-mail address, or the reference on the holder's blocked page."`
}

// Run shows an account, without anything secret.
func (t accountShow) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, _ config.Config, s *stores) error {
		a, err := s.find(ctx, t.Who)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(w.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintf(table, "account\t%s\nkind\t%s\ne-mail\t%s\nstate\t%s\n", a.ID, a.Kind, a.Email, a.State)
		if a.BlockRef != "" {
			fmt.Fprintf(table, "blocked because\t%s\nreference\t%s\n", a.BlockReason, a.BlockRef)
		}
		fmt.Fprintf(table, "unblocked before\t%d times\ncreated\t%s\n", a.Unblocks, a.CreatedAt.Format(time.RFC3339))
		if !a.LastLoginAt.IsZero() {
			fmt.Fprintf(table, "last login\t%s\n", a.LastLoginAt.Format(time.RFC3339))
		}
		if err := table.Flush(); err != nil {
			return err
		}
		events, err := s.db.Audit().EventsAbout(ctx, "account", a.ID, 20)
		if err != nil {
			return err
		}
		fmt.Fprintln(w.stdout, "\nwhat happened, newest first")
		for _, e := range events {
			fmt.Fprintf(w.stdout, "  %s  %s %s %s\n", e.At.Format(time.RFC3339), e.Action, e.Outcome, e.Reason)
		}
		return nil
	})
}

type accountUnblock struct {
	target
	Who    string `arg:"" name:"email-or-reference" help:"E-mail address, or the reference on the holder's blocked page."`
	Reason string `default:"unblocked at the command line" help:"Why, for the record: a ticket number, how the caller was identified."`
}

// Run unblocks: fresh enrolment, old secret, sessions and tokens dead, a mail
// to the holder, a line in the record.
func (t accountUnblock) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, c config.Config, s *stores) error {
		a, err := s.find(ctx, t.Who)
		if err != nil {
			return err
		}
		letters, err := newLetters(c, rand.Reader)
		if err != nil {
			return err
		}
		rules := &signin.Rules{Accounts: s.db.Accounts(), Letters: letters, Rand: rand.Reader, Now: time.Now}
		err = rules.Unblock(ctx, a, operator(), t.Reason)
		if errors.Is(err, errs.ErrConflict) {
			return fmt.Errorf("the account is not blocked; it is %s", a.State)
		}
		if err == nil {
			fmt.Fprintf(w.stdout, "The account is unblocked. At the next login its holder links an authenticator app again; a mail tells so.\n")
		}
		return err
	})
}

// find looks an account up by address or by the reference of its block.
func (s *stores) find(ctx context.Context, who string) (account.Account, error) {
	a, err := s.db.Accounts().ByBlockRef(ctx, strings.ToUpper(strings.TrimSpace(who)))
	if errors.Is(err, errs.ErrNotFound) {
		address, bad := mail.CanonicalAddress(who)
		if bad != nil {
			return account.Account{}, fmt.Errorf("%w: %q is neither an e-mail address nor a reference of a blocked account", errUse, who)
		}
		a, err = s.db.Accounts().ByEmail(ctx, address)
	}
	if errors.Is(err, errs.ErrNotFound) {
		return account.Account{}, errors.New("there is no such account")
	}
	return a, err
}

// keysCommand is about keys.
type keysCommand struct {
	List   keysList   `cmd:"" help:"List the keys that sign tokens."`
	Rotate keysRotate `cmd:"" help:"Let the next keys sign from now on; running servers follow within a minute."`
	Master keysMaster `cmd:"" help:"Make a master key file."`
}

type keysList struct{ target }

// Run lists the keys.
func (t keysList) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, _ config.Config, s *stores) error {
		keys, err := s.db.Keys().Keys(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(w.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "KID\tALGORITHM\tSTATE\tSINCE")
		for _, k := range keys {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", k.ID, k.Alg, k.State, k.Since.Format(time.RFC3339))
		}
		return table.Flush()
	})
}

type keysRotate struct{ target }

// Run rotates by hand.
func (t keysRotate) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, c config.Config, s *stores) error {
		m := &signkey.Manager{Store: s.db.Keys(), Ring: s.ring, Schedule: c.KeySchedule(), Rand: rand.Reader, Now: time.Now}
		if err := m.Rotate(ctx, operator()); err != nil {
			return err
		}
		fmt.Fprintln(w.stdout, "Done: `keys list` shows the keys. Clients that keep our keys read them again when they meet a new kid.")
		return nil
	})
}

type keysMaster struct {
	ID   string `default:"k1" help:"Id of the key, a short word."`
	File string `arg:"" type:"path" help:"File to make; it must not exist."`
}

// Run makes a key ring file that only its owner may read.
func (t keysMaster) Run(w world) error {
	text, err := secret.NewKeyRingFile(t.ID, rand.Reader)
	if err != nil {
		return err
	}
	if _, err := secret.ParseKeyRing(text, rand.Reader); err != nil {
		return fmt.Errorf("%w: --id: %w", errUse, err)
	}
	f, err := os.OpenFile(t.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400)
	if err != nil {
		return fmt.Errorf("%w; an existing key is never overwritten", err)
	}
	if _, err := f.Write(text); err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "Master key in %s. Keep a copy apart from the backups of the database.\n", t.File)
	return f.Close()
}
