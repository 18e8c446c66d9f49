package helpdesk_test

import (
	"testing"

	"omgevingsloket-id/pkg/helpdesk"
)

// complete returns a complete request of a kind in a state.
func complete(kind helpdesk.Kind, state helpdesk.State) helpdesk.Request {
	r := helpdesk.Request{
		ID: "r1", AccountID: "a1", Epoch: 3, Kind: kind, State: state, Second: true, CodeAsked: kind != helpdesk.Closing, Reason: "misuse", Ticket: "T-1",
		OpenedBy: "olga", OpenedAt: noon, Version: 1,
	}
	if kind != helpdesk.Closing {
		r.Caller = helpdesk.Caller{CodeRight: true, Right: helpdesk.RightAnswers}
	}
	if kind == helpdesk.Address {
		r.Email = "new@example.net"
	}
	if state == helpdesk.Confirmed {
		r.ConfirmedBy, r.From, r.Until = "piet", noon.Add(delay), noon.Add(delay+helpdesk.HolderTime)
	}
	return r
}

// with returns a complete request, after change.
func with(kind helpdesk.Kind, state helpdesk.State, change func(*helpdesk.Request)) helpdesk.Request {
	r := complete(kind, state)
	change(&r)
	return r
}

func TestNext(t *testing.T) {
	t.Parallel()
	const u, a, c = helpdesk.Unblock, helpdesk.Address, helpdesk.Closing
	nothing := func(r *helpdesk.Request) { r.Caller, r.Reason, r.Email = helpdesk.Caller{}, "", "" }
	for _, test := range []struct {
		name     string
		r        helpdesk.Request
		dead     bool
		official string
		want     helpdesk.Step
		confirm  bool // MayConfirm
	}{
		{"unblock, begun", with(u, helpdesk.Open, nothing), false, "olga", helpdesk.StepIdentify, false},
		{"unblock, begun, colleague", with(u, helpdesk.Open, nothing), false, "piet", helpdesk.StepBusy, false},
		{"unblock, no code", with(u, helpdesk.Open, func(r *helpdesk.Request) { r.CodeRight = false }), false, "olga", helpdesk.StepIdentify, false},
		{"unblock, two answers", with(u, helpdesk.Open, func(r *helpdesk.Request) { r.Right = 2 }), false, "olga", helpdesk.StepIdentify, false},
		{"unblock, no reason", with(u, helpdesk.Open, func(r *helpdesk.Request) { r.Reason = "" }), false, "olga", helpdesk.StepReason, false},
		{"unblock, by one", with(u, helpdesk.Open, func(r *helpdesk.Request) { r.Second = false }), false, "olga", helpdesk.StepConfirm, true},
		{"unblock, by one, colleague", with(u, helpdesk.Open, func(r *helpdesk.Request) { r.Second = false }), false, "piet", helpdesk.StepBusy, false},
		{"unblock, never proposed", complete(u, helpdesk.Open), false, "olga", helpdesk.StepConfirm, false},
		{"unblock, proposed", complete(u, helpdesk.Proposed), false, "olga", helpdesk.StepWait, false},
		{"unblock, proposed, colleague", complete(u, helpdesk.Proposed), false, "piet", helpdesk.StepSecond, true},
		{"unblock, proposed without the code", with(u, helpdesk.Proposed, func(r *helpdesk.Request) { r.CodeRight = false }), false, "piet", helpdesk.StepSecond, false},
		{"unblock, proposed without a reason", with(u, helpdesk.Proposed, func(r *helpdesk.Request) { r.Reason = "" }), false, "piet", helpdesk.StepSecond, false},
		{"unblock, dead", complete(u, helpdesk.Proposed), true, "piet", helpdesk.StepOver, false},
		{"address, begun", with(a, helpdesk.Open, nothing), false, "olga", helpdesk.StepIdentify, false},
		{"address, code asked", with(a, helpdesk.Open, func(r *helpdesk.Request) { r.CodeRight = false }), false, "olga", helpdesk.StepIdentify, false},
		{"address, no code asked", with(a, helpdesk.Open, func(r *helpdesk.Request) { r.CodeAsked, r.CodeRight, r.Email = false, false, "" }), false, "olga", helpdesk.StepDetails, false},
		{"address, heard", complete(a, helpdesk.Open), false, "olga", helpdesk.StepCheck, false},
		{"address, heard, colleague", complete(a, helpdesk.Open), false, "piet", helpdesk.StepBusy, false},
		{"address, proposed", complete(a, helpdesk.Proposed), false, "olga", helpdesk.StepWait, false},
		{"address, proposed, colleague", complete(a, helpdesk.Proposed), false, "piet", helpdesk.StepSecond, true},
		{"address, proposed without an address", with(a, helpdesk.Proposed, func(r *helpdesk.Request) { r.Email = "" }), false, "piet", helpdesk.StepSecond, false},
		{"address, proposed after two answers", with(a, helpdesk.Proposed, func(r *helpdesk.Request) { r.Right = 2 }), false, "piet", helpdesk.StepSecond, false},
		{"address, confirmed", complete(a, helpdesk.Confirmed), false, "olga", helpdesk.StepHolder, false},
		{"address, confirmed, colleague", complete(a, helpdesk.Confirmed), false, "piet", helpdesk.StepHolder, false},
		{"address, dead", complete(a, helpdesk.Confirmed), true, "olga", helpdesk.StepOver, false},
		{"closing, proposed", complete(c, helpdesk.Proposed), false, "olga", helpdesk.StepWait, false},
		{"closing, proposed, colleague", complete(c, helpdesk.Proposed), false, "piet", helpdesk.StepSecond, true},
		{"closing, proposed without a reason", with(c, helpdesk.Proposed, func(r *helpdesk.Request) { r.Reason = "" }), false, "piet", helpdesk.StepSecond, false},
		{"closing, done", complete(c, helpdesk.Done), true, "piet", helpdesk.StepOver, false},
		{"of no kind", complete("other", helpdesk.Proposed), false, "piet", helpdesk.StepSecond, false},
	} {
		got := helpdesk.Next(test.r, !test.dead, test.official)
		if got != test.want {
			t.Errorf("%s: Next(%s) = %s, want %s", test.name, test.official, got, test.want)
		}
		if may := helpdesk.MayConfirm(test.r, got); may != test.confirm {
			t.Errorf("%s: MayConfirm(%s) = %v, want %v", test.name, got, may, test.confirm)
		}
		if may, want := helpdesk.MayEnd(got), got != helpdesk.StepOver && got != helpdesk.StepBusy; may != want {
			t.Errorf("%s: MayEnd(%s) = %v, want %v", test.name, got, may, want)
		}
	}
}
