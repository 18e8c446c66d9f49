package console

import (
	"errors"
	"net/http"
	"net/url"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/password"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/pkg/totp"
)

type invitePage struct {
	*web.Page
	Who      string
	Password web.Field
}

// invite shows the form of an invitation, which does not use it up. It moves the
// handle from the address to a cookie.
func (h *Kit) invite(w http.ResponseWriter, r *http.Request) error {
	if token := r.URL.Query().Get("token"); token != "" {
		if handle, ok := secret.Parse(secret.KindInvite, token); ok {
			h.Cookies.SetLink(w, secret.KindInvite, handle)
		}
		return h.Pages.SeeOther(w, "/console/invite")
	}
	h.Cookies.EnsureBrowser(w, r)
	_, m, err := h.invited(r)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "console/invite", h.invitePage(r, m))
}

func (h *Kit) invitePage(r *http.Request, m staff.Member) *invitePage {
	p := h.Pages.Page(r, "console.invite.title")
	return &invitePage{Page: p, Who: m.Name, Password: web.NewPassword(p, h.Policy, p.T("web.login.password"))}
}

// invited returns the invitation in the cookie.
func (h *Kit) invited(r *http.Request) (secret.Text, staff.Member, error) {
	handle, ok := h.Cookies.Link(r, secret.KindInvite)
	if !ok {
		return "", staff.Member{}, web.Fail(http.StatusGone, "console.invite_gone", nil)
	}
	m, err := h.Staff.Invited(r.Context(), handle)
	if errors.Is(err, errs.ErrNotFound) {
		err = web.Fail(http.StatusGone, "console.invite_gone", err)
	}
	return handle, m, err
}

type qrPage struct {
	*web.Page
	QR   web.QR
	Next web.Link
}

// invitePost uses the invitation up and shows the QR code in its answer, once.
func (h *Kit) invitePost(w http.ResponseWriter, r *http.Request) error {
	if err := h.Limits.Spend(r, limit.ConsoleRequests.UpTo(h.PerMinute), 1); err != nil {
		return err
	}
	handle, m, err := h.invited(r)
	if err != nil {
		return err
	}
	chosen := r.PostForm.Get("password")
	p := h.invitePage(r, m)
	if p.WrongPassword(h.Policy, chosen, password.Context{Email: m.Email, GivenName: m.Name}); len(p.Problems) > 0 {
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "console/invite", p)
	}
	ctx, release, err := h.Queue.Reserve(r.Context(), "")
	if err != nil {
		return err
	}
	defer release()
	m, key, err := h.Staff.Accept(ctx, handle, chosen, h.from(r))
	if errors.Is(err, errs.ErrNotFound) {
		return web.Fail(http.StatusGone, "console.invite_gone", err)
	}
	if err != nil {
		return err
	}
	h.Cookies.SetLink(w, secret.KindInvite, "")
	// Strangers who try passwords at this address have another lane.
	h.remember(w, r, m)
	uri := totp.URIFor(totp.StaffIssuer, m.Email, key)
	picture, err := totp.Draw(uri)
	if err != nil {
		return err
	}
	shown := h.Pages.Page(r, "web.qr.page_title")
	shown.Languages = nil
	page := &qrPage{Page: shown, QR: web.NewQR(shown, picture, uri.Reveal(), totp.Groups(key)), Next: web.Link{URL: shown.Path("/console/login"), Label: shown.T("web.qr.next")}}
	page.QR.Account = totp.StaffIssuer
	return h.Pages.Render(w, http.StatusOK, "console/qr", page)
}

// InviteLink returns the address at which an invitation can be accepted.
func InviteLink(origin string, invite secret.Text) secret.Text {
	return secret.Text(origin + "/console/invite?" + url.Values{"token": {invite.Reveal()}}.Encode())
}
