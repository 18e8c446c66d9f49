package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
)

// sheet is what every page of the form shares.
type sheet struct {
	*web.Page
	Steps web.Steps
	Back  *web.Link
	Seen  string // print of the answers that this page was made from
}

// page makes a page with a form for this browser.
func (h *Room) page(w http.ResponseWriter, r *http.Request, titleKey string) *web.Page {
	h.Cookies.EnsureBrowser(w, r)
	return h.Pages.Page(r, titleKey)
}

// sheet makes a page of the form; back is "" where there is no way back.
func (h *Room) sheet(w http.ResponseWriter, r *http.Request, kind account.Kind, step intake.Step, titleKey, back string) sheet {
	p := h.page(w, r, titleKey)
	n, of := intake.Place(kind, step)
	s := sheet{Page: p, Steps: web.Steps{Page: p, N: n, Of: of}}
	if back != "" {
		s.Back = &web.Link{URL: p.Path(back), Label: p.T("apply.back")}
	}
	return s
}

// field makes a field with the label that goes with its name.
func (s sheet) field(name, value string) web.Field {
	return web.Field{Page: s.Page, Name: name, Label: s.T("apply.field." + name + ".label"), Value: value}
}

// hinted is field with the hint that goes with its name.
func (s sheet) hinted(name, value string) web.Field {
	f := s.field(name, value)
	f.Hint = s.T("apply.field." + name + ".hint")
	return f
}

// countries makes a list of all countries out of a field.
func (s sheet) countries(f web.Field) web.Field {
	for _, c := range application.Countries(s.Lang) {
		f.Options = append(f.Options, web.Option{Value: c.Code, Label: c.Name})
	}
	return f
}

// faults tells what is wrong, each at its field.
func (s sheet) faults(found []intake.Fault) bool {
	for _, f := range found {
		s.Wrong(f.Field, "apply.field."+f.Field+"."+f.Why)
	}
	return len(found) > 0
}

// print stands for answers without giving them away.
func printOf(answers any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v", answers))
	return hex.EncodeToString(sum[:8])
}

// change is one step's new answers on their way to the store.
type change struct {
	step   intake.Step
	was    application.Application // as it was read
	now    application.Application // with the new answers
	answer func(application.Answers) any
	sheet  *sheet // the page that shows it again
	name   string // its template
	page   any    // its data
}

// keep saves a step and sends the browser on. When another tab was quicker,
// the page is shown again with what was typed here; sending it once more
// overrules the other tab.
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
			return h.onward(w, latest) // sent meanwhile, or too late
		}
		return h.changed(w, c, latest)
	}
	if err != nil {
		return err
	}
	return h.onward(w, saved)
}

func (h *Room) changed(w http.ResponseWriter, c change, latest application.Application) error {
	c.sheet.Seen = printOf(c.answer(latest.Answers))
	c.sheet.Wrong("", "apply.changed")
	return h.Pages.Render(w, http.StatusConflict, c.name, c.page)
}
