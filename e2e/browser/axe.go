package browser

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/runtime"
)

// axe-core 4.14.1 by Deque Systems, MPL-2.0 (testdata/axe/LICENSE), unchanged.
// It is used in tests only.
//
//go:embed testdata/axe/axe.min.js
var axeSource string

// axeRun runs the rules of WCAG 2.2 A and AA, and of good practice.
const axeRun = `axe.run(document, {
	resultTypes: ["violations"],
	runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
}).then(r => r.violations.map(v => ({
	Rule: v.id, Impact: v.impact ?? "", Help: v.help,
	Where: v.nodes.map(n => n.html + ": " + n.failureSummary.replace(/\s+/g, " ")),
})))`

// Violation is a rule of accessibility that the page breaks.
type Violation struct {
	Rule   string // axe-core's name of the rule
	Impact string // minor, moderate, serious or critical
	Help   string
	Where  []string // the elements, and what is wrong with each
}

func (v Violation) String() string {
	return fmt.Sprintf("%s (%s): %s\n  %s", v.Rule, v.Impact, v.Help, strings.Join(v.Where, "\n  "))
}

// Axe checks the page as it is now with axe-core and returns the violations.
func (s *Session) Axe() []Violation {
	s.t.Helper()
	if !s.settings.scripts {
		// axe-core needs timers. The page's own scripts were skipped when it was parsed, and
		// are not run now.
		s.allowScripts(true)
		defer s.allowScripts(false)
	}
	world, err := s.world()
	if err != nil {
		s.fatalf("Axe: %v", err)
	}
	run := func(script string) *runtime.RemoteObject {
		r, err := result(call(s, runtime.Evaluate, runtime.EvaluateParams{
			Expression: script, ContextID: world, AwaitPromise: new(true), ReturnByValue: new(true),
		}))
		if err != nil {
			s.fatalf("Axe: %v", err)
		}
		return r
	}
	run(axeSource + "\n;0")
	var found []Violation
	if err := decode(run(axeRun), &found); err != nil {
		s.fatalf("Axe: %v", err)
	}
	return found
}
