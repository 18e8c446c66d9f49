package redis

import (
	"context"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"omgevingsloket-id/pkg/limit"
)

// windows implements limit.Windows.
type windows struct{ *Store }

// slotDigits is the number of hexadecimal digits that choose the Cluster slot of the
// charges of one call.
const slotDigits = 16

// countScript has a window, an amount and a most for each key, in ARGV. It adds the
// amounts until a sum exceeds its most, and returns the index of that one, from 1,
// and the rest of its window; 0 and 0 if there is none. The first amount of a
// window sets its time to live. A value that is not a count is replaced by the
// amount.
var countScript = goredis.NewScript(`
for i, key in ipairs(KEYS) do
  local window, amount, most = ARGV[3*i-2], ARGV[3*i-1], tonumber(ARGV[3*i])
  local n, left = redis.pcall('INCRBY', key, amount), nil
  if type(n) ~= 'number' then
    redis.call('SET', key, amount, 'PX', window)
    n, left = tonumber(amount), tonumber(window)
  else
    left = redis.call('PTTL', key)
    if left < 0 then
      redis.call('PEXPIRE', key, window)
      left = tonumber(window)
    end
  end
  if n > most then
    return {KEYS[1], i, left}
  end
end
return {KEYS[1], 0, 0}
`)

func (w windows) Spend(ctx context.Context, charges ...limit.Charge) (over int, wait time.Duration, err error) {
	const doing = "redis: counting"
	keys, args := make([]string, len(charges)), make([]any, 0, 3*len(charges))
	for i, c := range charges {
		hash := windowHash(c.Name, c.Key)
		if len(charges) > 1 {
			hash = "{" + windowHash(charges[0].Name, charges[0].Key)[:slotDigits] + "}" + hash[:len(hash)/2]
		}
		keys[i] = w.name(kindWindow, hash)
		args = append(args, ms(c.Window).Milliseconds(), c.Amount, c.Most)
	}
	reply, err := w.run(ctx, doing, countScript, keys, args...)
	if err != nil {
		return 0, 0, err
	}
	if len(reply) != 2 {
		return 0, 0, w.stray(ctx, doing)
	}
	index, ok1 := reply[0].(int64)
	left, ok2 := reply[1].(int64)
	switch {
	case !ok1 || !ok2 || index < 0 || index > int64(len(charges)):
		return 0, 0, w.stray(ctx, doing)
	case index == 0:
		return -1, 0, nil
	}
	// A window in its last millisecond is still a window.
	return int(index) - 1, max(time.Duration(left)*time.Millisecond, time.Millisecond), nil
}
