package helpdesk

import (
	"errors"
	"net/http"
	"net/url"

	"omgevingsloket-id/op/console"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
)

// actPage is an act with a reason: blocking, closing, reopening, or sending a mail
// again.
type actPage struct {
	console.Frame
	Name    string
	Warning string
	Mail    web.Field
	Held    bool // the receipt is held for now
	Reason  web.Field
	Ticket  web.Field
	Sure    web.Field
	Submit  string
	Choice  web.Button // of a language
	Back    web.Link
}

func (h *Room) actPage(r *http.Request, v *console.Visit, act string, reasons []helpdesk.Reason) (*actPage, account.Account, error) {
	a, err := h.wantedAccount(r, v)
	if err != nil {
		return nil, a, err
	}
	p := &actPage{Frame: h.Page(r, v, "console-helpdesk."+act+".title"), Name: a.Profile.FullName()}
	p.Reason, p.Ticket = reasonField(p.Page, r, reasons), ticketField(p.Page, r)
	p.Back = web.Link{URL: p.Path(accountURL(a.ID)), Label: p.T("console-helpdesk.back_account")}
	return p, a, nil
}

// sure adds a warning and the box that has to be ticked.
func (p *actPage) sure(r *http.Request, act string) {
	p.Warning, p.Submit = p.T("console-helpdesk."+act+".warning"), p.T("console-helpdesk."+act+".submit")
	p.Sure = web.Field{Page: p.Page, Name: "sure", Label: p.T("console-helpdesk." + act + ".sure"), Checked: r.PostForm.Get("sure") != ""}
}

// ask shows the page of an act that has to be confirmed with a box.
func (h *Room) ask(w http.ResponseWriter, r *http.Request, v *console.Visit, act string, reasons []helpdesk.Reason) error {
	p, a, err := h.actPage(r, v, act, reasons)
	if err != nil {
		return err
	}
	p.sure(r, act)
	return h.Show(w, r, v, http.StatusOK, "console/helpdesk/act", p, h.viewed(r, v, a))
}

// do carries out such an act when the box is ticked.
func (h *Room) do(w http.ResponseWriter, r *http.Request, v *console.Visit, act string, reasons []helpdesk.Reason, carryOut func(account.Account, helpdesk.Reason, string) (next string, err error)) error {
	p, a, err := h.actPage(r, v, act, reasons)
	if err != nil {
		return err
	}
	p.sure(r, act)
	next := ""
	if !p.Sure.Checked { // show all faults of the form at once
		_, wrong := helpdesk.Justified(reasons, helpdesk.Reason(p.Reason.Value), p.Ticket.Value)
		unjustified(p.Page, wrong)
		p.Wrong("sure", "console-helpdesk."+act+".not_sure")
	} else {
		next, err = carryOut(a, helpdesk.Reason(p.Reason.Value), p.Ticket.Value)
	}
	if next == "" {
		next = console.DoneURL(accountURL(a.ID), act)
	}
	return h.acted(w, r, v, a, p, next, "console/helpdesk/act", err)
}

func reasonField(p *web.Page, r *http.Request, reasons []helpdesk.Reason) web.Field {
	f := web.Field{Page: p, Name: "reason", Label: p.T("console-helpdesk.reason_label"), Value: r.PostForm.Get("reason")}
	for _, reason := range reasons {
		f.Options = append(f.Options, web.Option{Value: string(reason), Label: p.T("console.helpdesk_reason." + string(reason))})
	}
	return f
}

func ticketField(p *web.Page, r *http.Request) web.Field {
	return web.Field{Page: p, Name: "ticket", Label: p.T("console-helpdesk.ticket_label"), Hint: p.T("console-helpdesk.ticket_hint"), Value: r.PostForm.Get("ticket"), Autocomplete: "off", Width: "20"}
}

// unjustified adds the problems of a refused form to the page, in the order of its
// fields. It reports false if err is something else.
func unjustified(p *web.Page, err error) bool {
	for _, wrong := range []struct {
		err        error
		field, key string
	}{
		{helpdesk.ErrMail, "mail", "console-helpdesk.mail.missing"}, {helpdesk.ErrAddress, "email", "console-helpdesk.address.email_unusable"},
		{helpdesk.ErrReason, "reason", "console-helpdesk.reason_missing"}, {helpdesk.ErrTicket, "ticket", "console-helpdesk.ticket_missing"},
	} {
		if errors.Is(err, wrong.err) {
			p.Wrong(wrong.field, wrong.key)
		}
	}
	return len(p.Problems) > 0
}

func (h *Room) block(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	return h.ask(w, r, v, "block", helpdesk.BlockReasons)
}

func (h *Room) blockPost(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	return h.do(w, r, v, "block", helpdesk.BlockReasons, func(a account.Account, reason helpdesk.Reason, ticket string) (string, error) {
		return "", h.Helpdesk.Block(r.Context(), a, reason, ticket, h.By(r, v))
	})
}

func (h *Room) lane(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	return h.ask(w, r, v, "lane", helpdesk.LaneReasons)
}

// lanePost removes the locks that wrong passwords made.
func (h *Room) lanePost(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	return h.do(w, r, v, "lane", helpdesk.LaneReasons, func(a account.Account, reason helpdesk.Reason, ticket string) (string, error) {
		return "", h.Helpdesk.OpenLanes(r.Context(), a, reason, ticket, h.By(r, v))
	})
}

func (h *Room) closing(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	return h.ask(w, r, v, "closing", helpdesk.CloseReasons)
}

// closingPost closes the account, or makes a proposal that waits for a colleague.
func (h *Room) closingPost(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	return h.do(w, r, v, "closing", helpdesk.CloseReasons, func(a account.Account, reason helpdesk.Reason, ticket string) (string, error) {
		c, err := h.Helpdesk.Close(r.Context(), a, reason, ticket, h.By(r, v))
		if err == nil && c.Second {
			return requestURL(c.ID), nil
		}
		return "", err
	})
}

func (h *Room) reopen(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	return h.ask(w, r, v, "reopen", helpdesk.ReopenReasons)
}

func (h *Room) reopenPost(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	return h.do(w, r, v, "reopen", helpdesk.ReopenReasons, func(a account.Account, reason helpdesk.Reason, ticket string) (string, error) {
		return "", h.Helpdesk.Reopen(r.Context(), a, reason, ticket, h.By(r, v))
	})
}

// resend lists the mails that can be sent again.
func (h *Room) resend(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	p, a, err := h.resendPage(r, v)
	if err != nil {
		return err
	}
	return h.Show(w, r, v, http.StatusOK, "console/helpdesk/mail", p, h.viewed(r, v, a))
}

func (h *Room) resendPage(r *http.Request, v *console.Visit) (*actPage, account.Account, error) {
	p, a, err := h.actPage(r, v, "mail", helpdesk.MailReasons)
	if err != nil {
		return nil, a, err
	}
	p.Mail = web.Field{Page: p.Page, Name: "mail", Label: p.T("console-helpdesk.mail.which"), Value: r.PostForm.Get("mail")}
	mails, held, err := h.Helpdesk.Mails(r.Context(), a)
	p.Held = held
	for _, m := range mails {
		subject, err := h.Helpdesk.Subject(r.Context(), a, m)
		if err != nil {
			return nil, a, err
		}
		p.Mail.Options = append(p.Mail.Options, web.Option{
			Value: string(m), Label: p.T("console-helpdesk.mail.kind_" + string(m)), Hint: p.T("console-helpdesk.mail.subject", "Subject", subject),
		})
	}
	return p, a, err
}

func (h *Room) resendPost(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	p, a, err := h.resendPage(r, v)
	if err != nil {
		return err
	}
	err = h.Helpdesk.Resend(r.Context(), a, helpdesk.Mail(p.Mail.Value), helpdesk.Reason(p.Reason.Value), p.Ticket.Value, h.By(r, v))
	if errors.Is(err, helpdesk.ErrMails) {
		p.Wrong("", "console-helpdesk.mail.enough")
		return h.Show(w, r, v, http.StatusTooManyRequests, "console/helpdesk/mail", p, h.viewed(r, v, a))
	}
	return h.acted(w, r, v, a, p, console.DoneURL(accountURL(a.ID)+"&"+url.Values{"mail": {p.Mail.Value}}.Encode(), "mail"), "console/helpdesk/mail", err)
}

// acted answers an act: with the form again, or a redirect to next. After a conflict
// a colleague was quicker, or another request is in progress.
func (h *Room) acted(w http.ResponseWriter, r *http.Request, v *console.Visit, a account.Account, p *actPage, next, template string, err error) error {
	if unjustified(p.Page, err) {
		return h.Show(w, r, v, http.StatusUnprocessableEntity, template, p, h.viewed(r, v, a))
	}
	if errors.Is(err, errs.ErrConflict) {
		p.Wrong("", "console-helpdesk.too_late")
		return h.Show(w, r, v, http.StatusConflict, template, p, h.viewed(r, v, a))
	}
	if err != nil {
		return err
	}
	return h.Pages.SeeOther(w, next)
}
