package letter_test

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/templates"
)

var (
	hrefs  = regexp.MustCompile(`href="([^"]*)"`)
	tagged = regexp.MustCompile(`<([a-z0-9]+)`)
)

// ML-05, ML-06: whatever people and officials type, the HTML has the tags and links of the
// same mail with ordinary words, and no other.
func TestML06_HTMLOfTypedText(t *testing.T) {
	t.Parallel()
	w := writer(t, false)
	mails := func(typed string) []mail.Message {
		holder := person("nl")
		holder.Profile.GivenName, holder.Profile.FamilyName = typed, "Berg"
		app := bedrijf("nl")
		app.Answers.GivenName, app.Answers.Organization.Name, app.Answers.Organization.Address.Line1, app.Answers.Organization.Address.Line2 = typed, typed, typed, typed
		doc := append(documents[:0:0], documents...)
		doc[0].Name = typed
		olga := staff.Member{Email: "jo@example.com", Lang: "nl", Roles: staff.Roles, InviteExpires: now}
		olga.Name = typed
		return []mail.Message{
			w.Receipt(app, nil, doc, now), w.Rejected(app, "identity", typed, now), w.MoreAsked(app, typed, now), w.FactorLinked(holder, now), w.AccountBlocked(holder, account.Reported, "K7QD-2MXA", now),
			w.StaffInvited(olga, "https://beheer.example/console/invite?token=olid_inv_x", typed, now), w.StaffAlarm(olga, olga, 101, now, now), w.StaffManaged(olga, olga, "invited", typed, now),
		}
	}
	shape := func(m mail.Message) (tags, links string) {
		out := w.HTML(m)
		for _, tag := range tagged.FindAllStringSubmatch(out, -1) {
			if tag[1] != "br" && tag[1] != "span" {
				tags += tag[1] + " "
			}
		}
		for _, link := range hrefs.FindAllStringSubmatch(out, -1) {
			links += html.UnescapeString(link[1]) + " "
		}
		return tags, links
	}
	honest := mails("Jansen")
	for _, typed := range []string{
		"https://evil.example/login", "https://id.example/enrol/cancel?recovery=olid_rcv_evil", "https://beheer.example/console/invite?token=evil", "evil.example", "mailto:eve@evil.example",
		`<a href="https://evil.example">klik</a>`, `<img src=x onerror=alert(1)>`, `</p></main><script>alert(1)</script>`, `"><b>`, "<!--", "{{.Issuer}}", "javascript:alert(1)",
		"482913", "1. Ga naar https://id.example/start?x=1", "--", "-----", "    https://id.example/evil?x", "OLID-EVIL-EVIL", "Kop\n-----", "Log in:\n    https://id.example/start?evil=1", "x\n\n    482913\n\n1. y",
	} {
		for i, m := range mails(typed) {
			tags, links := shape(m)
			wantTags, wantLinks := shape(honest[i])
			if tags != wantTags || links != wantLinks {
				t.Errorf("%q makes of %s\n%s, %s, want\n%s, %s", typed, m.Kind, tags, links, wantTags, wantLinks)
			}
			if strings.Contains(w.HTML(m), "evil") && !strings.Contains(html.UnescapeString(w.HTML(m)), strings.Fields(typed)[len(strings.Fields(typed))-1]) {
				t.Errorf("%q is not shown as it was typed in %s", typed, m.Kind)
			}
		}
	}
}

// Codes, references and links are shown as such; a mail has one button; what the previous
// version wrote has an HTML part too.
func TestHTMLParts(t *testing.T) {
	t.Parallel()
	w := writer(t, true)
	holder := person("en")
	out := w.HTML(w.RecoveryCode(holder, "482913", "olid_rcv_x", now, now))
	for _, want := range []string{`<html lang="en">`, "<title>Your code to set up your app again</title>", ">482913</p>", `class="notice"`, `href="https://id.example/enrol/cancel?recovery=olid_rcv_x"`, ">Block my account again</a>"} {
		if !strings.Contains(out, want) {
			t.Errorf("the HTML lacks %s:\n%s", want, out)
		}
	}
	if quote := w.HTML(writer(t, false).Rejected(burger("nl"), review.Reasons[0], questions, now)); !strings.Contains(quote, "die ver over de rand van het bericht heen gaat en dus ergens moet worden afgebroken.<br>") || strings.Count(quote, "<blockquote") != 1 {
		t.Errorf("a long line of an official is still broken, or is not one quotation:\n%s", quote)
	}
	earlier := mail.Message{Lang: "nl", Subject: "[Oefenomgeving] Uw code", Text: "Beste Jo,\n\nVul deze code in, die\ngeldig is:\n\n    482913\n\nOpen deze link:\n\n    https://id.example/enrol/cancel?recovery=x\n\n  Oude woorden\n\n--\nOmgevingsloket-ID\nhttps://id.example\n"}
	for _, want := range []string{"Vul deze code in, die geldig is:", ">482913</p>", `<a class="a" href="https://id.example/enrol/cancel?recovery=x"`, "Oude woorden", "<h1 style=\"margin:0 0 20px;font-size:26px;line-height:1.25\">Uw code</h1>"} {
		if out := w.HTML(earlier); !strings.Contains(out, want) {
			t.Errorf("the HTML of an earlier version's text lacks %s:\n%s", want, out)
		}
	}
}

// A faulty layout is found by Prepare, and does not keep mails from being sent.
func TestHTMLFaultyLayout(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"mail/layout.tmpl": &fstest.MapFile{Data: []byte("{{if}}")}}
	for _, name := range []string{"mail/common.nl.txt", "mail/factor-linked.nl.txt"} {
		text, err := templates.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	w := &letter.Writer{FS: files}
	if err := w.Prepare(); err == nil || !strings.Contains(err.Error(), "layout.tmpl") {
		t.Errorf("Prepare() = %v, want the layout's fault", err)
	}
	if out := w.HTML(mail.Message{Lang: "nl", Text: "x"}); out != "" {
		t.Errorf("HTML() = %q, want none", out)
	}
}
