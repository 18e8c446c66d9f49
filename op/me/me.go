// Package me owns /me, "my account": what holders see and change of their own
// account. Every page is of the person who is logged in in the browser; any other
// browser logs in first (flow.Own).
//
//	/me ─┬─ /me/data      telephone number, address and language; password and code asked again
//	     ├─ /me/sessions  where one is logged in: end one, all others, or everything
//	     ├─ /me/portals   which portals got data; withdraw consent
//	     ├─ /me/events    what happened to the account
//	     ├─ /me/looked    which officials looked at it
//	     └─ /me/logout    ends the session of this browser
//
// What other rooms do for a holder (tasks) is linked only.
package me

import (
	"net/http"
	"time"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/consent"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/letter"
)

// Room serves the pages. Its fields are set before Mount.
type Room struct {
	Pages        *web.Renderer
	Cookies      *web.Cookies
	Limits       *web.Limits
	Now          func() time.Time
	Flow         *flow.Dispatcher
	Accounts     account.Store
	Applications intake.Store
	Consents     consent.Store
	Clients      *client.Directory
	Audit        audit.Store
	Letters      *letter.Writer
	Key          []byte // of the ids of sessions on pages
}

// Mount adds the pages to t.
func (h *Room) Mount(t *web.Router) {
	t.GetActs("/me", h.Flow.Own(h.me))
	t.GetActs("/me/data", h.Flow.OwnProven(h.data))
	t.Post("/me/data", h.Flow.OwnProven(h.dataPost), "seen", "phone", "line1", "line2", "line3", "country", "language")
	t.GetActs("/me/sessions", h.Flow.Own(h.sessions))
	t.Post("/me/sessions", h.Flow.Own(h.sessionsPost), "end")
	t.GetActs("/me/portals", h.Flow.Own(h.portals))
	t.Post("/me/portals", h.Flow.Own(h.portalsPost), "withdraw")
	t.GetActs("/me/events", h.Flow.Own(h.events))
	t.GetActs("/me/looked", h.Flow.Own(h.looked))
	t.Get("/me/logout", h.logout)
	t.Post("/me/logout", h.logoutPost)
}

// A task is something that a holder can do or see, at a page of this room or of another.
type task struct{ name, path string }

// The tasks, in the order of the page. Each name is part of the keys of its texts.
var (
	tasksData   = []task{{"data", "/me/data"}, {"change", "/apply/change"}, {"email", "/address/change"}}
	tasksLogin  = []task{{"password", "/password/change"}, {"apps", "/enrol/apps"}, {"sessions", "/me/sessions"}}
	tasksEvents = []task{{"portals", "/me/portals"}, {"events", "/me/events"}, {"looked", "/me/looked"}}
)

// path returns the path of a task.
func path(name string) string {
	for _, list := range [][]task{tasksData, tasksLogin, tasksEvents} {
		for _, t := range list {
			if t.name == name {
				return t.path
			}
		}
	}
	panic("me: no task " + name)
}

// frame is the part that all pages of an account have.
type frame struct {
	*web.Page
	Back web.Link // to /me; empty there
	Ends string   // when the session ends, however much it is used; "" if that is not soon
	Done string   // what was just done; ""
}

// soon is how long before its end a session is announced to end.
const soon = 30 * time.Minute

func (h *Room) frame(r *http.Request, v flow.Holder, titleKey string) frame {
	p := h.Pages.Page(r, titleKey)
	f := frame{Page: p}
	if r.URL.Path != "/me" {
		f.Back = web.Link{URL: p.Path("/me"), Label: p.T("me.back")}
	}
	if end := v.Session.CreatedAt.Add(h.Flow.Sessions.Limits.Absolute); end.Sub(h.Now()) <= soon {
		f.Ends = letter.Clock(end)
	}
	return f
}

type mePage struct {
	frame
	Data                web.Summary
	DataTasks           []taskLink
	LoginTasks, History []taskLink
	Until               string // when the session ends if it is not used
}

type taskLink struct {
	web.Link
	Text string
}

// me shows who is logged in, and what they can do.
func (h *Room) me(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	p := &mePage{frame: h.frame(r, v, "me.title")}
	p.Data = p.summary(v.Account)
	p.DataTasks, p.LoginTasks, p.History = p.links(tasksData), p.links(tasksLogin), p.links(tasksEvents)
	p.Until = letter.Clock(h.Flow.Sessions.Limits.End(v.Session))
	return h.Pages.Render(w, http.StatusOK, "me/me", p)
}

func (f frame) links(tasks []task) (out []taskLink) {
	for _, t := range tasks {
		out = append(out, taskLink{web.Link{URL: f.Path(t.path), Label: f.T("me.task." + t.name)}, f.T("me.task_text." + t.name)})
	}
	return out
}

// summary returns the data of an account, each with where it is changed.
func (f frame) summary(a account.Account) web.Summary {
	s := web.Summary{Page: f.Page}
	add := func(label, value, task string) {
		if value == "" {
			value = f.T("me.field.none")
		}
		s.Rows = append(s.Rows, web.Row{Label: label, Value: value, Change: f.Path(path(task))})
	}
	add(f.T("me.field.name"), a.Profile.FullName(), "change")
	add(f.T("me.field.birthdate"), letter.Date(a.Profile.Birthdate, f.Lang), "change")
	if o := a.Profile.Organization; o != nil {
		add(f.T("me.field.company"), o.Name+"\n"+f.written(o.Address), "change")
	}
	add(f.T("me.field.email"), a.Email, "email")
	add(f.T("me.field.phone.label"), letter.Phone(a.Profile.Phone, f.Lang), "data")
	if a.Kind == account.NaturalPerson {
		add(f.T("me.field.address"), f.written(a.Profile.Address), "data")
	}
	add(f.T("me.field.language.label"), f.T("me.field.language."+a.Lang), "data")
	return s
}

// written returns an address in lines.
func (f frame) written(a account.Address) string {
	text := ""
	for _, line := range a.Lines() {
		text += line + "\n"
	}
	return text + application.CountryName(a.Country, f.Lang)
}
