package browser

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// watch follows the events of a tab: whether it is on its way to another page,
// what answered, and what went wrong. Only the tab's own frame counts, not the
// frames inside the page.
type watch struct {
	mu      sync.Mutex
	changed chan struct{} // closed, and replaced, at every change
	frame   cdp.FrameID

	starts    int  // navigations that were asked for or begun
	commits   int  // pages, or places in a page, that took the place of the one before
	requested bool // the page asked for a navigation that has not begun yet
	loading   bool // between the beginning of a navigation and the page being complete
	refresh   bool // the page said that it will go on by itself at once

	responses map[cdp.LoaderID]*network.Response
	current   *network.Response // of the page on the screen; nil if it came from no server

	requests []string // since Requests was last called
	problems []string
	taken    int // how many of them Problems has returned
}

func newWatch() *watch {
	return &watch{changed: make(chan struct{}), responses: map[cdp.LoaderID]*network.Response{}}
}

func (w *watch) setFrame(id cdp.FrameID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frame = id
}

// event is called for every event of the tab, in order. It must be quick.
func (w *watch) event(ev any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.navigation(ev) && !w.trouble(ev) {
		return
	}
	close(w.changed)
	w.changed = make(chan struct{})
}

// navigation notes the events of a navigation and tells whether ev was one.
func (w *watch) navigation(ev any) bool {
	switch e := ev.(type) {
	case *page.EventFrameRequestedNavigation:
		if e.FrameID != w.frame || e.Disposition != page.ClientNavigationDispositionCurrentTab {
			return false
		}
		w.starts++
		w.requested, w.refresh = true, false
	case *page.EventFrameStartedNavigating:
		if e.FrameID != w.frame || strings.HasSuffix(strings.ToLower(string(e.NavigationType)), "samedocument") {
			return false
		}
		w.starts++
		w.requested, w.refresh, w.loading = false, false, true
	case *page.EventFrameStartedLoading:
		if e.FrameID != w.frame {
			return false
		}
		w.loading = true
	case *page.EventFrameStoppedLoading:
		if e.FrameID != w.frame {
			return false
		}
		w.loading = false
	case *page.EventNavigatedWithinDocument:
		if e.FrameID != w.frame {
			return false
		}
		w.commits++
		w.requested = false
	case *page.EventFrameNavigated:
		if e.Frame.ParentID != "" {
			return false
		}
		w.committed(e)
	case *network.EventResponseReceived:
		if e.Type != network.ResourceTypeDocument || e.FrameID != w.frame {
			return false
		}
		w.responses[e.LoaderID] = e.Response
	default:
		return false
	}
	return true
}

func (w *watch) committed(e *page.EventFrameNavigated) {
	w.frame = e.Frame.ID
	w.commits++
	w.requested = false
	w.current = w.responses[e.Frame.LoaderID]
	w.refresh = e.Type != page.NavigationTypeBackForwardCacheRestore && goesOn(header(w.current, "Refresh"))
}

// goesOn tells whether the value of a Refresh header (or meta element) leads on
// without leaving time to read the page.
func goesOn(refresh string) bool {
	delay, _, _ := strings.Cut(refresh, ";")
	seconds, err := strconv.ParseFloat(strings.TrimSpace(delay), 64)
	return err == nil && seconds <= 1
}

func header(r *network.Response, name string) string {
	if r == nil {
		return ""
	}
	for key, value := range r.Headers {
		if strings.EqualFold(key, name) {
			return fmt.Sprint(value)
		}
	}
	return ""
}

// trouble notes what should not happen and tells whether ev was that.
func (w *watch) trouble(ev any) bool {
	switch e := ev.(type) {
	case *log.EventEntryAdded:
		// What the network says is judged below, where the kind of the
		// request is known.
		bad := e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning
		if !bad || e.Entry.Source == log.EntrySourceNetwork {
			return false
		}
		w.problem("%s: %s", e.Entry.Source, e.Entry.Text)
	case *runtime.EventConsoleAPICalled:
		switch e.Type {
		case runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeWarning, runtime.ConsoleAPICalledTypeAssert:
			w.problem("console %s: %s", e.Type, arguments(e.Args))
		default:
			return false
		}
	case *runtime.EventExceptionThrown:
		w.problem("exception: %s", exception(e.ExceptionDetails))
	case *page.EventJavascriptDialogOpening:
		w.problem("dialog: %s", e.Message)
	case *network.EventRequestWillBeSent:
		w.requests = append(w.requests, e.Request.Method+" "+e.Request.URL)
		if local(e.Request.URL) {
			return false
		}
		w.problem("request to another machine: %s", e.Request.URL)
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument || e.Response.Status < 400 || icon(e.Response.URL) {
			return false
		}
		w.problem("status %d: %s", e.Response.Status, e.Response.URL)
	case *network.EventLoadingFailed:
		// A document that does not come is on the screen, for the test to see.
		if e.Type == network.ResourceTypeDocument || e.Canceled && e.BlockedReason == "" {
			return false
		}
		w.problem("%s not loaded: %s %s", e.Type, e.ErrorText, e.BlockedReason)
	default:
		return false
	}
	return true
}

func (w *watch) problem(format string, args ...any) {
	text := strings.TrimSpace(fmt.Sprintf(format, args...))
	// A page that comes back from the back/forward cache repeats itself.
	if !slices.Contains(w.problems[w.taken:], text) {
		w.problems = append(w.problems, text)
	}
}

// local tells whether a URL stays on this machine.
func local(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "http", "https", "ws", "wss":
	default:
		return true // data:, blob:, about:
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// icon tells whether a URL is the one that browsers try by themselves.
func icon(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Path == "/favicon.ico"
}

func arguments(args []*runtime.RemoteObject) string {
	var all []string
	for _, a := range args {
		text := a.Description
		if text == "" && json.Unmarshal(a.Value, &text) != nil {
			text = string(a.Value)
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

func exception(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}

func (w *watch) takeProblems() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	fresh := slices.Clone(w.problems[w.taken:])
	w.taken = len(w.problems)
	return fresh
}

func (w *watch) takeRequests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	fresh := w.requests
	w.requests = nil
	return fresh
}

func (w *watch) allProblems() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.problems)
}

// status returns the HTTP status of the page on the screen, 0 if no server
// gave it.
func (w *watch) status() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.current == nil {
		return 0
	}
	return int(w.current.Status)
}

func (w *watch) header(name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return header(w.current, name)
}

// journey is how far the tab has come.
type journey struct {
	starts, commits             int
	loading, requested, refresh bool
}

func (w *watch) now() journey {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.journey()
}

func (w *watch) journey() journey {
	return journey{w.starts, w.commits, w.loading, w.requested, w.refresh}
}

// wait waits until done is true of the tab, and tells whether it was in time.
func (w *watch) wait(limit time.Duration, done func(journey) bool) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		w.mu.Lock()
		ok, changed := done(w.journey()), w.changed
		w.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-timer.C:
			return false
		}
	}
}

// promise notes that the page said it goes on, unless the tab has moved since.
func (w *watch) promise(seen journey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.journey() == seen {
		w.refresh = true
	}
}

// giveUp forgets a navigation that was announced and never began.
func (w *watch) giveUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requested, w.refresh = false, false
}
