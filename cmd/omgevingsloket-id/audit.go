package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
)

type auditCommand struct {
	Verify auditVerify `cmd:"" help:"Prove that the record was not changed, cut or reordered."`
	Export auditExport `cmd:"" help:"Write the record as JSON lines, with a signed head at the end."`
}

// auditSigner makes the signer of this installation's heads.
func (s *stores) auditSigner(ctx context.Context) (audit.Signer, error) {
	seed, err := s.db.Constants().Constant(ctx, "audit heads")
	if err != nil {
		return audit.Signer{}, err
	}
	return audit.NewSigner(seed), nil
}

type auditVerify struct {
	target
	Head string `help:"An export, or its last line, that was kept elsewhere: the record must still lead there." type:"existingfile" placeholder:"FILE"`
}

// Help says what the one line does not.
func (auditVerify) Help() string {
	return "Without --head it finds what was changed by somebody without the master key. With the last exported head,\n" +
		"kept where nobody can write, it also finds a record that was cut off together with its signed heads."
}

// Run verifies and tells each fault; exit code 1 if there is one.
func (t auditVerify) Run(w world) error {
	var exported []audit.SignedHead
	if t.Head != "" {
		head, err := lastHead(t.Head)
		if err != nil {
			return err
		}
		exported = append(exported, head)
	}
	return withCurrent(t.target, w, func(ctx context.Context, _ config.Config, s *stores) error {
		signer, err := s.auditSigner(ctx)
		if err != nil {
			return err
		}
		report, err := audit.Verify(ctx, s.db.Audit(), s.db.Heads(), signer.Public(), exported...)
		if err != nil {
			return err
		}
		for _, f := range report.Faults {
			fmt.Fprintf(w.stdout, "event %d: %s\n", f.Seq, f.Text)
		}
		if !report.OK() {
			return fmt.Errorf("the record does not hold: %d faults", len(report.Faults))
		}
		fmt.Fprintf(w.stdout, "The record holds: %d events, %d signed heads, key %s.\n", report.Events, report.Heads, signer.Public())
		return nil
	})
}

// lastHead reads the signed head of an export.
func lastHead(file string) (audit.SignedHead, error) {
	f, err := os.Open(file)
	if err != nil {
		return audit.SignedHead{}, err
	}
	defer f.Close()
	var last []byte
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if len(lines.Bytes()) > 0 {
			last = append(last[:0], lines.Bytes()...)
		}
	}
	if err := lines.Err(); err != nil {
		return audit.SignedHead{}, err
	}
	line, err := audit.ReadLine(last)
	if err != nil || line.Head == nil {
		return audit.SignedHead{}, fmt.Errorf("%w: %s does not end with a signed head: an export that is not whole", errUse, file)
	}
	return *line.Head, nil
}

type auditExport struct {
	target
	After int64 `help:"Only events after this number." placeholder:"SEQ"`
}

// Run writes events and, last, a head that is signed now.
func (t auditExport) Run(w world) error {
	return withCurrent(t.target, w, func(ctx context.Context, _ config.Config, s *stores) error {
		signer, err := s.auditSigner(ctx)
		if err != nil {
			return err
		}
		head, err := audit.Checkpoint(ctx, s.db.Heads(), signer, time.Now())
		if err != nil {
			return err
		}
		out := bufio.NewWriter(w.stdout)
		lines := json.NewEncoder(out)
		for after := t.After; after < head.Seq; {
			events, err := s.db.Audit().Events(ctx, after, 1000)
			if err != nil {
				return err
			}
			if len(events) == 0 || events[0].Seq != after+1 {
				return fmt.Errorf("event %d is missing; run `audit verify`", after+1)
			}
			for _, e := range events {
				if e.Seq > head.Seq || e.Seq > after+1 {
					break
				}
				after = e.Seq
				if err := lines.Encode(audit.Line{Event: &e}); err != nil {
					return err
				}
			}
		}
		if err := lines.Encode(audit.Line{Head: &head, Key: signer.Public()}); err != nil {
			return err
		}
		return out.Flush()
	})
}
