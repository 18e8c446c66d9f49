package browser

import (
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

	"omgevingsloket-id/e2e/testenv"
)

const (
	// begin is how long a click may take to start the navigation that it should
	// start. That time runs out only when something stops the navigation, such
	// as a content security policy.
	begin = 5 * time.Second
	// glance is how long to wait for a navigation after an action that need not
	// start one.
	glance = 100 * time.Millisecond
	// hops is how many pages in a row may go on to another by themselves (Refresh).
	hops = 10
)

// Open goes to a typed address and waits for the page.
func (s *Session) Open(url string) {
	s.t.Helper()
	before := s.watch.now()
	res := must(s, page.Navigate, page.NavigateParams{URL: url})
	// An error status without a body is reported as a failure; Status returns it.
	if res.ErrorText != "" && res.ErrorText != "net::ERR_HTTP_RESPONSE_CODE_FAILURE" {
		s.fatalf("Open(%s): %s", url, res.ErrorText)
	}
	s.settle(before, res.LoaderID != "")
}

// Reload requests the page again. A form is sent again, without asking.
func (s *Session) Reload() {
	s.t.Helper()
	before := s.watch.now()
	must(s, page.Reload, page.ReloadParams{})
	s.settle(before, true)
}

// Back goes back one page in the tab's history.
func (s *Session) Back() { s.t.Helper(); s.step(-1) }

// Forward goes forward one page in the tab's history.
func (s *Session) Forward() { s.t.Helper(); s.step(+1) }

// Entry returns the address of the page in the tab's history, also when the browser shows
// an error of its own instead.
func (s *Session) Entry() string {
	s.t.Helper()
	history := must(s, page.GetNavigationHistory, cdp.Empty{})
	return history.Entries[history.CurrentIndex].URL
}

func (s *Session) step(by int64) {
	s.t.Helper()
	if s.settings.history == "" {
		s.fatalf("Back and Forward need BFCache or NoBFCache: they may show different pages")
	}
	history := must(s, page.GetNavigationHistory, cdp.Empty{})
	to := history.CurrentIndex + by
	if to < 0 || to >= int64(len(history.Entries)) {
		s.fatalf("the history has %d pages, this is number %d: cannot go %+d",
			len(history.Entries), history.CurrentIndex+1, by)
	}
	before := s.watch.now()
	must(s, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: history.Entries[to].ID})
	// A page from the back/forward cache is shown after it has finished
	// loading, all others before.
	if !s.watch.wait(testenv.Patience, func(j journey) bool { return j.commits > before.commits }) {
		s.fatalf("no page came")
	}
	s.settle(before, false)
}

// settle waits until the tab has arrived, after redirects and pages that go on by
// themselves. If expect is set, a navigation must begin; otherwise one is followed if there
// is any.
func (s *Session) settle(before journey, expect bool) {
	s.t.Helper()
	limit := glance
	if expect {
		limit = begin
	}
	s.watch.wait(limit, func(j journey) bool { return j.starts > before.starts })
	for range hops {
		if !s.watch.wait(testenv.Patience, func(j journey) bool { return !j.loading }) {
			s.fatalf("the page is still loading")
		}
		j := s.watch.now()
		switch {
		case j.loading:
		case j.requested || j.refresh:
			if !s.watch.wait(begin, func(now journey) bool { return now != j }) {
				s.watch.giveUp()
				return
			}
		case s.leadsOn():
			s.watch.promise(j)
		default:
			return
		}
	}
	s.fatalf("the page leads on and on")
}

// leadsOn reports whether the page has a meta element that goes on at once.
func (s *Session) leadsOn() bool {
	refresh, err := ask[string](s, `document.querySelector("meta[http-equiv=refresh i]")?.content ?? ""`)
	return err != nil || goesOn(refresh) // after an error the page is being left
}
