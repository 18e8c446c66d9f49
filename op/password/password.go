// Package password owns choosing a new password: forgotten, changed, or asked for at a
// login.
//
//	/password/forgotten ─POST─► a mail ─► /password/new ─POST, once─► /password/code ─► /password/choose ─► /password/done
//	/password/change (logged in, password and code given a moment ago) ─POST─► /password/changed
//	a login ─► /password/renew ─POST─► the next step of the login
//
// What a browser may do after it used a link is stored (account.Reset) and decided by
// account.Limits.Step alone, so that no page is reached out of turn. No page here logs
// anybody in.
package password

import (
	"errors"
	"net/http"
	"time"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/password"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
)

// Room serves the pages. Its fields are set before Mount.
type Room struct {
	Pages     *web.Renderer
	Cookies   *web.Cookies
	Limits    *web.Limits
	Flow      *flow.Dispatcher
	Queue     web.Queue // for password hashes
	SignIn    *signin.Service
	Clients   *client.Directory
	Policy    password.Policy
	DomainKey []byte // for counting mails to one domain
	PerHour   int    // mails that one source asks for
	PerMinute int    // uses of a link, codes and passwords of one source
	Now       func() time.Time
}

// Mount adds the pages to t.
func (h *Room) Mount(t *web.Router) {
	t.Get("/.well-known/change-password", func(w http.ResponseWriter, _ *http.Request) error { return h.Pages.SeeOther(w, "/password/change") })
	t.Get("/password/forgotten", h.forgotten)
	t.Post("/password/forgotten", h.forgottenPost, "email")
	t.Get("/password/sent", h.sent)
	t.Get("/password/new", h.link)
	t.Post("/password/new", h.linkPost)
	t.Get("/password/code", h.at(account.ResetCode, h.code))
	t.Post("/password/code", h.at(account.ResetCode, h.codePost), "code")
	t.Get("/password/choose", h.at(account.ResetPassword, h.choose))
	t.Post("/password/choose", h.at(account.ResetPassword, h.choosePost), "password")
	t.Get("/password/done", h.done)
	t.GetActs("/password/change", h.Flow.OwnProven(h.change))
	t.Post("/password/change", h.Flow.OwnProven(h.changePost), "password")
	t.GetActs("/password/changed", h.Flow.Own(h.changed))
	t.Get("/password/renew", h.Flow.At(authreq.StepRenew, h.renew))
	t.Post("/password/renew", h.Flow.At(authreq.StepRenew, h.renewPost), "password", "later")
}

// paths are the pages of a reset, by step.
var paths = map[account.ResetStep]string{account.ResetCode: "/password/code", account.ResetPassword: "/password/choose"}

// at returns a handler that runs run at its step of the browser's reset, and redirects
// to the page of the step otherwise.
func (h *Room) at(step account.ResetStep, run func(w http.ResponseWriter, r *http.Request, v signin.Resetting) error) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := h.resetting(r)
		if err != nil {
			return err
		}
		if v.Step != step {
			return h.Pages.SeeOther(w, paths[v.Step])
		}
		return run(w, r, v)
	}
}

// resetting returns the reset of the browser. The error is that of over if there is
// none.
func (h *Room) resetting(r *http.Request) (signin.Resetting, error) {
	browser, ok := h.Cookies.Link(r, secret.KindReset)
	if !ok {
		return signin.Resetting{}, over(nil)
	}
	v, err := h.SignIn.Resetting(r.Context(), browser)
	if errors.Is(err, errs.ErrNotFound) {
		err = over(err)
	}
	return v, err
}

// over returns the error of a link that cannot be used, or of a reset that cannot go
// on: used, too late, or replaced by a newer one.
func over(cause error) error {
	return &web.Error{Status: http.StatusGone, Key: "password.over", Cause: cause, Link: &web.Link{URL: "/password/forgotten", Label: "password.over.link"}}
}

// from returns where a request comes from, with the browser's device.
func (h *Room) from(r *http.Request) signin.From {
	from := h.Limits.From(r)
	from.Device = h.Cookies.Device(r)
	return from
}

// choosing is a page on which a password is chosen.
type choosing struct {
	*web.Page
	Email    string // for the browser's password manager
	Password web.Field
	Due      bool // of renew: somebody else knows the password
	Later    web.Button
}

func (h *Room) choosing(p *web.Page, a account.Account) *choosing {
	return &choosing{Page: p, Email: a.Email, Password: web.NewPassword(p, h.Policy, p.T("password.new_password"))}
}

// chosen returns the password of the form; ok is false if it cannot be chosen, which
// the page then says.
func (h *Room) chosen(r *http.Request, p *choosing, a account.Account) (typed string, ok bool) {
	typed = r.PostForm.Get("password")
	if typed == "" {
		p.Wrong("password", "password.missing")
	} else {
		p.WrongPassword(h.Policy, typed, web.About(a.Email, a.Profile))
	}
	return typed, len(p.Problems) == 0
}
