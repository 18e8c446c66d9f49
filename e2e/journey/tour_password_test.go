package journey

import (
	"regexp"
	"strings"
)

// forgetting chooses a new password by a mailed link, and then another one on the
// holder's own page.
func (w *walk) forgetting() {
	b, p := w.b, w.p
	b.Open(w.site.Portal + "/login?prompt=login")
	b.ClickCSS(`a[href*="/password/forgotten"]`)
	w.fine("password/forgotten", "empty")
	b.Fill("email", "geen adres")
	b.Submit()
	w.wrong("password/forgotten", "no address")
	b.Fill("email", p.Email)
	b.Submit()
	w.fine("password/sent", "done")
	w.opened("summary", "password/sent", "no mail")
	link := w.mailedLink("/password/new")
	b.Open(link)
	w.fine("password/new", "asked")
	b.Submit()
	w.fine("password/code", "asked")
	w.opened("summary", "password/code", "no app")
	b.Submit()
	w.wrong("password/code", "missing")
	b.Fill("code", p.Phone.Code())
	b.Submit()
	w.fine("password/choose", "empty")
	b.Fill("password", "kort")
	b.Submit()
	w.wrong("password/choose", "too short")
	p.Password = "zeven bruggen over een stille rivier"
	b.Fill("password", p.Password)
	b.Submit()
	w.fine("password/done", "done")
	b.Open(link)
	w.fine("web/error", "used link")

	b.Open(w.site.Issuer + "/.well-known/change-password")
	w.fine("login/login", "for a page of ours")
	p.LogIn(b)
	b.Fill("code", p.Phone.Code())
	b.Submit()
	w.fine("password/change", "empty")
	b.Submit()
	w.wrong("password/change", "missing")
	p.Password = "een stille rivier onder zeven bruggen"
	b.Fill("password", p.Password)
	b.Submit()
	w.fine("password/changed", "done")
}

// unreachable is a login after mail to the holder was refused.
func (w *walk) unreachable() {
	b, p := w.b, w.p
	sent := w.site.Mail.Next(w, p.Email)
	id := strings.Trim(sent.Header.Get("Message-ID"), "<>")
	report := "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n" +
		"Final-Recipient: rfc822; " + p.Email + "\nAction: failed\nStatus: 5.2.2\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <" + id + ">\n\n--b--\n"
	if r := w.site.CommandReading(report, "mail", "bounce"); r.Code != 0 {
		w.Fatalf("mail bounce: %+v", r)
	}
	b.Open(w.site.Portal + "/login?prompt=login")
	p.LogIn(b)
	b.Fill("code", p.Phone.Code())
	b.Submit()
	w.fine("login/mail", "asked")
	b.Submit()
	atPortal(w.T, w.site, b, p)
	b.Open(w.site.Issuer + "/portals")
	w.fine("login/portals", "mail is refused")
}

// disavowing blocks the account of a person by the link in a mail about security, after
// which somebody unblocks it and the next login asks for a new password.
func (w *walk) disavowing() {
	b, p := w.b, w.p
	link := w.mailedLink("/login/disavow")
	b.Open(link)
	w.fine("login/disavow", "asked")
	b.Submit()
	w.fine("login/disavowed", "done")
	b.Open(link)
	w.fine("login/disavow", "used before")
	b.Open(w.site.Portal + "/login?prompt=login")
	p.LogIn(b)
	w.fine("login/blocked", "disavowed")
	if r := w.site.Command("account", "unblock", "--second", "Bea", "--new-password", p.Email); r.Code != 0 {
		w.Fatalf("account unblock: %+v", r)
	}
	b.Open(w.site.Portal + "/login")
	p.LogIn(b)
	p.ProveMailbox(b)
	w.fine("password/renew", "due")
	b.Submit()
	w.wrong("password/renew", "missing")
	p.Password = "onder de brug stroomt een rivier"
	b.Fill("password", p.Password)
	b.Submit()
	w.fine("enrol/enrol", "after a new password")
	p.Enrol(b)
	p.EnterCode(b)
	atPortal(w.T, w.site, b, p)
}

// mailedLink returns the link to a path of the provider in the next mail that has one.
func (w *walk) mailedLink(path string) string {
	w.Helper()
	link := regexp.MustCompile(`https?://\S+` + regexp.QuoteMeta(path) + `\?\S+`)
	for {
		if found := link.FindString(w.site.Mail.Next(w, w.p.Email).Text); found != "" {
			return found
		}
	}
}
