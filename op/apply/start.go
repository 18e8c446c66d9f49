package apply

import (
	"errors"
	"net/http"
	"net/url"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/intake"
)

type startPage struct {
	*web.Page
	Kind   web.Field
	Resume *web.Link // set if this browser has a draft
	Sent   *web.Link // set if this browser has sent an application
}

// start shows what is needed to apply, and asks for the kind.
func (h *Room) start(w http.ResponseWriter, r *http.Request) error {
	p, err := h.startPage(w, r)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "apply/apply", p)
}

func (h *Room) startPage(w http.ResponseWriter, r *http.Request) (*startPage, error) {
	p := &startPage{Page: h.page(w, r, "apply.title")}
	p.Kind = web.Field{Page: p.Page, Name: "kind", Label: p.T("apply.field.kind.label"), Options: []web.Option{
		{Value: burger, Label: p.T("apply.field.kind.burger"), Hint: p.T("apply.field.kind.burger_hint")},
		{Value: bedrijf, Label: p.T("apply.field.kind.bedrijf"), Hint: p.T("apply.field.kind.bedrijf_hint")},
	}}
	a, err := h.load(r)
	var lost *web.Error
	switch {
	case errors.As(err, &lost):
		return p, nil // no draft, or one that has expired
	case err != nil:
		return nil, err
	case a.IsChange():
		if a.Open(h.Now()) {
			p.Resume = &web.Link{URL: p.Path(changePath), Label: p.T("apply.resume.link")}
		}
	case a.Sent():
		p.Sent = &web.Link{URL: p.Path(paths[intake.StepDone]), Label: p.T("apply.sent.link")}
	case a.Open(h.Now()):
		p.Resume = &web.Link{URL: p.Path(paths[intake.Next(a, h.Now())]), Label: p.T("apply.resume.link")}
	}
	return p, nil
}

// startPost begins again. An earlier draft of this browser is left to expire.
func (h *Room) startPost(w http.ResponseWriter, r *http.Request) error {
	kind := r.PostForm.Get("kind")
	if _, ok := kinds[kind]; !ok {
		p, err := h.startPage(w, r)
		if err != nil {
			return err
		}
		p.Wrong("kind", "apply.field.kind.missing")
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "apply/apply", p)
	}
	h.Cookies.DropDraft(w)
	return h.Pages.SeeOther(w, emailPath(kind))
}

func emailPath(kind string) string {
	return "/apply/email?" + url.Values{"kind": {kind}}.Encode()
}
