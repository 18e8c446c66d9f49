package helpdesk

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"omgevingsloket-id/op/console"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
)

func unblockURL(id string) string {
	return "/console/helpdesk/unblock?" + url.Values{"id": {id}}.Encode()
}

// accountPost begins an unblock.
func (h *Room) accountPost(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	a, err := h.wantedAccount(r, v)
	if err != nil {
		return err
	}
	c, err := h.Helpdesk.Begin(r.Context(), helpdesk.Unblock, a, h.By(r, v))
	if errors.Is(err, errs.ErrConflict) {
		p, err := h.accountPage(r, v)
		if err != nil {
			return err
		}
		p.Wrong("", "helpdesk.unblock.busy")
		return h.Pages.Render(w, http.StatusConflict, "console/helpdesk/account", p)
	}
	if err != nil {
		return err
	}
	return h.Pages.SeeOther(w, unblockURL(c.ID))
}

type unblockPage struct {
	console.Frame
	Step        string
	Outcome     string // how a case ended, in words
	Succeeded   bool
	Name        string
	Score       string
	Code        web.Field
	Ask         []web.Field
	Reason      web.Field
	Ticket      web.Field
	Facts       web.Summary
	Second      bool
	Confirm     web.Button
	Stop        web.Button
	AccountLink web.Link
}

// call is one request about a case.
type call struct {
	helpdesk.Request
	account account.Account
	step    helpdesk.Step
}

func (h *Room) call(r *http.Request, v *console.Visit) (call, error) {
	id, err := console.Wanted(r)
	if err != nil {
		return call{}, err
	}
	c, a, err := h.Helpdesk.Load(r.Context(), id)
	if err != nil && !errors.Is(err, errs.ErrConflict) {
		return call{}, err
	}
	return call{c, a, helpdesk.Next(c, err == nil, v.Member.ID)}, notOwn(v, a.Email)
}

// unblock shows the step that a case is at.
func (h *Room) unblock(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	d, err := h.call(r, v)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "console/helpdesk/unblock", h.unblockPage(r, v, d))
}

func (h *Room) unblockPage(r *http.Request, v *console.Visit, d call) *unblockPage {
	p := &unblockPage{Frame: h.Page(r, v, "helpdesk.unblock.title"), Step: string(d.step), Name: d.account.Profile.FullName(), Second: d.Second}
	p.AccountLink = web.Link{URL: p.Path(accountURL(d.account.ID)), Label: p.T("helpdesk.back_account")}
	p.Stop = web.Button{Name: "action", Value: "stop", Label: p.T("helpdesk.unblock.stop"), Secondary: true}
	p.Confirm = web.Button{Name: "action", Value: "confirm", Label: p.T("helpdesk.unblock.confirm")}
	switch d.step {
	case helpdesk.StepIdentify:
		p.identify(r, d)
	case helpdesk.StepReason:
		p.Reason, p.Ticket = reasonField(p.Page, r, helpdesk.UnblockReasons), ticketField(p.Page, r)
	case helpdesk.StepSecond:
		p.Stop.Label = p.T("helpdesk.unblock.refuse")
		p.facts(d, h.Officials(r)(p.Page, d.OpenedBy))
	case helpdesk.StepConfirm, helpdesk.StepWait:
		p.facts(d, v.Member.Name)
	case helpdesk.StepOver:
		p.Outcome, p.Succeeded = p.T("helpdesk.outcome_"+string(d.State)), d.State == helpdesk.Done
	}
	return p
}

// identify asks for the code and for what was not answered right so far.
func (p *unblockPage) identify(r *http.Request, d call) {
	p.Score = score(p.Page, d.Caller)
	if !d.CodeRight {
		p.Code = callbackField(p.Page)
	}
	p.Ask = questions(p.Page, r, d.account, d.Caller)
}

// facts are what is confirmed.
func (p *unblockPage) facts(d call, by string) {
	p.Facts = web.Summary{Page: p.Page, Rows: []web.Row{
		{Label: p.T("helpdesk.account.email"), Value: d.account.Email},
		{Label: p.T("helpdesk.facts.why_blocked"), Value: p.T("helpdesk.why." + string(d.account.BlockReason))},
		{Label: p.T("helpdesk.facts.identified"), Value: p.T("helpdesk.facts.identified_value", "Right", strconv.Itoa(d.Right), "Wrong", strconv.Itoa(d.Wrong))},
		{Label: p.T("helpdesk.reason_label"), Value: p.T("helpdesk.reason." + string(d.Reason))},
		{Label: p.T("helpdesk.ticket_label"), Value: d.Ticket},
		{Label: p.T("helpdesk.facts.by"), Value: by},
	}}
}

// unblockPost goes on from the step that the case is at, whatever was sent.
func (h *Room) unblockPost(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	d, err := h.call(r, v)
	if err != nil {
		return err
	}
	action := r.PostForm.Get("action")
	switch {
	case d.step == helpdesk.StepOver || d.step == helpdesk.StepBusy:
		return h.Pages.Render(w, http.StatusConflict, "console/helpdesk/unblock", h.unblockPage(r, v, d))
	case action == "stop":
		_, err = h.Helpdesk.End(r.Context(), d.Request, h.By(r, v))
	case d.step == helpdesk.StepIdentify:
		return h.identifyPost(w, r, v, d)
	case d.step == helpdesk.StepReason:
		_, err = h.Helpdesk.Justify(r.Context(), d.ID, helpdesk.Reason(r.PostForm.Get("reason")), r.PostForm.Get("ticket"), h.By(r, v))
		if p := h.unblockPage(r, v, d); unjustified(p.Page, err) {
			return h.Pages.Render(w, http.StatusUnprocessableEntity, "console/helpdesk/unblock", p)
		}
	case action == "confirm" && (d.step == helpdesk.StepConfirm || d.step == helpdesk.StepSecond):
		_, err = h.Helpdesk.Confirm(r.Context(), d.ID, h.By(r, v))
	}
	return h.onward(w, d, err)
}

// identifyPost judges what the caller said.
func (h *Room) identifyPost(w http.ResponseWriter, r *http.Request, v *console.Visit, d call) error {
	next := d.Request
	if code, answers, typed := heard(r, d.account); typed {
		var err error
		if next, err = h.Helpdesk.Identify(r.Context(), d.ID, code, answers, h.By(r, v)); err != nil {
			return h.onward(w, d, err)
		}
	}
	if next.State != helpdesk.Open || next.Identified() {
		return h.onward(w, d, nil)
	}
	d.Request = next
	p := h.unblockPage(r, v, d)
	notYet(p.Page, p.Code, p.Ask)
	return h.Pages.Render(w, http.StatusUnprocessableEntity, "console/helpdesk/unblock", p)
}

// onward opens the case again at the step it is at now. In conflict somebody
// was quicker, or the case is over: its page says so.
func (h *Room) onward(w http.ResponseWriter, d call, err error) error {
	if err != nil && !errors.Is(err, errs.ErrConflict) {
		return err
	}
	return h.Pages.SeeOther(w, unblockURL(d.ID))
}
