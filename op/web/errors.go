package web

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/password"
)

// Error is an error that is shown as a page. Key names two texts, Key.title and
// Key.text; Cause is not shown.
type Error struct {
	Status int
	Key    string
	Cause  error
	Retry  time.Duration // > 0 sets Retry-After
	Told   bool          // the page says how long Retry is
	Link   *Link         // where the page leads; Label is a key
}

// Rule is the cause of a refusal in our own words. The log has it; other causes may
// hold addresses and what somebody sent.
type Rule string

func (r Rule) Error() string { return string(r) }

func (e *Error) Error() string {
	if e.Cause == nil {
		return fmt.Sprintf("%s (%d)", e.Key, e.Status)
	}
	return fmt.Sprintf("%s (%d): %v", e.Key, e.Status, e.Cause)
}

func (e *Error) Unwrap() error { return e.Cause }

// Fail returns an Error.
func Fail(status int, key string, cause error) *Error {
	return &Error{Status: status, Key: key, Cause: cause}
}

// Unavailable returns the error of a store that did not answer, with a page of
// its own: 503 with Retry-After.
func Unavailable(key string, cause error, link *Link) *Error {
	return &Error{Status: http.StatusServiceUnavailable, Key: key, Cause: cause, Retry: unavailableRetry, Link: link}
}

// Restart returns the error for a login that cannot continue: too late, finished,
// unknown, or begun in another browser. The page is the same for all of these.
func Restart(cause error) *Error {
	return &Error{Status: http.StatusGone, Key: "web.error.restart", Cause: cause, Link: &Link{URL: "/start", Label: "web.error.restart.link"}}
}

// lost returns an error whose page links to the front page.
func lost(status int, key string, cause error) *Error {
	return &Error{Status: status, Key: key, Cause: cause, Link: &Link{URL: "/", Label: "web.error.home"}}
}

// unavailableRetry is the Retry-After when a store does not answer.
const unavailableRetry = 5 * time.Second

// formKeys are the texts for a FormError, by status.
var formKeys = map[int]string{http.StatusForbidden: "web.error.foreign", http.StatusRequestEntityTooLarge: "web.error.too_large"}

// classify returns the Error for any error.
func classify(err error) *Error {
	var known *Error
	var form *FormError
	var tooBig *http.MaxBytesError
	var busy *password.Busy
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &form):
		return Fail(form.Status, cmp.Or(formKeys[form.Status], "web.error.bad_request"), err)
	case errors.As(err, &busy):
		return &Error{Status: http.StatusServiceUnavailable, Key: "web.error.busy", Cause: err, Retry: busy.Retry, Told: true}
	case errors.Is(err, errs.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		return Unavailable("web.error.unavailable", err, nil)
	case errors.As(err, &tooBig):
		return Fail(http.StatusRequestEntityTooLarge, "web.error.too_large", err)
	case errors.Is(err, errs.ErrNotFound):
		return lost(http.StatusNotFound, "web.error.not_found", err)
	default:
		return Fail(http.StatusInternalServerError, "web.error.internal", err)
	}
}

// RetryAfter sets the header of this name if the error says when to try again.
func (e *Error) RetryAfter(h http.Header) {
	if e.Retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(max(e.Retry.Round(time.Second), time.Second)/time.Second)))
	}
}

type errorPage struct {
	*Page
	Heading, Text string
	Wait          string // how long; "" = nothing is said
	Next          *Link
}

// ServeError writes the page for err; Router logs it. All error pages are made here.
func (d *Renderer) ServeError(w http.ResponseWriter, r *http.Request, err error) {
	e := classify(err)
	d.note(r, e)
	e.RetryAfter(w.Header())
	p := d.Page(r, e.Key+".title")
	page := &errorPage{Page: p, Heading: p.Title, Text: p.T(e.Key + ".text")}
	if e.Told {
		page.Wait = p.T("web.error.wait", "Count", Seconds(e.Retry))
	}
	if r.Method != http.MethodGet {
		p.Languages = nil // a link would lose the form that was sent
	}
	if e.Link != nil {
		page.Next = &Link{URL: d.path(e.Link.URL), Label: p.T(e.Link.Label)}
	}
	if err := d.Render(w, e.Status, "web/error", page); err != nil {
		d.Log.ErrorContext(r.Context(), "error page failed", "request", RequestID(r), "error", err.Error())
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write(d.lastWords())
	}
}

// note has the line of the request say what a page is about.
func (d *Renderer) note(r *http.Request, e *Error) {
	f := &Refusal{}
	if v := visitOf(r.Context()); v != nil {
		f = &v.refusal
	} else { // outside of a Router
		defer func() { f.log(d.Log, r) }()
	}
	f.status, f.Error = e.Status, e.Key
	var form *FormError
	var rule Rule
	switch {
	case e.Status >= http.StatusInternalServerError:
		f.Error = e.Error()
	case errors.As(e.Cause, &form):
		f.Rule = form.Reason
	case errors.As(e.Cause, &rule):
		f.Rule = string(rule)
	case e.Status == http.StatusGone && errors.Is(e.Cause, errs.ErrNotFound):
		f.Rule = "not known, or not any more"
	}
}

// renderLastWords returns the error page for when rendering fails. It is made before the
// first page is.
func (d *Renderer) renderLastWords() []byte {
	r, err := http.NewRequest(http.MethodGet, d.Settings.Issuer, nil)
	if err != nil {
		return nil
	}
	p := d.Page(r, "web.error.internal.title")
	p.Languages = nil
	var b bytes.Buffer
	if d.execute(&b, "web/error", &errorPage{Page: p, Heading: p.Title, Text: p.T("web.error.internal.text")}) != nil {
		return nil // as the page that is being rendered: Check reports it
	}
	return b.Bytes()
}
