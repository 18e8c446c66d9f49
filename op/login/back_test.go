package login_test

import (
	"encoding/base64"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
)

const noteName = "olid-note-"

// note returns the note cookie of an answer; nil if it sets none.
func noteOf(t *testing.T, header http.Header) *http.Cookie {
	t.Helper()
	for _, c := range (&http.Response{Header: header}).Cookies() {
		if strings.HasPrefix(c.Name, noteName) {
			return c
		}
	}
	return nil
}

// Z1: a form that was refused is shown by a GET, so that Back never meets a page that
// was posted. What was typed is there, once, but no password; in this form alone, and
// in this browser alone.
func TestZ1_RefusedFormSurvivesARedirect(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
	page := b.URL.String()
	other := s.Browser()
	other.Give(b.Cookies())
	other.Authorize(site.NewRequest("web", site.CallbackURI)).At("/login") // another tab
	res, err := b.HTTP.Do(b.Form("email", "jo@example.com", "password", "guess of a password"))
	site.Must(t, err)
	_ = res.Body.Close()
	note := noteOf(t, res.Header)
	if res.StatusCode != http.StatusSeeOther || note == nil || !note.HttpOnly || note.MaxAge <= 0 || note.MaxAge > 300 {
		t.Fatalf("status %d, cookie %v; want a redirect and a short-lived note", res.StatusCode, note)
	}
	plain, err := base64.RawURLEncoding.DecodeString(note.Value)
	if site.Must(t, err); strings.Contains(string(plain), "example.com") || strings.Contains(res.Header.Get("Location"), "example.com") {
		t.Error("what was typed can be read")
	}
	const wrong = "of het wachtwoord klopt niet"
	if other.Get(other.URL.String()); strings.Contains(other.Body, wrong) {
		t.Error("the note shows in another tab's form")
	}
	stranger := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	stranger.Give(map[string]string{note.Name: note.Value})
	if stranger.Get(page); strings.Contains(stranger.Body, "jo@example.com") {
		t.Error("the note opens in another browser")
	}
	b.Get(page).Is(http.StatusOK).Says(wrong).Says(`value="jo@example.com"`).Says("<title>Fout:")
	if strings.Contains(b.Body, "guess of a password") {
		t.Error("the password is on the page")
	}
	if b.Get(page); strings.Contains(b.Body, wrong) {
		t.Error("the note is shown twice")
	}
	bent := []byte(note.Value)
	bent[len(bent)/2] ^= 1
	b.Give(map[string]string{note.Name: string(bent)})
	if b.Get(page).Is(http.StatusOK); strings.Contains(b.Body, wrong) {
		t.Error("an altered note opens")
	}
}

// Z10: a switch of language keeps what was typed in the form.
func TestZ10_LanguageSwitchKeepsTheForm(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login").Says(`name="lang" value="en"`)
	hashes := s.Hashes()
	b.Submit("email", "jo@example.com", "password", "guess of a password", "lang", "en").At("/login").Says(`lang="en"`).Says(`value="jo@example.com"`)
	if strings.Contains(b.Body, "guess of a password") || s.Hashes() != hashes {
		t.Error("the switch kept the password, or looked at it")
	}
	b.Get(b.URL.String()).Says(`lang="en"`)
}

// Z10: a form that is too long for a note is answered with its page.
func TestZ10_LanguageSwitchKeepsALongForm(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	long := make([]byte, 2900)
	if _, err := io.ReadFull(rand.NewChaCha8([32]byte{}), long); err != nil {
		t.Fatal(err)
	}
	email := hex.EncodeToString(long)
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
	b.Submit("email", email, "password", "guess of a password", "lang", "en").At("/login").Says(`lang="en"`).Says(`value="` + email + `"`)
	if strings.Contains(b.Body, "guess of a password") {
		t.Error("the switch kept the password")
	}
	b.Submit("email", "", "password", "").Says(`lang="en"`).Is(http.StatusUnprocessableEntity)
}
