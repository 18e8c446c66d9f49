package review

import (
	"net/http"
	"slices"
	"strconv"

	"omgevingsloket-id/op/console"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/review"
)

type decidePage struct {
	console.Frame
	Back      web.Link
	Heading   string
	Reference string
	Name      string
	Act       string
	Seen      string
	Reason    web.Field
	Words     web.Field
	Ready     bool // the text is complete: show the mail, then send it
	Mail      *mailView
	Unread    web.Field // the box to tick to approve without having opened every document; no Name = all were opened
	Documents []web.Link
	Confirm   web.Button
	Change    *web.Button
	Preview   web.Button
}

// mailView is a mail before it is sent.
type mailView struct{ To, Subject, Text, Lang string }

// decidePage returns the page of one decision on a case.
func (h *Room) decidePage(r *http.Request, v *console.Visit, f review.Dossier, kind review.ActKind) *decidePage {
	p := &decidePage{Frame: h.Page(r, v, "console-review.decide.title_"+string(kind)), Reference: f.Reference, Name: caseName(f.Case), Act: string(kind)}
	p.Heading, p.Title = p.Title, p.Title+" "+f.Reference
	p.Back = web.Link{URL: p.Path(caseURL(f.ID)), Label: p.T("console-review.decide.back")}
	p.Seen = strconv.FormatInt(f.Version, 10)
	if kind == review.ActReject {
		p.Reason = web.Field{Page: p.Page, Name: "reason", Label: p.T("console-review.decide.reason"), Value: r.PostForm.Get("reason")}
		for _, code := range h.Review.ReasonsFor(f.Case) {
			p.Reason.Options = append(p.Reason.Options, web.Option{Value: code, Label: p.T("console.review_reason." + code)})
		}
	}
	if kind == review.ActReject || kind == review.ActMore {
		p.Words = web.Field{Page: p.Page, Name: "text", Label: p.T("console-review.decide.words_" + string(kind)), Hint: p.T("console-review.decide.words_hint", "Lang", p.T("console.lang_"+f.Lang)), Value: words(r), Rows: 8, Spellcheck: true}
	}
	p.Preview = web.Button{Name: "step", Value: "preview", Label: p.T("console-review.decide.preview")}
	return p
}

// ready turns p into the page to confirm on, with the mail that will be sent.
func (h *Room) ready(p *decidePage, f review.Dossier, act review.Act) {
	p.Ready = true
	p.Confirm = web.Button{Name: "step", Value: "send", Label: p.T("console-review.decide.confirm_" + string(act.Kind))}
	if p.Words.Name != "" {
		p.Change = &web.Button{Name: "step", Value: "change", Label: p.T("console-review.decide.change"), Secondary: true}
	}
	if m, ok := h.Review.Mail(f, act); ok {
		p.Mail = &mailView{m.To, m.Subject, m.Text.Reveal(), m.Lang}
	}
}

// unread adds the documents that an official has not opened, and the box to tick for an
// approval without them.
func (h *Room) unread(r *http.Request, v *console.Visit, p *decidePage, f review.Dossier) error {
	left, err := h.Review.Unread(r.Context(), f, official(v))
	if err != nil || len(left) == 0 {
		return err
	}
	for _, d := range left {
		p.Documents = append(p.Documents, web.Link{URL: p.Path(documentURL(d.ID)), Label: h.documentRow(p.Page, d).Name})
	}
	p.Unread = web.Field{Page: p.Page, Name: "unread", Label: p.T("console-review.decide.unread")}
	return nil
}

// decision reads the dossier and the kind of decision in the address.
func (h *Room) decision(r *http.Request) (review.Dossier, review.ActKind, error) {
	kind := review.ActKind(r.URL.Query().Get("act"))
	f, err := h.dossier(r)
	if err != nil {
		return f, kind, err
	}
	switch kind {
	case review.ActApprove:
		kind = h.Review.Approval(f.Case)
	case review.ActReject, review.ActMore:
	default:
		return f, kind, web.Fail(http.StatusNotFound, "web.error.not_found", nil)
	}
	return f, kind, nil
}

// decide asks for the text of the mail, or shows the mail if it needs no text.
func (h *Room) decide(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	f, kind, err := h.decision(r)
	if err != nil {
		return err
	}
	if why := h.Review.May(f, official(v), kind); why != "" {
		return h.drawCase(w, r, v, f, http.StatusConflict, func(p *casePage) { p.Wrong("", "console-review.case.refused_"+string(why)) })
	}
	p := h.decidePage(r, v, f, kind)
	if p.Words.Name == "" {
		if err := h.unread(r, v, p, f); err != nil {
			return err
		}
		h.ready(p, f, review.Act{Kind: kind})
	}
	return h.Show(w, r, v, http.StatusOK, "console/review/decide", p, h.viewed(r, v, f.ID))
}

// decidePost shows the mail, lets the official change it, and decides.
func (h *Room) decidePost(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	f, kind, err := h.decision(r)
	if err != nil {
		return err
	}
	if why := h.Review.May(f, official(v), kind); why != "" || r.PostForm.Get("seen") != strconv.FormatInt(f.Version, 10) {
		return h.tooLate(w, r, v, f)
	}
	p, act := h.decidePage(r, v, f, kind), review.Act{Kind: kind}
	if p.Words.Name != "" {
		act.Text = p.Words.Value
		if why := wordsFault(act.Text); why == "too_long" || why != "" && kind == review.ActMore {
			p.Wrong("text", "console-review.decide.words_"+why)
		}
	}
	if kind == review.ActReject {
		if act.Reason = p.Reason.Value; !slices.Contains(h.Review.ReasonsFor(f.Case), act.Reason) {
			p.Wrong("reason", "console-review.decide.reason_missing")
		} else if act.Reason == "else" && act.Text == "" {
			p.Wrong("text", "console-review.decide.words_else")
		}
	}
	if p.Words.Name == "" {
		act.Unread = r.PostForm.Get("unread") != ""
		if err := h.unread(r, v, p, f); err != nil {
			return err
		}
		if p.Unread.Name != "" && !act.Unread {
			p.Wrong("unread", "console-review.decide.unread_missing")
			h.ready(p, f, act)
		}
	}
	if len(p.Problems) > 0 {
		return h.Show(w, r, v, http.StatusUnprocessableEntity, "console/review/decide", p, h.viewed(r, v, f.ID))
	}
	switch step := r.PostForm.Get("step"); {
	case step == "send":
		return h.carryOut(w, r, v, f, act)
	case step == "change" && p.Words.Name != "":
		return h.Show(w, r, v, http.StatusOK, "console/review/decide", p, h.viewed(r, v, f.ID))
	}
	h.ready(p, f, act)
	return h.Show(w, r, v, http.StatusOK, "console/review/decide", p, h.viewed(r, v, f.ID))
}
