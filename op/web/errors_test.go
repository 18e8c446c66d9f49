package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/password"
)

// Each error has its page: status, text, when to try again, and the way on.
// Only what failed with us is logged as an error, and no page shows its cause.
func TestServeError(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	k := newKit(t, at("http://localhost/id"), func(o *web.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	cause := errors.New("the cause")
	for name, c := range map[string]struct {
		err    error
		status int
		key    string
		retry  string
		link   string
	}{
		"unavailable":         {fmt.Errorf("x: %w", errs.ErrUnavailable), 503, "web.error.unavailable", "5", ""},
		"busy":                {fmt.Errorf("x: %w", &password.Busy{Retry: 7 * time.Second}), 503, "web.error.busy", "7", ""},
		"deadline":            {fmt.Errorf("x: %w", context.DeadlineExceeded), 503, "web.error.unavailable", "5", ""},
		"not found":           {fmt.Errorf("x: %w", errs.ErrNotFound), 404, "web.error.not_found", "", "/id/"},
		"conflict":            {errs.ErrConflict, 500, "web.error.internal", "", ""},
		"unknown":             {cause, 500, "web.error.internal", "", ""},
		"body too large":      {fmt.Errorf("x: %w", &http.MaxBytesError{Limit: 1}), 413, "web.error.too_large", "", ""},
		"form":                {&web.FormError{Status: 415, Reason: "x"}, 415, "web.error.bad_request", "", ""},
		"form of another":     {fmt.Errorf("x: %w", &web.FormError{Status: 403, Reason: "x"}), 403, "web.error.foreign", "", ""},
		"form, no answer":     {&web.FormError{Status: 400, Cause: errs.ErrUnavailable}, 400, "web.error.bad_request", "", ""},
		"restart":             {web.Restart(errs.ErrNotFound), 410, "web.error.restart", "", "/id/start"},
		"own":                 {fmt.Errorf("x: %w", web.Fail(403, "web.error.cookies", errs.ErrUnavailable)), 403, "web.error.cookies", "", ""},
		"too many":            {&web.Error{Status: 429, Key: "web.error.too_many", Retry: 90 * time.Second}, 429, "web.error.too_many", "90", ""},
		"too many, a moment":  {&web.Error{Status: 429, Key: "web.error.too_many", Retry: time.Millisecond}, 429, "web.error.too_many", "1", ""},
		"too many, no moment": {&web.Error{Status: 429, Key: "web.error.too_many"}, 429, "web.error.too_many", "", ""},
		"a link elsewhere":    {&web.Error{Status: 400, Key: "web.error.not_found", Link: &web.Link{URL: "/help", Label: "web.error.home"}, Cause: cause}, 400, "web.error.not_found", "", "/id/help"},
	} {
		log.Reset()
		w := httptest.NewRecorder()
		k.Pages.ServeError(w, get("/"), c.err)
		body := w.Body.String()
		if w.Code != c.status || w.Header().Get("Retry-After") != c.retry || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("ServeError(%s) = %d, Retry-After %q, %s, want %d, %q, HTML", name, w.Code, w.Header().Get("Retry-After"), w.Header().Get("Content-Type"), c.status, c.retry)
		}
		for _, text := range []string{k.Pages.Catalog.Text("nl", c.key+".title"), k.Pages.Catalog.Text("nl", c.key+".text")} {
			if !strings.Contains(body, text) {
				t.Errorf("ServeError(%s) lacks %q:\n%s", name, text, body)
			}
		}
		if told := strings.Contains(body, "Wacht "+c.retry+" seconden"); told != (c.key == "web.error.busy") {
			t.Errorf("ServeError(%s) says how long to wait: %t", name, told)
		}
		if _, main, _ := strings.Cut(body, "<main"); strings.Contains(main, `<a class="utrecht-button`) != (c.link != "") || !strings.Contains(main, `href="`+c.link) {
			t.Errorf("ServeError(%s) = %s, want a link to %q", name, main, c.link)
		}
		if strings.Contains(body, "the cause") || strings.Contains(body, "unavailable") {
			t.Errorf("ServeError(%s) shows the cause:\n%s", name, body)
		}
		level := "level=INFO"
		if c.status >= 500 {
			level = "level=ERROR"
		}
		if !strings.Contains(log.String(), level) {
			t.Errorf("ServeError(%s) logs %s, want %s", name, log.String(), level)
		}
	}
}

// The language switch of an error page would lose a form that was sent.
func TestServeErrorLanguages(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	for method, want := range map[string]bool{http.MethodGet: true, http.MethodPost: false} {
		w := httptest.NewRecorder()
		k.Pages.ServeError(w, httptest.NewRequest(method, "/", nil), errs.ErrNotFound)
		if got := strings.Contains(w.Body.String(), "?lang=en"); got != want {
			t.Errorf("ServeError(%s) has a language switch = %t, want %t", method, got, want)
		}
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	cause := errors.New("the cause")
	for _, c := range []struct {
		err  error
		want string
	}{
		{web.Fail(400, "error.x", nil), "error.x (400)"},
		{web.Fail(400, "error.x", cause), "error.x (400): the cause"},
		{&web.FormError{Reason: "a reason"}, "a reason"},
		{&web.FormError{Reason: "a reason", Cause: cause}, "a reason: the cause"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("Error() = %q, want %q", got, c.want)
		}
		if strings.Contains(c.want, "cause") && !errors.Is(c.err, cause) {
			t.Errorf("errors.Is(%v, its cause) = false, want true", c.err)
		}
	}
}
