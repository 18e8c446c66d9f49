package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/consent"
	"omgevingsloket-id/pkg/grant"
	"omgevingsloket-id/pkg/installation"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/storage/redis"
	"omgevingsloket-id/storage/sql"
)

// target names the installation a command works on.
type target struct {
	Config string `help:"Configuration file." type:"path" xor:"target" placeholder:"FILE" env:"OLID_CONFIG"`
	Data   string `help:"Data folder of a demo, instead of --config." type:"path" xor:"target" placeholder:"DIR"`
}

// load reads the configuration; a demo's folder holds one as well.
func (t target) load(w world) (config.Config, error) {
	path := t.Config
	if t.Data != "" {
		path = filepath.Join(t.Data, demoConfigName)
		if _, err := os.Stat(path); err != nil {
			return config.Config{}, fmt.Errorf("%w: --data %s holds no demo yet; run `omgevingsloket-id demo --data %s` first", errUse, t.Data, t.Data)
		}
	}
	if path == "" {
		return config.Config{}, fmt.Errorf("%w: give --config FILE or, for a demo, --data DIR", errUse)
	}
	if err := config.UnknownEnv(w.environ); err != nil {
		return config.Config{}, err
	}
	return config.Load(path, w.getenv, os.ReadFile)
}

// stores are all back ends of one installation. The contracts that a login
// goes through have fields of their own, so that a test can count their calls
// and let some fail.
type stores struct {
	db       *sql.DB
	redis    *redis.Store // nil without one
	ring     *secret.KeyRing
	accounts account.Store
	lanes    limit.Lanes
	consents consent.Store
	grants   grant.Store
	requests authreq.Store
	sessions session.Store
	windows  limit.Windows
}

// openStores connects. It fails at once, with words for an operator, when
// something does not answer.
func openStores(ctx context.Context, c config.Config, rand io.Reader, now func() time.Time, log *slog.Logger) (*stores, error) {
	ring, err := c.KeyRing(rand)
	if err != nil {
		return nil, fmt.Errorf("master_key_file: %w", err)
	}
	db, err := sql.Open(ctx, sql.Options{URL: c.Database.URL, MaxConnections: c.Database.MaxConnections, Ring: ring, Now: now, Rand: rand})
	if err != nil {
		return nil, fmt.Errorf("the database does not answer; check database.url and that it runs: %w", err)
	}
	s := &stores{
		db: db, ring: ring, accounts: db.Accounts(), lanes: db.Lanes(), consents: db.Consents(), grants: db.Grants(),
		requests: db.Requests(), sessions: db.Sessions(), windows: db.Windows(),
	}
	if c.Redis.URL == "" {
		return s, nil
	}
	s.redis, err = redis.Open(ctx, redis.Options{URL: c.Redis.URL, CAFile: c.Redis.CAFile, Namespace: installationOf(c).Namespace(), Log: log})
	if err == nil {
		err = s.redis.Ping(ctx)
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("Redis does not answer; check redis.url and that it runs: %w", err)
	}
	s.requests, s.sessions, s.windows = s.redis.Requests(), s.redis.Sessions(), s.redis.Windows()
	return s, nil
}

// installationOf is what a configuration says that the database is made for.
func installationOf(c config.Config) installation.Installation {
	return installation.Installation{Environment: string(c.Environment), Issuer: c.Issuer}
}

// migrate brings the schema up to date and makes sure that the database is
// this configuration's; another's is left as it is.
func (s *stores) migrate(ctx context.Context, c config.Config, now time.Time) error {
	if err := installation.Check(ctx, s.db.Installation(), installationOf(c)); err != nil {
		return err
	}
	if err := s.db.Migrate(ctx); err != nil {
		return err
	}
	return installation.Claim(ctx, s.db.Installation(), installationOf(c), now)
}

func (s *stores) close() {
	if s.redis != nil {
		_ = s.redis.Close()
	}
	_ = s.db.Close()
}

// ready tells what does not answer.
func (s *stores) ready(ctx context.Context) error {
	faults := []error{s.db.Ping(ctx)}
	if faults[0] == nil {
		current, err := s.db.Current(ctx)
		if err == nil && !current {
			err = errors.New("the database's schema is not that of this version; run migrate")
		}
		faults = append(faults, err)
	}
	if s.redis != nil {
		faults = append(faults, s.redis.Ping(ctx))
	}
	return errors.Join(faults...)
}
