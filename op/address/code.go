package address

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/newaddress"
	"omgevingsloket-id/pkg/signin"
)

type codePage struct {
	*web.Page
	Email  string
	Code   web.Field
	Resend web.Button
	Other  string // the page to enter another address
	Again  bool   // a new code has just been mailed
}

func (h *Room) codePage(r *http.Request, c account.AddressChange) *codePage {
	p := &codePage{Page: h.Pages.Page(r, "address.code_page.title"), Email: c.Email}
	p.Code = web.Field{Page: p.Page, Name: "code", Label: p.T("address.code")}
	p.Resend = web.Button{Name: "resend", Value: "yes", Label: p.T("address.code_page.resend"), Secondary: true}
	p.Other = p.Path("/address/change")
	return p
}

// asked runs h for the change that this session asked for; without one it redirects to
// where one begins.
func (h *Room) asked(w http.ResponseWriter, r *http.Request, v flow.Holder, run func(c account.AddressChange) error) error {
	c, err := h.Changes.Asked(r.Context(), v.Account, v.Session.SID)
	if errors.Is(err, errs.ErrNotFound) {
		return h.Pages.SeeOther(w, "/address/change")
	}
	if err != nil {
		return err
	}
	return run(c)
}

// code asks for the mailed code.
func (h *Room) code(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	return h.asked(w, r, v, func(c account.AddressChange) error {
		p := h.codePage(r, c)
		p.Again = h.Pages.Said(w, r)
		return h.Pages.Render(w, http.StatusOK, "address/code", p)
	})
}

// codePost checks the code; the right one changes the address. Other sessions end, and
// this one goes on.
func (h *Room) codePost(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	return h.asked(w, r, v, func(c account.AddressChange) error {
		if r.PostForm.Get("resend") != "" {
			if err := h.ask(r, v, c.Email); err != nil {
				return err
			}
			if err := h.Pages.Say(w, r); err != nil {
				return err
			}
			return h.Pages.SeeOther(w, "/address/code?again=1")
		}
		if err := h.Limits.Spend(r, limit.AddressRequests.UpTo(h.PerMinute), 1); err != nil {
			return err
		}
		p := h.codePage(r, c)
		result, err := h.Changes.Take(r.Context(), v.Account, v.Session.SID, r.PostForm.Get("code"), h.Limits.From(r))
		switch {
		case errors.Is(err, signin.ErrNoCode):
			p.Wrong("code", "address.form")
		case errors.Is(err, newaddress.ErrTaken):
			p.Wrong("", "address.failed")
		case errors.Is(err, errs.ErrConflict):
			return h.Pages.SeeOther(w, "/address/change")
		case err != nil:
			return err
		case result.Verdict == account.AddressRight:
			return h.goOn(w, r, v, result.Account)
		case result.Verdict == account.AddressSpent:
			p.Wrong("code", "address.code_page.spent")
		default:
			p.Wrong("code", "address.code_page.wrong", "Count", result.Left)
		}
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "address/code", p)
	})
}

// goOn makes the browser known for the new address, which it has proven, and lets its
// session go on.
func (h *Room) goOn(w http.ResponseWriter, r *http.Request, v flow.Holder, next account.Account) error {
	device := h.Cookies.EnsureDevice(w, r)
	h.SignIn.Recognize(r.Context(), next.Email, device, web.RequestID(r))
	h.Cookies.Prove(w, r, device, next.Email)
	if _, err := h.Flow.GoOn(w, r, v.Session, next); err != nil {
		return err
	}
	return h.Pages.SeeOther(w, "/address/changed")
}

// changed says that the address is changed. The page depends on no stored state.
func (h *Room) changed(w http.ResponseWriter, r *http.Request) error {
	p := &donePage{Page: h.Pages.Page(r, "address.done_title")}
	p.Panel = web.Panel{Title: p.T("address.done_title")}
	p.Start = web.Link{URL: p.Path(flow.Portals), Label: p.T("address.changed.next")}
	return h.Pages.Render(w, http.StatusOK, "address/changed", p)
}
