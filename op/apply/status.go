package apply

import (
	"context"
	"errors"
	"net/http"
	"time"
	"unicode/utf8"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/typed"
)

// Cases is the part of review.Cases that an applicant uses.
type Cases interface {
	Case(ctx context.Context, id string) (review.Case, error)
	Acts(ctx context.Context, id string) ([]review.Act, error)
	Answer(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error
	ReplaceDocument(ctx context.Context, c review.Case, d application.Document, act review.Act, proof func([]application.Document) effect.Effects) error
	Withdraw(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error
	HandOver(ctx context.Context, id, accountID, handleHash string, rec effect.Effects) error
	review.StatusCodes
}

// mountStatus adds the pages for a sent application.
func (h *Room) mountStatus(t *web.Router) {
	t.Get("/apply/status", h.sentTo(h.status))
	t.Post("/apply/status", h.sent(h.statusPost), "text")
	t.Get("/apply/status/document", h.sent(h.statusDocument))
	t.Upload("/apply/status/document", uploadBody, h.sent(h.statusDocumentPost))
	t.Get("/apply/status/withdraw", h.sent(h.statusWithdraw))
	t.Post("/apply/status/withdraw", h.sent(h.statusWithdrawPost))
	t.Get("/apply/status/find", h.statusFind)
	t.Post("/apply/status/find", h.statusFindPost, "reference")
	t.Get("/apply/status/code", h.statusCode)
	t.Post("/apply/status/code", h.statusCodePost, "reference", "code")
}

// sent is sentTo for what only the holder may do with a change request.
func (h *Room) sent(run func(w http.ResponseWriter, r *http.Request, c review.Case) error) web.Handler {
	return h.sentTo(func(w http.ResponseWriter, r *http.Request, c review.Case) error {
		if !c.IsChange() {
			return run(w, r, c)
		}
		return h.holds(w, r, c.Application, true, func(w http.ResponseWriter, r *http.Request) error { return run(w, r, c) })
	})
}

// sentTo runs a page for this browser's sent application; without one it redirects to
// the page that asks for the reference.
func (h *Room) sentTo(run func(w http.ResponseWriter, r *http.Request, c review.Case) error) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		a, err := h.load(r)
		var lost *web.Error
		switch {
		case errors.As(err, &lost):
			return h.Pages.SeeOther(w, "/apply/status/find")
		case err != nil:
			return err
		case a.Open(h.Now()):
			return h.onward(w, a)
		case !a.Sent():
			return h.Pages.SeeOther(w, "/apply/status/find")
		}
		c, err := h.Cases.Case(r.Context(), a.ID)
		if err != nil {
			return err
		}
		return run(w, r, c)
	}
}

type statusPage struct {
	*web.Page
	Reference string
	State     string
	Explained string
	Question  string // the last question of an official
	Answer    web.Field
	MayAnswer bool
	Answered  bool
	Document  string // the name of the present document
	Replace   web.Link
	Withdraw  *web.Link
	Login     *web.Link
	Again     *web.Link
}

func (h *Room) statusPage(w http.ResponseWriter, r *http.Request, c review.Case) (*statusPage, error) {
	p := &statusPage{Page: h.page(w, r, "apply.status.title"), Reference: c.Reference}
	p.State, p.Explained = stateTexts(p.Page, c.Application, h.Now())
	p.Answered = r.URL.Query().Get("answered") != ""
	if c.IsChange() {
		p.Again = &web.Link{URL: p.Path(changePath), Label: p.T("apply.change.page")}
		v, err := h.Flow.Holder(r)
		if errors.Is(err, errs.ErrNotFound) || err == nil && v.Account.ID != c.Changes {
			return p, nil // nothing of the account
		}
		if err != nil {
			return nil, err
		}
	}
	if c.Undecided() {
		p.Withdraw = &web.Link{URL: p.Path("/apply/status/withdraw"), Label: p.T("apply.status.withdraw")}
	}
	if c.State == application.Approved && !c.IsChange() {
		p.Login = &web.Link{URL: p.Path("/start"), Label: p.T("apply.done.login")}
	}
	if !c.IsChange() && (c.State == application.Expired || c.State == application.Withdrawn) {
		p.Again = &web.Link{URL: p.Path("/apply"), Label: p.T("apply.status.again")}
	}
	if p.MayAnswer = c.State == application.MoreInformation; !p.MayAnswer {
		return p, nil
	}
	acts, err := h.Cases.Acts(r.Context(), c.ID)
	if err != nil {
		return nil, err
	}
	for _, a := range acts {
		if a.Kind == review.ActMore {
			p.Question = a.Text
		}
	}
	documents, err := h.Store.Documents(r.Context(), c.ID)
	if err != nil {
		return nil, err
	}
	for _, d := range documents {
		p.Document = d.Name
	}
	p.Answer = web.Field{Page: p.Page, Name: "text", Label: p.T("apply.status.answer"), Rows: 6, Spellcheck: true, Value: r.PostForm.Get("text")}
	p.Replace = web.Link{URL: p.Path("/apply/status/document"), Label: p.T("apply.status.replace")}
	return p, nil
}

// lastDay returns the last day of a deadline, written out.
func lastDay(p *web.Page, end time.Time) string { return letter.Date(application.LastDay(end), p.Lang) }

// status shows how far the application is and, after a question, the form for the
// answer.
func (h *Room) status(w http.ResponseWriter, r *http.Request, c review.Case) error {
	p, err := h.statusPage(w, r, c)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "apply/status", p)
}

// statusPost takes the answer to a question.
func (h *Room) statusPost(w http.ResponseWriter, r *http.Request, c review.Case) error {
	p, err := h.statusPage(w, r, c)
	if err != nil {
		return err
	}
	text := typed.Text(r.PostForm.Get("text"))
	switch {
	case text == "":
		p.Wrong("text", "apply.status.answer_missing")
	case utf8.RuneCountInString(text) > review.LongestWords:
		p.Wrong("text", "apply.status.answer_too_long", "Most", review.LongestWords)
	}
	if p.MayAnswer && len(p.Problems) > 0 {
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "apply/status", p)
	}
	err = h.Cases.Answer(r.Context(), c, review.Act{Kind: review.ActAnswer, Text: text, At: h.Now()},
		effect.Of(h.event(r, c.Application, audit.ApplicationAnswered)))
	if errors.Is(err, errs.ErrConflict) {
		return h.Pages.SeeOther(w, "/apply/status") // it no longer waits for an answer, as that page shows
	}
	if err != nil {
		return err
	}
	return h.Pages.SeeOther(w, "/apply/status?answered=1")
}

type withdrawPage struct {
	*web.Page
	Back      web.Link
	Change    bool
	Reference string
}

// statusWithdraw asks for confirmation.
func (h *Room) statusWithdraw(w http.ResponseWriter, r *http.Request, c review.Case) error {
	if !c.Undecided() {
		return h.Pages.SeeOther(w, "/apply/status")
	}
	p := &withdrawPage{Page: h.page(w, r, "apply.withdraw.title"), Reference: c.Reference, Change: c.IsChange()}
	p.Back = web.Link{URL: p.Path("/apply/status"), Label: p.T("apply.withdraw.back")}
	return h.Pages.Render(w, http.StatusOK, "apply/status_withdraw", p)
}

func (h *Room) statusWithdrawPost(w http.ResponseWriter, r *http.Request, c review.Case) error {
	now := h.Now()
	err := h.Cases.Withdraw(r.Context(), c, review.Act{Kind: review.ActWithdraw, At: now},
		effect.Of(h.event(r, c.Application, audit.ApplicationWithdrawn), h.Letters.Withdrawn(c.Application, now)))
	if err != nil && !errors.Is(err, errs.ErrConflict) {
		return err
	} // after a conflict the application was decided on, as the page shows
	return h.Pages.SeeOther(w, "/apply/status")
}
