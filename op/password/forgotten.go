package password

import (
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
)

type forgottenPage struct {
	*web.Page
	Email web.Field
	Back  web.Link // to the login at which it was asked; URL "" for none
}

func (h *Room) forgottenPage(r *http.Request) *forgottenPage {
	p := h.Pages.Page(r, "password.forgotten.title")
	page := &forgottenPage{Page: p, Email: web.Field{
		Page: p, Name: "email", Type: "email", Label: p.T("web.login.email"), Hint: p.T("password.forgotten.email_hint"), Value: r.PostForm.Get("email"), Autocomplete: "username",
	}}
	if handle, ok := secret.Parse(secret.KindRequest, web.Query(r).Get("login")); ok {
		page.Back = web.Link{URL: p.Path(flow.For("/login", handle)), Label: p.T("password.forgotten.back")}
	}
	return page
}

// forgotten asks for the address.
func (h *Room) forgotten(w http.ResponseWriter, r *http.Request) error {
	h.Cookies.EnsureBrowser(w, r)
	return h.Pages.Render(w, http.StatusOK, "password/forgotten", h.forgottenPage(r))
}

// forgottenPost has a mail sent. The answer is the same for every address.
func (h *Room) forgottenPost(w http.ResponseWriter, r *http.Request) error {
	email, err := mail.CanonicalAddress(r.PostForm.Get("email"))
	if err != nil {
		p := h.forgottenPage(r)
		p.Wrong("email", "password.forgotten.email_form")
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "password/forgotten", p)
	}
	if err := h.Limits.SpendMail(r, limit.ForgottenMails.UpTo(h.PerHour), email, h.DomainKey); err != nil {
		return err
	}
	asked := signin.Asked{Email: email, Lang: h.Pages.Lang(r)}
	// The client is where the person came from; a login that is over has none.
	if v, err := h.Flow.Load(r); err == nil && v.Client != nil {
		asked.ClientID = v.Client.ID
	}
	if err := h.SignIn.Forgotten(r.Context(), asked); err != nil {
		return err
	}
	return h.Pages.SeeOther(w, "/password/sent")
}

type sentPage struct {
	*web.Page
	Start web.Link
}

// sent says that a mail is on its way. The page depends on no stored state.
func (h *Room) sent(w http.ResponseWriter, r *http.Request) error {
	p := h.Pages.Page(r, "password.sent.title")
	return h.Pages.Render(w, http.StatusOK, "password/sent", &sentPage{Page: p, Start: web.Link{URL: p.Path("/password/forgotten"), Label: p.T("password.sent.again")}})
}
