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
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"omgevingsloket-id/e2e/testenv"
)

// Session is one tab of a visitor. Its methods fail the test when something does not happen
// within testenv.Patience. A Session is for one goroutine; several sessions may be used at
// the same time.
type Session struct {
	t        testing.TB
	settings settings
	engine   *engine
	profile  cdp.BrowserContextID
	ctx      context.Context
	cancel   context.CancelFunc
	watch    *watch
	patience time.Duration // the timeout of try
}

// New opens the browser of a new visitor, with an empty profile. The end of the test closes
// it.
func New(t testing.TB, options ...Option) *Session {
	t.Helper()
	set := settings{scripts: true, language: "nl"}
	for _, o := range options {
		o(&set)
	}
	e := set.start(t)
	profile, err := chromedp.CallBrowser(e.ctx, target.CreateBrowserContext, target.CreateBrowserContextParams{})
	if err != nil {
		t.Fatalf("opening a browser: %v", err)
	}
	id := profile.BrowserContextID
	t.Cleanup(func() {
		_, err := chromedp.CallBrowser(e.ctx, target.DisposeBrowserContext, target.DisposeBrowserContextParams{BrowserContextID: id})
		if err != nil {
			t.Errorf("closing the browser: %v", err)
		}
	})
	s := &Session{t: t, settings: set, engine: e, profile: id}
	return s.NewTab()
}

// NewTab opens another tab of the same visitor, with the same cookies and settings and an
// empty page. It stays open when the first tab is closed.
func (s *Session) NewTab() *Session {
	s.t.Helper()
	tab := &Session{
		t: s.t, settings: s.settings, engine: s.engine, profile: s.profile,
		watch: newWatch(), patience: testenv.Patience,
	}
	tab.ctx, tab.cancel = chromedp.NewContext(s.engine.ctx,
		chromedp.WithExistingBrowserContext(s.profile), chromedp.WithListener(tab.watch.event))
	if err := chromedp.Do(tab.ctx); err != nil {
		s.t.Fatalf("opening a tab: %v", err)
	}
	tab.watch.setFrame(cdp.FrameID(chromedp.FromContext(tab.ctx).Target.TargetID))
	s.t.Cleanup(func() {
		if problems := tab.Problems(); len(problems) > 0 {
			s.t.Errorf("the browser had problems:\n  %s", strings.Join(problems, "\n  "))
		}
		tab.cancel()
	})
	tab.emulate()
	return tab
}

// Duplicate opens another tab of the same visitor, which requests the same address.
func (s *Session) Duplicate() *Session {
	s.t.Helper()
	tab := s.NewTab()
	tab.Open(s.URL())
	return tab
}

// Close closes the tab before the test ends.
func (s *Session) Close() { s.cancel() }

// Restart closes the browser and opens it again: the tab and the session cookies are gone.
func (s *Session) Restart() *Session {
	s.t.Helper()
	s.Close()
	tab := s.NewTab()
	for _, c := range tab.Cookies() {
		if c.Expires.IsZero() {
			must(tab, network.DeleteCookies, network.DeleteCookiesParams{Name: c.Name, Domain: c.Domain, Path: c.Path})
		}
	}
	return tab
}

// emulate applies the settings to the tab.
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
	// Several tabs may have the focus at the same time.
	must(s, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	s.allowScripts(s.settings.scripts)
}

func (s *Session) allowScripts(allow bool) {
	s.t.Helper()
	must(s, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !allow})
}

// Problems returns the problems in the tab since the last call: errors and warnings on the
// console, uncaught exceptions, blocked content, failed requests, requests to other
// machines. A test that expects some must call it; problems that are left at its end fail
// the test.
func (s *Session) Problems() []string { return s.watch.takeProblems() }

// Requests returns the requests of the tab since the last call, with redirects and
// subresources, as "METHOD URL".
func (s *Session) Requests() []string { return s.watch.takeRequests() }

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

// fatalf fails the test with the text on the screen. If E2E_PICTURES is set, it writes a
// picture into that folder.
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

// describe returns the address and the text of the page, for messages.
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
