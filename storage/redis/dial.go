package redis

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"omgevingsloket-id/pkg/secret"
)

const (
	// patience bounds an operation when Options.Timeout is 0: a person waits for
	// each one.
	patience = time.Second

	connections = 32
	idle        = 5 * time.Minute
	// bufferSize holds any value in one read. Every connection has two buffers.
	bufferSize = 8 << 10
)

// line makes the connections and can drop them all.
type line struct {
	era     atomic.Int64
	tls     *tls.Config
	timeout time.Duration // of a whole operation
}

// settings returns the options of the driver.
func (l *line) settings(o Options) (*goredis.Options, error) {
	logging.Disable() // the driver's own log; every failure is also returned
	l.timeout = cmp.Or(o.Timeout, patience)
	settings, encrypted, err := parseURL(o.URL.Reveal())
	if err != nil {
		return nil, err
	}
	if encrypted {
		host, _, _ := net.SplitHostPort(settings.Addr)
		l.tls = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	}
	if o.CAFile != "" {
		if !encrypted {
			return nil, fault("a CA file is only for rediss:// addresses")
		}
		if l.tls.RootCAs, err = readCAs(o.CAFile); err != nil {
			return nil, err
		}
	}
	settings.Dialer = l.dial
	// RESP2 has no push messages between the replies. Nothing but the
	// handshake is sent when a connection is made (CVE-2025-29923).
	settings.Protocol = 2
	settings.DisableIdentity = true
	settings.MaxRetries = -1 // a repeated INCR counts twice, a repeated Save is a conflict
	settings.DialerRetries = 1
	// No step may use up the time of the whole operation.
	settings.DialTimeout = l.timeout / 2
	settings.ReadTimeout = l.timeout / 2
	settings.WriteTimeout = l.timeout / 2
	settings.PoolTimeout = l.timeout / 2
	settings.ContextTimeoutEnabled = true
	settings.PoolSize = connections
	settings.MaxActiveConns = connections
	settings.PipelinePoolSize = -1 // there are no pipelines
	settings.ConnMaxIdleTime = idle
	settings.ReadBufferSize = bufferSize
	settings.WriteBufferSize = bufferSize
	return settings, nil
}

// parseURL parses the address of the server. Its errors hold no part of the
// address, which may contain a password.
func parseURL(raw string) (settings *goredis.Options, encrypted bool, err error) {
	const shape = "write it as redis://[user:password@]host[:port][/database], or rediss:// for TLS"
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Hostname() == "" {
		return nil, false, fault("this is no address of a Redis; %s", shape)
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return nil, false, fault("nothing can be set in the address; %s", shape)
	}
	port := u.Port()
	if port == "" {
		port = "6379"
	}
	settings = &goredis.Options{Addr: net.JoinHostPort(u.Hostname(), port), Username: u.User.Username()}
	settings.Password, _ = u.User.Password()
	if db := strings.Trim(u.Path, "/"); db != "" {
		settings.DB, err = strconv.Atoi(db)
		if err != nil || settings.DB < 0 {
			return nil, false, fault("the database is a number from 0 up; %s", shape)
		}
	}
	return settings, u.Scheme == "rediss", nil
}

func readCAs(path string) (*x509.CertPool, error) {
	pem, err := secret.ReadFile(path)
	if err != nil {
		return nil, fault("CA file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fault("CA file %s: there is no certificate (PEM) in it", path)
	}
	return pool, nil
}

func (l *line) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: l.timeout / 2}
	era := l.era.Load()
	var c net.Conn
	var err error
	if l.tls == nil {
		c, err = dialer.DialContext(ctx, network, addr)
	} else {
		c, err = (&tls.Dialer{NetDialer: &dialer, Config: l.tls}).DialContext(ctx, network, addr)
	}
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, era: era, now: &l.era}, nil
}

// within returns a context that bounds one operation.
func (l *line) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, l.timeout)
}

// drop makes all present connections unusable. The driver would otherwise
// reuse a connection that answered, even if it is one reply behind.
func (l *line) drop() { l.era.Add(1) }

var errDropped = errors.New("connection dropped")

// conn is a connection that can be dropped: the driver checks the socket of a
// connection before it reuses it, and finds a dropped one broken.
type conn struct {
	net.Conn
	era int64
	now *atomic.Int64
}

func (c *conn) dropped() bool { return c.era != c.now.Load() }

// SyscallConn is used by the driver's check, which detects a closed connection
// and an unread reply. Under TLS it can detect neither.
func (c *conn) SyscallConn() (syscall.RawConn, error) {
	if c.dropped() {
		return nil, errDropped
	}
	if open, ok := c.Conn.(syscall.Conn); ok {
		return open.SyscallConn()
	}
	return nothingToSee{}, nil
}

func (c *conn) Write(b []byte) (int, error) {
	if c.dropped() {
		return 0, errDropped
	}
	return c.Conn.Write(b)
}

type nothingToSee struct{}

func (nothingToSee) Control(func(uintptr)) error    { return nil }
func (nothingToSee) Read(func(uintptr) bool) error  { return nil }
func (nothingToSee) Write(func(uintptr) bool) error { return nil }
