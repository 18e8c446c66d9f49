package redis

import (
	"context"
	"fmt"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// trace is a hook of the driver that calls Options.Trace.
type trace struct{ see func(string) }

// DialHook implements goredis.Hook.
func (trace) DialHook(next goredis.DialHook) goredis.DialHook { return next }

// ProcessHook implements goredis.Hook.
func (t trace) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, c goredis.Cmder) error {
		t.see(named(c))
		return next(ctx, c)
	}
}

// ProcessPipelineHook implements goredis.Hook. A pipeline is one round trip.
func (t trace) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, all []goredis.Cmder) error {
		var names []string
		for _, c := range all {
			names = append(names, named(c))
		}
		t.see(strings.Join(names, "; "))
		return next(ctx, all)
	}
}

// named returns the name of a command and the key that it is about.
func named(c goredis.Cmder) string {
	args, key := c.Args(), 1
	if strings.HasPrefix(c.Name(), "eval") {
		key = 3 // after the script and the number of keys
	}
	if len(args) <= key {
		return c.Name()
	}
	return fmt.Sprint(c.Name(), " ", args[key])
}
