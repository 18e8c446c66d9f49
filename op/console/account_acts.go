package console

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
)

// actPage is an act with a reason: blocking, or sending a mail again.
type actPage struct {
	page
	Name   string
	Mail   web.Field
	Reason web.Field
	Ticket web.Field
	Sure   web.Field
	Back   web.Link
}

func (h *Room) actPage(r *http.Request, v *Visit, titleKey string, reasons []helpdesk.Reason) (*actPage, account.Account, error) {
	a, err := h.wantedAccount(r)
	if err != nil {
		return nil, a, err
	}
	p := &actPage{page: h.page(r, v, titleKey), Name: a.Profile.FullName()}
	p.Reason, p.Ticket = reasonField(p.Page, r, reasons), ticketField(p.Page, r)
	p.Sure = web.Field{Page: p.Page, Name: "sure", Label: p.T("helpdesk.block.sure"), Checked: r.PostForm.Get("sure") != ""}
	p.Back = web.Link{URL: p.Path(accountURL(a.ID)), Label: p.T("helpdesk.back_account")}
	return p, a, nil
}

func reasonField(p *web.Page, r *http.Request, reasons []helpdesk.Reason) web.Field {
	f := web.Field{Page: p, Name: "reason", Label: p.T("helpdesk.reason_label"), Value: r.PostForm.Get("reason")}
	for _, reason := range reasons {
		f.Options = append(f.Options, web.Option{Value: string(reason), Label: p.T("helpdesk.reason." + string(reason))})
	}
	return f
}

func ticketField(p *web.Page, r *http.Request) web.Field {
	return web.Field{Page: p, Name: "ticket", Label: p.T("helpdesk.ticket_label"), Hint: p.T("helpdesk.ticket_hint"), Value: r.PostForm.Get("ticket"), Autocomplete: "off", Width: "20"}
}

// unjustified puts a refused reason or ticket on the page; false when err is
// another one.
func unjustified(p *web.Page, err error) bool {
	switch {
	case errors.Is(err, helpdesk.ErrReason):
		p.Wrong("reason", "helpdesk.reason_missing")
	case errors.Is(err, helpdesk.ErrTicket):
		p.Wrong("ticket", "helpdesk.ticket_missing")
	case errors.Is(err, helpdesk.ErrMail):
		p.Wrong("mail", "helpdesk.mail.missing")
	}
	return len(p.Problems) > 0
}

// block asks why, and whether one is sure.
func (h *Room) block(w http.ResponseWriter, r *http.Request, v *Visit) error {
	p, _, err := h.actPage(r, v, "helpdesk.block.title", helpdesk.BlockReasons)
	if err != nil {
		return err
	}
	return h.Kit.Render(w, http.StatusOK, "console/account-block", p)
}

func (h *Room) blockPost(w http.ResponseWriter, r *http.Request, v *Visit) error {
	p, a, err := h.actPage(r, v, "helpdesk.block.title", helpdesk.BlockReasons)
	if err != nil {
		return err
	}
	if !p.Sure.Checked {
		p.Wrong("sure", "helpdesk.block.not_sure")
	} else {
		err = h.Helpdesk.Block(r.Context(), a, helpdesk.Reason(p.Reason.Value), p.Ticket.Value, h.event(r, v, "", "", ""))
	}
	return h.acted(w, r, p, a, "console/account-block", err)
}

// resend chooses a mail that is sent again.
func (h *Room) resend(w http.ResponseWriter, r *http.Request, v *Visit) error {
	p, _, err := h.resendPage(r, v)
	if err != nil {
		return err
	}
	return h.Kit.Render(w, http.StatusOK, "console/account-mail", p)
}

func (h *Room) resendPage(r *http.Request, v *Visit) (*actPage, account.Account, error) {
	p, a, err := h.actPage(r, v, "helpdesk.mail.title", helpdesk.MailReasons)
	if err != nil {
		return nil, a, err
	}
	p.Mail = web.Field{Page: p.Page, Name: "mail", Label: p.T("helpdesk.mail.which"), Value: r.PostForm.Get("mail")}
	mails, err := h.Helpdesk.Mails(r.Context(), a)
	for _, m := range mails {
		p.Mail.Options = append(p.Mail.Options, web.Option{Value: string(m), Label: p.T("helpdesk.mail.kind_" + string(m))})
	}
	return p, a, err
}

func (h *Room) resendPost(w http.ResponseWriter, r *http.Request, v *Visit) error {
	p, a, err := h.resendPage(r, v)
	if err != nil {
		return err
	}
	err = h.Helpdesk.Resend(r.Context(), a, helpdesk.Mail(p.Mail.Value), helpdesk.Reason(p.Reason.Value), p.Ticket.Value, h.event(r, v, "", "", ""))
	return h.acted(w, r, p, a, "console/account-mail", err)
}

// acted answers an act: the form again, or the account as it is now. In
// conflict somebody else was quicker, which the account shows.
func (h *Room) acted(w http.ResponseWriter, r *http.Request, p *actPage, a account.Account, template string, err error) error {
	if unjustified(p.Page, err) {
		return h.Kit.Render(w, http.StatusUnprocessableEntity, template, p)
	}
	if err != nil && !errors.Is(err, errs.ErrConflict) {
		return err
	}
	h.AfterMail()
	return h.Kit.SeeOther(w, accountURL(a.ID))
}
