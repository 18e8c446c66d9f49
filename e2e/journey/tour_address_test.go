package journey

import (
	"regexp"
	"testing"

	"omgevingsloket-id/e2e/practice"
	"omgevingsloket-id/e2e/tour"
)

var undoAddress = regexp.MustCompile(`http\S+/address/undo\?\S+`)

// TestEveryPageOfOwnAddress visits the pages on which a holder changes the address, and
// undoes that, in every state.
func TestEveryPageOfOwnAddress(t *testing.T) {
	site := practice.Start(t)
	album := &tour.Album{}
	t.Run("screens", func(t *testing.T) {
		for _, v := range screens {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				newWalk(t, site, album, v).ownAddress()
			})
		}
	})
}

// ownAddress changes the address of an account and undoes it from the mailbox before.
func (w *walk) ownAddress() {
	const confirm = `button.utrecht-button--primary-action` // the page has another form
	b, p := w.b, w.site.Member(w.p)
	previous, next := p.Email, "new-"+p.Email
	b.Open(w.site.Issuer + "/address/change")
	p.LogIn(b)
	p.EnterCode(b)
	w.fine("address/change", "empty")
	b.Submit()
	w.wrong("address/change", "missing")
	b.Fill("email", "nobody")
	b.Submit()
	w.wrong("address/change", "no address")
	b.Fill("email", previous)
	b.Submit()
	w.wrong("address/change", "the present one")
	b.Fill("email", next)
	b.Submit()
	w.fine("address/code", "empty")
	b.Fill("code", "12345")
	b.ClickCSS(confirm)
	w.wrong("address/code", "no code")
	code := practice.SixDigits(w, w.mail(next, mailedCode))
	b.Fill("code", other(code))
	b.ClickCSS(confirm)
	w.wrong("address/code", "wrong")
	b.ClickCSS(`button[name="resend"]`)
	w.fine("address/code", "again")
	b.Fill("code", code)
	b.ClickCSS(confirm)
	w.fine("address/changed", "done")

	link := undoAddress.FindString(w.mail(previous, undoAddress))
	b.ClearCookies()
	b.Open(link)
	w.fine("address/undo", "asked")
	b.Submit()
	w.fine("address/undone", "done")
	b.Open(link)
	w.fine("address/undo", "used before")
	p.Email = previous
}

// mail returns the next mail to an address in which there is something.
func (w *walk) mail(to string, something *regexp.Regexp) string {
	w.Helper()
	for {
		if text := w.site.Mail.Next(w, to).Text; something.MatchString(text) {
			return text
		}
	}
}
