package sql

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const landedList = "testdata/migrations.sha256"

var fileName = regexp.MustCompile(`^([0-9]{5})_[a-z0-9_]+\.sql$`)

// number returns the number in the name of a migration's file.
func number(t *testing.T, name string) int64 {
	t.Helper()
	m := fileName.FindStringSubmatch(filepath.Base(name))
	if m == nil {
		t.Fatalf("%s: want a name like 00012_subject.sql", name)
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// binary is the set of migrations in a binary.
type binary = fstest.MapFS

// holding returns a binary with the migrations of the given numbers, or with all
// of them if there are no numbers.
func holding(t *testing.T, numbers ...int64) binary {
	t.Helper()
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	out := binary{}
	for _, name := range names {
		text, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(numbers) == 0 || slices.Contains(numbers, number(t, name)) {
			out[filepath.Base(name)] = &fstest.MapFile{Data: text}
		}
	}
	return out
}

// The list holds every migration unchanged, in the order of the numbers.
func TestMigrationsAreAsTheyLanded(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile(landedList)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for name, file := range holding(t) {
		number(t, name)
		files[name] = fmt.Sprintf("%x", sha256.Sum256(file.Data))
	}
	for _, fault := range faults(string(list), files) {
		t.Error(fault)
	}
}

// faults compares the list of migrations (lines of sha256sum, the oldest first)
// with the existing files, a map from name to hash. Each fault it returns names the
// remedy.
func faults(list string, files map[string]string) []string {
	var out []string
	listed, last := map[string]bool{}, ""
	for line := range strings.Lines(list) {
		hash, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok || !fileName.MatchString(name) {
			out = append(out, fmt.Sprintf("%s: %q is no line of sha256sum; restore the list, it only ever grows", landedList, line))
			continue
		}
		if last != "" && name[:5] <= last[:5] {
			out = append(out, fmt.Sprintf("%s: %s comes after %s; databases that ran the higher number never run the lower one: "+
				"give the new migration a number above all landed ones", landedList, name, last))
		}
		listed[name], last = true, name
		switch have := files[name]; have {
		case hash:
		case "":
			out = append(out, fmt.Sprintf("migrations/%s landed and is gone or has another name; databases that ran it exist: "+
				"restore it, and undo what it did with a new migration", name))
		default:
			out = append(out, fmt.Sprintf("migrations/%s landed and was edited; databases that ran it keep what it did: "+
				"restore it, and write the change as a new migration. If the file has never been on main, correct its line in %s to\n%s  %[1]s", name, landedList, have))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		switch {
		case listed[name]:
		case last != "" && name[:5] <= last[:5]:
			out = append(out, fmt.Sprintf("migrations/%s has a number that is not above the newest landed one, %s; databases that ran that never run this: "+
				"give it the next number", name, last))
		default:
			out = append(out, fmt.Sprintf("migrations/%s is new; when it is ready to land, add its line to %s:\n%s  %[1]s", name, landedList, files[name]))
		}
	}
	return out
}

func TestMigrationFaults(t *testing.T) {
	t.Parallel()
	const list = "aa  00001_one.sql\nbb  00003_three.sql\n"
	for _, test := range []struct {
		name, list string
		files      map[string]string
		want       []string // a substring of each fault
	}{
		{"as it landed", list, map[string]string{"00001_one.sql": "aa", "00003_three.sql": "bb"}, nil},
		{"edited", list, map[string]string{"00001_one.sql": "ab", "00003_three.sql": "bb"}, []string{"00001_one.sql landed and was edited"}},
		{"removed", list, map[string]string{"00003_three.sql": "bb"}, []string{"00001_one.sql landed and is gone"}},
		{"the newest removed", list, map[string]string{"00001_one.sql": "aa"}, []string{"00003_three.sql landed and is gone"}},
		{"renamed", list, map[string]string{"00001_first.sql": "aa", "00003_three.sql": "bb"},
			[]string{"00001_one.sql landed and is gone", "00001_first.sql has a number that is not above"}},
		{"a lower number", list, map[string]string{"00001_one.sql": "aa", "00002_two.sql": "cc", "00003_three.sql": "bb"}, []string{"00002_two.sql has a number that is not above"}},
		{"the same number", list, map[string]string{"00001_one.sql": "aa", "00003_again.sql": "cc", "00003_three.sql": "bb"}, []string{"00003_again.sql has a number that is not above"}},
		{"new", list, map[string]string{"00001_one.sql": "aa", "00003_three.sql": "bb", "00004_four.sql": "dd"}, []string{"add its line to testdata/migrations.sha256:\ndd  00004_four.sql"}},
		{"new and listed", list + "dd  00004_four.sql\n", map[string]string{"00001_one.sql": "aa", "00003_three.sql": "bb", "00004_four.sql": "dd"}, nil},
		{"a lower number, listed", list + "cc  00002_two.sql\n", map[string]string{"00001_one.sql": "aa", "00002_two.sql": "cc", "00003_three.sql": "bb"}, []string{"00002_two.sql comes after 00003_three.sql"}},
		{"the same number, listed", list + "cc  00003_two.sql\n", map[string]string{"00001_one.sql": "aa", "00003_two.sql": "cc", "00003_three.sql": "bb"}, []string{"00003_two.sql comes after 00003_three.sql"}},
		{"no list", "# nothing\n", nil, []string{"is no line of sha256sum"}},
	} {
		got := faults(test.list, test.files)
		ok := len(got) == len(test.want)
		for i := 0; ok && i < len(got); i++ {
			ok = strings.Contains(got[i], test.want[i])
		}
		if !ok {
			t.Errorf("%s: faults() = %q, want one with each of %q", test.name, got, test.want)
		}
	}
}

// With git history available, the list has only ever grown: an edit cannot be
// hidden by editing the list too. Without history there is nothing to compare.
func TestMigrationListOnlyGrows(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile(landedList)
	if err != nil {
		t.Fatal(err)
	}
	commits, err := exec.Command("git", "log", "--first-parent", "--format=%h", "--", landedList).Output()
	if err != nil {
		t.Log("no history:", err)
	}
	for _, commit := range strings.Fields(string(commits)) {
		before, err := exec.Command("git", "show", commit+":./"+landedList).Output()
		if err != nil || !grew(string(before), string(list)) {
			t.Errorf("%s does not begin with what it was at commit %s (%v): what it held there has landed, so restore those lines and files. "+
				"If that commit has not landed, make one commit of it and yours", landedList, commit, err)
		}
	}
}

// grew reports whether after is before with zero or more lines added at its end.
func grew(before, after string) bool { return strings.HasPrefix(after, before) }

func TestMigrationListGrew(t *testing.T) {
	t.Parallel()
	const before = "aa  00001_one.sql\nbb  00003_three.sql\n"
	for after, want := range map[string]bool{
		before: true, before + "cc  00004_four.sql\n": true,
		"": false, "aa  00001_one.sql\n": false, "ab  00001_one.sql\nbb  00003_three.sql\n": false,
		"bb  00003_three.sql\naa  00001_one.sql\n": false,
	} {
		if got := grew(before, after); got != want {
			t.Errorf("grew(%q, %q) = %v, want %v", before, after, got, want)
		}
	}
}

var (
	comment  = regexp.MustCompile(`(?m)--.*$`)
	removes  = regexp.MustCompile(`(?i)\bDROP\s+(TABLE|COLUMN|VIEW)\b|\bRENAME\b|\bADD\s+(CONSTRAINT|CHECK|UNIQUE|FOREIGN|PRIMARY)\b|\bSET\s+NOT\s+NULL\b|\bALTER\s+COLUMN\b`)
	setFloor = regexp.MustCompile(`(?i)\bUPDATE\s+schema_floor\s+SET\s+version\s*=\s*([0-9]+)\s*;`)
)

// A migration that removes something raises the floor to a number below its own,
// so that a server of the previous version goes on.
func TestMigrationsThatContractRaiseTheFloor(t *testing.T) {
	t.Parallel()
	for name, file := range holding(t) {
		if n := number(t, name); n > withFloor {
			if fault := contraction(n, string(file.Data)); fault != "" {
				t.Errorf("migrations/%s %s", name, fault)
			}
		}
	}
}

// contraction returns what is wrong with the way a migration removes things, or
// "".
func contraction(n int64, text string) string {
	text = comment.ReplaceAllString(text, "")
	floor := setFloor.FindStringSubmatch(text)
	if floor == nil {
		if what := removes.FindString(text); what != "" {
			return fmt.Sprintf("has %s and raises no floor: an older server that uses what it removes would fail. Let one version stop using it first, then remove it here "+
				"and add UPDATE schema_floor SET version = N, with N the newest migration of the version that stopped", what)
		}
		return ""
	}
	if to, err := strconv.ParseInt(floor[1], 10, 64); err != nil || to < withFloor || to >= n {
		return fmt.Sprintf("sets the floor to %s, want %d to %d: the version before it has to go on running", floor[1], withFloor, n-1)
	}
	return ""
}

func TestMigrationContraction(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want string // a substring of the fault
	}{
		{"CREATE TABLE a (id BIGINT);", ""},
		{"ALTER TABLE a ADD COLUMN b BIGINT NOT NULL DEFAULT 0; -- DROP TABLE c", ""},
		{"DROP INDEX a;", ""},
		{"drop  table a;", "raises no floor"},
		{"ALTER TABLE a DROP COLUMN b;", "raises no floor"},
		{"ALTER TABLE a RENAME COLUMN b TO c;", "raises no floor"},
		{"ALTER TABLE a ADD CONSTRAINT b CHECK (c > 0);", "raises no floor"},
		{"ALTER TABLE a ALTER COLUMN b SET NOT NULL;", "raises no floor"},
		{"DROP TABLE a; UPDATE schema_floor SET version = 19;", ""},
		{"DROP TABLE a; UPDATE schema_floor SET version = 12;", ""},
		{"DROP TABLE a; -- UPDATE schema_floor SET version = 19;", "raises no floor"},
		{"DROP TABLE a; UPDATE schema_floor SET version = 20;", "want 12 to 19"},
		{"DROP TABLE a; UPDATE schema_floor SET version = 11;", "want 12 to 19"},
	} {
		if got := contraction(20, test.text); (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("contraction(20, %q) = %q, want %q in it", test.text, got, test.want)
		}
	}
}
