package review

import (
	"errors"
	"net/http"
	"strconv"
	"unicode/utf8"

	"omgevingsloket-id/op/console"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/typed"
)

// caseEvents is how many events of the audit log a case shows.
const caseEvents = 100

type casePage struct {
	console.Frame
	Back         web.Link
	Name         string
	State, Taker string
	Term         string // the deadline, in words; "" means none
	Late         bool
	Parts        []web.Summary
	Comparison   *web.Table // of a change request
	Documents    []documentRow
	Acts         []actRow
	Events       []eventRow
	Seen         string
	Note         web.Field
	CanNote      bool
	Buttons      []web.Button
	Decisions    []web.Link
	Why          []string // why acts are not offered
}

type actRow struct{ At, Who, What, Reason, Text string }

type eventRow struct{ At, Who, Action, From string }

// dossier reads the dossier of the case in the address.
func (h *Room) dossier(r *http.Request) (review.Dossier, error) {
	return h.Review.Open(r.Context(), console.Cut(r.URL.Query().Get("id"), 64))
}

func official(v *console.Visit) review.Official {
	return review.Official{ID: v.Member.ID, Email: v.Member.Email}
}

// showCase shows a dossier, after the look was added to the audit log.
func (h *Room) showCase(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	f, err := h.dossier(r)
	if err != nil {
		return err
	}
	return h.drawCase(w, r, v, f, http.StatusOK, nil)
}

// drawCase renders a dossier; tell may add problems.
func (h *Room) drawCase(w http.ResponseWriter, r *http.Request, v *console.Visit, f review.Dossier, status int, tell func(*casePage)) error {
	if err := h.Look(r, v, h.viewed(r, v, f.ID)); err != nil {
		return err
	}
	p := &casePage{Frame: h.Page(r, v, "console-review.case.title"), Name: caseName(f.Case)}
	p.State = stateText(p.Page, f.Case)
	if p.Late = f.Late(h.Now()); f.Undecided() {
		p.Term = h.leftText(p.Page, f.Case)
	}
	p.Title += " " + f.Reference
	p.Back = web.Link{URL: p.Path("/console/review"), Label: p.T("console-review.case.back")}
	p.Seen = strconv.FormatInt(f.Version, 10)
	p.Parts, p.Comparison = caseParts(p.Page, f.Case, h.Now()), comparison(p.Page, f)
	p.Note = web.Field{Page: p.Page, Name: "text", Label: p.T("console-review.case.note"), Hint: p.T("console-review.case.note_hint"), Rows: 3, Spellcheck: true}
	for _, d := range f.Documents {
		row := h.documentRow(p.Page, d)
		if d.MayBeShown() && f.Email != v.Member.Email {
			row.URL = p.Path(documentURL(d.ID))
		}
		p.Documents = append(p.Documents, row)
	}
	h.offer(p, v, f)
	if err := h.history(r, p, f); err != nil {
		return err
	}
	if tell != nil {
		tell(p)
	}
	return h.Pages.Render(w, status, "console/review/case", p)
}

// viewed returns a function that adds the event about a look at an application.
func (h *Room) viewed(r *http.Request, v *console.Visit, id string) func() error {
	return func() error {
		return h.Review.Cases.Viewed(r.Context(), id, effect.Of(h.By(r, v).Did(audit.ApplicationViewed, id, h.Now())))
	}
}

// offer adds what this official can do now, and why not the rest.
func (h *Room) offer(p *casePage, v *console.Visit, f review.Dossier) {
	may := func(kind review.ActKind) bool { return h.Review.May(f, official(v), kind) == "" }
	p.CanNote = may(review.ActNote)
	if may(review.ActTake) {
		p.Buttons = append(p.Buttons, web.Button{Name: "action", Value: "take", Label: p.T("console-review.case.take")})
	}
	if may(review.ActRelease) {
		p.Buttons = append(p.Buttons, web.Button{Name: "action", Value: "release", Label: p.T("console-review.case.release"), Secondary: true})
	}
	seen := map[review.Refusal]bool{}
	for _, kind := range []review.ActKind{review.ActApprove, review.ActReject, review.ActMore} {
		check := kind
		if kind == review.ActApprove {
			check = h.Review.Approval(f.Case)
		}
		why := h.Review.May(f, official(v), check)
		if why == "" {
			p.Decisions = append(p.Decisions, web.Link{URL: p.Path(decideURL(f.ID, kind)), Label: p.T("console-review.case.to_" + string(check))})
		} else if !seen[why] && why != review.RefusedOver {
			seen[why] = true
			p.Why = append(p.Why, p.T("console-review.case.refused_"+string(why)))
		}
	}
}

// history adds the acts with their texts, and the events of the audit log.
func (h *Room) history(r *http.Request, p *casePage, f review.Dossier) error {
	names := h.Names()
	var err error
	if p.Taker, err = names.Of(r.Context(), f.Reviewer); err != nil {
		return err
	}
	for _, a := range f.Acts {
		row := actRow{At: console.Moment(a.At, p.Lang), What: p.T("console-review.act." + string(a.Kind)), Text: a.Text, Who: p.T("console-review.case.applicant")}
		if a.Automatic() {
			row.Who = p.T("console-review.case.automatic")
		}
		if a.Member != "" {
			if row.Who, err = names.Of(r.Context(), a.Member); err != nil {
				return err
			}
		}
		if a.Reason != "" {
			row.Reason = p.T("console.review_reason." + a.Reason)
		}
		p.Acts = append(p.Acts, row)
	}
	events, err := h.Audit.EventsAbout(r.Context(), audit.ObjectApplication, f.ID, caseEvents)
	if err != nil {
		return err
	}
	for _, e := range events {
		row := eventRow{At: console.Moment(e.At, p.Lang), Who: p.T("console.actor." + string(e.ActorKind)), Action: console.ActionText(p.Page, e.Action), From: e.Origin}
		if e.ActorKind == audit.ActorStaff {
			if row.Who, err = names.Of(r.Context(), e.ActorID); err != nil {
				return err
			}
		}
		p.Events = append(p.Events, row)
	}
	return nil
}

// casePost takes or releases the case, or adds a note.
func (h *Room) casePost(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	f, err := h.dossier(r)
	if err != nil {
		return err
	}
	act := review.Act{}
	switch r.PostForm.Get("action") {
	case "take":
		act.Kind = review.ActTake
	case "release":
		act.Kind = review.ActRelease
	case "note":
		act.Kind, act.Text = review.ActNote, words(r)
		if why := wordsFault(act.Text); why != "" {
			return h.drawCase(w, r, v, f, http.StatusUnprocessableEntity, func(p *casePage) {
				p.Note.Value = act.Text
				p.Wrong("text", "console-review.case.note_"+why)
			})
		}
	default:
		return web.Fail(http.StatusBadRequest, "web.error.bad_request", nil)
	}
	return h.carryOut(w, r, v, f, act)
}

// words returns what an official typed.
func words(r *http.Request) string { return typed.Text(r.PostForm.Get("text")) }

// wordsFault returns what is wrong with a required text, or "".
func wordsFault(s string) string {
	switch {
	case s == "":
		return "missing"
	case utf8.RuneCountInString(s) > review.LongestWords:
		return "too_long"
	}
	return ""
}

// carryOut does an act if the case is still in the version that was seen; otherwise
// it shows the case as it is now.
func (h *Room) carryOut(w http.ResponseWriter, r *http.Request, v *console.Visit, f review.Dossier, act review.Act) error {
	if seen := r.PostForm.Get("seen"); act.Kind != review.ActNote && seen != strconv.FormatInt(f.Version, 10) {
		return h.tooLate(w, r, v, f)
	}
	err := h.Review.Do(r.Context(), f, official(v), act, h.By(r, v))
	var refused review.Refused
	switch {
	case errors.As(err, &refused):
		return h.drawCase(w, r, v, f, http.StatusConflict, func(p *casePage) { p.Wrong("", "console-review.case.refused_"+string(refused.Why)) })
	case errors.Is(err, errs.ErrConflict):
		now, err := h.dossier(r)
		if err != nil {
			return err
		}
		if why := now.Obstacle(now.Holder); now.IsChange() && why != "" {
			return h.drawCase(w, r, v, now, http.StatusConflict, func(p *casePage) { p.Wrong("", "console-review.case.refused_"+string(why)) })
		}
		if now.Version == f.Version {
			return h.drawCase(w, r, v, now, http.StatusConflict, func(p *casePage) { p.Wrong("", "console-review.case.address_taken") })
		}
		return h.tooLate(w, r, v, now)
	case err != nil:
		return err
	}
	return h.Pages.SeeOther(w, console.DoneURL(caseURL(f.ID), string(act.Kind)))
}

// tooLate shows the case as it is now, and who acted meanwhile.
func (h *Room) tooLate(w http.ResponseWriter, r *http.Request, v *console.Visit, f review.Dossier) error {
	return h.drawCase(w, r, v, f, http.StatusConflict, func(p *casePage) {
		if n := len(p.Acts); n > 0 {
			last := p.Acts[n-1]
			p.Wrong("", "console-review.case.changed", "Who", last.Who, "What", last.What, "At", last.At)
			return
		}
		p.Wrong("", "console-review.case.reload")
	})
}
