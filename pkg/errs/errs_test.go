package errs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/errs"
)

// No error is taken for one of the others.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	if err := errs.Unavailable("reading", nil); err != nil {
		t.Errorf("Unavailable(nil) = %v, want nil", err)
	}
	for _, cause := range []error{errors.New("connection refused"), context.DeadlineExceeded, fmt.Errorf("again: %w", context.Canceled)} {
		err := errs.Unavailable("reading an account", cause)
		if !errors.Is(err, errs.ErrUnavailable) || !errors.Is(err, cause) || errors.Is(err, errs.ErrNotFound) || errors.Is(err, errs.ErrConflict) {
			t.Errorf("Unavailable(%v) = %v, want errs.ErrUnavailable with its cause and nothing else", cause, err)
		}
		for _, part := range []string{"reading an account", cause.Error()} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("Unavailable(%v) = %q, want %q in it for the log", cause, err, part)
			}
		}
	}
	kinds := []error{errs.ErrNotFound, errs.ErrConflict, errs.ErrUnavailable}
	for i, a := range kinds {
		for j, b := range kinds {
			if got, want := errors.Is(fmt.Errorf("x: %w", a), b), i == j; got != want {
				t.Errorf("errors.Is(%v, %v) = %t, want %t", a, b, got, want)
			}
		}
	}
}
