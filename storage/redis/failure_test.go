package redis

import (
	"context"
	"errors"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/errs"
)

// said is an error as a server returns it.
type said string

func (s said) Error() string { return string(s) }
func (said) RedisError()     {}

// RD-15: an error of Redis about an unknown command repeats the arguments, which may
// have the password.
func TestRD15_AnswersAreCutDown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ERR unknown command 'HELLO', with args beginning with: '2' 'AUTH' 'olid' 'pass-word'": "redis answered ERR unknown command",
		"ERR unknown command `HELLO`, with args beginning with: `AUTH`, `pass-word`, ":         "redis answered ERR unknown command",
		"OOM command not allowed when used memory > 'maxmemory'.":                              "redis answered OOM command not allowed when used memory > 'maxmemory'.",
		"ERR max number of clients reached":                                                    "redis answered ERR max number of clients reached",
	} {
		err := failed("doing", said(text))
		if !errors.Is(err, errs.ErrUnavailable) || err.Error() != "doing: unavailable: "+want {
			t.Errorf("%s\nbecame %v", text, err)
		}
	}
	if long := failed("doing", said("X "+strings.Repeat("y", 5000))).Error(); len(long) > 300 {
		t.Errorf("%d characters", len(long))
	}
	if err := failed("doing", context.DeadlineExceeded); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the reason is lost: %v", err)
	}
	if failed("doing", nil) != nil {
		t.Error("success became a failure")
	}
}
