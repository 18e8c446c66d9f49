package helpdesk

import (
	"testing"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/helpdesk"
)

// Each kind of helpdesk request has a guide for each of its steps, with a button to
// cancel at each step that allows it.
func TestGuidesAreComplete(t *testing.T) {
	t.Parallel()
	catalog, err := web.LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	for kind, begins := range map[helpdesk.Kind]helpdesk.State{helpdesk.Unblock: helpdesk.Open, helpdesk.Address: helpdesk.Open, helpdesk.Closing: helpdesk.Proposed} {
		guide, seen := guides[kind], map[helpdesk.Step]bool{}
		known := helpdesk.Caller{CodeRight: true, Right: helpdesk.RightAnswers}
		for _, state := range []helpdesk.State{helpdesk.Open, helpdesk.Proposed, helpdesk.Confirmed} {
			if state == helpdesk.Open && begins != helpdesk.Open || state == helpdesk.Confirmed && kind != helpdesk.Address {
				continue
			}
			for _, q := range []helpdesk.Request{
				{Kind: kind, State: state}, {Kind: kind, State: state, CodeAsked: true}, {Kind: kind, State: state, Caller: known},
				{Kind: kind, State: state, Caller: known, Reason: "r", Email: "e"},
			} {
				for _, official := range []string{q.OpenedBy, "another"} {
					seen[helpdesk.Next(q, true, official)] = true
				}
			}
		}
		keys := []string{guide.title, guide.notice}
		for _, f := range guide.facts {
			keys = append(keys, f.label)
		}
		for state, can := range map[helpdesk.State]bool{
			helpdesk.Open: begins == helpdesk.Open, helpdesk.Proposed: true, helpdesk.Confirmed: kind == helpdesk.Address,
			helpdesk.Done: true, helpdesk.Refused: true, helpdesk.Cancelled: true,
		} {
			if can {
				keys = append(keys, guide.outcome+string(state))
			}
		}
		for at := range seen {
			step, found := guide.steps[at]
			if !found || step.lead == "" && step.heading == "" {
				t.Errorf("%s: guides[%s] has no text at %s", kind, kind, at)
			}
			if ends := step.act("stop") != nil; ends != helpdesk.MayEnd(at) {
				t.Errorf("%s at %s: a button ends it: %v, want %v", kind, at, ends, helpdesk.MayEnd(at))
			}
			keys = append(keys, step.lead, step.heading)
			for _, b := range step.buttons {
				keys = append(keys, b.label)
			}
		}
		for _, key := range keys {
			for _, lang := range web.Langs {
				if key != "" && catalog.Text(lang.Code, key) == key {
					t.Errorf("%s: there is no text %q in %q", kind, key, lang.Code)
				}
			}
		}
		for at := range guide.steps {
			if !seen[at] {
				t.Errorf("guides[%s] has the step %s, at which none can be", kind, at)
			}
		}
	}
}
