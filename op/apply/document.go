package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
)

type documentPage struct {
	formPage
	Heading  string
	Company  bool
	Change   bool
	Document web.Field
}

func (h *Room) documentPage(w http.ResponseWriter, r *http.Request, a application.Application) (*documentPage, error) {
	title := "apply.document.title"
	switch {
	case h.Pages.Settings.AtOnce || a.IsChange():
		title = "apply.document.title_practice"
	case a.Kind == account.LegalPerson:
		title = "apply.document.title_company"
	}
	p := &documentPage{formPage: h.formPage(w, r, a, intake.StepDocument, title, before(a, intake.StepDocument)), Company: a.Kind == account.LegalPerson, Change: a.IsChange()}
	p.Heading = p.Title
	p.Document = p.practised("document", "")
	if !h.Pages.Settings.AtOnce {
		p.Document.Accept = "application/pdf,image/jpeg,image/png"
	}
	documents, err := h.Store.Documents(r.Context(), a.ID)
	if err != nil {
		return nil, err
	}
	for _, d := range documents {
		p.Document.Current = d.Name
	}
	return p, nil
}

// document asks for the document.
func (h *Room) document(w http.ResponseWriter, r *http.Request, a application.Application) error {
	p, err := h.documentPage(w, r, a)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "apply/document", p)
}

func (h *Room) documentPost(w http.ResponseWriter, r *http.Request, a application.Application) error {
	u, leave, err := h.receive(w, r, a.ID)
	if err != nil {
		return err
	}
	defer leave()
	p, err := h.documentPage(w, r, a)
	if err != nil {
		return err
	}
	if !u.Chosen && p.Document.Current != "" {
		return h.documentDone(w, r, a) // the stored one is kept
	}
	kind, why, err := h.judge(r, u, "/apply/document")
	if err != nil {
		return err
	}
	if why != "" {
		p.Wrong("document", "apply.field.document."+why)
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "apply/document", p)
	}
	return h.putDocument(w, r, a, u, kind)
}

// judgeTime is how long an applicant waits for a judgement, with the time in which
// others have the place.
const judgeTime = 20 * time.Second

// judge returns the type of an uploaded file, or what is wrong with it. Without a
// judgement it returns an error: a page that leads back to where the file was chosen.
func (h *Room) judge(r *http.Request, u web.File, chosenAt string) (kind, wrong string, err error) {
	switch {
	case !u.Chosen:
		return "", "missing", nil
	case u.TooLarge:
		return "", "too_large", nil
	}
	budget := limit.JudgeTimeOf(h.Tries)
	if err := h.Limits.Spend(r, budget, 1); err != nil {
		return "", "", err
	}
	ctx, cancel := context.WithTimeout(r.Context(), judgeTime)
	defer cancel()
	kind, wrong, cost, err := h.Documents.Judge(ctx, u.Content, h.Pages.Settings.AtOnce)
	// What is over the budget is refused the next time.
	_ = h.Limits.Spend(r, budget, int(cost.Milliseconds()))
	if errors.Is(err, errs.ErrUnavailable) {
		err = &web.Error{Status: http.StatusServiceUnavailable, Key: "apply.unjudged", Cause: err, Retry: 30 * time.Second, Link: &web.Link{URL: chosenAt, Label: "apply.unjudged.link"}}
	}
	return kind, wrong, err
}

// seal returns an upload as a document, encrypted for its row.
func (h *Room) seal(a application.Application, u web.File, kind string) (application.Document, error) {
	sum := sha256.Sum256(u.Content)
	d := application.Document{
		ID: secret.NewID(h.Rand), ApplicationID: a.ID, Name: document.CleanName(u.Name, kind), Type: kind,
		Size: int64(len(u.Content)), SHA256: hex.EncodeToString(sum[:]), CreatedAt: h.Now(),
	}
	var err error
	d.Sealed, err = h.Ring.Seal(u.Content, application.DocumentAAD(a.ID, d.ID))
	return d, err
}

// putDocument stores the document in place of an earlier one.
func (h *Room) putDocument(w http.ResponseWriter, r *http.Request, a application.Application, u web.File, kind string) error {
	d, err := h.seal(a, u, kind)
	if err != nil {
		return err
	}
	if err := h.countDocument(r, a, d); err != nil {
		return err
	}
	if err := h.Store.PutDocument(r.Context(), d); err != nil && !errors.Is(err, errs.ErrConflict) {
		return err
	} // after a conflict the draft is no longer open, and documentDone shows that
	if a, err = h.load(r); err != nil {
		return err
	}
	if !intake.Reaches(a, intake.StepDocument, h.Now()) {
		return h.onward(w, a)
	}
	return h.documentDone(w, r, a)
}

func (h *Room) documentDone(w http.ResponseWriter, r *http.Request, a application.Application) error {
	return h.persist(w, r, a, intake.StepDocument, func(a *application.Application) { a.Answers.DocumentDone = true })
}
