package review_test

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

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/review"
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

func RedPNG(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	site.Must(t, png.Encode(&b, redPicture(t)))
	return append(b.Bytes(), "<script>canary</script>"...)
}

func documentPath(d application.Document) string {
	return "/console/review/document?" + url.Values{"id": {d.ID}}.Encode()
}

// ready returns a case with a document that may be shown.
func ready(s *site.Site, email, name, kind string, content []byte) (review.Case, application.Document) {
	s.T.Helper()
	c, d := s.Filed(email, name, kind, content)
	judged(s, d, scan.Clean, "")
	return c, d
}

// looks counts the events about looks at a document.
func looks(s *site.Site, d application.Document) (viewed, downloaded int) {
	s.T.Helper()
	events, err := s.Stores.DB.Audit().EventsAbout(s.T.Context(), "application", d.ApplicationID, 1000)
	site.Must(s.T, err)
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

// ticket returns the address of the picture on the browser's page.
func ticket(b *site.Browser) string {
	b.Site.T.Helper()
	m := pictureSource.FindStringSubmatch(b.Body)
	if m == nil {
		b.Site.T.Fatalf("no picture on the page at %s (status %d)\n%s", b.URL, b.Status, b.Body)
	}
	return m[1]
}

// fetch requests an address without any cookie.
func fetch(s *site.Site, target string, header ...string) site.Answer {
	s.T.Helper()
	b := s.Browser()
	req := b.Request(http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return b.Send(req)
}

// A picture is encoded again before it is shown; each look is in the audit log first.
func TestConsoleDocumentPicture(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	c, d := ready(s, "anna@example.com", "paspóórt.png", document.TypePNG, RedPNG(t))
	olga := s.Reviewer("olga")
	olga.Get(site.CasePath(c)).Says("Document bekijken")
	olga.Get(documentPath(d)).Is(http.StatusOK).Says("paspóórt.png")
	if viewed, downloaded := looks(s, d); viewed != 1 || downloaded != 0 {
		t.Error("before a byte went out the audit log says", viewed, downloaded)
	}
	a := fetch(s, ticket(olga), "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "image")
	if a.Status != http.StatusOK || strings.Contains(a.Body, "canary") {
		t.Fatal(a.Status, a.Body)
	}
	m, err := jpeg.Decode(strings.NewReader(a.Body))
	site.Must(t, err)
	if r, g, _, _ := m.At(30, 20).RGBA(); m.Bounds().Dx() != 60 || r < 0xf000 || g > 0x1000 {
		t.Error("another picture:", m.Bounds(), m.At(30, 20))
	}
	// Reloading is another look with another ticket.
	first := ticket(olga)
	olga.Get(documentPath(d))
	if viewed, _ := looks(s, d); viewed != 2 || ticket(olga) == first {
		t.Error("a second look:", viewed)
	}
	for _, broken := range [][]byte{RedPNG(t)[:60], []byte("no picture")} {
		_, d := ready(s, secret.NewID(s.Rand)+"@example.com", "x.png", document.TypePNG, broken)
		if a := fetch(s, ticket(olga.Get(documentPath(d)))); a.Status != http.StatusUnprocessableEntity || strings.Contains(a.Body, "PNG") {
			t.Error("a broken picture:", a.Status, a.Body)
		}
	}
}

// A PDF is downloaded unchanged, after the page has shown what is in it.
func TestConsoleDocumentPDF(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, d := ready(s, "anna@example.com", "brief.pdf", document.TypePDF, []byte(SmallPDF))
	olga := s.Reviewer("olga")
	olga.Get(documentPath(d)).Is(http.StatusOK).Says("niets dat uit zichzelf iets doet")
	if strings.Contains(olga.Body, "ticket=") {
		t.Error("a ticket that nobody asked for")
	}
	for n := 1; n <= 2; n++ { // a second click works
		olga.Get(documentPath(d)).Press(documentPath(d)).Is(http.StatusOK)
		if olga.URL.Path != "/console/review/content" || olga.Body != SmallPDF {
			t.Fatal(olga.URL, olga.Status)
		}
		if viewed, downloaded := looks(s, d); viewed != n+1 || downloaded != n {
			t.Error("the audit log says", viewed, downloaded)
		}
	}
	script := strings.Replace(SmallPDF, "/Catalog", "/Catalog/OpenAction<</S/J#61vaScript/JS(app.alert(1))>>", 1)
	_, d = ready(s, "eve@example.com", "brief.pdf", document.TypePDF, []byte(script))
	olga.Get(documentPath(d)).Says("een script (JavaScript)").Says("iets dat vanzelf gebeurt").Says("PDF downloaden")
	// A file that cannot be inspected cannot be downloaded, even by a direct request.
	_, d = ready(s, "bob@example.com", "brief.pdf", document.TypePDF, []byte("%PDF-1.7\nstartxref\n9\n%%EOF"))
	olga.Get(documentPath(d)).Says("kunnen wij niet controleren")
	if olga.Press(documentPath(d)).Is(http.StatusConflict); strings.Contains(olga.Body, "%PDF") {
		t.Error("handed over")
	}
	if _, downloaded := looks(s, d); downloaded != 0 {
		t.Error("the audit log says downloaded")
	}
	_, d = ready(s, "zip@example.com", "x.zip", document.TypeOther, []byte("PK"))
	olga.Get(documentPath(d)).Says("Dit soort bestand tonen wij niet.")
}

// UP-10: documents of sent applications are for reviewers, except of the official's
// own application. The content needs a fresh ticket, which works once.
func TestUP10_DocumentByGuess(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	c, d := ready(s, "anna@example.com", "pas.png", document.TypePNG, RedPNG(t))
	_, waiting := s.Filed("waits@example.com", "pas.png", document.TypePNG, RedPNG(t))
	_, infected := s.Filed("ill@example.com", "brief.pdf", document.TypePDF, []byte(SmallPDF))
	judged(s, infected, scan.Infected, "Olid.Test")
	draft := s.Document("draft@example.com", RedPNG(t), false)
	_, own := ready(s, "olga@gov.example", "own.png", document.TypePNG, RedPNG(t))
	olga := s.Reviewer("olga")
	for _, id := range []string{"", "nobody", draft, c.ID, c.Reference, d.SHA256, strings.Repeat("x", 5000), "%00", "'%20OR%201=1"} {
		if olga.Get("/console/review/document?id=" + id); olga.Status != http.StatusNotFound {
			t.Errorf("%.20s: %d", id, olga.Status)
		}
	}
	for _, d := range []application.Document{waiting, infected} {
		if olga.Get(documentPath(d)).Is(http.StatusOK); strings.Contains(olga.Body, "ticket=") {
			t.Error("a ticket to what may not be shown")
		}
		if olga.Press(documentPath(d)).Is(http.StatusConflict); strings.Contains(olga.Body, "Wij vonden") {
			t.Error("looked into what may not be shown")
		}
		if viewed, downloaded := looks(s, d); viewed+downloaded != 0 {
			t.Error("the audit log says", viewed, downloaded)
		}
	}
	if olga.Get(documentPath(own)).Is(http.StatusForbidden); strings.Contains(olga.Body, "ticket=") || strings.Contains(olga.Body, "/console/review/document?") {
		t.Error("a ticket to one's own")
	}
	for _, r := range staff.Roles {
		if r != staff.Reviewer {
			s.Official(string(r)+"@gov.example", r).Get(documentPath(d)).Is(http.StatusForbidden)
		}
	}
	s.Browser().Get(documentPath(d)).At("/console/login")
	if viewed, _ := looks(s, d); viewed != 0 {
		t.Error("somebody has seen it")
	}
	guess := secret.New(s.Rand, secret.KindTicket).Reveal()
	for _, q := range []string{"", "?ticket=", "?ticket=" + guess, "?ticket=" + d.ID, "?id=" + d.ID, "?ticket=" + strings.Replace(guess, "olid_tkt", "olid_stf", 1)} {
		if a := fetch(s, "/console/review/content"+q); a.Status != http.StatusNotFound || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d", q, a.Status)
		}
		// An official's cookies do not help either.
		if olga.Get("/console/review/content" + q); olga.Status != http.StatusNotFound {
			t.Errorf("%s with cookies: %d", q, olga.Status)
		}
	}
	// A ticket works once, also for simultaneous requests, and for a minute.
	target := ticket(olga.Get(documentPath(d)))
	var seen atomic.Int32
	site.AtOnce(16, func(int) {
		switch a := fetch(s, target); a.Status {
		case http.StatusOK:
			seen.Add(1)
		case http.StatusNotFound:
		default:
			t.Error(a.Status)
		}
	})
	if seen.Load() != 1 {
		t.Error(seen.Load(), "saw it with one ticket")
	}
	target = ticket(olga.Get(documentPath(d)))
	s.Clock.Add(review.TicketLifetime)
	if a := fetch(s, target); a.Status != http.StatusNotFound {
		t.Error("after a minute:", a.Status)
	}
	// A document that was destroyed meanwhile is gone, even with a ticket.
	target = ticket(olga.Get(documentPath(d)))
	site.Must(t, s.Stores.DB.Cases().Withdraw(t.Context(), s.Case(c.ID), review.Act{Kind: review.ActWithdraw, At: s.Clock.Now()}, site.NoEffects))
	if n, err := custody.DestroyDue(t.Context(), s.Stores.DB.Archive(), 0, s.Clock.Now); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if a := fetch(s, target); a.Status != http.StatusNotFound {
		t.Error("destroyed:", a.Status)
	}
	if olga.Get(documentPath(d)).Is(http.StatusOK); strings.Contains(olga.Body, "ticket=") {
		t.Error("a ticket to what is destroyed")
	}
}

// UP-09, UP-12, UP-06: no browser takes a document for a page of this site, lets
// another site use it, or is misled by its name.
func TestUP09_UP12_DocumentHeaders(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	olga := s.Reviewer("olga")
	_, picture := ready(s, "anna@example.com", "a\"b\r\nX: y;pas–2.png", document.TypePNG, RedPNG(t))
	_, file := ready(s, "eve@example.com", "../\u202ebrief 100%.pdf", document.TypePDF, append([]byte(SmallPDF), "<script>alert(1)</script>"...))
	// A request from elsewhere gets nothing, and does not use up the ticket.
	target := ticket(olga.Get(documentPath(picture)))
	for _, from := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "none"}, {"Sec-Fetch-Site", "same-origin", "Sec-Purpose", "prefetch"}} {
		if a := fetch(s, target, from...); a.Status != http.StatusNotFound {
			t.Error(from, a.Status)
		}
	}
	shown := fetch(s, target, "Sec-Fetch-Site", "same-origin")
	olga.Get(documentPath(file))
	taken := olga.Send(olga.FormTo(documentPath(file)))
	if taken.Status != http.StatusSeeOther {
		t.Fatal(taken.Status)
	}
	handed := fetch(s, taken.Header.Get("Location"), "Sec-Fetch-Site", "same-origin")
	for what, a := range map[string]site.Answer{"picture": shown, "PDF": handed, "nothing": fetch(s, target)} {
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'", "Cross-Origin-Resource-Policy": "same-origin",
			"Cache-Control": "no-store", "X-Frame-Options": "DENY", "Set-Cookie": "", "Access-Control-Allow-Origin": "",
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", what, name, got)
			}
		}
	}
	for _, c := range []struct {
		a                 site.Answer
		kind, disposition string
	}{
		{shown, "image/jpeg", `inline; filename="a_b X_ y_pas_2.png.jpg"; filename*=UTF-8''a_b%20X_%20y_pas%E2%80%932.png.jpg`},
		{handed, "application/pdf", `attachment; filename="brief 100_.pdf"; filename*=UTF-8''brief%20100_.pdf`},
	} {
		if c.a.Status != http.StatusOK || c.a.Header.Get("Content-Type") != c.kind || c.a.Header.Get("Content-Disposition") != c.disposition {
			t.Errorf("%d %s %s", c.a.Status, c.a.Header.Get("Content-Type"), c.a.Header.Get("Content-Disposition"))
		}
	}
	if handed.Body != SmallPDF+"<script>alert(1)</script>" {
		t.Error("the PDF is another")
	}
	if a := s.Browser().Send(olga.Request(http.MethodHead, target, nil)); a.Status != http.StatusMethodNotAllowed {
		t.Error("HEAD:", a.Status)
	}
}

// A look that cannot be added to the audit log fails, and an unavailable store shows
// nothing.
func TestConsoleDocumentLookNeedsTheAuditLog(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, d := ready(s, "anna@example.com", "pas.png", document.TypePNG, RedPNG(t))
	_, file := ready(s, "eve@example.com", "brief.pdf", document.TypePDF, []byte(SmallPDF))
	olga := s.Reviewer("olga")
	target := ticket(olga.Get(documentPath(d)))
	real := s.Viewing.Archive
	s.Viewing.Archive = mute{real}
	for _, d := range []application.Document{d, file} {
		if olga.Get(documentPath(d)); olga.Status != http.StatusServiceUnavailable || strings.Contains(olga.Body, "ticket=") || strings.Contains(olga.Body, "niets dat uit zichzelf") {
			t.Error(olga.Status)
		}
	}
	if a := fetch(s, target); a.Status != http.StatusServiceUnavailable || strings.Contains(a.Body, "\xff\xd8") {
		t.Error("content without a store:", a.Status)
	}
	s.Viewing.Archive = real
	if a := fetch(s, target); a.Status != http.StatusOK {
		t.Error("the ticket was spent by a store that did not answer:", a.Status)
	}
}

// mute is an archive that neither writes nor redeems.
type mute struct{ custody.Archive }

func (mute) Admit(context.Context, string, string, time.Time, effect.Effects) error {
	return errs.ErrUnavailable
}

func (mute) Redeem(context.Context, string, time.Time) (application.Document, error) {
	return application.Document{}, errs.ErrUnavailable
}
