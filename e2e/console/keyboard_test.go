package console

import (
	"strconv"
	"testing"

	"omgevingsloket-id/e2e/browser"
)

// tab moves the focus with the Tab key to the element that matches the CSS selector, and
// requires that the focus is visible.
func (w *worker) tab(css string) *worker {
	w.d.Helper()
	for range 80 {
		w.Press("Tab")
		if browser.Eval[bool](w.Session, `document.activeElement.matches(`+strconv.Quote(css)+`)`) {
			if !browser.Eval[bool](w.Session, `(s => s.outlineStyle !== "none" && s.outlineWidth !== "0px" || s.boxShadow !== "none")(getComputedStyle(document.activeElement))`) {
				w.d.Errorf("nobody sees that the focus is on %s at %s", css, w.URL())
			}
			return w
		}
	}
	w.d.Fatalf("the Tab key never gets to %s at %s:\n%s", css, w.URL(), w.Text())
	return w
}

// typed types into the focused element.
func (w *worker) typed(text string) *worker {
	for _, r := range text {
		w.Press(string(r))
	}
	return w
}

// A reviewer works without a mouse: logs in, finds a case, takes it, writes a note, rejects
// it, and logs out.
func TestReviewerKeyboard(t *testing.T) {
	d := &workplace{T: t, site: startReview(t), way: ways[0]}
	w := &worker{d.visitor(), d.site.Official(d, "Rob"), d}
	w.Open(d.site.Issuer + "/console")
	w.tab("#email").typed(w.Email)
	w.tab("#password").typed(w.Password).Press("Enter")
	w.on("console/code").tab("#code").typed(w.Phone.Code()).Press("Enter")

	w.on("console/home").tab(`a[href="/console/review"]`).Press("Enter")
	w.on("console/review/review").tab("#q").typed("okafor").Press("Enter")
	w.on("console/review/review").tab(`a[href^="/console/review/case?"]`).Press("Enter")
	w.on("console/review/case").tab(`button[value="take"]`).Press("Enter")
	w.on("console/review/case").tab(`a[href*="act=reject"]`).Press("Enter")
	w.on("console/review/decide").tab("#reason").Press("ArrowDown")
	w.tab("#text").typed("Kies eHerkenning.")
	w.tab(`button[value="preview"]`).Press("Enter")
	w.on("console/review/decide").tab(`button[value="change"]`).Press("Enter")
	w.on("console/review/decide").tab(`button[value="preview"]`).Press("Enter")
	w.on("console/review/decide").tab(`button[value="send"]`).Press("Space")
	w.on("console/review/case").reads("Kies eHerkenning.")
	w.tab(".console-who button").Press("Enter")
	w.on("console/login")
}
