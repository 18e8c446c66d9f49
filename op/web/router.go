package web

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
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
	Acts         bool     // a GET that changes something, so that there is no HEAD
	handler      http.Handler
	document     func() *Document // instead of a handler (Publish)
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
	explain []func(*Refusal)
}

// Get adds a page. Its handler sees the values of the query folded (package typed).
func (t *Router) Get(path string, h Handler) {
	h = foldedQuery(h)
	t.pages.forms[path] = h
	t.add(Route{Method: http.MethodGet, Path: path, handler: t.page(h)})
}

// GetActs adds a page whose GET changes something, so that there is no HEAD.
func (t *Router) GetActs(path string, h Handler) {
	h = foldedQuery(h)
	t.pages.forms[path] = h
	t.add(Route{Method: http.MethodGet, Path: path, Acts: true, handler: t.page(h)})
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

// RawActs is Raw for an endpoint whose GET changes something, so that there is no
// HEAD.
func (t *Router) RawActs(method, path string, h http.Handler) {
	t.add(Route{Method: method, Path: path, Raw: true, Acts: true, handler: h})
}

// RawPage is RawActs for an endpoint whose errors are pages.
func (t *Router) RawPage(method, path string, h Handler) { t.RawActs(method, path, t.page(h)) }

// ClientPage is RawPage for an endpoint whose parameters are a client's: none of them
// is a choice of the person that lasts.
func (t *Router) ClientPage(method, path string, h Handler) { t.RawActs(method, path, t.foreign(h)) }

func (t *Router) add(r Route) { t.routes = append(t.routes, r) }

// Routes returns all routes.
func (t *Router) Routes() []Route { return t.routes }

// Handler returns the handler of the site: all routes, with the headers. The
// routes are below the path of the issuer; ServeMux keeps it when it redirects.
func (t *Router) Handler() http.Handler {
	mux := http.NewServeMux()
	base := strings.TrimSuffix(t.pages.base.Path, "/")
	methods := map[string][]string{}
	for _, route := range t.routes {
		methods[route.Path] = append(methods[route.Path], route.Method)
		if route.document != nil {
			methods[route.Path] = append(methods[route.Path], http.MethodHead)
			continue // see published
		}
		handler := below(base, t.observed(route, timed(route, route.handler)))
		if route.Method == http.MethodGet {
			handler = t.head(route, handler)
			if !route.Acts {
				methods[route.Path] = append(methods[route.Path], http.MethodHead)
			}
		}
		switch path := route.Method + " " + base + route.Path; {
		case route.Path == "/":
			mux.Handle(path+"{$}", handler)
			if base != "" { // without the slash that an issuer does not have
				mux.Handle(route.Method+" "+base, handlerAt(base+"/", handler))
			}
		default:
			mux.Handle(path, handler)
			if base != "" && route.Method == http.MethodGet && strings.HasPrefix(route.Path, wellKnown) {
				mux.Handle(route.Method+" "+route.Path+base, handlerAt(base+route.Path, handler))
			}
		}
	}
	mux.Handle("GET "+base+"/static/", below(base, t.pages.serveAsset()))
	mux.Handle("/", t.page(func(w http.ResponseWriter, r *http.Request) error {
		path, ours := strings.CutPrefix(r.URL.Path, base)
		if allowed := methods[cmp.Or(path, "/")]; ours && allowed != nil {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			return lost(http.StatusMethodNotAllowed, "web.error.method", nil)
		}
		return lost(http.StatusNotFound, "web.error.not_found", nil)
	}))
	return t.published(base, t.outermost(mux))
}

// wellKnown is the prefix of addresses that are at the root of the host, before the path
// of the issuer (RFC 8414 §3.1), and after it (OpenID Connect Discovery §4).
const wellKnown = "/.well-known/"

// below returns a handler that serves each request, whose path is below base, with
// what follows base. Unlike http.StripPrefix it does not compare how the path was
// written, which the patterns of the router do not either.
func below(base string, next http.Handler) http.Handler {
	if base == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner, address := *r, *r.URL
		address.Path = strings.TrimPrefix(address.Path, base)
		address.RawPath = "" // the path of no route differs by how it is written
		inner.URL = &address
		next.ServeHTTP(w, &inner)
	})
}

// handlerAt returns a handler that serves each request as one of another path.
func handlerAt(path string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		moved := r.Clone(r.Context())
		moved.URL.Path, moved.URL.RawPath = path, ""
		next.ServeHTTP(w, moved)
	})
}

// head returns a handler that answers HEAD as a GET of which nothing is kept: no
// cookie is set, and net/http discards the body (RFC 9110 §9.3.2). A GET that
// changes something has no HEAD.
func (t *Router) head(route Route, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodHead:
			next.ServeHTTP(w, r)
		case route.Acts:
			w.Header().Set("Allow", http.MethodGet)
			t.pages.ServeError(w, r, Fail(http.StatusMethodNotAllowed, "web.error.method", nil))
		default:
			v := visitOf(r.Context())
			v.head, v.bare = true, true
			get := *r
			get.Method = http.MethodGet
			next.ServeHTTP(w, &get)
		}
	})
}

// outermost sets the headers and the request's ID, and logs what is refused.
func (t *Router) outermost(next http.Handler) http.Handler {
	next = t.recovered(next)
	fixed := t.fixedHeaders()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), fixed)
		v := &visit{Context: r.Context(), answer: answer{ResponseWriter: w}, id: secret.NewID(t.cookies.Rand)[:12]}
		r = r.WithContext(v)
		next.ServeHTTP(&v.answer, r)
		if v.refuses() {
			t.tell(v, r)
		}
	})
}

// recovered turns panics into a page, and refuses addresses that are too long.
func (t *Router) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
		next.ServeHTTP(w, r)
	})
}

const contentPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// fixedHeaders returns the headers of every answer. Their values are shared by all
// answers. Set and Add of http.Header replace a value; neither changes it.
func (t *Router) fixedHeaders() http.Header {
	h := http.Header{}
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
	return h
}

// page returns a handler that runs h, stores the language that a link chose, and
// turns errors into pages.
func (t *Router) page(h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l := Supported(Query(r).Get("lang")); l != "" && r.Method == http.MethodGet {
			t.cookies.SetLang(w, l)
		}
		for name, values := range Query(r) {
			if len(values) > 1 && (name == "login" || name == "lang") {
				t.pages.ServeError(w, r, Fail(http.StatusBadRequest, "web.error.bad_request", Rule("parameter twice")))
				return
			}
		}
		t.foreign(h).ServeHTTP(w, r)
	})
}

// foreign returns a handler that runs h and turns errors into pages.
func (t *Router) foreign(h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A prefetched page must not create anything. Browsers drop what is refused,
		// and ask again when somebody goes there.
		if p := r.Header.Get("Sec-Purpose"); strings.Contains(p, "prefetch") || strings.Contains(p, "prerender") {
			Explain(r.Context(), func(f *Refusal) { f.Error, f.Rule = "prefetch", "pages are not prefetched" })
			http.Error(w, "not prefetched", http.StatusForbidden)
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
		if lang := Supported(r.PostForm.Get("lang")); lang != "" && t.pages.forms[r.URL.Path] != nil {
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
		start, v := t.now(), visitOf(r.Context())
		defer func() { t.observe(route.Path, route.Method, cmp.Or(v.status, http.StatusOK), t.now().Sub(start)) }()
		next.ServeHTTP(w, r)
	})
}
