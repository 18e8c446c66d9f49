package redis_test

import (
	"context"
	"testing"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/storage/redis"
)

// A server that takes no writes is found out, with the reason, and is usable
// again when it takes them.
func TestW4_Probe(t *testing.T) {
	t.Parallel()
	server := testenv.NewRedis(t)
	s, admin := open(t, server.URL), driver(t, server.URL)
	must(t, s.Probe(t.Context()))
	for _, c := range []struct {
		fault, undo []any
		want        string
	}{
		{[]any{"CONFIG", "SET", "maxmemory", "1"}, []any{"CONFIG", "SET", "maxmemory", "0"}, "is full"},
		{[]any{"REPLICAOF", "127.0.0.1", "1"}, []any{"REPLICAOF", "NO", "ONE"}, "is a read-only replica"},
		{[]any{"CONFIG", "SET", "min-replicas-to-write", "1"}, []any{"CONFIG", "SET", "min-replicas-to-write", "0"}, "refuses writes, since it lacks replicas"},
	} {
		must(t, admin.Do(t.Context(), c.fault...).Err())
		err := s.Probe(t.Context())
		if err == nil || redis.Reason(err) != c.want {
			t.Errorf("after %v Probe() = %v and Reason() = %q, want %q", c.fault, err, redis.Reason(err), c.want)
		}
		must(t, admin.Do(t.Context(), c.undo...).Err())
		eventually(t, "usable again", func(ctx context.Context) bool { return s.Probe(ctx) == nil })
	}
}
