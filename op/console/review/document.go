package review

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"omgevingsloket-id/op/console"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/review"
)

// Inspector inspects untrusted files in isolation (document.Worker). It returns
// document.ErrRefused for a file that cannot be inspected.
type Inspector interface {
	Picture(ctx context.Context, content []byte) ([]byte, error)
	PDF(ctx context.Context, content []byte) ([]document.Active, error)
}

type documentPage struct {
	console.Frame
	Back     web.Link
	Document documentRow
	Picture  string // address of the picture; "" means not shown
	Offered  bool   // a PDF that can be downloaded
	Refused  string // why the file cannot be shown or offered
	Found    []string
}

func documentURL(id string) string {
	return "/console/review/document?" + url.Values{"id": {id}}.Encode()
}

// document shows a picture, or what is in a PDF. The look is added to the audit log
// before the document is read.
func (h *Room) document(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	d, p, err := h.openDocument(w, r, v)
	if err != nil || p == nil {
		return err
	}
	look := h.viewed(r, v, d.ApplicationID) // the page names the file
	kind := d.Type
	if !d.MayBeShown() {
		kind = ""
	}
	switch kind {
	case "":
	case document.TypeJPEG, document.TypePNG:
		look = func() error {
			ticket, err := h.Viewing.Ticket(r.Context(), d, h.By(r, v))
			p.Picture = p.Path(contentURL(ticket))
			return err
		}
	case document.TypePDF:
		look = func() error { return h.Viewing.Look(r.Context(), d, h.By(r, v)) }
	default:
		p.Refused = p.T("console-review.document.refused_other")
	}
	err = h.Look(r, v, look)
	if err == nil && kind == document.TypePDF {
		err = h.inspect(web.Patient(r.Context()), p, d)
	}
	if err != nil {
		return h.overtaken(w, r, v, p, d, err)
	}
	return h.Pages.Render(w, http.StatusOK, "console/review/document", p)
}

// openDocument reads the document in the address. p is nil when the response has
// been written.
func (h *Room) openDocument(w http.ResponseWriter, r *http.Request, v *console.Visit) (custody.Filed, *documentPage, error) {
	d, err := h.Viewing.Open(r.Context(), console.Cut(r.URL.Query().Get("id"), 64), official(v))
	var refused review.Refused
	if errors.As(err, &refused) {
		f, err := h.Review.Open(r.Context(), d.ApplicationID)
		if err != nil {
			return d, nil, err
		}
		return d, nil, h.drawCase(w, r, v, f, http.StatusForbidden, func(p *casePage) { p.Wrong("", "console-review.case.refused_"+string(refused.Why)) })
	}
	if err != nil {
		return d, nil, err
	}
	p := &documentPage{Frame: h.Page(r, v, "console-review.document.title")}
	c, err := h.Review.Cases.Case(r.Context(), d.ApplicationID)
	if err != nil {
		return d, nil, err
	}
	p.Title += " " + c.Reference
	p.Back = web.Link{URL: p.Path(caseURL(d.ApplicationID)), Label: p.T("console-review.decide.back")}
	p.Document = h.documentRow(p.Page, d)
	return d, p, nil
}

// overtaken shows that a document may no longer be shown if err is errs.ErrConflict, and
// returns any other error.
func (h *Room) overtaken(w http.ResponseWriter, r *http.Request, v *console.Visit, p *documentPage, d custody.Filed, err error) error {
	if !errors.Is(err, errs.ErrConflict) {
		return err
	}
	p.Refused, p.Picture, p.Offered = p.T("console-review.document.refused_now"), "", false
	return h.Show(w, r, v, http.StatusConflict, "console/review/document", p, h.viewed(r, v, d.ApplicationID))
}

// inspect adds what is in a PDF, or why it is not offered.
func (h *Room) inspect(ctx context.Context, p *documentPage, d custody.Filed) error {
	content, err := h.Viewing.Read(ctx, d)
	if err != nil {
		return err
	}
	found, err := h.Inspector.PDF(ctx, content)
	if errors.Is(err, document.ErrRefused) {
		h.Log.InfoContext(ctx, "document is not offered", "document", d.ID, "error", err.Error())
		p.Refused = p.T("console-review.document.refused_pdf")
		return nil
	}
	if err != nil {
		return err
	}
	p.Offered = true
	for _, a := range found {
		p.Found = append(p.Found, p.T("console-review.document.active_"+string(a)))
	}
	return nil
}

// documentPost adds the download of a PDF to the audit log and makes a ticket for it.
func (h *Room) documentPost(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	d, p, err := h.openDocument(w, r, v)
	if err != nil || p == nil {
		return err
	}
	if d.MayBeShown() && d.Type == document.TypePDF {
		if err := h.inspect(web.Patient(r.Context()), p, d); err != nil {
			return h.overtaken(w, r, v, p, d, err)
		}
	}
	if !p.Offered {
		return h.Show(w, r, v, http.StatusConflict, "console/review/document", p, h.viewed(r, v, d.ApplicationID))
	}
	target := ""
	if err := h.Look(r, v, func() error {
		ticket, err := h.Viewing.Download(r.Context(), d, h.By(r, v))
		target = contentURL(ticket)
		return err
	}); err != nil {
		return h.overtaken(w, r, v, p, d, err)
	}
	return h.Pages.SeeOther(w, target)
}
