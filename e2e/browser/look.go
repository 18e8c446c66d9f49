package browser

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

//go:embed page.js
var pageScript string

// world returns a script world of our own in the page. The page's scripts and its content
// security policy do not affect it.
func (s *Session) world() (runtime.ExecutionContextID, error) {
	s.watch.mu.Lock()
	frame := s.watch.frame
	s.watch.mu.Unlock()
	w, err := call(s, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: frame, WorldName: "test"})
	return w.ExecutionContextID, err
}

// evaluate runs an expression with the functions of page.js. An exception is returned as
// an error with its message.
func (s *Session) evaluate(expression string, params runtime.EvaluateParams) (*runtime.RemoteObject, error) {
	world, err := s.world()
	if err != nil {
		return nil, err
	}
	params.ContextID = world
	params.Expression = "(() => {" + pageScript + "\nreturn (" + expression + ");})()"
	return result(call(s, runtime.Evaluate, params))
}

func result(r runtime.EvaluateResult, err error) (*runtime.RemoteObject, error) {
	if err != nil {
		return nil, err
	}
	if r.ExceptionDetails != nil {
		text, _, _ := strings.Cut(exception(r.ExceptionDetails), "\n    at ")
		return nil, errors.New(strings.TrimPrefix(text, "Error: "))
	}
	return r.Result, nil
}

// ask runs an expression and decodes its value.
func ask[T any](s *Session, expression string) (T, error) {
	var v T
	r, err := s.evaluate(expression, runtime.EvaluateParams{ReturnByValue: new(true)})
	if err != nil {
		return v, err
	}
	err = decode(r, &v)
	return v, err
}

func decode(r *runtime.RemoteObject, v any) error {
	if len(r.Value) == 0 {
		return nil // undefined
	}
	return json.Unmarshal(r.Value, v)
}

// find runs an expression that returns an element.
func (s *Session) find(expression string) (runtime.RemoteObjectID, error) {
	r, err := s.evaluate(expression, runtime.EvaluateParams{})
	if err != nil {
		return "", err
	}
	if r.ObjectID == "" {
		return "", fmt.Errorf("%s is no element", expression)
	}
	return r.ObjectID, nil
}

// quote returns text as a string literal of a script.
func quote(text string) string {
	quoted, _ := json.Marshal(text) // cannot fail on a string
	return string(quoted)
}

// try calls f until it returns nil; if it does not, its last error fails the test. The page
// may change while f runs, or an element may still be missing.
func (s *Session) try(what string, f func() error) {
	s.t.Helper()
	deadline := time.Now().Add(s.patience)
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			s.fatalf("%s: %v", what, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func get[T any](s *Session, what, expression string) T {
	s.t.Helper()
	var v T
	s.try(what, func() (err error) {
		v, err = ask[T](s, expression)
		return err
	})
	return v
}

// Text returns the visible text of the page's main part, or of the whole page if it has
// none, with single spaces.
func (s *Session) Text() string { s.t.Helper(); return get[string](s, "Text", `textOf(content())`) }

// TextOf returns the visible text of the one element that matches the CSS selector.
func (s *Session) TextOf(css string) string {
	s.t.Helper()
	return get[string](s, "TextOf", `textOf(select(`+quote(css)+`))`)
}

// Count returns how many visible elements match the CSS selector.
func (s *Session) Count(css string) int {
	s.t.Helper()
	return get[int](s, "Count", `[...document.querySelectorAll(`+quote(css)+`)].filter(shown).length`)
}

// Attribute returns an attribute of the one element that matches the CSS selector, or "".
func (s *Session) Attribute(css, name string) string {
	s.t.Helper()
	return get[string](s, "Attribute", `select(`+quote(css)+`).getAttribute(`+quote(name)+`) ?? ""`)
}

// Value returns the value of the field with the name.
func (s *Session) Value(name string) string {
	s.t.Helper()
	return get[string](s, "Value", `field(`+quote(name)+`).value`)
}

// HTML returns the document as the browser parsed it.
func (s *Session) HTML() string {
	s.t.Helper()
	return get[string](s, "HTML", `document.documentElement.outerHTML`)
}

// Title returns the title of the page.
func (s *Session) Title() string { s.t.Helper(); return get[string](s, "Title", `document.title`) }

// URL returns the address of the page.
func (s *Session) URL() string { s.t.Helper(); return get[string](s, "URL", `location.href`) }

// Status returns the HTTP status of the page, or 0 if no server answered.
func (s *Session) Status() int { return s.watch.status() }

// Header returns a response header of the page.
func (s *Session) Header(name string) string { return s.watch.header(name) }

// Eval runs a script in the page, like the page's own scripts, and decodes its value. With
// JavaScript off it still runs, but timers and promises do not.
func Eval[T any](s *Session, script string) T {
	s.t.Helper()
	params := runtime.EvaluateParams{Expression: script, ReturnByValue: new(true), AwaitPromise: new(s.settings.scripts)}
	r, err := result(call(s, runtime.Evaluate, params))
	if err != nil {
		s.fatalf("Eval: %v", err)
	}
	var v T
	if err := decode(r, &v); err != nil {
		s.fatalf("Eval: %v", err)
	}
	return v
}

// Cookies returns all cookies of the visitor, of all hosts.
func (s *Session) Cookies() []*http.Cookie {
	s.t.Helper()
	res, err := chromedp.CallBrowser(s.ctx, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: s.profile})
	if err != nil {
		s.fatalf("Cookies: %v", err)
	}
	sameSite := map[network.CookieSameSite]http.SameSite{
		network.CookieSameSiteStrict: http.SameSiteStrictMode,
		network.CookieSameSiteLax:    http.SameSiteLaxMode,
		network.CookieSameSiteNone:   http.SameSiteNoneMode,
	}
	var all []*http.Cookie
	for _, c := range res.Cookies {
		h := &http.Cookie{
			Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path,
			Secure: c.Secure, HttpOnly: c.HTTPOnly, SameSite: sameSite[c.SameSite],
		}
		if !c.Session {
			h.Expires = time.Unix(int64(c.Expires), 0)
		}
		all = append(all, h)
	}
	return all
}

// Cookie returns the cookie with the name, or nil.
func (s *Session) Cookie(name string) *http.Cookie {
	s.t.Helper()
	for _, c := range s.Cookies() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// SetCookie sets a cookie for the URL, as an attacker or an earlier visit may have done.
func (s *Session) SetCookie(url, name, value string) {
	s.t.Helper()
	must(s, network.SetCookie, network.SetCookieParams{URL: url, Name: name, Value: value})
}

// ClearCookies removes all cookies of the visitor.
func (s *Session) ClearCookies() {
	s.t.Helper()
	_, err := chromedp.CallBrowser(s.ctx, storage.ClearCookies, storage.ClearCookiesParams{BrowserContextID: s.profile})
	if err != nil {
		s.fatalf("ClearCookies: %v", err)
	}
}

// WaitText waits until the text is visible somewhere on the page.
func (s *Session) WaitText(text string) {
	s.t.Helper()
	s.try("WaitText", func() error {
		seen, err := ask[string](s, `textOf(document.body)`)
		if err == nil && !strings.Contains(seen, text) {
			err = fmt.Errorf("%q is not on the page", text)
		}
		return err
	})
}

// WaitURL waits until match returns true for the address, and until that page is complete.
func (s *Session) WaitURL(match func(url string) bool) {
	s.t.Helper()
	s.try("WaitURL", func() error {
		seen, err := ask[string](s, `location.href`)
		if err == nil && !match(seen) {
			err = errors.New("the browser is elsewhere")
		}
		return err
	})
	s.settle(s.watch.now(), false)
}
