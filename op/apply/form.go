package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
)

// formPage is the part of a page that all pages of the form have.
type formPage struct {
	*web.Page
	Steps web.Steps
	Back  *web.Link
	Seen  string // printOf the answers that the page was made from
}

// page returns a page with a form for this browser.
func (h *Room) page(w http.ResponseWriter, r *http.Request, titleKey string) *web.Page {
	h.Cookies.EnsureBrowser(w, r)
	return h.Pages.Page(r, titleKey)
}

// formPage returns the formPage of a step; back is the path of the previous page,
// or "".
func (h *Room) formPage(w http.ResponseWriter, r *http.Request, a application.Application, step intake.Step, titleKey, back string) formPage {
	p := h.page(w, r, titleKey)
	n, of := intake.Place(a, step)
	s := formPage{Page: p, Steps: web.Steps{Page: p, N: n, Of: of}}
	if back != "" {
		s.Back = &web.Link{URL: p.Path(back), Label: p.T("apply.back")}
	}
	return s
}

// before returns the path of the page before a step of the form.
func before(a application.Application, step intake.Step) string {
	if previous := intake.Before(a, step); previous != "" {
		return paths[previous]
	}
	return changePath
}

// field returns a field with the label of its name.
func (s formPage) field(name, value string) web.Field {
	return web.Field{Page: s.Page, Name: name, Label: s.T("apply.field." + name + ".label"), Value: value}
}

// hinted returns a field with the label and the hint of its name.
func (s formPage) hinted(name, value string) web.Field {
	f := s.field(name, value)
	f.Hint = s.T("apply.field." + name + ".hint")
	return f
}

// practised returns a field like hinted, with the hint for practice where
// applications are approved at once.
func (s formPage) practised(name, value string) web.Field {
	if !s.AtOnce {
		return s.hinted(name, value)
	}
	f := s.field(name, value)
	f.Hint = s.T("apply.field." + name + ".hint_practice")
	return f
}

// countries returns f with all countries as options.
func (s formPage) countries(f web.Field) web.Field {
	for _, c := range application.Countries(s.Lang) {
		f.Options = append(f.Options, web.Option{Value: c.Code, Label: c.Name})
	}
	return f
}

// faults adds a problem for each fault, and reports whether there are any.
func (s formPage) faults(found []intake.Fault) bool {
	for _, f := range found {
		s.Wrong(f.Field, "apply.field."+f.Field+"."+f.Why)
	}
	return len(found) > 0
}

// printOf returns a short hash of answers.
func printOf(answers any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v", answers))
	return hex.EncodeToString(sum[:8])
}

// change is the new answers of one step, about to be saved.
type change struct {
	step   intake.Step
	was    application.Application // as it was read
	now    application.Application // with the new answers
	answer func(application.Answers) any
	form   *formPage // of page
	name   string    // the template of page
	page   any       // shown again after a conflict
}

// keep saves a step and redirects the browser. If another tab has changed the
// answers of the step, it shows the page again with what was typed; sending that
// again overrules the other tab.
func (h *Room) keep(w http.ResponseWriter, r *http.Request, c change) error {
	seen, stored := r.PostForm.Get("seen"), printOf(c.answer(c.was.Answers))
	if seen != "" && seen != stored && stored != printOf(c.answer(c.now.Answers)) {
		return h.changed(w, c, c.was)
	}
	saved, err := h.Store.Save(r.Context(), c.now)
	if errors.Is(err, errs.ErrConflict) {
		latest, err := h.load(r)
		if err != nil {
			return err
		}
		if !intake.Reaches(latest, c.step, h.Now()) {
			return h.onward(w, latest) // sent meanwhile, or expired
		}
		return h.changed(w, c, latest)
	}
	if err != nil {
		return err
	}
	return h.onward(w, saved)
}

func (h *Room) changed(w http.ResponseWriter, c change, latest application.Application) error {
	c.form.Seen = printOf(c.answer(latest.Answers))
	c.form.Wrong("", "apply.changed")
	return h.Pages.Render(w, http.StatusConflict, c.name, c.page)
}
