// Package installation owns the wall between production and practice: a
// database is made for one environment and one issuer, remembers both, and
// serves no other.
//
//	first start ── Claim ──► the database is this environment's and issuer's
//	later start ── Claim ──► the same? go on : Mismatch, with words for an operator
//
// The environment never changes: what was approved without an official must
// never be worth something. The issuer can be moved on purpose, for it is part
// of every token and of what portals know people by.
//
// It also judges which binary may use a database, by the migrations that the
// one holds and the other has had (Schema).
package installation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"omgevingsloket-id/pkg/audit"
)

// Practice is the environment in which nothing is worth anything.
const Practice = "practice"

// Installation is what a database was made for.
type Installation struct {
	Environment string // production or practice
	Issuer      string
}

// Namespace is a short name that no other installation has: it keeps values
// apart in a store that several share.
func (i Installation) Namespace() string {
	sum := sha256.Sum256([]byte(i.Environment + "\n" + i.Issuer))
	return hex.EncodeToString(sum[:8])
}

// Fits tells whether a database of one installation may serve another: itself,
// or, in practice on this machine alone, one whose address nobody else knows.
func (i Installation) Fits(other Installation) bool {
	return i == other || i.Environment == Practice && other.Environment == Practice && local(i.Issuer) && local(other.Issuer)
}

// Store remembers. errs.ErrUnavailable when it does not answer.
type Store interface {
	// Made tells whose the database is; errs.ErrNotFound while it is nobody's.
	Made(ctx context.Context) (Installation, error)
	// Claim makes the database one of i, with the event, if it was nobody's
	// yet, and gives whose it is; of any number of callers the first wins.
	Claim(ctx context.Context, i Installation, e audit.Event) (Installation, error)
	// Move changes the issuer from was to the one of i, with the event;
	// errs.ErrConflict when the database is not was's, or of another
	// environment.
	Move(ctx context.Context, was string, i Installation, e audit.Event) error
}

// Mismatch is a database of another installation.
type Mismatch struct{ Have, Want Installation }

// Error says what to do about it.
func (m Mismatch) Error() string {
	if m.Have.Environment != m.Want.Environment {
		return fmt.Sprintf("this database was made for %s (%s) and is not used for %s: what is in it was approved by other rules; "+
			"check database.url, or give %[3]s a new, empty database", m.Have.Environment, m.Have.Issuer, m.Want.Environment)
	}
	return fmt.Sprintf("this database was made for the issuer %s, the configuration says %s: tokens and sessions of the one are nothing to the other; "+
		"correct issuer or database.url, or move it on purpose with `omgevingsloket-id migrate --issuer-was %[1]s`", m.Have.Issuer, m.Want.Issuer)
}

// Check looks before anything is changed: a Mismatch when the database is
// another's, nil also while it has no schema or does not answer.
func Check(ctx context.Context, s Store, i Installation) error {
	if have, err := s.Made(ctx); err == nil && !have.Fits(i) {
		return Mismatch{Have: have, Want: i}
	}
	return nil
}

// Claim makes sure that the database is i's. Where it only has to fit, it
// follows the issuer.
func Claim(ctx context.Context, s Store, i Installation, now time.Time) error {
	system := audit.System("")
	have, err := s.Claim(ctx, i, event(system, audit.InstallationClaimed, i, "", now))
	if err != nil || have == i {
		return err
	}
	if have.Fits(i) {
		return Move(ctx, s, have.Issuer, i, system, now)
	}
	return Mismatch{Have: have, Want: i}
}

// Move gives the database's installation the issuer of i.
func Move(ctx context.Context, s Store, was string, i Installation, by audit.Actor, now time.Time) error {
	return s.Move(ctx, was, i, event(by, audit.InstallationMoved, i, was, now))
}

func event(by audit.Actor, action audit.Action, i Installation, was string, now time.Time) audit.Event {
	details := map[string]string{"environment": i.Environment, "issuer": i.Issuer}
	if was != "" {
		details["was"] = was
	}
	return by.Did(action, "", now).With(details)
}

// local tells whether an issuer is an http address of this machine.
func local(issuer string) bool {
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// ErrMismatch is what every Mismatch is.
var ErrMismatch = errors.New("installation: a database of another one")

// Is makes errors.Is(err, ErrMismatch) hold.
func (m Mismatch) Is(target error) bool { return target == ErrMismatch }
