package apply

import (
	"errors"
	"net/http"
	"time"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
)

// changePath is the page where the holder of an account asks for other data.
const changePath = "/apply/change"

// mountChange adds the page for change requests.
func (h *Room) mountChange(t *web.Router) {
	t.GetActs(changePath, h.proven(h.change))
	t.Post(changePath, h.proven(h.changePost), "action")
}

// proven returns a page of the holder who gave password and code a short time ago
// (flow.Dispatcher.OwnProven).
func (h *Room) proven(run func(w http.ResponseWriter, r *http.Request, v flow.Holder) error) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error { return h.Flow.OwnProven(run)(w, r) }
}

// holds runs a page of a change request if the holder of its account is logged in in
// this browser. Otherwise a form begins a login that returns to it, and a page, of which
// the GET changes nothing, leads to changePath, which begins one. proven asks for the
// password and a code again if they were given long ago; only a form can.
func (h *Room) holds(w http.ResponseWriter, r *http.Request, a application.Application, proven bool, run web.Handler) error {
	if r.Method == http.MethodGet {
		v, err := h.Flow.Holder(r)
		switch {
		case errors.Is(err, errs.ErrNotFound):
			return h.Pages.SeeOther(w, changePath)
		case err != nil:
			return err
		case v.Account.ID != a.Changes:
			return otherAccount()
		}
		return run(w, r)
	}
	own := h.Flow.Own
	if proven {
		own = h.Flow.OwnProven
	}
	return own(func(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
		if v.Account.ID != a.Changes {
			return otherAccount()
		}
		return run(w, r)
	})(w, r)
}

// otherAccount returns the error for a change request of another account than the one
// that is logged in.
func otherAccount() error {
	return &web.Error{Status: http.StatusForbidden, Key: "apply.change.foreign", Cause: errors.New("change request of another account"),
		Link: &web.Link{URL: changePath, Label: "apply.change.foreign.link"}}
}

type changePage struct {
	*web.Page
	Data    web.Summary // as the account has it
	Open    *changeState
	Last    *changeState
	Resume  *web.Link // set if this browser has a draft
	Begin   web.Button
	OpenNow web.Button
}

// changeState is what the page tells of a request that was sent.
type changeState struct{ Reference, State, Explained string }

func (h *Room) changePage(w http.ResponseWriter, r *http.Request, v flow.Holder) (*changePage, error) {
	p := &changePage{Page: h.page(w, r, "apply.change.title")}
	p.Begin = web.Button{Name: "action", Value: "begin", Label: p.T("apply.change.begin")}
	p.OpenNow = web.Button{Name: "action", Value: "open", Label: p.T("apply.change.open")}
	s := formPage{Page: p.Page}
	p.Data = s.part("now")
	for _, d := range application.Compared(v.Account.Profile, v.Account.Profile) {
		if d.After != "" || d.Name == "given_name" || d.Name == "family_name" {
			p.Data.Rows = append(p.Data.Rows, s.row(d.Name, s.datum(d.Name, d.After), ""))
		}
	}
	last, err := h.Store.LastChange(r.Context(), v.Account.ID)
	switch {
	case errors.Is(err, errs.ErrNotFound):
	case err != nil:
		return nil, err
	case last.Undecided():
		p.Open = h.changeState(p.Page, last)
		return p, nil
	default:
		p.Last = h.changeState(p.Page, last)
	}
	a, err := h.load(r)
	var lost *web.Error
	switch {
	case errors.As(err, &lost):
	case err != nil:
		return nil, err
	case a.Changes == v.Account.ID && a.Open(h.Now()):
		p.Resume = &web.Link{URL: p.Path(paths[intake.Next(a, h.Now())]), Label: p.T("apply.change.resume")}
		p.Begin.Secondary, p.Begin.Label = true, p.T("apply.change.anew")
	}
	return p, nil
}

func (h *Room) changeState(p *web.Page, a application.Application) *changeState {
	state, explained := stateTexts(p, a, h.Now())
	return &changeState{a.Reference, state, explained}
}

// stateTexts returns how far an application is, in a few words and in full.
func stateTexts(p *web.Page, a application.Application, now time.Time) (state, explained string) {
	what := string(a.State)
	if a.Late(now) {
		what = "late"
	}
	if a.IsChange() {
		return p.T("apply.change.state_" + string(a.State)), p.T("apply.change.explained_"+what, "Due", lastDay(p, a.DueAt), "AnswerBy", lastDay(p, a.AnswerBy))
	}
	return p.T("apply.status.state_" + string(a.State)), p.T("apply.status.explained_"+what, "Due", lastDay(p, a.DueAt), "AnswerBy", lastDay(p, a.AnswerBy))
}

// datum returns a value of the data that an official approves, for people to read.
func (s formPage) datum(name, value string) string {
	if name == "role" && value != "" {
		return s.T("apply.field.role." + value)
	}
	return letter.Datum(name, value, s.Lang)
}

// change explains which data an official approves, and shows how far a request is.
func (h *Room) change(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	p, err := h.changePage(w, r, v)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "apply/change", p)
}

// changePost begins a request in this browser, or opens the one that was sent.
func (h *Room) changePost(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	switch r.PostForm.Get("action") {
	case "begin":
		return h.beginChange(w, r, v)
	case "open":
		return h.openChange(w, r, v)
	}
	return web.Fail(http.StatusBadRequest, "web.error.bad_request", nil)
}

func (h *Room) beginChange(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	if err := h.Limits.SpendFor(r, v.Account.ID, 1, limit.ChangeRequests); err != nil {
		return err
	}
	now := h.Now()
	handle := h.Cookies.NewHandle(secret.KindApplication)
	a := application.ChangeOf(v.Account, secret.NewID(h.Rand), handle.Hash(), now, now.Add(intake.DraftLifetime))
	err := h.Store.StartChange(r.Context(), a, effect.Of(h.event(r, a, audit.ApplicationStarted).With(map[string]string{"account": a.Changes})))
	if errors.Is(err, errs.ErrConflict) {
		return h.Pages.SeeOther(w, changePath) // there is a request, which that page shows, or the account has changed
	}
	if err != nil {
		return err
	}
	h.Cookies.SetDraft(w, handle, intake.DraftLifetime)
	return h.onward(w, a)
}

// openChange lets this browser go on with the request that was sent from another one.
func (h *Room) openChange(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	last, err := h.Store.LastChange(r.Context(), v.Account.ID)
	if errors.Is(err, errs.ErrNotFound) {
		return h.Pages.SeeOther(w, changePath)
	}
	if err != nil {
		return err
	}
	if held, err := h.load(r); err == nil && held.ID == last.ID {
		return h.Pages.SeeOther(w, "/apply/status")
	}
	handle := h.Cookies.NewHandle(secret.KindApplication)
	if err := h.Cases.HandOver(r.Context(), last.ID, v.Account.ID, handle.Hash(), effect.Of(h.event(r, last, audit.ApplicationStatusOpened))); err != nil {
		return err
	}
	h.Cookies.SetDraft(w, handle, intake.DraftLifetime)
	return h.Pages.SeeOther(w, "/apply/status")
}
