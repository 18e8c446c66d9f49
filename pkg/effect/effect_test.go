package effect_test

import (
	"testing"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/mail"
)

// Of returns the event and all mails.
func TestOf(t *testing.T) {
	t.Parallel()
	for n := range 3 {
		mails := make([]mail.Message, n)
		for i := range mails {
			mails[i].ID = string(rune('a' + i))
		}
		got := effect.Of(audit.Event{ObjectID: "x"}, mails...)
		if len(got.Events) != 1 || got.Events[0].ObjectID != "x" || len(got.Mails) != n || n > 0 && got.Mails[n-1].ID != mails[n-1].ID {
			t.Errorf("Of(an event, %d mails) = %+v, want the event and those mails", n, got)
		}
	}
}
