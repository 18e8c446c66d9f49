// Package console is the officials' kit: login, invitation, menu, roles and home.
// The other pages are in rooms below it: /console/review in op/console/review, and so on.
//
//	/console/invite ─► password, QR (once) ─► /console/login ─► /console/login/code ─► /console
//	                                                                                     │
//	             every page names the roles that may see it; what is not named is refused
//	                                                                                     ▼
//	       review (reviewer) · helpdesk (helpdesk) · audit (auditor) · staff (administrator) · statistics
//
// Officials have a session of their own, in a cookie that is never sent from
// another site, and that ends after a quarter of an hour without a request.
// Every request reads the member, so a removal or another role takes effect at once.
package console

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/password"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/pkg/staff"
)

// Limits are the limits of an official's session.
var Limits = session.Limits{Idle: 15 * time.Minute, Absolute: 10 * time.Hour}

// codeTime is how long a right password waits for its code.
const codeTime = 10 * time.Minute

// Kit is what the rooms of the console are built with, and the pages that
// belong to none of them: login, invitation, home. Set its fields before Mount and
// do not change them afterwards.
type Kit struct {
	Pages     *web.Renderer
	Cookies   *web.Cookies
	Limits    *web.Limits
	Now       func() time.Time
	Rand      io.Reader
	Log       *slog.Logger
	Staff     *staff.Service
	Queue     web.Queue // for password hashes
	Sessions  *session.Service[staff.Member]
	Audit     audit.Store
	Watch     *staff.Watch
	PerMinute int // password tries of one source
	Policy    password.Policy

	// Rooms add their pages in this order, which is that of the menu.
	Rooms []Room

	router   *web.Router
	access   []Access
	critical []string // pages that ask for a code again
	waits    []Wait
	searches []search
}

// Room is a part of the console: it adds its pages with Kit.Get and Kit.Post.
type Room interface{ Mount() }

// Access says which roles may use a route.
type Access struct {
	Method, Path string
	Roles        []staff.Role // empty: no login is needed
	Menu         string       // text key of its entry in the menu; "" = none
}

// Visit is one request of an official.
type Visit struct {
	Member  staff.Member
	Session session.Session
}

// Handler is a page of the console.
type Handler func(w http.ResponseWriter, r *http.Request, v *Visit) error

// Mount adds the pages of the kit and of the rooms.
func (h *Kit) Mount(t *web.Router) {
	h.router = t
	h.Open(http.MethodGet, "/console/invite", h.invite)
	h.Open(http.MethodPost, "/console/invite", web.Queued(h.Queue, nil, h.invitePost), "password")
	h.Open(http.MethodGet, "/console/login", h.login)
	h.Open(http.MethodPost, "/console/login", web.Queued(h.Queue, h.Cookies.ProvenBy("email"), h.loginPost), "email", "password")
	h.Open(http.MethodGet, "/console/login/code", h.code)
	h.Open(http.MethodPost, "/console/login/code", h.codePost, "code")
	h.Open(http.MethodPost, "/console/logout", h.logoutPost)

	h.Get("/console", "", staff.Roles, h.home)
	h.Post("/console/stay", staff.Roles, h.stayPost)
	h.Get("/console/again", "", []staff.Role{staff.Administrator}, h.again)
	h.Post("/console/again", []staff.Role{staff.Administrator}, h.againPost, "code")
	for _, room := range h.Rooms {
		room.Mount()
	}
}

// Access lists all routes with their roles.
func (h *Kit) Access() []Access { return h.access }

// Open mounts a page that needs no login.
func (h *Kit) Open(method, path string, run web.Handler, fields ...string) {
	h.access = append(h.access, Access{Method: method, Path: path})
	if method == http.MethodGet {
		h.router.Get(path, run)
		return
	}
	h.router.Post(path, run, fields...)
}

// Get mounts a page for these roles.
func (h *Kit) Get(path, menu string, roles []staff.Role, run Handler) {
	h.allow(http.MethodGet, path, menu, roles)
	h.router.Get(path, h.as(roles, run))
}

// Post mounts a form's target for these roles.
func (h *Kit) Post(path string, roles []staff.Role, run Handler, fields ...string) {
	h.allow(http.MethodPost, path, "", roles)
	h.router.Post(path, h.as(roles, run), fields...)
}

func (h *Kit) allow(method, path, menu string, roles []staff.Role) {
	if len(roles) == 0 {
		panic("console: " + path + " names no role") // deny by default
	}
	h.access = append(h.access, Access{Method: method, Path: path, Roles: roles, Menu: menu})
}

// as returns a handler that runs a page for officials with one of the roles.
func (h *Kit) as(roles []staff.Role, run Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := h.load(r)
		if errors.Is(err, errs.ErrNotFound) || err == nil && v.Session.AuthTime.IsZero() {
			return h.ended(w, r)
		}
		if err != nil {
			return err
		}
		if !h.Cookies.Own(w, r, v.Member.ID) {
			return h.ended(w, r)
		}
		if !v.Member.Has(roles...) {
			return DeadEnd(http.StatusForbidden, "console.error.role")
		}
		if web.IsHead(r) { // a look is in the audit log
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			return nil
		}
		if err := h.touch(r.Context(), v); err != nil {
			return err
		}
		return run(w, r, v)
	}
}

// DeadEnd returns the error of a page that an official may not use, with a link
// to the console's home page.
func DeadEnd(status int, key string) *web.Error {
	e := web.Fail(status, key, nil)
	e.Link = &web.Link{URL: "/console", Label: "console.menu.begin"}
	return e
}

// load returns the live session of the browser and its member, or
// errs.ErrNotFound.
func (h *Kit) load(r *http.Request) (*Visit, error) {
	handle, ok := h.Cookies.Staff(r)
	browser, bound := h.Cookies.Browser(r)
	if !ok || !bound {
		return nil, errs.ErrNotFound
	}
	s, m, err := h.Sessions.Current(r.Context(), handle, browser)
	if err != nil {
		return nil, err
	}
	return &Visit{Member: m, Session: s}, nil
}

// touch renews the idle limit of a session, at most once a minute.
func (h *Kit) touch(ctx context.Context, v *Visit) (err error) {
	if h.Now().Sub(v.Session.SeenAt) >= time.Minute {
		v.Session, err = h.Sessions.Touch(ctx, v.Session)
	}
	return err
}

// Frame is the part that the pages of the console have in common: the menu and
// the name of the official. Page structs embed it.
type Frame struct {
	*web.Page
	Who  string
	Menu []entry
	Done string // what the official did on the previous page; "" = nothing
	Ends Ends
}

type entry struct {
	web.Link
	Current bool
}

// Page returns the frame of a page; titleKey is the text key of its title.
func (h *Kit) Page(r *http.Request, v *Visit, titleKey string) Frame {
	p := Frame{Page: h.Pages.Page(r, titleKey), Who: v.Member.Name}
	p.StyleSheet = "console.css"
	p.Done = doneText(r, p.Page)
	p.Ends = h.ends(p.Page, v)
	for _, a := range h.access {
		if a.Menu != "" && v.Member.Has(a.Roles...) {
			p.Menu = append(p.Menu, entry{web.Link{URL: p.Path(a.Path), Label: p.T(a.Menu)}, a.Path == r.URL.Path})
		}
	}
	return p
}

// By returns the official who acts in this request.
func (h *Kit) By(r *http.Request, v *Visit) audit.Actor {
	return audit.Official(v.Member.ID).At(h.Limits.Origin(r), web.RequestID(r))
}

// OpenRaw mounts a handler that needs no login and has guards of its own. Its GET
// changes something.
func (h *Kit) OpenRaw(method, path string, run http.Handler) {
	h.access = append(h.access, Access{Method: method, Path: path})
	h.router.RawActs(method, path, run)
}

// Cut returns the first n bytes of s, or all of them if there are fewer.
func Cut(s string, n int) string { return s[:min(len(s), n)] }

// Moment returns a date and a time of day in the Netherlands; "" for never.
func Moment(t time.Time, lang string) string {
	if t.IsZero() {
		return ""
	}
	return letter.Moment(t, lang)
}

var plainID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Wanted returns the id in the address, or errs.ErrNotFound if it has no id or
// one that cannot exist.
func Wanted(r *http.Request) (string, error) {
	if id := r.URL.Query().Get("id"); plainID.MatchString(id) {
		return id, nil
	}
	return "", errs.ErrNotFound
}
