package browser

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"
)

// Stay keeps the tab on its page when that page leads to an address with the path, until
// move is called: such requests are answered with 204, at which browsers stay on the page.
// It is used to look at a page that goes on by itself.
func (s *Session) Stay(path string) (move func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.ctx)
	err := chromedp.Listen(ctx, func(ev any) {
		if paused, ok := ev.(*fetch.EventRequestPaused); ok {
			// An event listener must not wait for a reply.
			go func() {
				_, _ = call(s, fetch.FulfillRequest, fetch.FulfillRequestParams{RequestID: paused.RequestID, ResponseCode: 204})
			}()
		}
	})
	if err != nil {
		s.fatalf("Stay: %v", err)
	}
	must(s, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: "*" + path + "*"}}})
	return func() {
		s.t.Helper()
		must(s, fetch.Disable, cdp.Empty{})
		cancel()
	}
}
