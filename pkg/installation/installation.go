// Package installation keeps production and practice apart: a database belongs
// to one environment and one issuer, stores both, and works with no other.
//
//	first start ── Claim ──► the database stores this environment and issuer
//	later start ── Claim ──► the same? go on : Mismatch, with advice for the operator
//
// The environment never changes, because accounts that practice approved
// without an official must not get into production. The operator can move the
// issuer, which is part of every token and of the subjects by which portals
// know people.
//
// Schema judges whether a binary may use a database, by the migrations that
// the binary holds and those that the database has had.
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
	"omgevingsloket-id/pkg/client"
)

// Practice is the name of the practice environment.
const Practice = "practice"

// Installation is the environment and the issuer of a database.
type Installation struct {
	Environment string // production or practice
	Issuer      string
}

// Namespace returns a name of 16 hex digits that differs per installation, to
// keep values apart in a store that several share.
func (i Installation) Namespace() string {
	sum := sha256.Sum256([]byte(i.Environment + "\n" + i.Issuer))
	return hex.EncodeToString(sum[:8])
}

// Fits reports whether a database of i may serve other: if they are equal, or
// both are practice at a local address that only this machine can use.
func (i Installation) Fits(other Installation) bool {
	return i == other || i.Environment == Practice && other.Environment == Practice && local(i.Issuer) && local(other.Issuer)
}

// Store stores the installation of a database. All methods return
// errs.ErrUnavailable when the database cannot be reached.
type Store interface {
	// Owner returns the installation that the database was made for. It returns
	// errs.ErrNotFound before the first Claim.
	Owner(ctx context.Context) (Installation, error)
	// Claim stores i with the event if no installation is stored yet, and
	// returns the stored one. Of several concurrent calls the first wins.
	Claim(ctx context.Context, i Installation, e audit.Event) (Installation, error)
	// AccessTokens returns the format of access tokens for a client that sets
	// none, under a policy that sets none: opaque, or jwt if the installation
	// is older than opaque tokens. It returns errs.ErrNotFound before the first
	// Claim.
	AccessTokens(ctx context.Context) (client.AccessTokens, error)
	// Move changes the issuer from was to that of i, with the event. It
	// returns errs.ErrConflict when the stored issuer is not was or the
	// environment is not that of i.
	Move(ctx context.Context, was string, i Installation, e audit.Event) error
}

// Mismatch is the error for a database of another installation.
type Mismatch struct{ Have, Want Installation }

// Error includes advice for the operator.
func (m Mismatch) Error() string {
	if m.Have.Environment != m.Want.Environment {
		return fmt.Sprintf("this database was made for %s (%s) and is not used for %s: what is in it was approved by other rules; "+
			"check database.url, or give %[3]s a new, empty database", m.Have.Environment, m.Have.Issuer, m.Want.Environment)
	}
	return fmt.Sprintf("this database was made for the issuer %s, the configuration says %s: tokens and sessions of the one are nothing to the other; "+
		"correct issuer or database.url, or move it on purpose with `omgevingsloket-id migrate --issuer-was %[1]s`", m.Have.Issuer, m.Want.Issuer)
}

// Check returns a Mismatch when the database belongs to an installation that
// does not fit i. It changes nothing, and returns nil if it cannot tell:
// before the first migration, or when the database cannot be reached.
func Check(ctx context.Context, s Store, i Installation) error {
	if have, err := s.Owner(ctx); err == nil && !have.Fits(i) {
		return Mismatch{Have: have, Want: i}
	}
	return nil
}

// Claim claims the database for i. It returns a Mismatch when the database
// belongs to an installation that does not fit i; if it fits with another
// issuer, Claim moves it.
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

// Move changes the issuer of the database from was to that of i.
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

// local reports whether an issuer is an http URL of this machine.
func local(issuer string) bool {
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// ErrMismatch matches every Mismatch with errors.Is.
var ErrMismatch = errors.New("installation: a database of another one")

// Is reports whether target is ErrMismatch.
func (m Mismatch) Is(target error) bool { return target == ErrMismatch }
