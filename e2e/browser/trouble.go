package browser

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// trouble adds the problem in ev, and reports whether there is one.
func (w *watch) trouble(ev any) bool {
	switch e := ev.(type) {
	case *log.EventEntryAdded:
		// Network errors are judged below, where the type of the request is known.
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
		if e.Type == network.ResourceTypeDocument || e.Response.Status < 400 || icon(e.Response.URL) || w.again(e) {
			return false
		}
		w.problem("status %d: %s", e.Response.Status, e.Response.URL)
	case *network.EventLoadingFailed:
		// A document that fails to load is on the screen, for the test to see.
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
	// A page from the back/forward cache reports its problems again.
	if !slices.Contains(w.problems[w.taken:], text) {
		w.problems = append(w.problems, text)
	}
}

// again reports whether a script read the page on the screen once more, and got the same
// status.
func (w *watch) again(e *network.EventResponseReceived) bool {
	shown := w.current
	return e.Type == network.ResourceTypeFetch && shown != nil && shown.URL == e.Response.URL && shown.Status == e.Response.Status
}

// local reports whether a URL is on this machine.
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

// icon reports whether a URL is the icon that browsers request by themselves.
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
