package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signkey"
)

// keysCommand holds the commands about keys.
type keysCommand struct {
	List   keysList   `cmd:"" help:"List the keys that sign tokens."`
	Rotate keysRotate `cmd:"" help:"Let the next keys sign. Running servers follow within a minute, or within 3 minutes if the next keys have to be made first, so that every server publishes a key before one signs with it."`
	Master keysMaster `cmd:"" help:"Make a master key file."`
}

type keysList struct{ target }

// Run lists the keys.
func (t keysList) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, _ config.Config, s *app.Stores) error {
		keys, err := s.DB.Keys().Keys(ctx)
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

// Run rotates the signing key.
func (t keysRotate) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, c config.Config, s *app.Stores) error {
		m := &signkey.Manager{Store: s.DB.Keys(), Ring: s.Ring, Schedule: c.KeySchedule(), Rand: rand.Reader, Now: time.Now}
		if err := m.Rotate(ctx, operator()); err != nil {
			return err
		}
		fmt.Fprintf(w.stdout, "Done: `keys list` shows the keys. Running servers sign with the new ones within %.0f minutes. Clients that keep our keys read them again when they meet a new kid.\n", signkey.Follow.Minutes())
		return nil
	})
}

type keysMaster struct {
	Environment string `default:"production" enum:"production,practice" help:"Whose key it is: ${enum}. The id begins with it; the other environment refuses it."`
	ID          string `help:"The rest of its id, a short word. Default: today's date."`
	File        string `arg:"" type:"path" help:"File to make; it must not exist."`
}

// Run writes a new key ring file that only its owner can read.
func (t keysMaster) Run(w world) error {
	text, err := secret.NewKeyRingFile(config.KeyPrefix(config.Environment(t.Environment))+cmp.Or(t.ID, time.Now().UTC().Format("20060102")), rand.Reader)
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
