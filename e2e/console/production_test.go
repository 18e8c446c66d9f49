package console

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
	"omgevingsloket-id/e2e/testenv"
)

// picture writes a picture of one colour, as a scanned document.
func picture(t *testing.T, name string, c color.Color) string {
	t.Helper()
	page := image.NewNRGBA(image.Rect(0, 0, 300, 400))
	for i := range 300 * 400 {
		page.Set(i%300, i/300, c)
	}
	path := filepath.Join(t.TempDir(), name)
	f, err := os.Create(path)
	if err == nil {
		err = png.Encode(f, page)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestProduction is a whole journey with production's rules: a company applies, is asked a
// question and answers with another document, two reviewers look at it after a real scanner
// did, the mail leads to the login, and the QR code to the portal. A second applicant is
// rejected.
func TestProduction(t *testing.T) {
	scanner := testenv.NewClamd(t)
	d := &workplace{T: t, site: practice.Start(t, practice.Review(), practice.Env("OLID_SCANNER_ADDRESS=tcp:"+scanner.Addr)), way: ways[0]}
	p := d.site.Person(t, practice.Bedrijf, practice.Dutch)
	p.Document = picture(t, "vaag.png", color.Gray{200})
	b := d.visitor()
	p.Apply(b)
	if strings.Contains(b.Text(), p.GoToLogin) {
		t.Error("the confirmation leads to the login before anybody decided:\n", b.Text())
	}

	ria := d.at("Ria").find("Bau & Söhne")
	ria.press("action", "take").on("console/review/case")
	ria.follow("act=more").on("console/review/decide")
	ria.Fill("text", "De foto is vaag. Kunt u een scherpe sturen?")
	ria.press("step", "preview").press("step", "send").on("console/review/case")

	d.site.Mail.Next(t, p.Email) // the receipt
	asked := d.site.Mail.Next(t, p.Email)
	if !strings.Contains(asked.Text, "De foto is vaag.") {
		t.Fatal("the mail with the question:\n", asked.Text)
	}
	_, rest, _ := strings.Cut(asked.Text, "OLID-")
	other := d.visitor() // on another computer
	other.Open(d.site.Issuer + "/apply/status/find")
	other.Fill("reference", "OLID-"+strings.Fields(rest)[0])
	other.Submit()
	other.Fill("code", practice.SixDigits(t, d.site.Mail.Next(t, p.Email).Text))
	other.Submit()
	other.ClickCSS(`main a[href$="/apply/status/document"]`)
	other.Upload("document", picture(t, "scherp.png", color.Gray{90}))
	other.Submit()
	other.Fill("text", "Hierbij de nieuwe foto.")
	other.ClickCSS("main form .utrecht-button--primary-action")

	ria.find("Bau & Söhne").reads("Hierbij de nieuwe foto.", "scherp.png")
	ria.seen()
	ria.find("Bau & Söhne").follow("act=approve").on("console/review/decide")
	// The reviewer who asked cannot be the second one to approve; she is the first
	// here.
	ria.press("step", "send").on("console/review/case")
	rob := d.at("Rob").find("Bau & Söhne")
	rob.press("action", "take").on("console/review/case").seen()
	rob.find("Bau & Söhne").follow("act=approve").on("console/review/decide")
	rob.press("step", "send").on("console/review/case")

	approved := d.site.Mail.Next(t, p.Email)
	if !strings.Contains(approved.Text, d.site.Issuer+"/start") {
		t.Fatal("the mail of the approval:\n", approved.Text)
	}
	b.Open(d.site.Issuer + "/start")
	p.LogIn(b)
	p.Enrol(b)
	p.EnterCode(b)
	if b.URL() != d.site.Portal+"/" || b.TextOf("#user-email") != p.Email {
		t.Fatalf("at %s, which says:\n%s", b.URL(), b.Text())
	}
}

// seen opens the case's document, after the scanner has scanned it, and requires that the
// picture is visible.
func (w *worker) seen() {
	w.d.Helper()
	const link = `main a[href*="/console/review/document?"]`
	for deadline := time.Now().Add(testenv.Patience); w.Count(link) == 0; {
		if time.Now().After(deadline) {
			w.d.Fatalf("the document is not scanned:\n%s", w.Text())
		}
		time.Sleep(time.Second)
		w.Reload()
	}
	w.ClickCSS(link)
	w.on("console/review/document")
	if n := browser.Eval[int](w.Session, `document.querySelector("main img").naturalWidth`); n < 10 {
		w.d.Errorf("the picture is %d pixels wide:\n%s", n, w.Text())
	}
}
