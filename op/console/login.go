package console

import (
	"errors"
	"net/http"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/staff"
)

type loginPage struct {
	*web.Page
	Email, Password web.Field
	Waits           bool // what was typed when the session ended is kept
}

func (h *Kit) loginPage(r *http.Request, email string) *loginPage {
	p := h.Pages.Page(r, "console.login.title")
	return &loginPage{
		Page:     p,
		Waits:    h.Pages.Keeps(r, r.URL.Query().Get(thenParam)),
		Email:    web.Field{Page: p, Name: "email", Type: "email", Label: p.T("web.login.email"), Value: email, Autocomplete: "username"},
		Password: web.Field{Page: p, Name: "password", Type: "password", Label: p.T("web.login.password"), Autocomplete: "current-password"},
	}
}

func (h *Kit) login(w http.ResponseWriter, r *http.Request) error {
	h.Cookies.EnsureBrowser(w, r)
	return h.Pages.Render(w, http.StatusOK, "console/login", h.loginPage(r, ""))
}

func (h *Kit) loginPost(w http.ResponseWriter, r *http.Request) error {
	if err := h.Limits.Spend(r, limit.ConsoleRequests.UpTo(h.PerMinute), 1); err != nil {
		return err
	}
	email := r.PostForm.Get("email")
	ctx, release, err := h.Queue.Reserve(r.Context(), h.Cookies.Proven(r, email))
	if err != nil {
		return err
	}
	defer release()
	m, err := h.Staff.Password(ctx, email, r.PostForm.Get("password"), h.from(r))
	if errors.Is(err, signin.ErrRefused) {
		p := h.loginPage(r, email)
		p.Wrong("", "web.login.refused")
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "console/login", p)
	}
	if err != nil {
		return err
	}
	// A session without a second factor opens the code page and nothing else.
	if err := h.begin(w, r, m, time.Time{}, codeTime); err != nil {
		return err
	}
	return h.Pages.SeeOther(w, withThen(r, "/console/login/code"))
}

// begin begins a session under a new handle; the browser's previous one ends
// first.
func (h *Kit) begin(w http.ResponseWriter, r *http.Request, m staff.Member, authTime time.Time, within time.Duration) error {
	if err := h.end(r); err != nil {
		return err
	}
	browser, ok := h.Cookies.Browser(r)
	if !ok {
		return web.Fail(http.StatusForbidden, "web.error.cookies", nil)
	}
	handle := h.Cookies.NewHandle(secret.KindStaff)
	_, err := h.Sessions.Begin(r.Context(), handle, browser, session.Session{SID: secret.NewID(h.Rand), AccountID: m.ID, Epoch: m.Epoch, AuthTime: authTime}, within)
	if err == nil {
		h.Cookies.SetStaff(w, handle)
	}
	return err
}

// end ends the session of the browser, if it has one. A session that only awaits its
// code is deleted and not recorded.
func (h *Kit) end(r *http.Request) error {
	handle, ok := h.Cookies.Staff(r)
	if !ok {
		return nil
	}
	old, err := h.Sessions.Store.Get(r.Context(), h.Sessions.Key(handle))
	if errors.Is(err, errs.ErrNotFound) {
		return nil
	}
	if err == nil && !old.AuthTime.IsZero() {
		err = h.Staff.Store.EndSession(r.Context(), old.SID, h.Sessions.Until())
	}
	if err != nil {
		return err
	}
	return h.Sessions.Store.Delete(r.Context(), old.Key)
}

type codePage struct {
	*web.Page
	Code web.Field
}

func (h *Kit) codePage(r *http.Request) *codePage {
	p := h.Pages.Page(r, "web.code.title")
	return &codePage{Page: p, Code: web.Field{Page: p, Name: "code", Label: p.T("web.code.label"), Hint: p.T("web.code.hint")}}
}

// half returns the visit of an official who gave a right password and has not
// given a code yet, or errs.ErrNotFound.
func (h *Kit) half(r *http.Request) (*Visit, error) {
	v, err := h.load(r)
	if err == nil && (!v.Session.AuthTime.IsZero() || !h.Now().Before(v.Session.CreatedAt.Add(codeTime))) {
		return nil, errs.ErrNotFound
	}
	return v, err
}

func (h *Kit) code(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.half(r); errors.Is(err, errs.ErrNotFound) {
		return h.Pages.SeeOther(w, withThen(r, "/console/login"))
	} else if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "console/code", h.codePage(r))
}

func (h *Kit) codePost(w http.ResponseWriter, r *http.Request) error {
	v, err := h.half(r)
	if errors.Is(err, errs.ErrNotFound) {
		return h.Pages.SeeOther(w, withThen(r, "/console/login"))
	}
	if err != nil {
		return err
	}
	result, err := h.Staff.Code(r.Context(), v.Member, r.PostForm.Get("code"), h.from(r))
	if errors.Is(err, errs.ErrConflict) {
		return h.Pages.SeeOther(w, withThen(r, "/console/login")) // removed or invited again since
	}
	if err != nil && !errors.Is(err, signin.ErrNoCode) {
		return err
	}
	if result.Outcome == account.Accepted {
		if err := h.begin(w, r, v.Member, h.Now(), 0); err != nil {
			return err
		}
		h.Cookies.SetOwner(w, r, v.Member.ID)
		h.remember(w, r, v.Member)
		return h.Pages.SeeOther(w, h.wanted(r, v.Member))
	}
	p := h.codePage(r)
	if err := wrongCode(p.Page, result, err); err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusUnprocessableEntity, "console/code", p)
}

// remember makes the browser known for an official. If that fails, the browser only
// shares the lane of strangers: the login or invitation itself has succeeded.
func (h *Kit) remember(w http.ResponseWriter, r *http.Request, m staff.Member) {
	device := h.Cookies.EnsureDevice(w, r)
	h.Cookies.Prove(w, r, device, m.Email)
	if err := h.Staff.Remember(r.Context(), m, device); err != nil {
		h.Log.WarnContext(r.Context(), "device not remembered", "request", web.RequestID(r), "error", err.Error())
	}
}

// wrongCode puts on a page why a code was not accepted; judged is the error with
// its result. It returns an error if the official is blocked by it.
func wrongCode(p *web.Page, result signin.CodeResult, judged error) error {
	if errors.Is(judged, signin.ErrNoCode) {
		p.Wrong("code", "web.code.form")
		return nil
	}
	switch result.Outcome {
	case account.BlockedNow:
		return web.Fail(http.StatusForbidden, "console.blocked", nil)
	case account.Wrong:
		p.Wrong("code", "console.code_wrong")
	default:
		p.WrongCode(result)
	}
	return nil
}

func (h *Kit) logoutPost(w http.ResponseWriter, r *http.Request) error {
	if err := h.end(r); err != nil {
		return err
	}
	h.Cookies.SetStaff(w, "")
	w.Header().Set("Clear-Site-Data", `"cache"`)
	return h.Pages.SeeOther(w, "/console/login")
}

func (h *Kit) from(r *http.Request) signin.From {
	from := h.Limits.From(r)
	from.Device = h.Cookies.Device(r)
	return from
}
