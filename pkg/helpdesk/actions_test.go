package helpdesk_test

import (
	"testing"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/helpdesk"
)

// The store cancels requests of each kind when a member leaves, so each kind
// has an action for that.
func TestCancelActions(t *testing.T) {
	t.Parallel()
	for kind, want := range map[helpdesk.Kind]audit.Action{
		helpdesk.Unblock: audit.UnblockCancelled,
		helpdesk.Address: audit.AddressCancelled,
		helpdesk.Closing: audit.ClosingCancelled,
	} {
		if got := helpdesk.CancelActions[kind]; got != want {
			t.Errorf("CancelActions[%s] = %q, want %q", kind, got, want)
		}
	}
}
