package apply

import (
	"cmp"
	"errors"
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
)

type emailPage struct {
	formPage
	Email web.Field
}

// email asks for the address, until one is confirmed.
func (h *Room) email(w http.ResponseWriter, r *http.Request) error {
	return h.beforeDraft(w, r, func(kind string, draft *application.Application) error {
		typed := ""
		if draft != nil {
			typed = draft.Email // to correct a typing error
		}
		return h.Pages.Render(w, http.StatusOK, "apply/email", h.emailPage(w, r, kind, typed))
	})
}

// beforeDraft reads the kind from the query, and this browser's unconfirmed draft
// if it has one. It redirects a browser with a confirmed draft.
func (h *Room) beforeDraft(w http.ResponseWriter, r *http.Request, run func(kind string, draft *application.Application) error) error {
	kind := r.URL.Query().Get("kind")
	if _, ok := kinds[kind]; !ok {
		return h.Pages.SeeOther(w, "/apply")
	}
	a, err := h.load(r)
	var lost *web.Error
	switch {
	case errors.As(err, &lost):
		return run(kind, nil)
	case err != nil:
		return err
	}
	switch intake.Next(a, h.Now()) {
	case intake.StepGone:
		return run(kind, nil)
	case intake.StepCode:
		return run(kind, &a)
	}
	return h.onward(w, a)
}

func (h *Room) emailPage(w http.ResponseWriter, r *http.Request, kind, typed string) *emailPage {
	p := &emailPage{formPage: h.formPage(w, r, application.Application{Kind: kinds[kind]}, "email", "apply.email.title", "/apply")}
	p.Email = p.field("email", typed)
	p.Email.Type, p.Email.Autocomplete = "email", "email"
	return p
}

func (h *Room) emailPost(w http.ResponseWriter, r *http.Request) error {
	return h.beforeDraft(w, r, func(kind string, draft *application.Application) error {
		p := h.emailPage(w, r, kind, r.PostForm.Get("email"))
		email, err := mail.CanonicalAddress(p.Email.Value)
		if err != nil {
			why := "form"
			if p.Email.Value == "" {
				why = "missing"
			}
			p.Wrong("email", "apply.field.email."+why)
			return h.Pages.Render(w, http.StatusUnprocessableEntity, "apply/email", p)
		}
		if draft != nil && draft.Email == email && draft.Kind == kinds[kind] {
			return h.Pages.SeeOther(w, paths[intake.StepCode]) // the mail is being sent; that page can ask for another
		}
		if err := h.countMail(r, email); err != nil {
			return err
		}
		return h.begin(w, r, kinds[kind], email)
	})
}

// countMail counts a mail with a code, for its source.
func (h *Room) countMail(r *http.Request, email string) error {
	return h.Limits.SpendMail(r, limit.ApplyMails.UpTo(h.PerHour), email, h.CodeKey)
}

// begin stores a new draft and mails the code. An address that has an account gets
// another mail and every code is wrong; everything else is the same.
func (h *Room) begin(w http.ResponseWriter, r *http.Request, kind account.Kind, email string) error {
	owner, err := h.Accounts.Owner(r.Context(), email, h.Now())
	if err != nil && !errors.Is(err, errs.ErrNotFound) {
		return err
	}
	now := h.Now()
	handle := h.Cookies.NewHandle(secret.KindApplication)
	a := application.Application{
		ID: secret.NewID(h.Rand), Handle: handle.Hash(), Kind: kind, Lang: h.Pages.Lang(r), Email: email, State: application.Draft,
		Taken: err == nil, CodesSent: 1, CreatedAt: now, ExpiresAt: now.Add(intake.DraftLifetime),
	}
	hash, message, err := h.codeMail(a, owner.Lang)
	if err != nil {
		return err
	}
	a.CodeHash, a.CodeExpires = hash, now.Add(intake.CodeLifetime)
	if err := h.Store.Start(r.Context(), a, effect.Of(h.event(r, a, audit.ApplicationStarted), message)); err != nil {
		return err
	}
	h.Cookies.SetDraft(w, handle, intake.DraftLifetime)
	return h.Pages.SeeOther(w, paths[intake.StepCode])
}

// codeMail makes a code, and returns its hash and the mail with it. To the owner of
// an account the mail says so instead, in the account's language.
func (h *Room) codeMail(a application.Application, ownerLang string) (hash string, m mail.Message, err error) {
	code, err := secret.NewCode(h.Rand)
	if err != nil {
		return "", mail.Message{}, err
	}
	if a.Taken {
		m = h.Letters.AddressTaken(a.Email, cmp.Or(ownerLang, a.Lang), h.Now())
		m.Asked = &mail.Asked{} // spaced as for an unknown address, or the gaps would tell them apart
	} else {
		m = h.Letters.ConfirmEmail(a.Email, a.Lang, code, h.Now())
		m.Asked = &mail.Asked{Code: limit.MailboxCode(h.CodeKey, a.Email, code.Reveal())}
	}
	return h.codeHash(a, code.Reveal()), m, nil
}

// codeHash binds a code to its application; without the key a stolen database does
// not reveal the code.
func (h *Room) codeHash(a application.Application, code string) string {
	return secret.MAC(h.CodeKey, "code", a.ID, code)
}
