package apply

import (
	"errors"
	"net/http"
	"net/url"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/typed"
)

type findPage struct {
	*web.Page
	Reference web.Field
}

func (h *Room) findPage(w http.ResponseWriter, r *http.Request, typed string) *findPage {
	p := &findPage{Page: h.page(w, r, "apply.find.title")}
	p.Reference = web.Field{Page: p.Page, Name: "reference", Label: p.T("apply.find.reference"), Hint: p.T("apply.find.reference_hint"), Value: typed, Width: "20"}
	return p
}

// statusFind asks for the reference number.
func (h *Room) statusFind(w http.ResponseWriter, r *http.Request) error {
	return h.Pages.Render(w, http.StatusOK, "apply/status_find", h.findPage(w, r, ""))
}

// statusFindPost mails a code to the address of the application. An unknown number
// gets the same answer.
func (h *Room) statusFindPost(w http.ResponseWriter, r *http.Request) error {
	p := h.findPage(w, r, r.PostForm.Get("reference"))
	reference := application.TypedReference(p.Reference.Value)
	if reference == "" {
		p.Wrong("reference", "apply.find.reference_form")
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "apply/status_find", p)
	}
	if err := h.Limits.Spend(r, limit.StatusRequests.UpTo(h.PerHour), 1); err != nil {
		return err
	}
	a, err := h.Store.ByReference(r.Context(), reference)
	if err != nil && !errors.Is(err, errs.ErrNotFound) {
		return err
	}
	if err == nil {
		if err := h.mailStatusCode(r, a); err != nil {
			return err
		}
	}
	return h.Pages.SeeOther(w, "/apply/status/code?"+url.Values{"reference": {reference}}.Encode())
}

// mailStatusCode mails a code, unless it is too early for another mail to this
// mailbox: the code in the latest one works.
func (h *Room) mailStatusCode(r *http.Request, a application.Application) error {
	code, err := secret.NewCode(h.Rand)
	if err != nil {
		return err
	}
	now := h.Now()
	message := h.Letters.StatusCode(a, code, now)
	message.Asked = &mail.Asked{Known: true}
	err = h.Cases.SetStatusCode(r.Context(), a.ID, h.statusHash(a, code.Reveal()), now.Add(intake.CodeLifetime),
		effect.Of(h.event(r, a, audit.ApplicationStatusCodeSent), message))
	if errors.Is(err, errs.ErrConflict) {
		return nil // erased meanwhile
	}
	return err
}

// statusHash binds a code to its application and to this use.
func (h *Room) statusHash(a application.Application, code string) string {
	return secret.MAC(h.CodeKey, "status code", a.ID, code)
}

type statusCodePage struct {
	*web.Page
	Reference string
	Code      web.Field
	Back      web.Link
}

func (h *Room) statusCodePage(w http.ResponseWriter, r *http.Request, reference string) *statusCodePage {
	p := &statusCodePage{Page: h.page(w, r, "apply.find.code_title"), Reference: reference}
	for i := range p.Languages {
		p.Languages[i].URL += "&" + url.Values{"reference": {reference}}.Encode()
	}
	p.Code = web.Field{Page: p.Page, Name: "code", Label: p.T("apply.field.code.label")}
	p.Back = web.Link{URL: p.Path("/apply/status/find"), Label: p.T("apply.back")}
	return p
}

// statusCode asks for the mailed code.
func (h *Room) statusCode(w http.ResponseWriter, r *http.Request) error {
	reference := application.TypedReference(r.URL.Query().Get("reference"))
	if reference == "" {
		return h.Pages.SeeOther(w, "/apply/status/find")
	}
	return h.Pages.Render(w, http.StatusOK, "apply/status_code", h.statusCodePage(w, r, reference))
}

// statusCodePost allows this browser to see the application. It does not say what
// is wrong with a code, since the number may not exist.
func (h *Room) statusCodePost(w http.ResponseWriter, r *http.Request) error {
	if err := h.Limits.Spend(r, limit.CodeRequests.UpTo(h.Tries), 1); err != nil {
		return err
	}
	p := h.statusCodePage(w, r, application.TypedReference(r.PostForm.Get("reference")))
	code := typed.Code(r.PostForm.Get("code"), secret.CodeDigits)
	if code == "" {
		p.Wrong("code", "apply.field.code.form")
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "apply/status_code", p)
	}
	right, err := h.openStatus(w, r, p.Reference, code)
	if err != nil {
		return err
	}
	if !right {
		p.Wrong("code", "apply.find.code_wrong")
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "apply/status_code", p)
	}
	return h.Pages.SeeOther(w, "/apply/status")
}

func (h *Room) openStatus(w http.ResponseWriter, r *http.Request, reference, code string) (bool, error) {
	if reference == "" {
		return false, nil
	}
	a, err := h.Store.ByReference(r.Context(), reference)
	if errors.Is(err, errs.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	handle := h.Cookies.NewHandle(secret.KindApplication)
	verdict, err := h.Cases.TryStatusCode(r.Context(), a.ID, h.statusHash(a, code), handle.Hash(), h.Now(),
		effect.Of(h.event(r, a, audit.ApplicationStatusOpened)))
	if errors.Is(err, errs.ErrConflict) || errors.Is(err, errs.ErrNotFound) {
		return false, nil
	}
	if err != nil || verdict != intake.CodeRight {
		return false, err
	}
	h.Cookies.SetDraft(w, handle, intake.DraftLifetime)
	return true, nil
}
