// Package console owns the officials' work: /console and everything below it.
//
//	/console/invite ─► password, QR (once) ─► /console/login ─► /console/login/code ─► /console
//	                                                                                     │
//	             every page names the roles that may see it; what is not named is refused
//	                                                                                     ▼
//	       applications (reviewer) · accounts (helpdesk) · record (auditor) · staff (administrator)
//
// Officials have a session of their own, in a cookie that is never sent from
// another site, idle for a quarter of an hour at most. Every request reads
// the member again: a removal or another role counts at once.
package console

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/pkg/statistics"
)

// limits of an official's session.
var limits = session.Limits{Idle: 15 * time.Minute, Absolute: 10 * time.Hour}

// codeTime is how long a right password waits for its code.
const codeTime = 10 * time.Minute

// Room is the console. All fields are set once, at the wiring.
type Room struct {
	Pages    *web.Renderer
	Cookies  *web.Cookies
	Limits   *web.Limits
	Now      func() time.Time
	Rand     io.Reader
	Log      *slog.Logger
	Staff    *staff.Service
	Sessions session.Store
	Audit    audit.Store
	Heads    audit.Heads
	// ByReference finds a sent application by its reference.
	ByReference func(ctx context.Context, reference string) (application.Application, error)
	Helpdesk    *helpdesk.Service
	Watch       *staff.Watch
	Desk        *review.Service
	Viewing     *review.Viewing
	Inspector   Inspector
	Statistics  statistics.Store
	PerMinute   int           // password tries of one source
	Scanner     func() string // what is wrong with the scanner: ScannerNone, ScannerSilent or ""

	router *web.Router
	access []Access
}

// Access says who may use a route; together they are the matrix.
type Access struct {
	Method, Path string
	Roles        []staff.Role // empty: before the login
	Menu         string       // text key of its entry in the menu; "" = none
}

// Visit is one request of an official.
type Visit struct {
	Member  staff.Member
	Session session.Session
}

// handler is a page of the console.
type handler func(w http.ResponseWriter, r *http.Request, v *Visit) error

// Mount adds the pages.
func (h *Room) Mount(t *web.Router) {
	h.router = t
	h.open(http.MethodGet, "/console/invite", h.invite)
	h.open(http.MethodPost, "/console/invite", h.invitePost, "password")
	h.open(http.MethodGet, "/console/login", h.login)
	h.open(http.MethodPost, "/console/login", h.loginPost, "email", "password")
	h.open(http.MethodGet, "/console/login/code", h.code)
	h.open(http.MethodPost, "/console/login/code", h.codePost, "code")
	h.open(http.MethodPost, "/console/logout", h.logoutPost)

	h.get("/console", "", staff.Roles, h.home)
	h.mountAccounts()
	h.mountApplications()
	h.mountDocuments()
	h.mountStatistics()
	h.get("/console/record", "console.menu.record", []staff.Role{staff.Auditor}, h.record)
	h.mountAgain()
	h.get("/console/staff", "console.menu.staff", []staff.Role{staff.Administrator}, h.proven(h.staff))
	h.post("/console/staff", []staff.Role{staff.Administrator}, h.proven(h.staffPost), append([]string{"name", "email"}, roleFields...)...)
	h.get("/console/staff/member", "", []staff.Role{staff.Administrator}, h.proven(h.member))
	h.post("/console/staff/member", []staff.Role{staff.Administrator}, h.proven(h.memberPost), append([]string{"action", "sure"}, roleFields...)...)
}

// Access lists all routes with their roles.
func (h *Room) Access() []Access { return h.access }

// open mounts a page that needs no login.
func (h *Room) open(method, path string, run web.Handler, fields ...string) {
	h.access = append(h.access, Access{Method: method, Path: path})
	if method == http.MethodGet {
		h.router.Get(path, run)
		return
	}
	h.router.Post(path, run, fields...)
}

// get mounts a page for these roles.
func (h *Room) get(path, menu string, roles []staff.Role, run handler) {
	h.allow(http.MethodGet, path, menu, roles)
	h.router.Get(path, h.as(roles, run))
}

// post mounts a form's target for these roles.
func (h *Room) post(path string, roles []staff.Role, run handler, fields ...string) {
	h.allow(http.MethodPost, path, "", roles)
	h.router.Post(path, h.as(roles, run), fields...)
}

func (h *Room) allow(method, path, menu string, roles []staff.Role) {
	if len(roles) == 0 {
		panic("console: " + path + " names no role") // deny by default
	}
	h.access = append(h.access, Access{Method: method, Path: path, Roles: roles, Menu: menu})
}

// as lets a page run for officials with one of the roles.
func (h *Room) as(roles []staff.Role, run handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := h.load(r)
		if errors.Is(err, errs.ErrNotFound) || err == nil && v.Session.AuthTime.IsZero() {
			return h.Pages.SeeOther(w, "/console/login")
		}
		if err != nil {
			return err
		}
		if !v.Member.Has(roles...) {
			return deadEnd(http.StatusForbidden, "error.role")
		}
		if err := h.touch(r.Context(), v); err != nil {
			return err
		}
		return run(w, r, v)
	}
}

// deadEnd refuses a page to somebody who is logged in, with the way home.
func deadEnd(status int, key string) *web.Error {
	e := web.Fail(status, key, nil)
	e.Link = &web.Link{URL: "/console", Label: "console.menu.begin"}
	return e
}

// sessionKey keeps officials' sessions apart from those of account holders in
// one store.
func sessionKey(hash string) string { return "staff-" + hash }

// load reads the session and its member; errs.ErrNotFound when one of them
// does not count any more.
func (h *Room) load(r *http.Request) (*Visit, error) {
	handle, ok := h.Cookies.Staff(r)
	browser, bound := h.Cookies.Browser(r)
	if !ok || !bound {
		return nil, errs.ErrNotFound
	}
	s, err := h.Sessions.Get(r.Context(), sessionKey(handle.Hash()))
	if err != nil {
		return nil, err
	}
	if limits.Over(s, h.Now()) || s.Browser != browser.Hash() {
		return nil, errs.ErrNotFound
	}
	m, err := h.Staff.Store.ByID(r.Context(), s.AccountID)
	if err != nil {
		return nil, err
	}
	if m.State != staff.Active || m.Epoch != s.Epoch {
		return nil, errs.ErrNotFound
	}
	return &Visit{Member: m, Session: s}, nil
}

// touch keeps a session alive; once a minute is enough.
func (h *Room) touch(ctx context.Context, v *Visit) error {
	now := h.Now()
	if now.Sub(v.Session.SeenAt) < time.Minute {
		return nil
	}
	v.Session.SeenAt = now
	s, err := h.Sessions.Save(ctx, v.Session, limits.TTL(v.Session, now))
	if errors.Is(err, errs.ErrConflict) || errors.Is(err, errs.ErrNotFound) {
		return nil // another tab was quicker
	}
	if err == nil {
		v.Session = s
	}
	return err
}

// page is what every page of the console knows.
type page struct {
	*web.Page
	Who  string
	Menu []entry
	Done string // what the official did on the page before; "" = nothing to tell
}

type entry struct {
	web.Link
	Current bool
}

func (h *Room) page(r *http.Request, v *Visit, titleKey string) page {
	p := page{Page: h.Pages.Page(r, titleKey), Who: v.Member.Name}
	p.StyleSheet = "console.css"
	p.Done = doneText(r, p.Page)
	for _, a := range h.access {
		if a.Menu != "" && v.Member.Has(a.Roles...) {
			p.Menu = append(p.Menu, entry{web.Link{URL: p.Path(a.Path), Label: p.T(a.Menu)}, a.Path == r.URL.Path})
		}
	}
	return p
}

// by returns the official who acts in this request.
func (h *Room) by(r *http.Request, v *Visit) audit.Actor {
	return audit.Official(v.Member.ID).At(h.Limits.Origin(r), web.RequestID(r))
}
