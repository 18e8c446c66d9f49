package browser

import (
	"errors"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Fill replaces the text in the field with the name. It fails the test if the field keeps
// less than value (maxlength).
func (s *Session) Fill(name, value string) {
	s.t.Helper()
	s.try("Fill("+quote(name)+")", func() error {
		e, err := s.find(`field(` + quote(name) + `)`)
		if err != nil {
			return err
		}
		if _, err := call(s, dom.Focus, dom.FocusParams{ObjectID: e}); err != nil {
			return err
		}
		if err := s.on(e, `this.select()`, nil); err != nil {
			return err
		}
		if err := s.typeOver(value); err != nil {
			return err
		}
		var got string
		if err := s.on(e, `this.value`, &got); err != nil {
			return err
		}
		// A text area has only one form of line break.
		if got != strings.ReplaceAll(value, "\r\n", "\n") {
			return fmt.Errorf("the field holds %q", got)
		}
		return nil
	})
}

// typeOver replaces the selection.
func (s *Session) typeOver(value string) error {
	if value != "" {
		_, err := call(s, input.InsertText, input.InsertTextParams{Text: value})
		return err
	}
	_, err := chromedp.Run(s.ctx, chromedp.KeyEvent(kb.Delete))
	return err
}

// Choose selects the radio button or checkbox with the name and the value.
func (s *Session) Choose(name, value string) { s.t.Helper(); s.check(name, value, true) }

// Unchoose clears the checkbox with the name and the value.
func (s *Session) Unchoose(name, value string) { s.t.Helper(); s.check(name, value, false) }

func (s *Session) check(name, value string, want bool) {
	s.t.Helper()
	s.try(fmt.Sprintf("Choose(%q, %q)", name, value), func() error {
		e, err := s.find(`choice(` + quote(name) + `, ` + quote(value) + `)`)
		if err != nil {
			return err
		}
		var checked bool
		if err := s.on(e, `this.checked`, &checked); err != nil || checked == want {
			return err
		}
		at, err := s.spot(e)
		if err != nil {
			return err
		}
		if err := s.mouse(at); err != nil {
			return err
		}
		if err := s.on(e, `this.checked`, &checked); err != nil {
			return err
		}
		if checked != want {
			return errors.New("a click did not change it")
		}
		return nil
	})
}

// Select chooses the option with the value in the list with the name.
func (s *Session) Select(name, value string) {
	s.t.Helper()
	get[any](s, "Select", `choose(`+quote(name)+`, `+quote(value)+`)`)
}

// Upload puts files into the file field with the name.
func (s *Session) Upload(name string, paths ...string) {
	s.t.Helper()
	s.try("Upload("+quote(name)+")", func() error {
		e, err := s.find(`upload(` + quote(name) + `)`)
		if err != nil {
			return err
		}
		_, err = call(s, dom.SetFileInputFiles, dom.SetFileInputFilesParams{ObjectID: e, Files: paths})
		return err
	})
}

// keys are the keys of Press that have a name.
var keys = map[string]string{
	"Enter": kb.Enter, "Tab": kb.Tab, "Escape": kb.Escape, "Space": " ", "Backspace": kb.Backspace,
	"ArrowDown": kb.ArrowDown, "ArrowUp": kb.ArrowUp,
}

// Press presses a key (Enter, Tab, Escape, Space, Backspace, ArrowDown, ArrowUp, or a
// character) on the focused element, and follows where that leads.
func (s *Session) Press(key string) {
	s.t.Helper()
	if named, ok := keys[key]; ok {
		key = named
	}
	before := s.watch.now()
	if _, err := chromedp.Run(s.ctx, chromedp.KeyEvent(key)); err != nil {
		s.fatalf("Press(%q): %v", key, err)
	}
	s.settle(before, key == kb.Enter)
}
