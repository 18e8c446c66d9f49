package redis

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"omgevingsloket-id/pkg/errs"
)

// format is the version of the stored values. Raise it when an older server
// would misread a value, or would drop a field that a check depends on. Values
// of another format are not found.
const format = 1

// envelope is a value as it is stored. It names its own kind and hash, so that a
// reply that belongs to another command is recognised.
type envelope struct {
	Format int             `json:"v"`
	Kind   kind            `json:"kind"`
	Key    string          `json:"key"`
	Data   json.RawMessage `json:"data"` // has a field "version", which Save compares
}

var errStrayReply = errors.New("reply to another command")

// values stores JSON values of one kind.
type values struct {
	*Store
	kind kind
}

func (s *Store) values(k kind) values { return values{s, k} }

func (v values) encode(hash string, data any) ([]byte, error) {
	// Without HTML escapes: what strangers sent must not grow.
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(struct {
		envelope
		Data any `json:"data"`
	}{envelope{Format: format, Kind: v.kind, Key: hash}, data})
	if err != nil {
		return nil, fmt.Errorf("redis: %s does not encode: %w", v.kind, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func (v values) create(ctx context.Context, key string, data any, ttl time.Duration) error {
	hash := hashOf(key)
	value, err := v.encode(hash, data)
	if err != nil {
		return err
	}
	ctx, cancel := v.line.within(ctx)
	defer cancel()
	doing := "redis: creating " + string(v.kind)
	reply, err := v.client.SetArgs(ctx, v.name(v.kind, hash), value, goredis.SetArgs{Mode: "NX", TTL: ms(ttl)}).Result()
	switch {
	case errors.Is(err, goredis.Nil):
		return fmt.Errorf("redis: %s exists: %w", v.kind, errs.ErrConflict)
	case err != nil:
		return failed(doing, err)
	case reply != "OK":
		return v.stray(ctx, doing)
	}
	return nil
}

// get reads the value at key into data. A value of another kind or format, left
// by another version or damaged, is not found. A good value under another name
// is the reply to another command and is discarded.
func (v values) get(ctx context.Context, key string, data any) error {
	hash := hashOf(key)
	ctx, cancel := v.line.within(ctx)
	defer cancel()
	raw, err := v.client.Get(ctx, v.name(v.kind, hash)).Bytes()
	if errors.Is(err, goredis.Nil) || code(err) == "WRONGTYPE" {
		return v.gone()
	}
	if err != nil {
		return failed("redis: reading "+string(v.kind), err)
	}
	var e envelope
	if json.Unmarshal(raw, &e) != nil || e.Format != format {
		return v.gone()
	}
	if e.Kind != v.kind || e.Key != hash {
		return v.stray(ctx, "redis: reading "+string(v.kind))
	}
	if json.Unmarshal(e.Data, data) != nil {
		return v.gone()
	}
	return nil
}

// saveScript writes ARGV[3] for ARGV[4] milliseconds if the stored value has
// format ARGV[1] and version ARGV[2]. Like every script here it returns its key
// first, so that a stray reply is recognised.
var saveScript = goredis.NewScript(`
local raw = redis.pcall('GET', KEYS[1])
if type(raw) ~= 'string' then
  return {KEYS[1], 'gone'}
end
local ok, old = pcall(cjson.decode, raw)
if not ok or type(old) ~= 'table' or old.v ~= tonumber(ARGV[1]) or type(old.data) ~= 'table' then
  return {KEYS[1], 'gone'}
end
if old.data.version ~= tonumber(ARGV[2]) then
  return {KEYS[1], 'changed'}
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return {KEYS[1], 'saved'}
`)

// save writes data if the stored version still equals version.
func (v values) save(ctx context.Context, key string, version int64, data any, ttl time.Duration) error {
	hash := hashOf(key)
	value, err := v.encode(hash, data)
	if err != nil {
		return err
	}
	reply, err := v.run(ctx, "redis: saving "+string(v.kind), saveScript, []string{v.name(v.kind, hash)},
		format, version, value, ms(ttl).Milliseconds())
	if err != nil {
		return err
	}
	if len(reply) == 1 {
		switch reply[0] {
		case "saved":
			return nil
		case "gone":
			return v.gone()
		case "changed":
			return fmt.Errorf("redis: %s changed: %w", v.kind, errs.ErrConflict)
		}
	}
	return v.stray(ctx, "redis: saving "+string(v.kind))
}

func (v values) delete(ctx context.Context, key string) error {
	ctx, cancel := v.line.within(ctx)
	defer cancel()
	return failed("redis: deleting "+string(v.kind), v.client.Del(ctx, v.name(v.kind, hashOf(key))).Err())
}

func (v values) gone() error { return fmt.Errorf("redis: %s: %w", v.kind, errs.ErrNotFound) }

// run runs a script on keys in one Cluster slot and returns its reply after the
// first key.
func (s *Store) run(ctx context.Context, doing string, script *goredis.Script, keys []string, args ...any) ([]any, error) {
	ctx, cancel := s.line.within(ctx)
	defer cancel()
	reply, err := script.Run(ctx, s.client, keys, args...).Result()
	if err != nil {
		return nil, failed(doing, err)
	}
	list, ok := reply.([]any)
	if !ok || len(list) == 0 || list[0] != keys[0] {
		return nil, s.stray(ctx, doing)
	}
	return list[1:], nil
}

// stray drops all connections, since one of them is a reply behind, and returns
// errs.ErrUnavailable.
func (s *Store) stray(ctx context.Context, doing string) error {
	s.line.drop()
	s.log.ErrorContext(ctx, "redis sent a reply that belongs to another command; all connections are dropped", "doing", doing)
	return errs.Unavailable(doing, errStrayReply)
}
