package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/consent"
	"omgevingsloket-id/pkg/grant"
	"omgevingsloket-id/pkg/installation"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/storage/redis"
	"omgevingsloket-id/storage/sql"
)

// AuditSigner returns the signer of this installation's heads.
func (s *Stores) AuditSigner(ctx context.Context) (audit.Signer, error) {
	seed, err := s.DB.Constants().Constant(ctx, "audit heads")
	if err != nil {
		return audit.Signer{}, err
	}
	return audit.NewSigner(seed), nil
}

// Stores are the stores of one installation. Those that a login uses have fields of
// their own, so that a test can count their calls and make some fail.
type Stores struct {
	DB         *sql.DB
	redis      *redis.Store // nil without Redis
	Ring       *secret.KeyRing
	Accounts   account.Store
	Recoveries account.Recoveries
	Lanes      limit.Lanes
	Locks      limit.Locks
	Consents   consent.Store
	Grants     grant.Store
	Requests   authreq.Store
	Sessions   session.Store
	Windows    limit.Windows
	Bounces    mail.Bounces
	Refusals   signin.Refusals
	Devices    signin.Devices
	Resets     account.Resets
	Logins     session.List
	Addresses  account.Addresses
}

// OpenStores opens the stores. If one does not answer, it returns an error with advice
// for the operator.
func OpenStores(ctx context.Context, c config.Config, o Options) (*Stores, error) {
	o = o.defaults()
	ring, err := c.KeyRing(o.Rand)
	if err != nil {
		return nil, fmt.Errorf("master_key_file: %w", err)
	}
	db, err := sql.Open(ctx, sql.Options{URL: c.Database.URL, MaxConnections: c.Database.MaxConnections, Ring: ring, Now: o.Now, Rand: o.Rand, Fresh: o.Fresh, Trace: o.TraceSQL})
	if errors.As(err, new(installation.Gone)) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("the database does not answer; check database.url and that it runs: %w", err)
	}
	s := &Stores{
		DB: db, Ring: ring, Accounts: db.Accounts(), Recoveries: db.Recoveries(), Lanes: db.Lanes(), Locks: db.Locks(), Consents: db.Consents(), Grants: db.Grants(),
		Requests: db.Requests(), Sessions: db.Sessions(), Windows: db.Windows(),
		Refusals: db.Refusals(), Devices: db.Devices(), Resets: db.Resets(), Logins: db.Logins(), Addresses: db.Addresses(), Bounces: db.Bounces(),
	}
	if c.Redis.URL == "" {
		return s, nil
	}
	s.redis, err = redis.Open(ctx, redis.Options{URL: c.Redis.URL, CAFile: c.Redis.CAFile, Namespace: InstallationOf(c).Namespace(), Log: o.Log, Trace: o.TraceRedis})
	if err == nil {
		err = s.redis.Ping(ctx)
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("Redis does not answer; check redis.url and that it runs: %w", err)
	}
	s.Requests, s.Sessions, s.Windows = s.redis.Requests(), s.redis.Sessions(), s.redis.Windows()
	return s, nil
}

// InstallationOf returns the installation that a configuration describes.
func InstallationOf(c config.Config) installation.Installation {
	return installation.Installation{Environment: string(c.Environment), Issuer: c.Issuer}
}

// Migrate brings the schema up to date and checks that the database belongs to this
// configuration's installation; a database of another installation is not changed.
func (s *Stores) Migrate(ctx context.Context, c config.Config, now time.Time) error {
	if err := installation.Check(ctx, s.DB.Installation(), InstallationOf(c)); err != nil {
		return err
	}
	if err := s.DB.Migrate(ctx); err != nil {
		return err
	}
	return installation.Claim(ctx, s.DB.Installation(), InstallationOf(c), now)
}

// Close closes the connections.
func (s *Stores) Close() {
	if s.redis != nil {
		_ = s.redis.Close()
	}
	_ = s.DB.Close()
}
