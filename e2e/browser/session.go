package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"omgevingsloket-id/e2e/testenv"
)

// Session is one tab of a visitor. Its methods fail the test when what they ask
// for does not happen within testenv.Patience. A Session is for one goroutine;
// several sessions may be used side by side.
type Session struct {
	t        testing.TB
	settings settings
	engine   *engine
	ctx      context.Context
	cancel   context.CancelFunc
	watch    *watch
	patience time.Duration // how long try tries
}

// New opens the browser of a new visitor, with nothing in it. It closes with
// the test.
func New(t testing.TB, options ...Option) *Session {
	t.Helper()
	set := settings{scripts: true, language: "nl", bfcache: true}
	for _, o := range options {
		o(&set)
	}
	e := set.start(t)
	return open(t, set, e, e.ctx, chromedp.WithNewBrowserContext())
}

// NewTab opens another tab of the same visitor: the same cookies, the same
// settings, an empty page.
func (s *Session) NewTab() *Session {
	s.t.Helper()
	return open(s.t, s.settings, s.engine, s.ctx)
}

// Duplicate opens another tab of the same visitor at the same address, which is
// requested anew.
func (s *Session) Duplicate() *Session {
	s.t.Helper()
	tab := s.NewTab()
	tab.Open(s.URL())
	return tab
}

// Close closes the tab, before the test ends.
func (s *Session) Close() { s.cancel() }

func open(t testing.TB, set settings, e *engine, parent context.Context, options ...chromedp.ContextOption) *Session {
	t.Helper()
	s := &Session{t: t, settings: set, engine: e, watch: newWatch(), patience: testenv.Patience}
	s.ctx, s.cancel = chromedp.NewContext(parent, append(options, chromedp.WithListener(s.watch.event))...)
	if err := chromedp.Do(s.ctx); err != nil {
		t.Fatalf("opening a tab: %v", err)
	}
	s.watch.setFrame(cdp.FrameID(chromedp.FromContext(s.ctx).Target.TargetID))
	t.Cleanup(func() {
		if problems := s.Problems(); len(problems) > 0 {
			t.Errorf("the browser had problems:\n  %s", strings.Join(problems, "\n  "))
		}
		s.cancel()
	})
	s.emulate()
	return s
}

// emulate makes the tab the one that the options describe.
func (s *Session) emulate() {
	s.t.Helper()
	screen := emulation.SetDeviceMetricsOverrideParams{Width: 1280, Height: 900, DeviceScaleFactor: 1}
	if s.settings.phone {
		screen = emulation.SetDeviceMetricsOverrideParams{Width: 390, Height: 844, DeviceScaleFactor: 3, Mobile: true}
		must(s, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
	}
	must(s, emulation.SetDeviceMetricsOverride, screen)
	must(s, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent: s.engine.userAgent, AcceptLanguage: s.settings.language,
	})
	scheme := "light"
	if s.settings.dark {
		scheme = "dark"
	}
	must(s, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	// Several tabs may be typed into at the same time.
	must(s, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	s.allowScripts(s.settings.scripts)
}

func (s *Session) allowScripts(allow bool) {
	s.t.Helper()
	must(s, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !allow})
}

// Problems returns what went wrong in the tab since the last call: errors and
// warnings on the console, uncaught exceptions, blocked content, failed
// requests, requests to other machines. A test that expects some calls it;
// what nobody asked for fails the test at its end.
func (s *Session) Problems() []string { return s.watch.takeProblems() }

// call sends one command to the tab.
func call[P, R any](s *Session, command cdp.Command[P, R], params P) (R, error) {
	ctx, cancel := context.WithTimeout(s.ctx, testenv.Patience)
	defer cancel()
	return chromedp.Call(ctx, command, params)
}

func must[P, R any](s *Session, command cdp.Command[P, R], params P) R {
	s.t.Helper()
	result, err := call(s, command, params)
	if err != nil {
		s.fatalf("%s: %v", command.Method, err)
	}
	return result
}

// fatalf fails the test with what the visitor sees. With E2E_PICTURES in the
// environment, a picture of it is put into that folder.
func (s *Session) fatalf(format string, args ...any) {
	s.t.Helper()
	message := fmt.Sprintf(format, args...)
	if dir := os.Getenv("E2E_PICTURES"); dir != "" {
		name := strings.NewReplacer("/", "_", " ", "_").Replace(s.t.Name()) + ".png"
		if png, err := s.picture(nil); err == nil && os.WriteFile(filepath.Join(dir, name), png, 0o600) == nil {
			message += "\n(picture: " + name + ")"
		}
	}
	s.t.Fatalf("%s\n%s", message, s.describe())
}

// describe says where the visitor is, for messages.
func (s *Session) describe() string {
	type place struct{ URL, Title, Text string }
	here, err := ask[place](s, `({URL: location.href, Title: document.title, Text: textOf(document.body)})`)
	if err != nil {
		return "the page cannot be read: " + err.Error()
	}
	const enough = 2000
	if text := []rune(here.Text); len(text) > enough {
		here.Text = string(text[:enough]) + " …"
	}
	out := fmt.Sprintf("at %s (status %d), titled %q, which says:\n%s",
		here.URL, s.watch.status(), here.Title, here.Text)
	if problems := s.watch.allProblems(); len(problems) > 0 {
		out += "\nproblems:\n  " + strings.Join(problems, "\n  ")
	}
	return out
}
