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
