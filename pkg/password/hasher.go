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

// Config is what a Hasher is made of. The zero Config is the recommended one,
// without a pepper.
type Config struct {
	// Params of new hashes; the zero value stands for Default.
	Params Params
	// Pepper of new hashes; OldPeppers verify what was stored under them.
	Pepper     Pepper
	OldPeppers []Pepper
	// Parallel computations; 0 stands for GOMAXPROCS. A computation is all
	// processor and memory bus, so more of them at once finish no sooner: they
	// only take Params.MemoryKiB each and slow down everything else.
	Parallel int
	// Wait is how long a caller may queue for a computation; 0 stands for 2 s.
	Wait time.Duration
	// Rand gives salts; nil stands for crypto/rand. It must allow concurrent use.
	Rand io.Reader
}

// Hasher is the only way to hash a password. All users of one process share one
// Hasher, because its gate is what bounds their memory and processor time.
type Hasher struct {
	params  Params
	pepper  Pepper
	peppers map[string]Pepper
	gate    gate
	rand    io.Reader
	dummy   record
	count   atomic.Uint64
	derive  func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte
}

// New checks the configuration. It computes no hash.
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
		c.Parallel = runtime.GOMAXPROCS(0)
	}
	if c.Wait == 0 {
		c.Wait = 2 * time.Second
	}
	h.gate = newGate(c.Parallel, c.Wait)
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

// makeDummy invents the hash that an unknown account is compared with: current
// parameters and a random key that no password is known to give.
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

// newRecord is a record of today's making, still without its key.
func (h *Hasher) newRecord() (record, error) {
	r := record{params: h.params, keyID: h.pepper.id, salt: make([]byte, saltBytes)}
	if _, err := io.ReadFull(h.rand, r.salt); err != nil {
		return record{}, fmt.Errorf("password: random source: %w", err)
	}
	return r, nil
}

// Hash returns the PHC string to store for password, of at most 256 bytes. It
// does not apply the policy; it refuses, before the gate, only what can be no
// password at all, with a Problem: TooShort (empty), TooLong (over MaxBytes) or
// NotText. When the gate is full or ctx ends first, the error satisfies
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

// Verify tells whether password is the one behind phc. An empty phc stands for
// an account that does not exist or has no password: the answer is no. Every
// answer without an error has cost exactly one computation, whatever the
// password is: too long, no text, empty, wrong or right. For an empty phc it is
// one with the current parameters.
//
// rehash is set with ok only, when phc was made with other parameters or another
// pepper than Hash uses now: store a new Hash, after the answer has been sent,
// so that an old account cannot be told by its time. err is ErrFormat, ErrPepper
// or, when the gate is full or ctx ends first, another errs.ErrUnavailable.
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

// Computations counts the hash computations begun since New.
func (h *Hasher) Computations() uint64 { return h.count.Load() }

func (h *Hasher) outdated(r record) bool {
	return r.params != h.params || r.keyID != h.pepper.id ||
		len(r.salt) != saltBytes || len(r.key) != keyBytes
}

// compute is the one place where argon2id runs. Once begun it cannot be stopped:
// ctx is honoured while queueing only.
func (h *Hasher) compute(ctx context.Context, r record, text string, keyLen uint32) ([]byte, error) {
	input := []byte(text)
	if r.keyID != "" {
		pepper, known := h.peppers[r.keyID]
		if !known {
			return nil, ErrPepper
		}
		input = pepper.mac(input)
	}
	if err := h.gate.enter(ctx); err != nil {
		return nil, err
	}
	defer h.gate.leave()
	h.count.Add(1)
	return h.derive(input, r.salt, r.params.Time, r.params.MemoryKiB, r.params.Threads, keyLen), nil
}
