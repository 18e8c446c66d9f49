package browser

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
)

// watch follows the events of a tab: whether it is navigating, what answered, and what went
// wrong. It follows the main frame only.
type watch struct {
	mu      sync.Mutex
	changed chan struct{} // closed, and replaced, at every change
	frame   cdp.FrameID

	starts    int  // navigations that were asked for or begun
	commits   int  // pages, or places in a page, that replaced the previous one
	requested bool // the page asked for a navigation that has not begun yet
	loading   bool // from the beginning of a navigation until the page is complete
	refresh   bool // the page has an immediate Refresh

	responses map[cdp.LoaderID]*network.Response
	current   *network.Response // of the page on the screen; nil if no server answered

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

// navigation handles the events of a navigation, and reports whether ev is one.
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

// goesOn reports whether the value of a Refresh header or meta element goes on at once, with
// no time to read the page.
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

// status returns the HTTP status of the page on the screen, or 0 if no server answered.
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

// journey is the progress of a tab.
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

// wait waits until done returns true for the tab, and reports whether it did so in time.
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

// promise notes an immediate Refresh of the page, unless the tab has moved on since.
func (w *watch) promise(seen journey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.journey() == seen {
		w.refresh = true
	}
}

// giveUp forgets a requested navigation that did not begin.
func (w *watch) giveUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requested, w.refresh = false, false
}
