package me

import (
	"net/http"
	"net/url"
	"strings"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
)

type sessionsPage struct {
	frame
	Sessions    []sessionRow
	Others, All web.Button
	More        bool // others than this browser's
}

type sessionRow struct {
	Browser     string // in words
	This        bool   // this browser
	Begun, Used string
	End         web.Button
}

// What the form ends, besides one session by its id.
const (
	endOthers = "others"
	endAll    = "all"
)

// id returns the id of a session on pages: it says nothing about the sid.
func (h *Room) id(e session.Entry) string { return secret.MAC(h.Key, "session", e.SID) }

func (h *Room) listed(r *http.Request, v flow.Holder) ([]session.Entry, error) {
	return h.Flow.Sessions.Listed(r.Context(), h.Flow.List, v.Account.ID, v.Account.Owner())
}

func (h *Room) sessionsPage(r *http.Request, v flow.Holder, all []session.Entry) *sessionsPage {
	p := &sessionsPage{frame: h.frame(r, v, "me.sessions.title")}
	for _, e := range all {
		row := sessionRow{Browser: p.browser(e.Agent), This: e.SID == v.Session.SID, Begun: letter.Moment(e.StartedAt, p.Lang), Used: letter.Moment(e.SeenAt, p.Lang)}
		row.End = web.Button{Name: "end", Value: h.id(e), Label: p.T("me.sessions.end", "Browser", row.Browser), Secondary: true}
		if row.This {
			row.End.Label = p.T("me.sessions.end_this")
		}
		p.More = p.More || !row.This
		p.Sessions = append(p.Sessions, row)
	}
	p.Others = web.Button{Name: "end", Value: endOthers, Label: p.T("me.sessions.end_others")}
	p.All = web.Button{Name: "end", Value: endAll, Label: p.T("me.sessions.end_all"), Secondary: true}
	return p
}

// browser returns what session.Agent says in words.
func (f frame) browser(agent string) string {
	browser, system, ok := strings.Cut(agent, "/")
	if !ok {
		return f.T("me.agent.none")
	}
	return f.T("me.agent.both", "Browser", f.T("me.agent.browser."+agentKey(browser)), "System", f.T("me.agent.system."+agentKey(system)))
}

// agentKey returns the last part of the key of a text: "other" is the name of a plural.
func agentKey(word string) string {
	if word == "other" {
		return "else"
	}
	return word
}

// sessions lists the browsers in which the holder is logged in.
func (h *Room) sessions(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	all, err := h.listed(r, v)
	if err != nil {
		return err
	}
	p := h.sessionsPage(r, v, all)
	if h.Pages.Said(w, r) {
		p.Done = p.T("me.sessions.done")
	}
	return h.Pages.Render(w, http.StatusOK, "me/sessions", p)
}

// sessionsPost ends one session, or raises the epoch: that ends those too that the
// list does not have.
func (h *Room) sessionsPost(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	end := r.PostForm.Get("end")
	switch end {
	case endOthers:
		next, err := h.endSessions(r, v, endOthers)
		if err != nil {
			return err
		}
		if _, err := h.Flow.GoOn(w, r, v.Session, next); err != nil {
			return err
		}
		return h.sessionsEnded(w, r)
	case endAll:
		if _, err := h.endSessions(r, v, endAll); err != nil {
			return err
		}
		if err := h.Flow.Sessions.Store.Delete(r.Context(), v.Session.Key); err != nil {
			return err
		}
		return h.left(w, r, url.Values{"show": {showEverywhere}})
	}
	all, err := h.listed(r, v)
	if err != nil {
		return err
	}
	for _, e := range all {
		switch {
		case h.id(e) != end:
			continue
		case e.SID == v.Session.SID:
			return h.leave(w, r, v.Session)
		}
		if err := h.Flow.EndSession(r, session.Session{SID: e.SID, AccountID: e.AccountID, Key: e.Key}, "from the list of sessions"); err != nil {
			return err
		}
		return h.sessionsEnded(w, r)
	}
	p := h.sessionsPage(r, v, all)
	p.Wrong("", "me.sessions.gone")
	return h.Pages.Render(w, http.StatusUnprocessableEntity, "me/sessions", p)
}

func (h *Room) sessionsEnded(w http.ResponseWriter, r *http.Request) error {
	if err := h.Pages.Say(w, r); err != nil {
		return err
	}
	return h.Pages.SeeOther(w, "/me/sessions")
}

// endSessions ends all sessions of the account and returns it as it is then. which
// goes into the audit log.
func (h *Room) endSessions(r *http.Request, v flow.Holder, which string) (next account.Account, err error) {
	err = h.Accounts.Change(r.Context(), v.Account.ID, func(a account.Account) (account.Account, effect.Effects, error) {
		var err error
		next, err = a.EndSessions(v.Account.Epoch)
		e := audit.Holder(a.ID).At(h.Limits.Origin(r), web.RequestID(r)).Did(audit.AccountSessionsEnded, a.ID, h.Now()).Because(which)
		return next, effect.Of(e), err
	})
	return next, err
}
