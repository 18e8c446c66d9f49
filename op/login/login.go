// Package login owns proving who one is: /login (password), /login/code
// (verification code), /login/mail (mail to the holder is refused), /login/lost (the
// QR was not scanned), /login/blocked, /login/disavow (a mail about a login that was not the holder's), and the ways in
// and out: /start, /portals.
//
//	/start ─► home client ─► /authorize ─► /login ─POST─► /login/code ─POST─► /authorize/callback
//	   │                                     ▲   │            │  └─► /login/lost ─POST─► /login/blocked
//	   └─ no home client: a login of our own ┘   ├─► /enrol (first time)
//	      that ends at /portals                  └─► /login/blocked
//
// No page here knows which one is next: each changes what is stored and asks
// flow.Dispatcher.
package login

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/grant"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/password"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/pkg/signin"
)

// Room is the login. All fields are set once, at the wiring.
type Room struct {
	Pages      *web.Renderer
	Cookies    *web.Cookies
	Limits     *web.Limits
	Rand       io.Reader
	Log        *slog.Logger
	Flow       *flow.Dispatcher
	Queue      web.Queue // for password hashes
	SignIn     *signin.Service
	Sessions   *session.Service[account.Account]
	Grants     grant.Store
	Clients    *client.Directory
	Bounces    mail.Bounces
	HomeClient string // client id; "" = none
	Issuer     string
	ACR        string
	PerMinute  int // password tries of one source
	Starts     int // logins begun by one source, a minute
	Callback   signin.Callback
	Policy     password.Policy // whose list of leaked passwords makes a login ask for another one
	Now        func() time.Time
}

// Mount adds the pages.
func (h *Room) Mount(t *web.Router) {
	t.GetActs("/start", h.start)
	t.Get("/portals", h.portals)
	t.Get("/login", h.login)
	t.Post("/login", web.Queued(h.Queue, h.Cookies.ProvenBy("email"), h.Flow.At(authreq.StepPassword, h.loginPost)), "email", "password")
	t.Get("/login/code", h.Flow.At(authreq.StepCode, h.code))
	t.Post("/login/code", h.Flow.At(authreq.StepCode, h.codePost), "code")
	t.Get("/login/mail", h.Flow.At(authreq.StepMail, h.mail))
	t.Post("/login/mail", h.Flow.At(authreq.StepMail, h.mailPost))
	t.Get("/login/lost", h.Flow.At(authreq.StepCode, h.lost))
	t.Post("/login/lost", h.Flow.At(authreq.StepCode, h.lostPost))
	t.Get("/login/blocked", h.Flow.At(authreq.StepBlocked, h.blocked))
	t.Post("/login/blocked", h.Flow.At(authreq.StepBlocked, h.blockedPost))
	t.Get("/login/disavow", h.disavow)
	t.Post("/login/disavow", h.disavowPost)
	t.Get("/login/disavowed", h.disavowed)
	t.Get("/login/restart", h.restart)
}

type loginPage struct {
	*web.Page
	Email, Password web.Field
	Action          string // address of the form, which carries the authorization request
	Forgotten       web.Link
	Again           bool // the person is logged in, and proves it again
}

// login shows the form. A bookmarked login page has no login in its address
// and takes the road of somebody who starts.
func (h *Room) login(w http.ResponseWriter, r *http.Request) error {
	if web.Query(r).Get("login") == "" {
		return h.Pages.SeeOther(w, "/start")
	}
	return h.Flow.At(authreq.StepPassword, func(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
		p, err := h.loginPage(r, v, v.Request.LoginHint)
		if err != nil {
			return err
		}
		return h.Pages.Render(w, http.StatusOK, "login/login", p)
	})(w, r)
}

func (h *Room) loginPage(r *http.Request, v *flow.Login, email string) (*loginPage, error) {
	carried, err := h.Flow.Carry(v)
	if err != nil {
		return nil, err
	}
	// In the address, not in a field: the previous version refuses unknown fields.
	query := ""
	if carried != "" {
		query = "&" + url.Values{flow.Carried: {carried}}.Encode()
	}
	p := h.Flow.Page(r, v, "login.title")
	for i := range p.Languages {
		p.Languages[i].URL += query
	}
	if p.Cancel != "" {
		p.Cancel += query
	}
	return &loginPage{
		Action:    p.Path(flow.For("/login", v.Handle) + query),
		Forgotten: web.Link{URL: p.Path(flow.For("/password/forgotten", v.Handle)), Label: p.T("login.forgotten")},
		Again:     v.Request.To != "" && v.Request.LoginHint != "",
		Page:      p,
		Email:     web.Field{Page: p, Name: "email", Type: "email", Label: p.T("web.login.email"), Value: email, Autocomplete: "username", Same: true},
		Password:  web.Field{Page: p, Name: "password", Type: "password", Label: p.T("web.login.password"), Autocomplete: "current-password", Same: true},
	}, nil
}

// loginPost checks the password. Every refusal is the same page: unknown
// address, wrong password, locked lane, blocked account.
func (h *Room) loginPost(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	if err := h.Limits.Spend(r, limit.LoginRequests.UpTo(h.PerMinute), 1); err != nil {
		return err
	}
	email, typed := r.PostForm.Get("email"), r.PostForm.Get("password")
	if email == "" || typed == "" {
		p, err := h.loginPage(r, v, email)
		if err != nil {
			return err
		}
		if email == "" {
			p.Wrong("email", "login.email_missing")
		}
		if typed == "" {
			p.Wrong("password", "login.password_missing")
		}
		return h.refuse(w, p)
	}
	ctx, release, err := h.Queue.Reserve(r.Context(), h.Cookies.Proven(r, email))
	if err != nil {
		return err
	}
	defer release()
	a, err := h.SignIn.Password(ctx, email, typed, h.from(r))
	if errors.Is(err, signin.ErrRefused) {
		p, err := h.loginPage(r, v, email)
		if err != nil {
			return err
		}
		p.Wrong("", "web.login.refused")
		return h.refuse(w, p)
	}
	if err != nil {
		return err
	}
	if a, err = h.SignIn.Lapse(r.Context(), a, h.from(r)); err != nil {
		return err
	}
	v.Request.Forget()
	v.Request.AccountID, v.Request.Epoch, v.Request.PasswordAt = a.ID, a.Epoch, h.Now()
	v.Request.Nudge = h.Policy.Leaked(typed)
	refusal, refused, err := mail.Unreachable(r.Context(), h.Bounces, a.Email)
	if err != nil {
		return err
	}
	if refused {
		v.Request.Unreachable = refusal.At
	}
	v.Account = &a
	if v, err = h.Flow.Renew(r.Context(), v); err != nil {
		return err
	}
	return h.Flow.Onward(w, r, v)
}

func (h *Room) refuse(w http.ResponseWriter, p *loginPage) error {
	return h.Pages.Render(w, http.StatusUnprocessableEntity, "login/login", p)
}

// onward keeps what changed and goes to the next step.
func (h *Room) onward(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	v, err := h.Flow.Save(r.Context(), v)
	if err != nil {
		return err
	}
	return h.Flow.Onward(w, r, v)
}

func (h *Room) from(r *http.Request) signin.From {
	from := h.Limits.From(r)
	from.Device = h.Cookies.Device(r)
	return from
}

// restart is where a login ends that cannot go on.
func (h *Room) restart(http.ResponseWriter, *http.Request) error { return web.Restart(nil) }
