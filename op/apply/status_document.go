package apply

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/review"
)

type statusDocumentPage struct {
	*web.Page
	Back     web.Link
	Document web.Field
}

func (h *Room) statusDocumentPage(w http.ResponseWriter, r *http.Request) *statusDocumentPage {
	p := &statusDocumentPage{Page: h.page(w, r, "apply.replace.title")}
	p.Back = web.Link{URL: p.Path("/apply/status"), Label: p.T("apply.back")}
	p.Document = web.Field{Page: p.Page, Name: "document", Label: p.T("apply.field.document.label"), Hint: p.T("apply.field.document.hint"),
		Accept: "application/pdf,image/jpeg,image/png"}
	return p
}

// statusDocument asks for another document while a question is open.
func (h *Room) statusDocument(w http.ResponseWriter, r *http.Request, c review.Case) error {
	if c.State != application.MoreInformation {
		return h.Pages.SeeOther(w, "/apply/status")
	}
	return h.Pages.Render(w, http.StatusOK, "apply/status_document", h.statusDocumentPage(w, r))
}

func (h *Room) statusDocumentPost(w http.ResponseWriter, r *http.Request, c review.Case) error {
	u, leave, err := h.receive(w, r, c.ID)
	if err != nil {
		return err
	}
	defer leave()
	kind, why, err := h.judge(r, u, "/apply/status/document")
	if err != nil {
		return err
	}
	if why != "" {
		p := h.statusDocumentPage(w, r)
		p.Wrong("document", "apply.field.document."+why)
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "apply/status_document", p)
	}
	d, err := h.seal(c.Application, u, kind)
	if err != nil {
		return err
	}
	if err := h.countDocument(r, c.Application, d); err != nil {
		return err
	}
	event := h.event(r, c.Application, audit.ApplicationDocumentReplaced).With(map[string]string{"document": d.ID})
	err = h.Cases.ReplaceDocument(r.Context(), c, d, review.Act{Kind: review.ActDocument, At: h.Now()},
		func(gone []application.Document) effect.Effects { return custody.Replaced(gone, event) })
	if err != nil && !errors.Is(err, errs.ErrConflict) {
		return err
	} // after a conflict no question is open, as the page shows
	return h.Pages.SeeOther(w, "/apply/status")
}
