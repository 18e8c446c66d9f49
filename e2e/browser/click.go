package browser

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
)

// Click clicks the button or, if there is none, the link or the summary with exactly this
// name, and waits for the page that follows. The name is that of the accessibility tree:
// the text, unless a label says otherwise. It must be unique.
func (s *Session) Click(name string) {
	s.t.Helper()
	s.click("Click("+quote(name)+")", func() (runtime.RemoteObjectID, error) {
		return s.clickable(name, "button", "link", "DisclosureTriangle")
	})
}

// ClickButton clicks the button with exactly this name.
func (s *Session) ClickButton(name string) {
	s.t.Helper()
	s.click("ClickButton("+quote(name)+")", func() (runtime.RemoteObjectID, error) {
		return s.clickable(name, "button")
	})
}

// ClickLink clicks the link with exactly this name.
func (s *Session) ClickLink(name string) {
	s.t.Helper()
	s.click("ClickLink("+quote(name)+")", func() (runtime.RemoteObjectID, error) {
		return s.clickable(name, "link")
	})
}

// ClickCSS clicks the one element that matches the CSS selector, for elements without a
// unique name.
func (s *Session) ClickCSS(css string) {
	s.t.Helper()
	s.click("ClickCSS("+quote(css)+")", func() (runtime.RemoteObjectID, error) {
		return s.find(`select(` + quote(css) + `)`)
	})
}

// Submit clicks the button of the one form in the page's main part.
func (s *Session) Submit() {
	s.t.Helper()
	s.click("Submit", func() (runtime.RemoteObjectID, error) { return s.find(`submitter()`) })
}

// Names lists the buttons and links on the page, for messages and for tests of what can be
// clicked.
func (s *Session) Names() []string {
	s.t.Helper()
	var names []string
	s.try("Names", func() error {
		names = nil
		for _, role := range []string{"button", "link"} {
			nodes, err := s.tree("", role)
			if err != nil {
				return err
			}
			for _, n := range nodes {
				if n.Name != nil {
					names = append(names, unquote(n.Name))
				}
			}
		}
		return nil
	})
	return names
}

// clickable returns the one element with the name among those of the first role that has
// any.
func (s *Session) clickable(name string, roles ...string) (runtime.RemoteObjectID, error) {
	for _, role := range roles {
		nodes, err := s.tree(name, role)
		if err != nil {
			return "", err
		}
		if len(nodes) == 0 {
			continue
		}
		if len(nodes) > 1 {
			return "", fmt.Errorf("there are %d of role %s with this name", len(nodes), role)
		}
		world, err := s.world()
		if err != nil {
			return "", err
		}
		res, err := call(s, dom.ResolveNode, dom.ResolveNodeParams{
			BackendNodeID: nodes[0].BackendDOMNodeID, ExecutionContextID: world,
		})
		if err != nil {
			return "", err
		}
		return res.Object.ObjectID, nil
	}
	return "", fmt.Errorf("no %s has this name", strings.Join(roles, ", "))
}

// tree queries the accessibility tree. An empty name matches any.
func (s *Session) tree(name, role string) ([]*accessibility.Node, error) {
	root, err := s.find(`document`)
	if err != nil {
		return nil, err
	}
	res, err := call(s, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{
		ObjectID: root, AccessibleName: name, Role: role,
	})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(res.Nodes, func(n *accessibility.Node) bool { return n.Ignored }), nil
}

func unquote(v *accessibility.Value) string {
	var text string
	_ = json.Unmarshal(v.Value, &text) // a name is a string
	return text
}

// click waits for the element, clicks it and waits for the page that follows.
func (s *Session) click(what string, find func() (runtime.RemoteObjectID, error)) {
	s.t.Helper()
	var at spot
	s.try(what, func() error {
		e, err := find()
		if err == nil {
			at, err = s.spot(e)
		}
		return err
	})
	before := s.watch.now()
	if err := s.mouse(at); err != nil {
		s.fatalf("%s: %v", what, err)
	}
	s.settle(before, at.Leads)
}

// spot is a point of the window, in CSS pixels, and whether a click there should lead to
// another page.
type spot struct {
	X, Y  float64
	Leads bool
}

// spot scrolls the element into view and returns where to click it. An element that is
// covered by another cannot be clicked.
func (s *Session) spot(e runtime.RemoteObjectID) (spot, error) {
	var at spot
	err := s.on(e, `target(this)`, &at)
	return at, err
}

// on runs an expression with the functions of page.js, with the element as this.
func (s *Session) on(e runtime.RemoteObjectID, expression string, v any) error {
	r, err := call(s, runtime.CallFunctionOn, runtime.CallFunctionOnParams{
		ObjectID: e, ReturnByValue: new(true),
		FunctionDeclaration: "function() {" + pageScript + "\nreturn (" + expression + ");}",
	})
	value, err := result(runtime.EvaluateResult(r), err)
	if err != nil {
		return err
	}
	return decode(value, v)
}

func (s *Session) mouse(at spot) error {
	_, moved := call(s, input.DispatchMouseEvent, input.DispatchMouseEventParams{
		Type: input.DispatchMouseEventTypeMouseMoved, X: at.X, Y: at.Y,
	})
	_, pressed := call(s, input.DispatchMouseEvent, input.DispatchMouseEventParams{
		Type: input.DispatchMouseEventTypeMousePressed, X: at.X, Y: at.Y, Button: input.MouseButtonLeft, ClickCount: 1,
	})
	_, released := call(s, input.DispatchMouseEvent, input.DispatchMouseEventParams{
		Type: input.DispatchMouseEventTypeMouseReleased, X: at.X, Y: at.Y, Button: input.MouseButtonLeft, ClickCount: 1,
	})
	return errors.Join(moved, pressed, released)
}
