package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
)

// Config configures a Hasher. The zero Config is recommended; it has no
// pepper.
type Config struct {
	// Params of new hashes; the zero value means Default.
	Params Params
	// Pepper of new hashes; OldPeppers verify what was stored under them.
	Pepper     Pepper
	OldPeppers []Pepper
	// Parallel is the most concurrent computations; 0 means GOMAXPROCS - 1, at
	// least 1, so that a processor is free for everything else. More do not
	// finish sooner, since a computation is bound by processor and memory bus,
	// and each takes Params.MemoryKiB.
	Parallel int
	// Wait is the longest wait for a computation; 0 means 2 s. What would have
	// to wait longer is refused at once.
	Wait time.Duration
	// Now is the clock that measures computations; nil means time.Now.
	Now func() time.Time
	// Rand is the source of salts; nil means crypto/rand. It must be safe for
	// concurrent use.
	Rand io.Reader
}

// Hasher hashes passwords. A process has a single Hasher, whose gate limits
// memory and processor time. It is safe for concurrent use.
type Hasher struct {
	params  Params
	pepper  Pepper
	peppers map[string]Pepper
	gate    *gate
	rand    io.Reader
	dummy   record
	count   atomic.Uint64
	derive  func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte
}

// New returns a Hasher, or an error for an invalid configuration. It computes no
// hash.
func New(c Config) (*Hasher, error) {
	h := &Hasher{params: c.Params, pepper: c.Pepper, rand: c.Rand, derive: argon2.IDKey}
	if h.params == (Params{}) {
		h.params = Default
	}
	if err := h.params.check(); err != nil {
		return nil, fmt.Errorf("password: parameters: %w", err)
	}
	if h.rand == nil {
		h.rand = rand.Reader
	}
	if c.Parallel < 0 || c.Wait < 0 {
		return nil, errors.New("password: parallel and wait must not be negative")
	}
	if c.Parallel == 0 {
		c.Parallel = max(1, runtime.GOMAXPROCS(0)-1)
	}
	if c.Wait == 0 {
		c.Wait = 2 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	h.gate = newGate(c.Parallel, c.Wait, c.Now)
	if err := h.addPeppers(append([]Pepper{c.Pepper}, c.OldPeppers...)); err != nil {
		return nil, err
	}
	if err := h.makeDummy(); err != nil {
		return nil, err
	}
	return h, nil
}

func (h *Hasher) addPeppers(all []Pepper) error {
	h.peppers = make(map[string]Pepper)
	for _, p := range all {
		if p.mac == nil {
			continue
		}
		if _, twice := h.peppers[p.id]; twice {
			return fmt.Errorf("password: pepper id %s is configured twice", p.id)
		}
		h.peppers[p.id] = p
	}
	return nil
}

// makeDummy makes the hash for unknown accounts: current parameters and a
// random key.
func (h *Hasher) makeDummy() error {
	r, err := h.newRecord()
	if err != nil {
		return err
	}
	r.key = make([]byte, keyBytes)
	if _, err := io.ReadFull(h.rand, r.key); err != nil {
		return fmt.Errorf("password: random source: %w", err)
	}
	h.dummy = r
	return nil
}

// newRecord returns a record with the current parameters and a new salt, without
// a key.
func (h *Hasher) newRecord() (record, error) {
	r := record{params: h.params, keyID: h.pepper.id, salt: make([]byte, saltBytes)}
	if _, err := io.ReadFull(h.rand, r.salt); err != nil {
		return record{}, fmt.Errorf("password: random source: %w", err)
	}
	return r, nil
}

// reservedKey is the key of the place in a context of Reserve.
type reservedKey struct{}

// Reserve reserves a place in the queue for the next Hash or Verify in the
// returned context, so that a caller that would be refused learns it before it
// has done anything else. known is a name, such as an address, that goes before
// strangers, or "" for a stranger; a name has one such place at a time. Reserve does
// not wait: the error is a Busy. The caller calls release, which frees a place that was
// not used.
func (h *Hasher) Reserve(ctx context.Context, known string) (reserved context.Context, release func(), err error) {
	p, err := h.gate.reserve(known)
	if err != nil {
		return nil, nil, err
	}
	return context.WithValue(ctx, reservedKey{}, p), p.leave, nil
}

// place returns the place that was reserved in ctx, or a new one.
func (h *Hasher) place(ctx context.Context) (*place, error) {
	if p, ok := ctx.Value(reservedKey{}).(*place); ok && p.gate == h.gate && p.take() {
		return p, nil
	}
	return h.gate.reserve("")
}

// Hash returns the PHC string to store for password, at most 256 bytes. It
// does not apply the policy, but returns a Problem for what cannot be a
// password: TooShort (empty), TooLong (over MaxBytes) or NotText. When the
// gate is full the error is a Busy; when ctx ends first, it wraps
// errs.ErrUnavailable.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if password == "" {
		return "", TooShort
	}
	text, err := normalise(password)
	if err != nil {
		return "", err
	}
	r, err := h.newRecord()
	if err != nil {
		return "", err
	}
	if r.key, err = h.compute(ctx, r, text, keyBytes); err != nil {
		return "", err
	}
	return r.String(), nil
}

// Verify reports whether password matches phc. An empty phc is for an account
// that does not exist or has no password, and never matches. Every call
// without an error costs exactly one computation, with the current parameters
// for an empty phc, whatever the password is: too long, no text, empty, wrong
// or right.
//
// rehash is set, only with ok, when phc has other parameters or another pepper
// than Hash uses now: store a new Hash after the response was sent, so that
// its time does not reveal an old account. err is ErrFormat, ErrPepper or,
// when the gate is full, a Busy, or when ctx ends first, another
// errs.ErrUnavailable.
func (h *Hasher) Verify(ctx context.Context, phc, password string) (ok, rehash bool, err error) {
	stored, possible := h.dummy, phc != ""
	if possible {
		if stored, err = decode(phc); err != nil {
			return false, false, err
		}
	}
	text, err := normalise(password)
	if err != nil || password == "" {
		possible = false
	}
	key, err := h.compute(ctx, stored, text, uint32(len(stored.key)))
	if err != nil {
		return false, false, err
	}
	same := subtle.ConstantTimeCompare(key, stored.key) == 1
	ok = same && possible
	return ok, ok && h.outdated(stored), nil
}

// Computations returns the number of hash computations begun since New.
func (h *Hasher) Computations() uint64 { return h.count.Load() }

func (h *Hasher) outdated(r record) bool {
	return r.params != h.params || r.keyID != h.pepper.id ||
		len(r.salt) != saltBytes || len(r.key) != keyBytes
}

// compute is the only caller of argon2id. A running computation cannot be
// stopped, so ctx ends only the wait for the gate.
func (h *Hasher) compute(ctx context.Context, r record, text string, keyLen uint32) ([]byte, error) {
	input := []byte(text)
	if r.keyID != "" {
		pepper, known := h.peppers[r.keyID]
		if !known {
			return nil, ErrPepper
		}
		input = pepper.mac(input)
	}
	p, err := h.place(ctx)
	if err != nil {
		return nil, err
	}
	defer p.leave()
	if err := p.enter(ctx); err != nil {
		return nil, err
	}
	h.count.Add(1)
	key := h.derive(input, r.salt, r.params.Time, r.params.MemoryKiB, r.params.Threads, keyLen)
	p.done()
	return key, nil
}
