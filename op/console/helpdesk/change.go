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
	"omgevingsloket-id/pkg/mail"
)

func changeURL(id string) string {
	return "/console/helpdesk/change?" + url.Values{"id": {id}}.Encode()
}

func requestURL(q helpdesk.Request) string {
	if q.Kind == helpdesk.Unblock {
		return unblockURL(q.ID)
	}
	return changeURL(q.ID)
}

// requestTitle is the key of what a page calls requests of a kind.
func requestTitle(kind helpdesk.Kind) string {
	if kind == helpdesk.Unblock {
		return "helpdesk.unblock.title"
	}
	return "helpdesk.change." + string(kind)
}

type addressPage struct {
	console.Frame
	Name string
	Back web.Link
}

func (h *Room) addressPage(r *http.Request, v *console.Visit) (*addressPage, account.Account, error) {
	a, err := h.wantedAccount(r, v)
	if err != nil {
		return nil, a, err
	}
	p := &addressPage{Frame: h.Page(r, v, "helpdesk.address.title"), Name: a.Profile.FullName()}
	p.Back = web.Link{URL: p.Path(accountURL(a.ID)), Label: p.T("helpdesk.back_account")}
	return p, a, nil
}

// address explains what it takes to change an address.
func (h *Room) address(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	p, _, err := h.addressPage(r, v)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "console/helpdesk/address", p)
}

// addressPost begins it.
func (h *Room) addressPost(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	p, a, err := h.addressPage(r, v)
	if err != nil {
		return err
	}
	c, err := h.Helpdesk.Begin(r.Context(), helpdesk.Address, a, h.By(r, v))
	if errors.Is(err, errs.ErrConflict) {
		p.Wrong("", "helpdesk.too_late")
		return h.Pages.Render(w, http.StatusConflict, "console/helpdesk/address", p)
	}
	if err != nil {
		return err
	}
	return h.Pages.SeeOther(w, changeURL(c.ID))
}

type changePage struct {
	console.Frame
	Name        string
	Lead        string
	Succeeded   bool // Lead tells that it was done
	Score       string
	Code        web.Field
	Ask         []web.Field
	Reason      web.Field
	Ticket      web.Field
	Email       web.Field
	Facts       web.Summary
	Buttons     []web.Button
	AccountLink web.Link
}

// changeCall is one request about a change.
type changeCall struct {
	helpdesk.Request
	account account.Account
	step    helpdesk.Step
}

func (h *Room) changeCall(r *http.Request, v *console.Visit) (changeCall, error) {
	id, err := console.Wanted(r)
	if err != nil {
		return changeCall{}, err
	}
	c, a, err := h.Helpdesk.Load(r.Context(), id)
	if err != nil && !errors.Is(err, errs.ErrConflict) {
		return changeCall{}, err
	}
	return changeCall{c, a, helpdesk.Next(c, err == nil, v.Member.ID)}, notOwn(v, a.Email, c.Email)
}

// change shows the step that a change is at.
func (h *Room) change(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	d, err := h.changeCall(r, v)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "console/helpdesk/change", h.changePage(r, v, d))
}

func (h *Room) changePage(r *http.Request, v *console.Visit, d changeCall) *changePage {
	p := &changePage{Frame: h.Page(r, v, "helpdesk.change."+string(d.Kind)), Name: d.account.Profile.FullName()}
	p.AccountLink = web.Link{URL: p.Path(accountURL(d.account.ID)), Label: p.T("helpdesk.back_account")}
	p.Lead = p.T("helpdesk." + string(d.Kind) + "." + string(d.step))
	stop := web.Button{Name: "action", Value: "stop", Label: p.T("helpdesk.unblock.stop"), Secondary: true}
	press := func(value, key string) web.Button {
		return web.Button{Name: "action", Value: value, Label: p.T(key)}
	}
	switch d.step {
	case helpdesk.StepIdentify:
		p.identify(r, d)
		p.Buttons = []web.Button{press("judge", "helpdesk.unblock.judge"), stop}
	case helpdesk.StepDetails:
		p.details(r)
		p.Buttons = []web.Button{press("next", "helpdesk.unblock.next"), stop}
	case helpdesk.StepCheck:
		p.facts(d, v.Member.Name)
		again := press("again", "helpdesk.address.again")
		again.Secondary = true
		p.Buttons = []web.Button{press("propose", "helpdesk.address.propose"), again, stop}
	case helpdesk.StepSecond:
		p.facts(d, h.Officials(r)(p.Page, d.OpenedBy))
		stop.Label = p.T("helpdesk.unblock.refuse")
		p.Buttons = []web.Button{press("confirm", "helpdesk."+string(d.Kind)+".confirm"), stop}
	case helpdesk.StepWait:
		p.facts(d, v.Member.Name)
		p.Buttons = []web.Button{stop}
	case helpdesk.StepHolder:
		p.facts(d, h.Officials(r)(p.Page, d.OpenedBy))
		stop.Label = p.T("helpdesk.address.object")
		p.Buttons = []web.Button{stop}
	case helpdesk.StepOver:
		p.Lead, p.Succeeded = p.T("helpdesk."+string(d.Kind)+".outcome_"+string(d.State)), d.State == helpdesk.Done
	}
	return p
}

// identify asks for what was not answered right so far. Only the holder of a
// blocked account has a page with a code; of others more cannot be asked than
// what the file knows, which is why a second member looks, always.
func (p *changePage) identify(r *http.Request, d changeCall) {
	p.Score = score(p.Page, d.Caller)
	if d.CodeAsked {
		p.Lead = p.T("helpdesk.unblock.identify_text")
		if !d.CodeRight {
			p.Code = callbackField(p.Page)
		}
	}
	p.Ask = questions(p.Page, r, d.account, d.Caller)
}

func (p *changePage) details(r *http.Request) {
	p.Email = web.Field{Page: p.Page, Name: "email", Type: "email", Label: p.T("helpdesk.address.email"), Hint: p.T("helpdesk.address.email_hint"), Value: r.PostForm.Get("email"), Autocomplete: "off"}
	p.Reason, p.Ticket = reasonField(p.Page, r, helpdesk.AddressReasons), ticketField(p.Page, r)
}

// facts are what is confirmed.
func (p *changePage) facts(d changeCall, by string) {
	p.Facts = web.Summary{Page: p.Page, Rows: []web.Row{{Label: p.T("helpdesk.facts.email_now"), Value: d.account.Email}}}
	add := func(key, value string) {
		if value != "" {
			p.Facts.Rows = append(p.Facts.Rows, web.Row{Label: p.T(key), Value: value})
		}
	}
	if d.Kind == helpdesk.Address {
		add("helpdesk.facts.email_new", d.Email)
		key := "helpdesk.facts.identified_answers"
		if d.CodeAsked {
			key = "helpdesk.facts.identified_value"
		}
		add("helpdesk.facts.identified", p.T(key, "Right", strconv.Itoa(d.Right), "Wrong", strconv.Itoa(d.Wrong)))
	}
	add("helpdesk.reason_label", p.T("helpdesk.reason."+string(d.Reason)))
	add("helpdesk.ticket_label", d.Ticket)
	add("helpdesk.facts.reference", d.Reference)
	add("helpdesk.facts.by", by)
	add("helpdesk.facts.from", console.Moment(d.From, p.Lang))
	add("helpdesk.facts.until", console.Moment(d.Until, p.Lang))
}

// changePost goes on from the step that the change is at, whatever was sent.
func (h *Room) changePost(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	d, err := h.changeCall(r, v)
	if err != nil {
		return err
	}
	ctx, action, by := r.Context(), r.PostForm.Get("action"), h.By(r, v)
	switch {
	case d.step == helpdesk.StepOver || d.step == helpdesk.StepBusy:
		return h.Pages.Render(w, http.StatusConflict, "console/helpdesk/change", h.changePage(r, v, d))
	case action == "stop":
		_, err = h.Helpdesk.End(ctx, d.Request, by)
	case d.step == helpdesk.StepIdentify:
		return h.changeIdentify(w, r, v, d)
	case d.step == helpdesk.StepDetails:
		if address, bad := mail.CanonicalAddress(r.PostForm.Get("email")); bad == nil && notOwn(v, address) != nil {
			return notOwn(v, address)
		}
		_, err = h.Helpdesk.NewAddress(ctx, d.ID, helpdesk.Reason(r.PostForm.Get("reason")), r.PostForm.Get("ticket"), r.PostForm.Get("email"), by)
		if p := h.changePage(r, v, d); unjustified(p.Page, err) {
			return h.Pages.Render(w, http.StatusUnprocessableEntity, "console/helpdesk/change", p)
		}
	case d.step == helpdesk.StepCheck && action == "again":
		_, err = h.Helpdesk.ForgetAddress(ctx, d.ID, by)
	case d.step == helpdesk.StepCheck && action == "propose":
		_, err = h.Helpdesk.Propose(ctx, d.ID, by)
	case d.step == helpdesk.StepSecond && action == "confirm":
		_, err = h.Helpdesk.Confirm(ctx, d.ID, by)
	}
	return h.changeOnward(w, d, err)
}

// changeIdentify judges what the caller said.
func (h *Room) changeIdentify(w http.ResponseWriter, r *http.Request, v *console.Visit, d changeCall) error {
	next := d.Request
	if code, answers, typed := heard(r, d.account); typed {
		var err error
		if next, err = h.Helpdesk.Identify(r.Context(), d.ID, code, answers, h.By(r, v)); err != nil {
			return h.changeOnward(w, d, err)
		}
	}
	if next.State != helpdesk.Open || next.Identified() {
		return h.changeOnward(w, d, nil)
	}
	d.Request = next
	p := h.changePage(r, v, d)
	notYet(p.Page, p.Code, p.Ask)
	return h.Pages.Render(w, http.StatusUnprocessableEntity, "console/helpdesk/change", p)
}

// changeOnward opens the change again at the step it is at now.
func (h *Room) changeOnward(w http.ResponseWriter, d changeCall, err error) error {
	if err != nil && !errors.Is(err, errs.ErrConflict) {
		return err
	}
	return h.Pages.SeeOther(w, changeURL(d.ID))
}
