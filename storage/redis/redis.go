// Package redis stores what may be lost: authorization requests in progress,
// browser sessions and the counters of rate windows, in Redis 7.0 or later.
// Losing it logs people out; it never weakens a check, since everything that
// may happen only once is decided in SQL.
//
//	Create  SET key value NX PX          one reply, never retried
//	Get     GET key                      the value must name the key it is read at
//	Save    one script: same version? then SET key value PX; nothing is created
//	Delete  DEL key
//	Spend   one script: INCRBY, and PEXPIRE with the first amount
//
// Every operation touches one key, or several in one Cluster slot (Spend), and every
// key has a time to live, set in the same step as its value; so the same code serves
// one server, a Sentinel pair or a Cluster. No command is sent twice: when a reply is
// lost, the outcome is unknown, and the operation returns errs.ErrUnavailable.
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

// Options configure Open.
type Options struct {
	// URL is redis://[user:password@]host[:port][/database], or rediss:// for
	// TLS 1.2 and later. Its query must be empty.
	URL secret.Text
	// CAFile is a PEM file with the authorities to trust for rediss instead of
	// the system's; "" means the system's.
	CAFile string
	// Timeout bounds one operation, from taking a connection to its reply;
	// 0 means 1 second. After it the operation returns errs.ErrUnavailable.
	Timeout time.Duration
	// Namespace separates installations that share a server: letters and
	// digits; "" means none.
	Namespace string
	// Log receives what an operator has to know; nil means slog.Default.
	Log *slog.Logger
	// Trace, if set, is called before each round trip with the name of its command and
	// the key. It is for tests that count.
	Trace func(command string)
}

// Store is a connection to Redis, shared by the stores it returns.
type Store struct {
	client  goredis.UniversalClient
	line    *line
	prefix  string // of every key
	log     *slog.Logger
	checked atomic.Bool // the eviction policy was checked and is right
}

// Open reads the options and contacts the server. It returns an error for what
// only an operator can correct: a wrong URL or CA file, a certificate that does not
// match, a refused password, an eviction policy that would drop sessions. A
// server that does not answer yet is no error: the operations return
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
	if o.Trace != nil {
		s.client.AddHook(trace{o.Trace})
	}
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

// Requests returns the store of authorization requests.
func (s *Store) Requests() authreq.Store { return requests{s.values(kindRequest)} }

// Sessions returns the store of browser sessions.
func (s *Store) Sessions() session.Store { return sessions{s.values(kindSession)} }

// Windows returns the counters of rate windows.
func (s *Store) Windows() limit.Windows { return windows{s} }

// Ping checks that the server answers and, until it has succeeded once, that the
// server may be used.
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
	// Check the rights that are needed, with a script that writes and counts.
	if _, _, err := s.Windows().Spend(ctx, probe("start")); err != nil {
		return err
	}
	s.checked.Store(true)
	return nil
}

// Probe checks that the server can be written: it counts at a key of its own.
// Reason says why not.
func (s *Store) Probe(ctx context.Context) error {
	if err := s.Ping(ctx); err != nil {
		return err
	}
	_, _, err := s.Windows().Spend(ctx, probe("probe"))
	return err
}

func probe(name string) limit.Charge {
	return limit.Budget{Name: name, Most: 1, Window: time.Second}.Charge("", 1)
}

// Close closes all connections.
func (s *Store) Close() error { return s.client.Close() }

var errEviction = errors.New("redis: wrong eviction policy")

// checkEviction refuses a server that would evict keys when it is full: a
// flood of authorization requests would push out sessions.
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
