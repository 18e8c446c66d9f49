package redis

import (
	"context"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// windows implements limit.Windows.
type windows struct{ *Store }

// countScript adds ARGV[2]; the first amount of a window sets its time to live. A
// value that is not a count is replaced by the amount.
var countScript = goredis.NewScript(`
local n = redis.pcall('INCRBY', KEYS[1], ARGV[2])
if type(n) ~= 'number' then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[1])
  return {KEYS[1], tonumber(ARGV[2]), tonumber(ARGV[1])}
end
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {KEYS[1], n, left}
`)

func (w windows) Spend(ctx context.Context, name, key string, amount, most int, window time.Duration) (bool, time.Duration, error) {
	const doing = "redis: counting"
	reply, err := w.run(ctx, doing, countScript, w.name(kindWindow, windowHash(name, key)), ms(window).Milliseconds(), amount)
	if err != nil {
		return false, 0, err
	}
	if len(reply) != 2 {
		return false, 0, w.stray(ctx, doing)
	}
	count, ok1 := reply[0].(int64)
	left, ok2 := reply[1].(int64)
	if !ok1 || !ok2 {
		return false, 0, w.stray(ctx, doing)
	}
	if count <= int64(most) {
		return true, 0, nil
	}
	// A window in its last millisecond is still a window.
	return false, max(time.Duration(left)*time.Millisecond, time.Millisecond), nil
}
