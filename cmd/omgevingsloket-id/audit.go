package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/errs"
)

type auditCommand struct {
	Verify auditVerify `cmd:"" help:"Prove that the audit log was not changed, cut or reordered."`
	Export auditExport `cmd:"" help:"Write the audit log as JSON lines, with a signed head at the end."`
	Prune  auditPrune  `cmd:"" help:"Remove what is older than audit.keep, up to a signed head."`
}

type auditVerify struct {
	target
	Head string `help:"An export, or its last line, that was kept elsewhere: the audit log must still lead there." type:"existingfile" placeholder:"FILE"`
}

// Help explains the command.
func (auditVerify) Help() string {
	return "Without --head it finds what was changed by somebody without the master key. With the last exported head,\n" +
		"kept where nobody can write, it also finds a log that was cut off together with its signed heads."
}

// Run verifies and prints each fault; the exit code is 1 if there is one.
func (t auditVerify) Run(w world) error {
	exported, err := exportedHeads(t.Head)
	if err != nil {
		return err
	}
	return withCurrent(t.target, w, func(ctx context.Context, _ config.Config, s *app.Stores) error {
		signer, err := s.AuditSigner(ctx)
		if err != nil {
			return err
		}
		report, err := audit.Verify(ctx, s.DB.Audit(), s.DB.Heads(), signer.Public(), time.Now(), exported...)
		if err != nil {
			return err
		}
		return tellReport(w, report, signer.Public())
	})
}

func tellReport(w world, report audit.Report, key string) error {
	for _, f := range report.Faults {
		fmt.Fprintf(w.stdout, "event %d: %s\n", f.Seq, f.Text)
	}
	for _, n := range report.Notes {
		fmt.Fprintf(w.stdout, "note, event %d: %s\n", n.Seq, n.Text)
	}
	if !report.OK() {
		return fmt.Errorf("the audit log does not hold: %d faults", len(report.Faults))
	}
	begin := ""
	if b := report.Begin; b.Seq > 0 {
		begin = fmt.Sprintf(", after event %d (older ones were removed at %s)", b.Seq, b.At.Format(time.RFC3339))
	}
	fmt.Fprintf(w.stdout, "The audit log holds: %d events%s, %d signed heads, key %s.\n", report.Events, begin, report.Heads, key)
	for _, h := range report.Unchecked {
		return fmt.Errorf("event %d was pruned, so the head that was given cannot be checked here: its export proves itself; give one that holds event %d or later", h.Seq, report.Begin.Seq)
	}
	return nil
}

// exportedHeads reads the signed head of an export; without a file it returns none.
func exportedHeads(file string) ([]audit.SignedHead, error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // opened for reading only
	head, err := audit.ReadExport(f)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errUse, file, err)
	}
	return []audit.SignedHead{head}, nil
}

type auditExport struct {
	target
	After      int64  `help:"Only events after this number." placeholder:"SEQ"`
	Format     string `default:"chain" enum:"chain,logboek" help:"chain (with hashes, and a signed head at the end) or logboek (Logboek Dataverwerkingen: no proof, one line for each person's data)."`
	Activities string `default:"urn:omgevingsloket-id:activity" help:"For logboek: address of the register of processing activities." placeholder:"URL"`
	Out        string `help:"File to make, whole or not at all; it must not exist. Default: standard output." type:"path" placeholder:"FILE"`
}

// Run writes the events and, last, a newly signed head.
func (t auditExport) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, c config.Config, s *app.Stores) error {
		if t.Format == "logboek" {
			return t.logboek(ctx, w, c, s)
		}
		signer, err := s.AuditSigner(ctx)
		if err != nil {
			return err
		}
		return wholeFile(t.Out, w.stdout, func(out io.Writer) error {
			return audit.Export(ctx, out, s.DB.Audit(), s.DB.Heads(), signer, t.After, time.Now())
		})
	})
}

// logboek writes the same events in the format of Logboek dataverwerkingen.
func (t auditExport) logboek(ctx context.Context, w world, c config.Config, s *app.Stores) error {
	key, err := s.DB.Constants().Constant(ctx, "logbook pseudonyms")
	if err != nil {
		return err
	}
	l := audit.Logboek{Activities: t.Activities, Key: key, Issuer: c.Issuer, Version: app.BuildInfo().Version}
	return wholeFile(t.Out, w.stdout, func(out io.Writer) error { return l.Write(ctx, out, s.DB.Audit(), s.DB.Heads(), t.After) })
}

// wholeFile lets fn write a new file, which exists only when it is complete; without a
// name it lets fn write to stdout.
func wholeFile(name string, stdout io.Writer, fn func(io.Writer) error) error {
	if name == "" {
		out := bufio.NewWriter(stdout)
		if err := fn(out); err != nil {
			return errors.Join(err, out.Flush())
		}
		return out.Flush()
	}
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s is there already", errUse, name)
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".export-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // removes the temporary name; the link remains
	out := bufio.NewWriter(f)
	err = fn(out)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), name) // unlike a rename it never replaces a file
}

type auditPrune struct {
	target
	Head string `help:"The last export, kept elsewhere: the audit log must lead there before anything is removed." type:"existingfile" placeholder:"FILE"`
}

// Help explains the command.
func (auditPrune) Help() string {
	return "Export first: what is removed cannot be checked again without an export. Only whole stretches up to a signed head go;\n" +
		"the audit log then begins there, signed, and says so itself. One that does not hold is left alone."
}

// Run prunes and prints the number of removed events.
func (t auditPrune) Run(w world) error {
	exported, err := exportedHeads(t.Head)
	if err != nil {
		return err
	}
	return withCurrent(t.target, w, func(ctx context.Context, c config.Config, s *app.Stores) error {
		signer, err := s.AuditSigner(ctx)
		if err != nil {
			return err
		}
		to, n, err := audit.Prune(ctx, s.DB.Audit(), s.DB.Heads(), signer, c.Audit.Keep, time.Now(), audit.Operator(operator()), exported...)
		switch {
		case errors.Is(err, audit.ErrBroken):
			return fmt.Errorf("%w; `audit verify` says what is wrong", err)
		case errors.Is(err, errs.ErrConflict):
			return errors.New("somebody else is removing events; look again")
		case err == nil && to.Seq == 0:
			fmt.Fprintf(w.stdout, "Nothing is older than %s and followed by a signed head.\n", c.Audit.Keep)
		case err == nil:
			fmt.Fprintf(w.stdout, "%d events removed. The audit log begins after event %d, hash %s.\n", n, to.Seq, to.Hash)
		}
		return err
	})
}
