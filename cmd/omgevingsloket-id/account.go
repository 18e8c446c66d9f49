package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/typed"
)

type accountCommand struct {
	Show    accountShow    `cmd:"" help:"Show the state of an account and what happened to it."`
	Unblock accountUnblock `cmd:"" help:"Give a blocked account a fresh enrolment."`
}

type accountShow struct {
	target
	Who string `arg:"" name:"email-or-reference" help:"E-mail address, or the reference on the holder's blocked page."`
}

// Run shows an account, without secrets.
func (t accountShow) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, c config.Config, s *app.Stores) error {
		a, err := find(ctx, s, t.Who)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(w.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintf(table, "account\t%s\nkind\t%s\ne-mail\t%s\nstate\t%s\n", a.ID, a.Kind, a.Email, a.State)
		if a.BlockRef != "" {
			fmt.Fprintf(table, "blocked because\t%s\nreference\t%s\n", a.BlockReason, a.BlockRef)
		}
		fmt.Fprintf(table, "unblocked before\t%d times\ncreated\t%s\n", a.Unblocks, a.CreatedAt.Format(time.RFC3339))
		if from := c.AccountLimits().QRFrom(a); a.State == account.AwaitingEnrolment && from.After(time.Now()) {
			fmt.Fprintf(table, "new QR code from\t%s\n", from.Format(time.RFC3339))
		}
		if !a.LastLoginAt.IsZero() {
			fmt.Fprintf(table, "last login\t%s\n", a.LastLoginAt.Format(time.RFC3339))
		}
		if err := table.Flush(); err != nil {
			return err
		}
		events, err := s.DB.Audit().EventsAbout(ctx, audit.ObjectAccount, a.ID, 20)
		if err != nil {
			return err
		}
		fmt.Fprintln(w.stdout, "\nwhat happened, newest first")
		for _, e := range events {
			fmt.Fprintf(w.stdout, "  %s  %s %s %s\n", e.At.Format(time.RFC3339), e.Action, e.Outcome, audit.Printable(e.Reason))
		}
		return nil
	})
}

type accountUnblock struct {
	target
	Who    string `arg:"" name:"email-or-reference" help:"E-mail address, or the reference on the holder's blocked page."`
	Reason string `default:"unblocked at the command line" help:"Why, for the audit log: a ticket number, how the caller was identified."`
	Second string `help:"The colleague who agreed, for the audit log. Required for a company, for some weeks after an unblock or a change of the e-mail address, and with --lost-password."`

	NewPassword  bool `xor:"password" help:"Somebody else knows the password: the next login asks for a new one."`
	LostPassword bool `xor:"password" help:"The holder has forgotten the password too: once the delay is over, a mailed link is enough to choose a new one. Takes two people."`
}

// renewal returns the renewal of the password that the flags ask for.
func (t accountUnblock) renewal() account.Renewal {
	switch {
	case t.NewPassword:
		return account.RenewalDue
	case t.LostPassword:
		return account.RenewalLost
	}
	return account.NoRenewal
}

// Run unblocks: enrolment starts again, the old secret, sessions and tokens end, the
// holder gets a mail, and the audit log an event. It takes two people when it does in the
// console (helpdesk.NeedsSecond).
func (t accountUnblock) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, c config.Config, s *app.Stores) error {
		a, err := find(ctx, s, t.Who)
		if err != nil {
			return err
		}
		if a.State != account.Blocked {
			return fmt.Errorf("the account is not blocked; it is %s", a.State)
		}
		if t.Second == "" && t.LostPassword {
			return errors.New("this gives both password and app to who reads the mails of the account, so it takes two people: name the colleague who agreed with --second")
		}
		if t.Second == "" {
			moved, err := s.DB.Helpdesk().Moved(ctx, a.ID, time.Now())
			if err != nil {
				return err
			}
			if helpdesk.NeedsSecond(helpdesk.Unblock, a, moved, time.Now()) {
				return errors.New("this is the account of a company, or it was unblocked or its e-mail address changed not long ago, so this takes two people: name the colleague who agreed with --second")
			}
		}
		letters, err1 := app.NewLetters(c, rand.Reader)
		key, err2 := app.RecoveryKey(ctx, s)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		rules := &signin.Service{Accounts: s.DB.Accounts(), Letters: letters, RecoveryKey: key, Limits: c.AccountLimits(), Rand: rand.Reader, Now: time.Now}
		err = rules.Unblock(ctx, a, t.renewal(), operator(), t.reason())
		if errors.Is(err, errs.ErrConflict) {
			return fmt.Errorf("the account is not blocked; it is %s", a.State)
		}
		if err == nil {
			when := ""
			if delay := c.AccountLimits().Delay(a); delay > 0 {
				when = ", from " + time.Now().Add(delay).Format(time.RFC3339)
			}
			fmt.Fprintf(w.stdout, "The account is unblocked. At the next login%s its holder enters a code that is mailed then, and links an authenticator app again. A mail says so, with a link that cancels it.\n", when)
		}
		return err
	})
}

// reason returns the reason for the audit log, with the colleague who agreed.
func (t accountUnblock) reason() string {
	if t.Second == "" {
		return t.Reason
	}
	return t.Reason + "; agreed by " + t.Second
}

// find returns an account by its address or by the reference of its block.
func find(ctx context.Context, s *app.Stores, who string) (account.Account, error) {
	var a account.Account
	err := errs.ErrNotFound
	if reference := typed.Reference(who); reference != "" {
		a, err = s.DB.Accounts().ByBlockRef(ctx, reference)
	}
	if errors.Is(err, errs.ErrNotFound) {
		address, bad := mail.CanonicalAddress(who)
		if bad != nil {
			return account.Account{}, fmt.Errorf("%w: %q is neither an e-mail address nor a reference of a blocked account", errUse, who)
		}
		a, err = s.DB.Accounts().ByEmail(ctx, address)
	}
	if errors.Is(err, errs.ErrNotFound) {
		return account.Account{}, errors.New("there is no such account")
	}
	return a, err
}
