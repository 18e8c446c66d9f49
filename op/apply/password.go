package apply

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
)

type passwordPage struct {
	formPage
	Email    string // for the browser's password manager
	Password web.Field
	Chosen   bool // a password is stored already
}

func (h *Room) passwordPage(w http.ResponseWriter, r *http.Request, a application.Application) *passwordPage {
	p := &passwordPage{
		formPage: h.formPage(w, r, a, intake.StepPassword, "apply.password.title", ""),
		Email:    a.Email, Chosen: a.PasswordHash != "",
	}
	p.Password = web.NewPassword(p.Page, h.Policy, p.T("apply.field.password.label"))
	return p
}

// password asks for a new password.
func (h *Room) password(w http.ResponseWriter, r *http.Request, a application.Application) error {
	return h.Pages.Render(w, http.StatusOK, "apply/password", h.passwordPage(w, r, a))
}

func (h *Room) passwordPost(w http.ResponseWriter, r *http.Request, a application.Application) error {
	if err := h.Limits.Spend(r, limit.PasswordHashes.UpTo(h.Tries), 1); err != nil {
		return err
	}
	p, typed := h.passwordPage(w, r, a), r.PostForm.Get("password")
	if typed == "" {
		p.Wrong("password", "apply.field.password.missing")
	} else {
		p.WrongPassword(h.Policy, typed, web.About(a.Email, a.Answers.Profile))
	}
	if len(p.Problems) > 0 {
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "apply/password", p)
	}
	hash, err := h.Hasher.Hash(r.Context(), typed) // takes a place of strangers itself
	if err != nil {
		return err
	}
	return h.keepPassword(w, r, a, secret.Text(hash))
}

// keepPassword stores the hash, and keeps the answers that another tab saved while
// the hash was computed.
func (h *Room) keepPassword(w http.ResponseWriter, r *http.Request, a application.Application, hash secret.Text) error {
	return h.persist(w, r, a, intake.StepPassword, func(a *application.Application) { a.PasswordHash = hash })
}

// persist saves a change that does not depend on the answers, on top of what
// another tab saved meanwhile, and redirects the browser.
func (h *Room) persist(w http.ResponseWriter, r *http.Request, a application.Application, step intake.Step, set func(*application.Application)) error {
	const tries = 5
	for range tries {
		set(&a)
		saved, err := h.Store.Save(r.Context(), a)
		if err == nil {
			return h.onward(w, saved)
		}
		if !errors.Is(err, errs.ErrConflict) {
			return err
		}
		if a, err = h.load(r); err != nil {
			return err
		}
		if !intake.Reaches(a, step, h.Now()) {
			return h.onward(w, a) // sent meanwhile, or expired
		}
	}
	return web.Fail(http.StatusConflict, "apply.busy", nil)
}
