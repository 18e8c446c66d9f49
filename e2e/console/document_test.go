package console

import (
	"strings"
	"testing"

	"omgevingsloket-id/e2e/browser"
)

// UP-09, UP-12: a browser shows a picture on its page, and runs no content of a document;
// the button works a second time.
func TestReviewerSeesDocuments(t *testing.T) {
	everyWay(t, func(d *workplace) {
		w := d.at("Ria").find("Garc")
		w.follow("/console/review/document?").on("console/review/document")
		// A picture that did not load has no natural width.
		w.Open(w.URL())
		if shot := w.Attribute(".document-picture", "src"); !strings.Contains(shot, "ticket=olid_tkt_") {
			d.Error("no picture:", shot)
		}
		if d.way.scripts() && browser.Eval[int](w.Session, `document.querySelector(".document-picture").naturalWidth`) < 10 {
			d.Error("the picture is not shown")
		}
		// Its address works once: somebody who finds it in a history sees nothing.
		target := w.Attribute(".document-picture", "src")
		w.Open(d.site.Issuer + target)
		if w.Status() != 404 {
			d.Error("a spent ticket answers", w.Status())
		}
		w.find("Okafor").follow("/console/review/document?").on("console/review/document")
		if w.Count(".utrecht-alert--warning li") == 0 {
			d.Error("no warning about an active PDF:", w.Text())
		}
		for range 2 {
			w.Requests()
			w.primary().on("console/review/document")
			if asked := strings.Join(w.Requests(), " "); !strings.Contains(asked, "GET "+d.site.Issuer+"/console/review/content?ticket=") {
				d.Error("the button does not lead to the file:", asked)
			}
		}
		w.follow("/console/review/case?").on("console/review/case")
		if n := strings.Count(w.HTML(), "ocument gedownload") + strings.Count(w.HTML(), "ocument downloaded"); n < 2 {
			d.Error(n, "downloads are in the audit log of the case")
		}
		if w.find("Nystr").Count(`main a[href*="/console/review/document?"]`) != 0 {
			d.Error("a link to what is in quarantine")
		}
	})
}

func (w way) scripts() bool { return !strings.Contains(w.name, "noscript") }
