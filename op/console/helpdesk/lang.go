package helpdesk

import (
	"net/http"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/helpdesk"
)

// lang asks why the mails of an account are to be in the other language.
func (h *Room) lang(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	p, a, err := h.langPage(r, v)
	if err != nil {
		return err
	}
	return h.Show(w, r, v, http.StatusOK, "console/helpdesk/lang", p, h.viewed(r, v, a))
}

func (h *Room) langPage(r *http.Request, v *console.Visit) (*actPage, account.Account, error) {
	p, a, err := h.actPage(r, v, "lang", helpdesk.LangReasons)
	if err != nil {
		return nil, a, err
	}
	to := otherLang(a)
	p.Warning = p.T("console-helpdesk.lang.now_" + a.Lang)
	p.Choice = web.Button{Name: "mails", Value: to, Label: p.T("console-helpdesk.lang.submit_" + to)}
	return p, a, nil
}

// otherLang returns the language that an account's mails are not in.
func otherLang(a account.Account) string {
	for _, lang := range account.Langs {
		if lang != a.Lang {
			return lang
		}
	}
	return ""
}

// langPost changes the language of an account's mails.
func (h *Room) langPost(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	p, a, err := h.langPage(r, v)
	if err != nil {
		return err
	}
	err = h.Helpdesk.ChangeLang(r.Context(), a, r.PostForm.Get("mails"), helpdesk.Reason(p.Reason.Value), p.Ticket.Value, h.By(r, v))
	return h.acted(w, r, v, a, p, console.DoneURL(accountURL(a.ID), "lang"), "console/helpdesk/lang", err)
}

// said returns what the official can tell the caller about the act that was just done,
// such as the subject of the mail about it; "" for nothing.
func (h *Room) said(r *http.Request, p *web.Page, a account.Account) string {
	switch q := r.URL.Query(); q.Get("done") {
	case "lane":
		return p.T("console-helpdesk.said.lane")
	case "lang":
		return p.T("console-helpdesk.said.mail", "Subject", h.Helpdesk.Letters.LangChanged(a, h.Now()).Subject)
	case "mail":
		subject, err := h.Helpdesk.Subject(r.Context(), a, helpdesk.Mail(q.Get("mail")))
		if err == nil {
			return p.T("console-helpdesk.said.mail", "Subject", subject)
		}
		// The account has changed since, or the address was not made by this page.
	}
	return ""
}
