package main

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
)

// recorded returns a demo folder with a few events in its audit log, an export of them,
// and a connection of an attacker with access to the database.
func recorded(t *testing.T) (dir, export string, attacker *sql.DB) {
	t.Helper()
	dir = demoFolder(t)
	if code, _, err := command(t, "keys", "rotate", "--data", dir); code == exitOK {
		t.Fatal("rotated before migrate", err)
	}
	for _, args := range [][]string{{"migrate"}, {"keys", "rotate"}, {"keys", "rotate"}} {
		if code, _, err := command(t, append(args, "--data", dir)...); code != exitOK {
			t.Fatal(err)
		}
	}
	code, out, err := command(t, "audit", "export", "--data", dir)
	if code != exitOK {
		t.Fatal(err)
	}
	export = filepath.Join(t.TempDir(), "export.jsonl")
	site.Must(t, os.WriteFile(export, []byte(out), 0o600))
	attacker, openErr := sql.Open("sqlite", filepath.Join(dir, "olid.db"))
	site.Must(t, openErr)
	t.Cleanup(func() { _ = attacker.Close() })
	return dir, export, attacker
}

func TestOF17_AuditVerify(t *testing.T) {
	t.Parallel()
	dir, export, _ := recorded(t)
	for _, args := range [][]string{{"audit", "verify", "--data", dir}, {"audit", "verify", "--data", dir, "--head", export}} {
		if code, out, err := command(t, args...); code != exitOK || !strings.Contains(out, "The audit log holds") {
			t.Error(code, out, err)
		}
	}
	// Later events do not affect an old head.
	if code, _, err := command(t, "keys", "rotate", "--data", dir); code != exitOK {
		t.Fatal(err)
	}
	if code, out, err := command(t, "audit", "verify", "--data", dir, "--head", export); code != exitOK {
		t.Error(code, out, err)
	}
}

// Changes by an attacker with access to the database but not to the master key are found.
func TestOF17_AuditTampering(t *testing.T) {
	t.Parallel()
	for name, attack := range map[string]func(t *testing.T, db *sql.DB){
		"row changed": func(t *testing.T, db *sql.DB) {
			run1(t, db, `UPDATE audit_events SET reason = 'nothing to see' WHERE seq = 3`)
		},
		"row rewritten and everything after it recomputed": func(t *testing.T, db *sql.DB) {
			run1(t, db, `UPDATE audit_events SET actor_id = 'somebody else' WHERE seq = 2`)
			recompute(t, db)
		},
		"the same, with the signed heads adapted": func(t *testing.T, db *sql.DB) {
			run1(t, db, `UPDATE audit_events SET actor_id = 'somebody else' WHERE seq = 2`)
			recompute(t, db)
			run1(t, db, `UPDATE audit_signed_heads SET hash = (SELECT hash FROM audit_head)`)
		},
		"tail cut off": func(t *testing.T, db *sql.DB) {
			run1(t, db, `DELETE FROM audit_events WHERE seq > 4`)
		},
		"tail cut off with its heads": func(t *testing.T, db *sql.DB) {
			run1(t, db, `DELETE FROM audit_events WHERE seq > 4`)
			run1(t, db, `DELETE FROM audit_signed_heads`)
			run1(t, db, `UPDATE audit_head SET seq = 4, hash = (SELECT hash FROM audit_events WHERE seq = 4)`)
		},
		"two rows swapped": func(t *testing.T, db *sql.DB) {
			run1(t, db, `UPDATE audit_events SET seq = -1 WHERE seq = 2`)
			run1(t, db, `UPDATE audit_events SET seq = 2 WHERE seq = 3`)
			run1(t, db, `UPDATE audit_events SET seq = 3 WHERE seq = -1`)
			recompute(t, db)
		},
		"row taken out": func(t *testing.T, db *sql.DB) {
			run1(t, db, `DELETE FROM audit_events WHERE seq = 3`)
		},
		"everything gone": func(t *testing.T, db *sql.DB) {
			run1(t, db, `DELETE FROM audit_events`)
			run1(t, db, `DELETE FROM audit_signed_heads`)
			run1(t, db, `UPDATE audit_head SET seq = 0, hash = ''`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, export, db := recorded(t)
			attack(t, db)
			code, out, _ := command(t, "audit", "verify", "--data", dir, "--head", export)
			if code != exitFailed || !strings.Contains(out, "event ") {
				t.Errorf("not found: exit code %d\n%s", code, out)
			}
		})
	}
}

func run1(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	_, err := db.Exec(query)
	site.Must(t, err)
}

// recompute makes the chain consistent again, as an attacker who knows this code could.
func recompute(t *testing.T, db *sql.DB) {
	t.Helper()
	prev := ""
	for seq := int64(1); ; seq++ {
		e := audit.Event{Seq: seq}
		var at int64
		err := db.QueryRow(`SELECT at, actor_kind, actor_id, origin, action, object_kind, object_id, outcome, reason, request_id FROM audit_events WHERE seq = $1`, seq).
			Scan(&at, &e.ActorKind, &e.ActorID, &e.Origin, &e.Action, &e.ObjectKind, &e.ObjectID, &e.Outcome, &e.Reason, &e.RequestID)
		if errors.Is(err, sql.ErrNoRows) {
			break
		}
		site.Must(t, err)
		e.At = time.UnixMilli(at)
		hash := audit.ChainHash(prev, e)
		_, err = db.Exec(`UPDATE audit_events SET prev_hash = $1, hash = $2, details = 'null' WHERE seq = $3`, prev, hash, seq)
		site.Must(t, err)
		prev = hash
	}
	_, err := db.Exec(`UPDATE audit_head SET hash = $1`, prev)
	site.Must(t, err)
}

// An export is complete or reports that it is not, and its head is signed by this
// installation.
func TestOF26_AuditExport(t *testing.T) {
	t.Parallel()
	dir, export, db := recorded(t)
	text, err := os.ReadFile(export)
	site.Must(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	prev := ""
	for _, l := range lines[:len(lines)-1] {
		line, err := audit.ReadLine([]byte(l))
		site.Must(t, err)
		if line.Event.PrevHash != prev || audit.ChainHash(prev, *line.Event) != line.Event.Hash {
			t.Fatal("an export cannot be verified by itself at", line.Event.Seq)
		}
		prev = line.Event.Hash
	}
	last, err := audit.ReadLine([]byte(lines[len(lines)-1]))
	site.Must(t, err)
	if last.Head.Hash != prev || last.Head.Verify(last.Key) != nil {
		t.Error("head:", last)
	}
	forged := *last.Head
	forged.Hash = strings.Repeat("0", 64)
	if forged.Verify(last.Key) == nil {
		t.Error("a forged head verifies")
	}
	site.Must(t, os.WriteFile(export, []byte(strings.Join(lines[:len(lines)-1], "\n")), 0o600))
	if code, _, _ := command(t, "audit", "verify", "--data", dir, "--head", export); code != exitWrongUse {
		t.Error("an export without its end is taken:", code)
	}
	run1(t, db, `DELETE FROM audit_events WHERE seq = 2`)
	if code, _, err := command(t, "audit", "export", "--data", dir); code != exitFailed || !strings.Contains(err, "event 2 is missing") {
		t.Error("an audit log with a hole in it is exported:", code, err)
	}
}

// The running provider stores signed heads.
func TestAuditCheckpoint(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Person(site.Email)
	signer, err := s.Stores.AuditSigner(t.Context())
	site.Must(t, err)
	event := audit.Event{At: s.Clock.Now(), Action: "account.blocked", ObjectKind: "account", ObjectID: a.ID, Outcome: "ok"}
	site.Must(t, s.Stores.DB.Accounts().Block(t.Context(), a.ID, 0, account.Reported, "ABCD-2345", s.Clock.Now(), effect.Of(event)))
	if none, err := s.Stores.DB.Heads().Newest(t.Context()); err != nil || none.Seq != 0 {
		t.Error("nothing is signed, and yet:", none, err)
	}
	first, err := audit.Checkpoint(t.Context(), s.Stores.DB.Heads(), signer, s.Clock.Now())
	site.Must(t, err)
	again, err := audit.Checkpoint(t.Context(), s.Stores.DB.Heads(), signer, s.Clock.Now().Add(time.Hour))
	site.Must(t, err)
	if again != first {
		t.Error("nothing happened, but another head was signed")
	}
	if last, err := s.Stores.DB.Heads().Newest(t.Context()); err != nil || last != first {
		t.Error("last:", last, err)
	}
	kept, err := s.Stores.DB.Heads().Signed(t.Context())
	if err != nil || len(kept) != 1 || kept[0].Verify(signer.Public()) != nil {
		t.Error("kept:", kept, err)
	}
}
