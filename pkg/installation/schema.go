package installation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Schema describes the migrations that a database has had, by their numbers.
type Schema struct {
	Applied []int64 // the applied migrations, in any order
	Edited  []int64 // those whose text differed from the released one
	Floor   int64   // the newest migration that a binary has to know; 0 = none
}

// ErrPending is returned by Judge when migrations have to run first.
var ErrPending = errors.New("the database's schema is older than this version; run `omgevingsloket-id migrate` first")

// Judge returns nil if a binary that holds the migrations known may use the
// database, which may have newer migrations as long as Floor allows it. It
// returns ErrPending when migrations of the binary have to run first, and an
// Early or a TooOld when the binary cannot use the database.
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

// TooOld is the error for a binary that is too old for a database: newer
// migrations removed what it needs.
type TooOld struct{ Known, Floor int64 } // the newest migration of the binary, and the one that it has to know

// Error includes advice for the operator.
func (e TooOld) Error() string {
	return fmt.Sprintf("this version is too old for the database: a newer version removed what this one needs (it knows the schema up to %d and has to know %d); "+
		"run the version that upgraded the database, or restore the backup made before the upgrade", e.Known, e.Floor)
}

// Early is the error for a database made by a development version before
// migrations had a fixed order and text: some did not run although later ones
// did, others ran with another text. Its tables are unknown, so it cannot be
// migrated.
type Early struct{ Missing, Edited []int64 }

// Error includes advice for the operator.
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

// list returns "migration 1" or "migrations 1, 2".
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

// Gone is the error for an empty database where there was another one.
type Gone struct{ File string }

// Error includes advice for the operator.
func (e Gone) Error() string {
	return fmt.Sprintf("the database %s is missing or empty, although there was one: it was removed, or its disk is not mounted; "+
		"restore it from the backup. If you want to begin with a new, empty one, run `omgevingsloket-id migrate --new-database`", e.File)
}
