package apply

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/typed"
)

type codePage struct {
	formPage
	Email  string
	Code   web.Field
	Resend web.Button
	Other  string // the page to enter another address
	Again  bool   // a new code has just been mailed
	Next   string // from when another mail may be asked; "" = now, or never
}

func (h *Room) codePage(w http.ResponseWriter, r *http.Request, a application.Application) *codePage {
	other := emailPath(kindName(a.Kind))
	p := &codePage{formPage: h.formPage(w, r, a, intake.StepCode, "apply.code.title", other), Email: a.Email}
	p.Other = p.Path(other)
	p.Code = p.field("code", "")
	p.Resend = web.Button{Name: "resend", Value: "yes", Label: p.T("apply.code.resend"), Secondary: true}
	// What other drafts had mailed to the address is not shown: it would tell about it.
	if next := letter.Whole(a.CodeExpires.Add(limit.Gap(max(a.CodesSent, 1)) - intake.CodeLifetime)); a.CodesSent < intake.CodesPerDraft && h.Now().Before(next) {
		p.Next = p.T("apply.code.next", "Time", letter.Clock(next))
	}
	return p
}

// code asks for the mailed code.
func (h *Room) code(w http.ResponseWriter, r *http.Request, a application.Application) error {
	p := h.codePage(w, r, a)
	p.Again = h.Pages.Said(w, r)
	return h.Pages.Render(w, http.StatusOK, "apply/code", p)
}

func (h *Room) codePost(w http.ResponseWriter, r *http.Request, a application.Application) error {
	if r.PostForm.Get("resend") != "" {
		return h.resend(w, r, a)
	}
	if err := h.Limits.Spend(r, limit.CodeRequests.UpTo(h.Tries), 1); err != nil {
		return err
	}
	p := h.codePage(w, r, a)
	code := typed.Code(r.PostForm.Get("code"), secret.CodeDigits)
	if code == "" {
		p.Wrong("code", "apply.field.code.form")
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "apply/code", p)
	}
	verdict, err := h.Store.TryCode(r.Context(), a.ID, intake.Hashes(h.codeHash(a, code), limit.MailboxCode(h.CodeKey, a.Email, code)), h.Now())
	if err != nil && !errors.Is(err, errs.ErrConflict) {
		return err
	}
	after, loadErr := h.load(r)
	if loadErr != nil {
		return loadErr
	}
	if err == nil && verdict == intake.CodeRight && h.Recognize != nil {
		// Strangers who try passwords at this address have another lane.
		device := h.Cookies.EnsureDevice(w, r)
		h.Recognize(r.Context(), a.Email, device, web.RequestID(r))
		h.Cookies.Prove(w, r, device, a.Email)
	}
	switch {
	case err != nil || verdict == intake.CodeRight:
		return h.onward(w, after) // also when another tab confirmed it first
	case verdict == intake.CodeExpired, verdict == intake.CodeSpent, after.CodeFailures >= intake.CodeTries:
		if verdict == intake.CodeWrong {
			verdict = intake.CodeSpent // it was the last try
		}
		p.Wrong("code", "apply.field.code."+string(verdict))
	default:
		p.Wrong("code", "apply.field.code.wrong", "Count", intake.CodeTries-after.CodeFailures)
	}
	return h.Pages.Render(w, http.StatusUnprocessableEntity, "apply/code", p)
}

// resend mails a new code, which makes the previous one wrong, unless it is too
// early for another mail to this mailbox.
func (h *Room) resend(w http.ResponseWriter, r *http.Request, a application.Application) error {
	p := h.codePage(w, r, a)
	if err := h.countMail(r, a.Email); err != nil {
		return err
	}
	lang := ""
	if owner, err := h.Accounts.Owner(r.Context(), a.Email, h.Now()); err == nil {
		lang = owner.Lang
	} else if !errors.Is(err, errs.ErrNotFound) {
		return err
	}
	hash, message, err := h.codeMail(a, lang)
	if err != nil {
		return err
	}
	now := h.Now()
	err = h.Store.Renew(r.Context(), a.ID, hash, now.Add(intake.CodeLifetime), effect.Of(h.event(r, a, audit.ApplicationCodeSent), message))
	if errors.Is(err, errs.ErrConflict) {
		return h.notRenewed(w, r, p)
	}
	if err != nil {
		return err
	}
	if err := h.Pages.Say(w, r); err != nil {
		return err
	}
	return h.Pages.SeeOther(w, paths[intake.StepCode]+"?again=1")
}

// notRenewed shows why no new code was mailed: the draft has had all its mails, or
// another tab has confirmed it.
func (h *Room) notRenewed(w http.ResponseWriter, r *http.Request, p *codePage) error {
	a, err := h.load(r)
	if err != nil {
		return err
	}
	if intake.Next(a, h.Now()) != intake.StepCode {
		return h.onward(w, a)
	}
	p.Wrong("", "apply.code.no_more", "Count", intake.CodesPerDraft)
	return h.Pages.Render(w, http.StatusUnprocessableEntity, "apply/code", p)
}
