package installation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Schema is the state in which migrations left the tables of a database.
// Migrations are known by their numbers.
type Schema struct {
	Applied []int64 // what ran, in any order
	Edited  []int64 // what ran with another text than the one that landed
	Floor   int64   // what a binary has to know at least to use the tables; 0 = any binary
}

// ErrPending says that migrations have to run before the database is used.
var ErrPending = errors.New("the database's schema is older than this version; run `omgevingsloket-id migrate` first")

// Judge reports whether a binary that holds the migrations known may use the
// database. It returns nil when it may, also when the schema is newer than the
// binary and its floor is not; ErrPending when migrations of the binary have to
// run first; an Early or a TooOld when neither is possible.
func (s Schema) Judge(known []int64) error {
	newest, last := highest(known), highest(s.Applied)
	early, pending := Early{Edited: s.Edited}, false
	for _, n := range known {
		switch {
		case slices.Contains(s.Applied, n):
		case n < last:
			early.Missing = append(early.Missing, n)
		default:
			pending = true
		}
	}
	switch {
	case len(early.Missing)+len(early.Edited) > 0:
		return early
	case newest < s.Floor:
		return TooOld{Known: newest, Floor: s.Floor}
	case pending:
		return ErrPending
	}
	return nil
}

// highest returns the highest of the numbers, 0 without any.
func highest(numbers []int64) int64 { return slices.Max(append([]int64{0}, numbers...)) }

// TooOld is a binary that may no longer use a database: migrations of a newer
// one removed what it needs.
type TooOld struct{ Known, Floor int64 } // the newest migration that it holds, and the one that it has to hold

// Error says what to do about it.
func (e TooOld) Error() string {
	return fmt.Sprintf("this version is too old for the database: a newer version removed what this one needs (it knows the schema up to %d and has to know %d); "+
		"run the version that upgraded the database, or restore the backup made before the upgrade", e.Known, e.Floor)
}

// Early is a database made by the main branch before migrations had a fixed
// order and text: some never ran although later ones did, others ran with
// another text. No migration can assume what its tables are.
type Early struct{ Missing, Edited []int64 }

// Error says what to do about it.
func (e Early) Error() string {
	var faults []string
	if len(e.Missing) > 0 {
		faults = append(faults, "lacks "+list(e.Missing)+", which later ones overtook")
	}
	if len(e.Edited) > 0 {
		faults = append(faults, "has an early form of "+list(e.Edited))
	}
	return "this database was made by a development version of 22 November 2026 and cannot be upgraded: it " + strings.Join(faults, ", and ") +
		"; nothing was changed in it. Use a new, empty database (database.url, or another --data folder for a demo); " +
		"deploy/decisions/011-migrations.md says what can be kept"
}

// list writes numbers of migrations out.
func list(numbers []int64) string {
	text := make([]string, len(numbers))
	for i, n := range numbers {
		text[i] = fmt.Sprint(n)
	}
	if len(numbers) == 1 {
		return "migration " + text[0]
	}
	return "migrations " + strings.Join(text, ", ")
}
