package portal_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/cmd/internal/portal"
)

const plainMail = "From: Omgevingsloket-ID <noreply@example.org>\r\nTo: zoe@example.org\r\n" +
	"Subject: =?utf-8?q?Uw_aanvraag_is_goedgekeurd_=E2=9C=93?=\r\nDate: Sun, 22 Nov 2026 10:42:00 +0000\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"Beste Zo=C3=AB,\r\n\r\nGa naar <http://localhost:8080/apply/mail?code=3Dab&x=3D1>.\r\n" +
	"Of javascript:alert(1) en http://[ en <script>alert(1)</script> \"https://a.example/\"onclick=3Dx\r\n"

const multiMail = "From: a@example.org\r\nTo: b@example.org\r\nSubject: Twee\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n" +
	"--a\r\nContent-Type: text/html\r\n\r\n<h1>geheim html</h1>\r\n" +
	"--a\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nR2V3b25lIHRla3N0\r\n--a--\r\n" +
	"--m\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=\"kopie.txt\"\r\n\r\nbijlage\r\n--m--\r\n"

// mailStage returns a portal with a folder of mail, and that folder. The files are
// ordered from old to new.
func mailStage(t *testing.T, files ...string) (*stage, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mail")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(files); i += 2 {
		file := filepath.Join(dir, files[i])
		if err := os.WriteFile(file, []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 11, 22, 10, i, 0, 0, time.UTC)
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	return newStage(t, func(c *portal.Config) { c.MailDir = dir }), dir
}

func TestMailbox(t *testing.T) {
	s, _ := mailStage(t, "z.eml", plainMail, "a.eml", multiMail, "note.txt", plainMail, "broken.eml", "no headers at all")
	b := s.browser()
	wantText(t, b.get("/"), "Post van deze oefenomgeving", `href="/mail"`)
	res := b.get("/mail")
	want(t, res, http.StatusOK)
	wantText(t, res, "Uw aanvraag is goedgekeurd ✓", "zoe@example.org", "22 november 2026, 11:42 (CET)", `href="/mail/z.eml"`)
	if strings.Index(res.body, "a.eml") > strings.Index(res.body, "z.eml") {
		t.Error("the newest message is not the first")
	}
	if strings.Contains(res.body, "note.txt") || strings.Contains(res.body, "broken.eml") {
		t.Error("a file that is no message is listed")
	}
}

func TestMailReader(t *testing.T) {
	s, _ := mailStage(t, "one.eml", plainMail, "two.eml", multiMail)
	res := s.browser().get("/mail/one.eml")
	want(t, res, http.StatusOK)
	wantText(t, res, "Beste Zoë,", `<a href="http://localhost:8080/apply/mail?code=ab&amp;x=1" rel="noreferrer">`,
		"&lt;script&gt;", `<a href="https://a.example/" rel="noreferrer">https://a.example/</a>&#34;onclick=x`)
	for _, bad := range []string{"<script", `href="javascript`, `href="http://["`, `" onclick`} {
		if strings.Contains(res.body, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	res = s.browser().get("/mail/two.eml")
	wantText(t, res, "Gewone tekst", "kopie.txt")
	if strings.Contains(res.body, "geheim html") || strings.Contains(res.body, "bijlage\r\n") {
		t.Error("HTML or an attachment is shown")
	}
}

func TestMailStaysInItsFolder(t *testing.T) {
	s, dir := mailStage(t, "one.eml", plainMail, "note.txt", plainMail)
	outside := filepath.Join(filepath.Dir(dir), "outside.eml")
	if err := os.WriteFile(outside, []byte(plainMail), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"absolute.eml": outside, "relative.eml": "../outside.eml"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.eml"), 0o700); err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	for _, name := range []string{
		"..%2foutside.eml", "..%5coutside.eml", "%2e%2e%2foutside.eml", ".%2f..%2foutside.eml", "%2ftmp%2foutside.eml", "absolute.eml", "relative.eml",
		"folder.eml", "note.txt", "one.eml%00", "one", ".eml", "missing.eml", strings.Repeat("a", 5000) + ".eml",
	} {
		if res := b.get("/mail/" + name); res.StatusCode != http.StatusNotFound {
			t.Errorf("%.40s: %d\n%s", name, res.StatusCode, res.body)
		}
	}
	if list := b.get("/mail"); strings.Contains(list.body, "absolute") || strings.Contains(list.body, "relative") || strings.Contains(list.body, "note.txt") {
		t.Error("a link or a file of another kind is listed")
	}
}

func TestMailFolderMissing(t *testing.T) {
	s, dir := mailStage(t)
	b := s.browser()
	wantText(t, b.get("/mail"), "Er is nog geen post")
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	wantText(t, b.get("/mail"), "Er is nog geen post")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, b.get("/mail"), http.StatusServiceUnavailable)
}

func TestNoMailboxUnlessConfigured(t *testing.T) {
	b := newStage(t, nil).browser()
	want(t, b.get("/mail"), http.StatusNotFound)
	want(t, b.get("/mail/one.eml"), http.StatusNotFound)
	if strings.Contains(b.get("/").body, "/mail") {
		t.Error("the front page links to a mailbox that is not there")
	}
}
