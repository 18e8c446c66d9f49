package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"omgevingsloket-id/pkg/secret"
)

// Handler answers a request or returns an error, which becomes a page.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Route is a method and path that the site serves.
type Route struct {
	Method, Path string
	Fields       []string // form fields that a POST may have, besides csrf
	Upload       int64    // > 0: multipart, of at most so many bytes
	Raw          bool     // a protocol endpoint, which has its own guards
	handler      http.Handler
}

// Room is a part of op that adds routes.
type Room interface{ Mount(t *Router) }

const (
	// smallBody is the longest body of a form without a file.
	smallBody = 8 << 10
	// longestURL bounds path and query.
	longestURL = 8 << 10
)

// Router holds the routes of one site, each behind its guards.
type Router struct {
	pages   *Renderer
	cookies *Cookies
	observe func(route, method string, status int, took time.Duration) // may be nil
	now     func() time.Time
	routes  []Route
}

// Get adds a page. Its handler sees the values of the query folded (package typed).
func (t *Router) Get(path string, h Handler) {
	t.pages.forms[path] = true
	t.add(Route{Method: http.MethodGet, Path: path, handler: t.page(foldedQuery(h))})
}

// Post adds the target of a form with these fields, behind every guard of a POST.
// The handler sees what was typed folded (package typed), except in exact fields.
func (t *Router) Post(path string, h Handler, fields ...string) {
	t.add(Route{Method: http.MethodPost, Path: path, Fields: fields, handler: t.page(t.guarded(h, pageForm(fields)))})
}

// Upload adds the target of a form with a file: multipart, of at most size bytes.
// The handler reads it with Cookies.ReadFile.
func (t *Router) Upload(path string, size int64, h Handler) {
	t.add(Route{Method: http.MethodPost, Path: path, Upload: size, handler: t.page(t.guarded(h, Form{Type: formData, Size: size}))})
}

// Raw adds a protocol endpoint, which has its own guards.
func (t *Router) Raw(method, path string, h http.Handler) {
	t.add(Route{Method: method, Path: path, Raw: true, handler: h})
}

// RawPage adds a protocol endpoint whose errors are pages.
func (t *Router) RawPage(method, path string, h Handler) {
	t.add(Route{Method: method, Path: path, Raw: true, handler: t.page(h)})
}

// ClientPage adds a protocol endpoint whose errors are pages and whose parameters
// are a client's: none of them is a choice of the person that lasts.
func (t *Router) ClientPage(method, path string, h Handler) {
	t.add(Route{Method: method, Path: path, Raw: true, handler: t.foreign(h)})
}

func (t *Router) add(r Route) { t.routes = append(t.routes, r) }

// Routes returns all routes.
func (t *Router) Routes() []Route { return t.routes }

// Handler returns the handler of the site: all routes, with the headers.
func (t *Router) Handler() http.Handler {
	mux := http.NewServeMux()
	methods := map[string][]string{}
	for _, route := range t.routes {
		pattern := route.Method + " " + route.Path
		if route.Path == "/" {
			pattern = route.Method + " /{$}"
		}
		mux.Handle(pattern, t.observed(route, timed(route, route.handler)))
		methods[route.Path] = append(methods[route.Path], route.Method)
	}
	mux.Handle("GET /static/", t.pages.static.handler())
	mux.Handle("/", t.page(func(w http.ResponseWriter, r *http.Request) error {
		if allowed := methods[r.URL.Path]; allowed != nil {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			return lost(http.StatusMethodNotAllowed, "web.error.method", nil)
		}
		return lost(http.StatusNotFound, "web.error.not_found", nil)
	}))
	var site http.Handler = mux
	if base := strings.TrimSuffix(t.pages.base.Path, "/"); base != "" {
		site = http.StripPrefix(base, mux)
	}
	return t.outermost(site)
}

// outermost sets the headers and the request's ID, and recovers from panics.
func (t *Router) outermost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), requestIDKey{}, secret.NewID(t.cookies.Rand)[:12])
		r = r.WithContext(context.WithValue(ctx, preferredKey{}, new(string)))
		t.headers(w)
		defer func() {
			if v := recover(); v != nil {
				if v == http.ErrAbortHandler {
					panic(v) // net/http aborts the response
				}
				t.pages.Log.ErrorContext(r.Context(), "panic", "request", RequestID(r), "value", fmt.Sprint(v), "stack", string(debug.Stack()))
				t.pages.ServeError(w, r, errors.New("panic"))
			}
		}()
		if len(r.RequestURI) > longestURL {
			t.pages.ServeError(w, r, Fail(http.StatusRequestURITooLong, "web.error.too_large", nil))
			return
		}
		if r.Method == http.MethodHead {
			// HEAD must not create a login or a draft, as a GET would.
			if r.URL.Path != "/" && !strings.HasPrefix(r.URL.Path, "/static/") && !strings.HasPrefix(r.URL.Path, "/.well-known/") && r.URL.Path != "/jwks" {
				w.Header().Set("Allow", http.MethodGet)
				t.pages.ServeError(w, r, Fail(http.StatusMethodNotAllowed, "web.error.method", nil))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

type requestIDKey struct{}

type preferredKey struct{}

// Prefer sets the language of the pages of this request, of a person who chose
// none: what a client asked for. "" changes nothing.
func Prefer(r *http.Request, lang string) {
	if p, ok := r.Context().Value(preferredKey{}).(*string); ok && Supported(lang) != "" {
		*p = Supported(lang)
	}
}

func preferred(r *http.Request) string {
	if p, ok := r.Context().Value(preferredKey{}).(*string); ok {
		return *p
	}
	return ""
}

// RequestID returns the reference that error pages and the log show.
func RequestID(r *http.Request) string {
	id, _ := r.Context().Value(requestIDKey{}).(string)
	return id
}

const contentPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func (t *Router) headers(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	// same-origin, not no-referrer: without it browsers send Origin: null
	// with our own forms.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()")
	h.Set("Cache-Control", "no-store")
	if t.cookies.Secure {
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
}

// page returns a handler that runs h, stores the language that a link chose, and
// turns errors into pages.
func (t *Router) page(h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l := Supported(r.URL.Query().Get("lang")); l != "" && r.Method == http.MethodGet {
			t.cookies.SetLang(w, l)
		}
		for name, values := range r.URL.Query() {
			if len(values) > 1 && (name == "login" || name == "lang") {
				t.pages.ServeError(w, r, Fail(http.StatusBadRequest, "web.error.bad_request", errors.New("parameter twice")))
				return
			}
		}
		t.foreign(h).ServeHTTP(w, r)
	})
}

// foreign returns a handler that runs h and turns errors into pages.
func (t *Router) foreign(h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A prefetched page must not create anything.
		if p := r.Header.Get("Sec-Purpose"); strings.Contains(p, "prefetch") || strings.Contains(p, "prerender") {
			t.pages.ServeError(w, r, &Error{Status: http.StatusServiceUnavailable, Key: "web.error.unavailable"})
			return
		}
		if err := h(w, r); err != nil {
			t.pages.ServeError(w, r, err)
		}
	})
}

// guarded runs h for a POST only if it comes from one of our own pages in this
// browser, with the fields that the form has, each once.
func (t *Router) guarded(h Handler, form Form) Handler {
	origins := http.NewCrossOriginProtection()
	if err := origins.AddTrustedOrigin(t.origin()); err != nil {
		panic("web: issuer has no origin: " + err.Error()) // New has parsed it
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := origins.Check(r); err != nil {
			return Fail(http.StatusForbidden, "web.error.foreign", err)
		}
		if err := form.open(w, r); err != nil {
			return err
		}
		browser, ok := t.cookies.Browser(r)
		if !ok {
			return Fail(http.StatusForbidden, "web.error.cookies", nil)
		}
		if form.Type == formData {
			// The handler reads the parts itself, with Cookies.ReadFile, which
			// checks the token.
			return h(w, r)
		}
		if err := form.parse(r); err != nil {
			return err
		}
		if !t.cookies.formTokenFits(browser, r.PostForm.Get("csrf")) {
			return Fail(http.StatusForbidden, "web.error.foreign", nil)
		}
		if lang := Supported(r.PostForm.Get("lang")); lang != "" && t.pages.forms[r.URL.Path] {
			return t.pages.switchLang(w, r, lang)
		}
		fold(r.PostForm)
		return h(w, r)
	}
}

// pageForm returns the form of a page of ours with these fields.
func pageForm(fields []string) Form {
	f := Form{Size: smallBody, Fields: map[string]int{"csrf": smallBody, "lang": smallBody}}
	for _, name := range fields {
		f.Fields[name] = smallBody
	}
	return f
}

func (t *Router) origin() string { return t.pages.base.Scheme + "://" + t.pages.base.Host }

// observed returns a handler that calls next, and observe after each request.
func (t *Router) observed(route Route, next http.Handler) http.Handler {
	if t.observe == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := t.now()
		s := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		defer func() { t.observe(route.Path, route.Method, s.status, t.now().Sub(start)) }()
		next.ServeHTTP(s, r)
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (s *statusWriter) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }
