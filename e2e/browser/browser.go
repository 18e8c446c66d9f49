// Package browser drives a real Chromium for the journeys: one browser process per test
// process, one fresh profile (cookies, cache, history) per New.
//
// It works as a person does: it finds buttons and links by the name that a screen reader
// would read out, clicks where they are on the screen, and types into fields. It needs no
// script in the page, so that everything works the same with JavaScript off. Every action
// waits for what it needs and for the page that follows, and otherwise fails the test with
// the text on the screen.
//
// It collects errors on the console, violations of the content security policy, failed
// requests and requests to other machines. Those that a test does not read with Problems
// fail it at its end.
package browser

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"omgevingsloket-id/e2e/testenv"
)

// settings are set by the options of New.
type settings struct {
	scripts  bool
	phone    bool
	dark     bool
	language string
	history  history
}

// history is what Back does; "" is not chosen.
type history string

const (
	keeps history = "keeps" // the back/forward cache is on
	loads history = "loads"
)

// Option changes a session of New.
type Option func(*settings)

// NoScript turns JavaScript off, as a visitor may.
func NoScript() Option { return func(s *settings) { s.scripts = false } }

// Phone emulates a phone of 390 × 844 CSS pixels at three device pixels each, with a touch
// screen. Without it the window is 1280 × 900.
func Phone() Option { return func(s *settings) { s.phone = true } }

// Dark emulates a visitor who prefers dark screens.
func Dark() Option { return func(s *settings) { s.dark = true } }

// Language sets the visitor's Accept-Language, such as "en" or "en-GB,en". The default is
// "nl".
func Language(tags string) Option { return func(s *settings) { s.language = tags } }

// BFCache is a browser with the back/forward cache, as visitors have it (other browser
// drivers turn it off, and so miss pages that it shows). Back fails a test that chose
// neither this nor NoBFCache. Other tests need no more than the engine: Debian's
// chromium-headless-shell, which has no windows to draw and takes half of the time.
func BFCache() Option { return func(s *settings) { s.history = keeps } }

// NoBFCache is a browser without it: Back loads the page again.
func NoBFCache() Option { return func(s *settings) { s.history = loads } }

// engine is a running browser. Only the whole browser has a back/forward cache, so there
// are two of them.
type engine struct {
	once      sync.Once
	err       error
	ctx       context.Context
	userAgent string
}

var whole, shell engine

// start returns the running browser.
func (s settings) start(t testing.TB) *engine {
	t.Helper()
	e, name := &shell, "chromium-headless-shell"
	if s.history == keeps {
		e, name = &whole, "chromium"
	}
	path := testenv.Tool(t, name)
	certificate := testenv.TLS(t).Server.Leaf
	e.once.Do(func() { e.err = e.launch(flags(path, testenv.Dir(t, "chromium"), certificate)) })
	if e.err != nil {
		t.Fatalf("Chromium: %v", e.err)
	}
	return e
}

// flags returns the command line of the browser: chromedp's own list, which leaves the
// back/forward cache alone, and flags that keep the browser from other machines.
func flags(path, dir string, certificate *x509.Certificate) []chromedp.ExecAllocatorOption {
	const off = "Translate,BlinkGenPropertyTrees,MediaRouter,OptimizationHints,AutofillServerCommunication"
	key := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
	return append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(dir),
		chromedp.Env("HOME="+dir, "TMPDIR="+dir, "XDG_CONFIG_HOME="+dir, "XDG_CACHE_HOME="+dir),
		chromedp.Flag("disable-features", off),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-search-engine-choice-screen", true),
		// Only names of this machine resolve, so that a page's requests cannot
		// leave it.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1, EXCLUDE ::1"),
		// Only the certificate of testenv.TLS is trusted without an authority that
		// the browser knows.
		chromedp.Flag("ignore-certificate-errors-spki-list", base64.StdEncoding.EncodeToString(key[:])),
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) {
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // for testenv.Reap
		}),
	)
}

// launch starts the browser. It ends when the test process does.
func (e *engine) launch(options []chromedp.ExecAllocatorOption) error {
	quiet := func(string, ...any) {} // chromedp reports unknown events
	ctx, _ := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ = chromedp.NewContext(ctx, chromedp.WithLogf(quiet), chromedp.WithErrorf(quiet))
	if err := chromedp.Do(ctx); err != nil {
		return err
	}
	if _, err := testenv.Reap(chromedp.FromContext(ctx).Browser.Process().Pid); err != nil {
		return err
	}
	version, err := chromedp.CallBrowser(ctx, browser.GetVersion, cdp.Empty{})
	if err != nil {
		return fmt.Errorf("asking its version: %w", err)
	}
	e.ctx, e.userAgent = ctx, strings.ReplaceAll(version.UserAgent, "Headless", "")
	return nil
}
