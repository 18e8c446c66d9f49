// Package redis owns what may vanish: authorization requests in progress,
// browser sessions and the counters of rate windows, kept in a Redis 7.0 or
// later. Losing it logs people out; it never weakens a check, for whatever
// happens once is decided in SQL.
//
//	Create  SET key value NX PX          one reply, never retried
//	Get     GET key                      the value must name the key it is read at
//	Save    one script: same version? then SET key value PX; nothing is created
//	Delete  DEL key
//	Allow   one script: INCR, and PEXPIRE with the first
//
// Every operation touches one key and every key has a time to live, set in the
// same step as its value; so the same code serves one server, a Sentinel pair
// or a Cluster. No command is ever sent twice: a reply that got lost is an
// outcome nobody knows, which is errs.ErrUnavailable.
package redis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
)

// Options say where the server is.
type Options struct {
	// URL is redis://[user:password@]host[:port][/database], or rediss:// for
	// TLS 1.2 and up. Nothing can be set in its query.
	URL secret.Text
	// CAFile is a PEM file with the authorities to trust for rediss instead of
	// those of the system; "" = those of the system.
	CAFile string
	// Timeout bounds one operation, from taking a connection to its reply;
	// 0 = 1 second. Whoever has not answered by then is unavailable.
	Timeout time.Duration
	// Namespace keeps installations apart that share a server: letters and
	// digits; "" = none.
	Namespace string
	// Log hears what an operator has to know; nil = slog.Default.
	Log *slog.Logger
}

// Store is a connection to Redis, shared by the contracts it serves.
type Store struct {
	client  goredis.UniversalClient
	line    *line
	prefix  string // of every key
	log     *slog.Logger
	checked atomic.Bool // the eviction policy was found right
}

// Open reads the options and looks at the server. A mistake that only an
// operator can mend is an error: a wrong URL or CA file, a certificate that
// does not fit, a refused password, an eviction policy that throws sessions
// away. A server that does not answer yet is none: the store says
// errs.ErrUnavailable until it does.
func Open(ctx context.Context, o Options) (*Store, error) {
	line := &line{}
	settings, err := line.settings(o)
	if err != nil {
		return nil, err
	}
	log := o.Log
	if log == nil {
		log = slog.Default()
	}
	s := &Store{client: goredis.NewClient(settings), line: line, prefix: prefix, log: log}
	if o.Namespace != "" {
		s.prefix += o.Namespace + ":"
	}
	if err := s.Ping(ctx); err != nil {
		if needsOperator(err) {
			return nil, errors.Join(err, s.Close())
		}
		log.WarnContext(ctx, "redis does not answer yet", "error", err)
	}
	return s, nil
}

// Requests keeps authorization requests.
func (s *Store) Requests() authreq.Store { return requests{s.values(kindRequest)} }

// Sessions keeps browser sessions.
func (s *Store) Sessions() session.Store { return sessions{s.values(kindSession)} }

// Windows counts events in fixed windows.
func (s *Store) Windows() limit.Windows { return windows{s} }

// Ping tells whether the server answers and, until that was seen once, whether
// it may be used at all.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := s.line.within(ctx)
	defer cancel()
	if err := s.client.Ping(ctx).Err(); err != nil {
		return failed("redis: ping", err)
	}
	if s.checked.Load() {
		return nil
	}
	if err := s.checkEviction(ctx); err != nil {
		return err
	}
	// The rights that are needed, seen in use: a script that writes and counts.
	if _, _, err := s.Windows().Allow(ctx, "start", "", 1, time.Second); err != nil {
		return err
	}
	s.checked.Store(true)
	return nil
}

// Close ends all connections.
func (s *Store) Close() error { return s.client.Close() }

var errEviction = errors.New("redis: wrong eviction policy")

// checkEviction refuses a server that would evict keys when it is full: a
// flood of authorization requests would push out the sessions of others.
func (s *Store) checkEviction(ctx context.Context) error {
	return s.eachNode(ctx, func(ctx context.Context, node *goredis.Client) error {
		const name = "maxmemory-policy"
		found, err := node.ConfigGet(ctx, name).Result()
		if code(err) == "NOPERM" || code(err) == "ERR" {
			s.log.WarnContext(ctx, "redis does not let us read "+name+"; make sure that it is noeviction", "code", code(err))
			return nil
		}
		if err != nil {
			return failed("redis: reading "+name, err)
		}
		if policy := found[name]; policy != "noeviction" {
			return fmt.Errorf("%w: %s is %q, which drops sessions when memory is full; "+
				"set `maxmemory-policy noeviction` in redis.conf, or give this service a Redis of its own", errEviction, name, policy)
		}
		return nil
	})
}

// eachNode calls see for every server that holds keys.
func (s *Store) eachNode(ctx context.Context, see func(context.Context, *goredis.Client) error) error {
	switch c := s.client.(type) {
	case *goredis.ClusterClient:
		return c.ForEachMaster(ctx, see)
	case *goredis.Client:
		return see(ctx, c)
	default:
		return fmt.Errorf("redis: cannot look at the nodes of a %T", c)
	}
}
