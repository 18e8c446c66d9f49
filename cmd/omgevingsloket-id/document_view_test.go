package main

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/record"
	"omgevingsloket-id/pkg/scan"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

func redPicture(t testing.TB) image.Image {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 60, 40))
	for i := range 60 * 40 {
		m.Set(i%60, i/60, color.RGBA{R: 255, A: 255})
	}
	return m
}

func redPNG(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, png.Encode(&b, redPicture(t)))
	return append(b.Bytes(), "<script>canary</script>"...)
}

func documentPath(d application.Document) string {
	return "/console/applications/document?" + url.Values{"id": {d.ID}}.Encode()
}

// ready is a document that may be shown.
func (s *site) ready(email, name, kind string, content []byte) (application.Case, application.Document) {
	s.t.Helper()
	c, d := s.filed(email, name, kind, content)
	s.judged(d, scan.Clean, "")
	return c, d
}

// looks counts what the record says about looks at a document.
func (s *site) looks(d application.Document) (viewed, downloaded int) {
	s.t.Helper()
	events, err := s.stores.db.Audit().EventsAbout(s.t.Context(), "application", d.ApplicationID, 1000)
	must(s.t, err)
	for _, e := range events {
		switch {
		case e.Details["document"] != d.ID:
		case e.Action == "document.viewed":
			viewed++
		case e.Action == "document.downloaded":
			downloaded++
		}
	}
	return viewed, downloaded
}

var pictureSource = regexp.MustCompile(`<img class="document-picture" src="([^"]+)"`)

// ticket is the address of the picture on the page under the browser.
func (b *browser) ticket() string {
	b.s.t.Helper()
	m := pictureSource.FindStringSubmatch(b.body)
	if m == nil {
		b.s.t.Fatalf("no picture on the page at %s (status %d)\n%s", b.url, b.status, b.body)
	}
	return m[1]
}

// fetch asks for an address as somebody without any cookie.
func (s *site) fetch(target string, header ...string) answer {
	s.t.Helper()
	b := s.browser()
	req := b.request(http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return b.send(req)
}

// A picture is shown as one made anew; each look is on the record first.
func TestConsoleDocumentPicture(t *testing.T) {
	s := newSite(t, nil)
	c, d := s.ready("anna@example.com", "paspóórt.png", application.TypePNG, redPNG(t))
	olga := s.reviewer("olga")
	olga.get(casePath(c)).says("Document bekijken")
	olga.get(documentPath(d)).is(http.StatusOK).says("paspóórt.png")
	if viewed, downloaded := s.looks(d); viewed != 1 || downloaded != 0 {
		t.Error("before a byte went out the record says", viewed, downloaded)
	}
	a := s.fetch(olga.ticket(), "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "image")
	if a.status != http.StatusOK || strings.Contains(a.body, "canary") {
		t.Fatal(a.status, a.body)
	}
	m, err := jpeg.Decode(strings.NewReader(a.body))
	must(t, err)
	if r, g, _, _ := m.At(30, 20).RGBA(); m.Bounds().Dx() != 60 || r < 0xf000 || g > 0x1000 {
		t.Error("another picture:", m.Bounds(), m.At(30, 20))
	}
	// Reload is another look, and another ticket.
	first := olga.ticket()
	olga.get(documentPath(d))
	if viewed, _ := s.looks(d); viewed != 2 || olga.ticket() == first {
		t.Error("a second look:", viewed)
	}
	for _, broken := range [][]byte{redPNG(t)[:60], []byte("no picture")} {
		_, d := s.ready(secret.NewID(s.rand)+"@example.com", "x.png", application.TypePNG, broken)
		if a := s.fetch(olga.get(documentPath(d)).ticket()); a.status != http.StatusUnprocessableEntity || strings.Contains(a.body, "PNG") {
			t.Error("a broken picture:", a.status, a.body)
		}
	}
}

// A PDF is handed over as it is, after what is in it was told.
func TestConsoleDocumentPDF(t *testing.T) {
	s := newSite(t, nil)
	_, d := s.ready("anna@example.com", "brief.pdf", application.TypePDF, []byte(smallPDF))
	olga := s.reviewer("olga")
	olga.get(documentPath(d)).is(http.StatusOK).says("niets dat uit zichzelf iets doet")
	if strings.Contains(olga.body, "ticket=") {
		t.Error("a ticket that nobody asked for")
	}
	for n := 1; n <= 2; n++ { // a second click works
		olga.get(documentPath(d)).press(documentPath(d)).is(http.StatusOK)
		if olga.url.Path != "/console/document" || olga.body != smallPDF {
			t.Fatal(olga.url, olga.status)
		}
		if viewed, downloaded := s.looks(d); viewed != n+1 || downloaded != n {
			t.Error("the record says", viewed, downloaded)
		}
	}
	script := strings.Replace(smallPDF, "/Catalog", "/Catalog/OpenAction<</S/J#61vaScript/JS(app.alert(1))>>", 1)
	_, d = s.ready("eve@example.com", "brief.pdf", application.TypePDF, []byte(script))
	olga.get(documentPath(d)).says("een script (JavaScript)").says("iets dat vanzelf gebeurt").says("PDF downloaden")
	// What cannot be looked into is not handed over, also when asked outright.
	_, d = s.ready("bob@example.com", "brief.pdf", application.TypePDF, []byte("%PDF-1.7\nstartxref\n9\n%%EOF"))
	olga.get(documentPath(d)).says("kunnen wij niet controleren")
	if olga.press(documentPath(d)).is(http.StatusConflict); strings.Contains(olga.body, "%PDF") {
		t.Error("handed over")
	}
	if _, downloaded := s.looks(d); downloaded != 0 {
		t.Error("the record says downloaded")
	}
	_, d = s.ready("zip@example.com", "x.zip", application.TypeOther, []byte("PK"))
	olga.get(documentPath(d)).says("Dit soort bestand tonen wij niet.")
}

// UP-10: a document is for reviewers, of sent applications, and not the
// official's own; its content is for whoever holds a fresh ticket, once.
func TestUP10_DocumentByGuess(t *testing.T) {
	s := newSite(t, nil)
	c, d := s.ready("anna@example.com", "pas.png", application.TypePNG, redPNG(t))
	_, waiting := s.filed("waits@example.com", "pas.png", application.TypePNG, redPNG(t))
	_, infected := s.filed("ill@example.com", "brief.pdf", application.TypePDF, []byte(smallPDF))
	s.judged(infected, scan.Infected, "Olid.Test")
	draft := s.document("draft@example.com", redPNG(t), false)
	_, own := s.ready("olga@gov.example", "own.png", application.TypePNG, redPNG(t))
	olga := s.reviewer("olga")
	for _, id := range []string{"", "nobody", draft, c.ID, c.Reference, d.SHA256, strings.Repeat("x", 5000), "%00", "'%20OR%201=1"} {
		if olga.get("/console/applications/document?id=" + id); olga.status != http.StatusNotFound {
			t.Errorf("%.20s: %d", id, olga.status)
		}
	}
	for _, d := range []application.Document{waiting, infected} {
		if olga.get(documentPath(d)).is(http.StatusOK); strings.Contains(olga.body, "ticket=") {
			t.Error("a ticket to what may not be shown")
		}
		if olga.press(documentPath(d)).is(http.StatusConflict); strings.Contains(olga.body, "Wij vonden") {
			t.Error("looked into what may not be shown")
		}
		if viewed, downloaded := s.looks(d); viewed+downloaded != 0 {
			t.Error("the record says", viewed, downloaded)
		}
	}
	if olga.get(documentPath(own)).is(http.StatusForbidden); strings.Contains(olga.body, "ticket=") || strings.Contains(olga.body, "/console/applications/document?") {
		t.Error("a ticket to one's own")
	}
	for _, r := range staff.Roles {
		if r != staff.Reviewer {
			s.official(string(r)+"@gov.example", r).get(documentPath(d)).is(http.StatusForbidden)
		}
	}
	s.browser().get(documentPath(d)).at("/console/login")
	if viewed, _ := s.looks(d); viewed != 0 {
		t.Error("somebody has seen it")
	}
	guess := secret.New(s.rand, secret.KindTicket).Reveal()
	for _, q := range []string{"", "?ticket=", "?ticket=" + guess, "?ticket=" + d.ID, "?id=" + d.ID, "?ticket=" + strings.Replace(guess, "olid_tkt", "olid_stf", 1)} {
		if a := s.fetch("/console/document" + q); a.status != http.StatusNotFound || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d", q, a.status)
		}
		// An official's own cookies open nothing either.
		if olga.get("/console/document" + q); olga.status != http.StatusNotFound {
			t.Errorf("%s with cookies: %d", q, olga.status)
		}
	}
	// A ticket is good once, of a crowd too, and for a minute.
	target := olga.get(documentPath(d)).ticket()
	var seen atomic.Int32
	atOnce(16, func(int) {
		switch a := s.fetch(target); a.status {
		case http.StatusOK:
			seen.Add(1)
		case http.StatusNotFound:
		default:
			t.Error(a.status)
		}
	})
	if seen.Load() != 1 {
		t.Error(seen.Load(), "saw it with one ticket")
	}
	target = olga.get(documentPath(d)).ticket()
	s.clock.add(application.TicketLifetime)
	if a := s.fetch(target); a.status != http.StatusNotFound {
		t.Error("after a minute:", a.status)
	}
	// What was destroyed meanwhile is gone, ticket or not.
	target = olga.get(documentPath(d)).ticket()
	must(t, s.stores.db.Cases().Withdraw(t.Context(), s.aCase(c.ID), application.Act{Kind: application.ActWithdraw, At: s.clock.now()}, noRecord))
	if n, err := application.DestroyDue(t.Context(), s.stores.db.Archive(), 0, s.clock.now); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if a := s.fetch(target); a.status != http.StatusNotFound {
		t.Error("destroyed:", a.status)
	}
	if olga.get(documentPath(d)).is(http.StatusOK); strings.Contains(olga.body, "ticket=") {
		t.Error("a ticket to what is destroyed")
	}
}

// UP-09, UP-12, UP-06: no browser takes a document for a page of ours, lets
// another site use it, or is led astray by its name.
func TestUP09_UP12_DocumentHeaders(t *testing.T) {
	s := newSite(t, nil)
	olga := s.reviewer("olga")
	_, picture := s.ready("anna@example.com", "a\"b\r\nX: y;pas–2.png", application.TypePNG, redPNG(t))
	_, file := s.ready("eve@example.com", "../\u202ebrief 100%.pdf", application.TypePDF, append([]byte(smallPDF), "<script>alert(1)</script>"...))
	// Whoever comes from elsewhere gets nothing, and spends nothing.
	target := olga.get(documentPath(picture)).ticket()
	for _, from := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "none"}, {"Sec-Fetch-Site", "same-origin", "Sec-Purpose", "prefetch"}} {
		if a := s.fetch(target, from...); a.status != http.StatusNotFound {
			t.Error(from, a.status)
		}
	}
	shown := s.fetch(target, "Sec-Fetch-Site", "same-origin")
	olga.get(documentPath(file))
	taken := olga.send(olga.formTo(documentPath(file)))
	if taken.status != http.StatusSeeOther {
		t.Fatal(taken.status)
	}
	handed := s.fetch(taken.header.Get("Location"), "Sec-Fetch-Site", "same-origin")
	for what, a := range map[string]answer{"picture": shown, "PDF": handed, "nothing": s.fetch(target)} {
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'", "Cross-Origin-Resource-Policy": "same-origin",
			"Cache-Control": "no-store", "X-Frame-Options": "DENY", "Set-Cookie": "", "Access-Control-Allow-Origin": "",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %s is %q", what, name, got)
			}
		}
	}
	for _, c := range []struct {
		a                 answer
		kind, disposition string
	}{
		{shown, "image/jpeg", `inline; filename="a_b X_ y_pas_2.png.jpg"; filename*=UTF-8''a_b%20X_%20y_pas%E2%80%932.png.jpg`},
		{handed, "application/pdf", `attachment; filename="brief 100_.pdf"; filename*=UTF-8''brief%20100_.pdf`},
	} {
		if c.a.status != http.StatusOK || c.a.header.Get("Content-Type") != c.kind || c.a.header.Get("Content-Disposition") != c.disposition {
			t.Errorf("%d %s %s", c.a.status, c.a.header.Get("Content-Type"), c.a.header.Get("Content-Disposition"))
		}
	}
	if handed.body != smallPDF+"<script>alert(1)</script>" {
		t.Error("the PDF is another")
	}
	if a := s.browser().send(olga.request(http.MethodHead, target, nil)); a.status != http.StatusMethodNotAllowed {
		t.Error("HEAD:", a.status)
	}
}

// A look that cannot be put on the record does not happen; a store that does
// not answer shows nothing.
func TestConsoleDocumentNoRecordNoLook(t *testing.T) {
	s := newSite(t, nil)
	_, d := s.ready("anna@example.com", "pas.png", application.TypePNG, redPNG(t))
	_, file := s.ready("eve@example.com", "brief.pdf", application.TypePDF, []byte(smallPDF))
	olga := s.reviewer("olga")
	target := olga.get(documentPath(d)).ticket()
	real := s.staff.Viewing.Archive
	s.staff.Viewing.Archive = mute{real}
	for _, d := range []application.Document{d, file} {
		if olga.get(documentPath(d)); olga.status != http.StatusServiceUnavailable || strings.Contains(olga.body, "ticket=") || strings.Contains(olga.body, "niets dat uit zichzelf") {
			t.Error(olga.status)
		}
	}
	if a := s.fetch(target); a.status != http.StatusServiceUnavailable || strings.Contains(a.body, "\xff\xd8") {
		t.Error("content without a store:", a.status)
	}
	s.staff.Viewing.Archive = real
	if a := s.fetch(target); a.status != http.StatusOK {
		t.Error("the ticket was spent by a store that did not answer:", a.status)
	}
}

// mute is an archive that neither writes nor redeems.
type mute struct{ application.Archive }

func (mute) Admit(context.Context, string, string, time.Time, record.Record) error {
	return errs.ErrUnavailable
}

func (mute) Redeem(context.Context, string, time.Time) (application.Document, error) {
	return application.Document{}, errs.ErrUnavailable
}
