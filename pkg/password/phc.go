package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Params is the cost of one argon2id computation (RFC 9106 §3.1): memory in KiB,
// passes over that memory, and lanes.
type Params struct {
	MemoryKiB uint32
	Time      uint32
	Threads   uint8
}

// Default costs 19 MiB and about 20 ms of one core.
var Default = Params{MemoryKiB: 19 * 1024, Time: 2, Threads: 1}

// The limits of a stored hash or a configuration. An attacker who can write a
// row must not be able to make the server allocate gigabytes or compute for
// minutes.
const (
	maxMemoryKiB = 256 * 1024
	maxTime      = 16
	maxThreads   = 16
	maxWorkKiB   = 1024 * 1024 // memory times passes: about half a second

	saltBytes, minSalt, maxSalt = 32, 8, 64
	keyBytes, minKey, maxKey    = 32, 16, 64
)

// ErrFormat is returned for a stored hash that is not argon2id in canonical
// form, or costs more than allowed. It says nothing about the password.
var ErrFormat = errors.New("password: stored hash is malformed or out of bounds")

func (p Params) check() error {
	switch {
	case p.Threads < 1 || p.Threads > maxThreads:
		return fmt.Errorf("threads %d: want 1 to %d", p.Threads, maxThreads)
	case p.Time < 1 || p.Time > maxTime:
		return fmt.Errorf("time %d: want 1 to %d", p.Time, maxTime)
	case p.MemoryKiB < 8*uint32(p.Threads) || p.MemoryKiB > maxMemoryKiB:
		return fmt.Errorf("memory %d KiB: want 8 per thread to %d", p.MemoryKiB, maxMemoryKiB)
	case p.MemoryKiB*p.Time > maxWorkKiB:
		return fmt.Errorf("memory times time is %d KiB: want at most %d", p.MemoryKiB*p.Time, maxWorkKiB)
	}
	return nil
}

// record is a stored hash.
type record struct {
	params    Params
	keyID     string // id of the pepper, "" for none
	salt, key []byte
}

var b64 = base64.RawStdEncoding.Strict()

// String returns the PHC string format:
// $argon2id$v=19$m=19456,t=2,p=1$salt$hash, with keyid= after p= for a pepper.
func (r record) String() string {
	keyID := ""
	if r.keyID != "" {
		keyID = ",keyid=" + r.keyID
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d%s$%s$%s", argon2.Version,
		r.params.MemoryKiB, r.params.Time, r.params.Threads, keyID,
		b64.EncodeToString(r.salt), b64.EncodeToString(r.key))
}

// decode parses the result of String and nothing else. The record must encode
// to the same bytes, which rules out leading zeros, signs, padding, stray bits
// and the line breaks that encoding/base64 skips.
func decode(phc string) (record, error) {
	part := strings.SplitN(phc, "$", 7)
	if len(part) != 6 {
		return record{}, ErrFormat
	}
	params, keyID, err := decodeParams(part[3])
	if err != nil {
		return record{}, ErrFormat
	}
	salt, saltErr := b64.DecodeString(part[4])
	key, keyErr := b64.DecodeString(part[5])
	r := record{params: params, keyID: keyID, salt: salt, key: key}
	switch {
	case saltErr != nil, len(salt) < minSalt, len(salt) > maxSalt,
		keyErr != nil, len(key) < minKey, len(key) > maxKey,
		params.check() != nil,
		r.String() != phc:
		return record{}, ErrFormat
	}
	return r, nil
}

func decodeParams(s string) (p Params, keyID string, err error) {
	field := strings.Split(s, ",")
	if len(field) < 3 || len(field) > 4 {
		return p, "", ErrFormat
	}
	number := func(i int, name string, bits int) uint64 {
		value, ok := strings.CutPrefix(field[i], name)
		n, e := strconv.ParseUint(value, 10, bits)
		if !ok || e != nil {
			err = ErrFormat
		}
		return n
	}
	p.MemoryKiB = uint32(number(0, "m=", 32))
	p.Time = uint32(number(1, "t=", 32))
	p.Threads = uint8(number(2, "p=", 8))
	if len(field) == 4 {
		var ok bool
		if keyID, ok = strings.CutPrefix(field[3], "keyid="); !ok || !validKeyID(keyID) {
			err = ErrFormat
		}
	}
	return p, keyID, err
}
