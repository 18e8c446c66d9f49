package main

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/audit"
)

// commandWith is command with settings in the environment (name, value, …).
func commandWith(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(world{ctx: context.Background(), stdout: &out, stderr: &err, getenv: func(name string) string {
		for i := 0; i+1 < len(env); i += 2 {
			if env[i] == name {
				return env[i+1]
			}
		}
		return ""
	}}, args)
	return code, out.String(), err.String()
}

func prune(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return commandWith(t, []string{"OLID_AUDIT_KEEP", "1ms"}, append([]string{"audit", "prune", "--data", dir}, args...)...)
}

// exported writes an export to a new file and returns its name.
func exported(t *testing.T, dir string, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "export.jsonl")
	if code, _, err := command(t, append([]string{"audit", "export", "--data", dir, "--out", file}, args...)...); code != exitOK {
		t.Fatal(err)
	}
	return file
}

func TestOF17_PruneBeginsAtASignedHead(t *testing.T) {
	t.Parallel()
	dir, first, db := recorded(t)
	var before int64
	site.Must(t, db.QueryRow(`SELECT MAX(seq) FROM audit_events`).Scan(&before))
	if code, out, err := command(t, "audit", "prune", "--data", dir); code != exitOK || !strings.Contains(out, "Nothing is older") {
		t.Error("seven years:", code, out, err)
	}
	if code, out, err := prune(t, dir, "--head", first); code != exitOK || !strings.Contains(out, "events removed") {
		t.Fatal(code, out, err)
	}
	// The chain of exports goes on: the next one continues from the last head.
	if code, _, err := command(t, "keys", "rotate", "--data", dir); code != exitOK {
		t.Fatal(err)
	}
	second := exported(t, dir)
	text, err := os.ReadFile(second)
	site.Must(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	anchor, err := audit.ReadLine([]byte(lines[0]))
	site.Must(t, err)
	event, err := audit.ReadLine([]byte(lines[1]))
	site.Must(t, err)
	f, err := os.Open(first)
	site.Must(t, err)
	head, err := audit.ReadExport(f)
	site.Must(t, err)
	_ = f.Close()
	if anchor.Anchor.Seq != before || event.Event.PrevHash != head.Hash || event.Event.Seq != head.Seq+1 || event.Event.Action != audit.AuditLogPruned {
		t.Error("the exports do not connect:", lines[:2])
	}
	for _, file := range []string{first, second} {
		if code, out, err := command(t, "audit", "verify", "--data", dir, "--head", file); code != exitOK || !strings.Contains(out, "older ones were removed") {
			t.Error(code, out, err)
		}
	}
	// Pruning again: now the first head is from before the beginning.
	if code, out, err := prune(t, dir, "--head", second); code != exitOK {
		t.Fatal(code, out, err)
	}
	if code, out, err := command(t, "audit", "verify", "--data", dir, "--head", first); code != exitFailed || !strings.Contains(out, "The audit log holds") || !strings.Contains(err, "was pruned") {
		t.Error("a head that cannot be checked:", code, out, err)
	}
	if code, out, err := command(t, "audit", "verify", "--data", dir, "--head", second); code != exitOK {
		t.Error(code, out, err)
	}
	if code, _, err := command(t, "audit", "export", "--data", dir, "--after", "1"); code != exitFailed || !strings.Contains(err, "earlier exports") {
		t.Error("an export of what was removed:", code, err)
	}
}

// What an attacker with access to the database can forge at the beginning is found.
func TestOF17_PruneForged(t *testing.T) {
	t.Parallel()
	for name, attack := range map[string]func(t *testing.T, db *sql.DB){
		"beginning taken away": func(t *testing.T, db *sql.DB) {
			run1(t, db, `DELETE FROM audit_events WHERE seq < (SELECT MAX(seq) FROM audit_events)`)
		},
		"the anchor taken away": func(t *testing.T, db *sql.DB) {
			run1(t, db, `DELETE FROM audit_anchor`)
		},
		"the anchor moved on": func(t *testing.T, db *sql.DB) {
			run1(t, db, `UPDATE audit_anchor SET seq = seq + 1, hash = (SELECT hash FROM audit_events WHERE seq = audit_anchor.seq + 1)`)
			run1(t, db, `DELETE FROM audit_events WHERE seq <= (SELECT seq FROM audit_anchor)`)
		},
		"a kept head made the anchor": func(t *testing.T, db *sql.DB) {
			run1(t, db, `UPDATE audit_anchor SET (seq, hash, at, signature) = (SELECT seq, hash, at, signature FROM audit_signed_heads ORDER BY seq DESC LIMIT 1)`)
			run1(t, db, `DELETE FROM audit_events WHERE seq <= (SELECT seq FROM audit_anchor)`)
			run1(t, db, `DELETE FROM audit_signed_heads`)
		},
		"everything after the anchor taken away": func(t *testing.T, db *sql.DB) {
			run1(t, db, `DELETE FROM audit_events`)
			run1(t, db, `DELETE FROM audit_signed_heads`)
			run1(t, db, `UPDATE audit_head SET seq = (SELECT seq FROM audit_anchor), hash = (SELECT hash FROM audit_anchor)`)
		},
		"the time of the removal changed": func(t *testing.T, db *sql.DB) { run1(t, db, `UPDATE audit_anchor SET at = at - 1`) },
		"the head's row bent":             func(t *testing.T, db *sql.DB) { run1(t, db, `UPDATE audit_head SET hash = 'x'`) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, _, db := recorded(t)
			if code, out, err := prune(t, dir); code != exitOK || !strings.Contains(out, "events removed") {
				t.Fatal(code, out, err)
			}
			if code, _, err := command(t, "keys", "rotate", "--data", dir); code != exitOK {
				t.Fatal(err)
			}
			exported(t, dir) // keeps a signed head
			attack(t, db)
			if code, out, _ := command(t, "audit", "verify", "--data", dir); code != exitFailed || !strings.Contains(out, "event ") {
				t.Errorf("not found: exit code %d\n%s", code, out)
			}
			if code, out, err := prune(t, dir); code != exitFailed || !strings.Contains(err, "does not hold") {
				t.Error("evidence is removed:", code, out, err)
			}
		})
	}
	// A signed head is signed, but is not an anchor.
	signer := audit.NewSigner(bytes.Repeat([]byte{1}, 32))
	kept := signer.Sign(audit.Head{Seq: 1, Hash: "h", At: time.UnixMilli(1)})
	if (audit.Anchor{Head: kept.Head, Signature: kept.Signature}).Verify(signer.Public()) == nil {
		t.Error("a head's signature fits an anchor")
	}
	// Restoring an old anchor leaves a gap.
	dir, _, db := recorded(t)
	prune(t, dir)
	run1(t, db, `CREATE TABLE mine AS SELECT * FROM audit_anchor`)
	exported(t, dir)
	prune(t, dir)
	run1(t, db, `DELETE FROM audit_anchor`)
	run1(t, db, `INSERT INTO audit_anchor SELECT * FROM mine`)
	if code, out, _ := command(t, "audit", "verify", "--data", dir); code != exitFailed {
		t.Error("an old anchor is taken:", code, out)
	}
}

// Recent events, and events without a signed head, are not pruned.
func TestOF17_PruneKeepsWhatIsYoung(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	signer, err := s.Stores.AuditSigner(t.Context())
	site.Must(t, err)
	db := s.Stores.DB
	put := func(n int) {
		for range n {
			s.Put(audit.Event{At: s.Clock.Now(), ActorKind: audit.ActorSystem, Action: "key.moved", Outcome: audit.OK})
		}
	}
	tryPrune := func() int64 {
		t.Helper()
		site.Must(t, db.Chain(t.Context()))
		to, n, err := audit.Prune(t.Context(), db.Audit(), db.Heads(), signer, 24*time.Hour, s.Clock.Now(), audit.Actor{})
		site.Must(t, err)
		if (n == 0) != (to.Seq == 0) {
			t.Error(to, n)
		}
		return n
	}
	start, err := db.Heads().Head(t.Context())
	site.Must(t, err)
	put(3)
	_, err = audit.Checkpoint(t.Context(), db.Heads(), signer, s.Clock.Now())
	site.Must(t, err)
	put(2) // these get a signed head only when they are old
	s.Clock.Add(24 * time.Hour)
	if n := tryPrune(); n != 0 {
		t.Error("at the very moment:", n)
	}
	s.Clock.Add(time.Millisecond)
	put(1)
	_, err = audit.Checkpoint(t.Context(), db.Heads(), signer, s.Clock.Now())
	site.Must(t, err)
	if n := tryPrune(); n != start.Seq+3 {
		t.Error(n, "went, want", start.Seq+3)
	}
	// A clock that was set back is a note, not a fault.
	s.Put(audit.Event{At: s.Clock.Now().Add(-time.Hour), ActorKind: audit.ActorSystem, Action: "key.moved", Outcome: audit.OK})
	site.Must(t, db.Chain(t.Context()))
	report, err := audit.Verify(t.Context(), db.Audit(), db.Heads(), signer.Public(), time.Now())
	site.Must(t, err)
	if !report.OK() || len(report.Notes) != 1 || !strings.Contains(report.Notes[0].Text, "set back") {
		t.Error(report)
	}
}

// OF-26: a file is complete or absent, and a truncated or changed one is recognised.
func TestOF26_ExportFiles(t *testing.T) {
	t.Parallel()
	dir, _, db := recorded(t)
	file := exported(t, dir)
	if code, _, err := command(t, "audit", "export", "--data", dir, "--out", file); code != exitWrongUse || !strings.Contains(err, "there already") {
		t.Error("an export is overwritten:", code, err)
	}
	text, err := os.ReadFile(file)
	site.Must(t, err)
	lines := strings.SplitAfter(strings.TrimSpace(string(text))+"\n", "\n")
	lines = lines[:len(lines)-1]
	bent := filepath.Join(t.TempDir(), "bent.jsonl")
	for name, cut := range map[string]string{
		"a line out":       lines[0] + strings.Join(lines[2:], ""),
		"the first out":    strings.Join(lines[1:], ""),
		"half of it":       string(text[:len(text)/2]),
		"the end out":      strings.Join(lines[:len(lines)-1], ""),
		"an event changed": strings.Replace(string(text), `"operator"`, `"nobody"`, 1),
		"more behind it":   string(text) + lines[0],
		"nothing":          "",
		"two swapped":      lines[1] + lines[0] + strings.Join(lines[2:], ""),
	} {
		site.Must(t, os.WriteFile(bent, []byte(cut), 0o600))
		if code, _, err := command(t, "audit", "verify", "--data", dir, "--head", bent); code != exitWrongUse || !strings.Contains(err, "not a whole export") {
			t.Errorf("%s: %d %s", name, code, err)
		}
	}
	site.Must(t, os.WriteFile(bent, []byte(lines[len(lines)-1]), 0o600))
	if code, _, err := command(t, "audit", "verify", "--data", dir, "--head", bent); code != exitOK {
		t.Error("the last line alone:", code, err)
	}
	run1(t, db, `DELETE FROM audit_events WHERE seq = 2`)
	gone := filepath.Join(t.TempDir(), "gone.jsonl")
	if code, _, _ := command(t, "audit", "export", "--data", dir, "--out", gone); code != exitFailed {
		t.Error("an audit log with a hole is exported")
	}
	if left, err := os.ReadDir(filepath.Dir(gone)); err != nil || len(left) != 0 {
		t.Error("something was left behind:", left, err)
	}
}

// The Logboek has only the events about data subjects, without those about officials.
func TestLogboekExport(t *testing.T) {
	t.Parallel()
	dir, _, _ := recorded(t)
	code, out, err := command(t, "audit", "export", "--data", dir, "--format", "logboek")
	if code != exitOK || strings.Contains(out, "key.moved") || strings.Contains(out, "operator") {
		t.Error(code, out, err)
	}
	s := site.New(t, nil)
	a := s.Person(site.Email)
	s.Put(audit.Event{At: s.Clock.Now(), ActorKind: audit.ActorStaff, ActorID: "olga", Action: "account.viewed", ObjectKind: "account", ObjectID: a.ID, Outcome: audit.OK})
	var lines bytes.Buffer
	site.Must(t, audit.Logboek{Activities: "https://register.example", Key: []byte("k")}.Write(t.Context(), &lines, s.Stores.DB.Audit(), s.Stores.DB.Heads(), 0))
	if n := strings.Count(lines.String(), "\n"); n != 1 || !strings.Contains(lines.String(), `"https://register.example/helpdesk"`) || strings.Contains(lines.String(), a.ID) {
		t.Error(n, lines.String())
	}
}
