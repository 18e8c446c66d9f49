package apply_test

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/document"
)

// UP-17: with a full disk the page says "later" and what was stored is kept; once
// there is room the same document is accepted.
func TestUP17_DiskFull(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/document")
	v.upload("eerste.pdf", []byte(smallPDF)).Leads("/apply/check")
	large := append([]byte(smallPDF), bytes.Repeat([]byte("x"), document.Largest-len(smallPDF))...)
	most := uint64(0)
	for _, end := range []string{"", "-wal"} {
		info, err := os.Stat(s.file() + end)
		site.Must(t, err)
		most = max(most, uint64(info.Size()))
	}
	var before syscall.Rlimit
	site.Must(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	full := func(yes bool) {
		t.Helper()
		limit := before
		if yes {
			limit.Cur = most + 1<<20
		}
		site.Must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
	}
	t.Cleanup(func() { full(false) })
	full(true)
	for range 3 {
		v.upload("tweede.pdf", large).Is(http.StatusServiceUnavailable)
	}
	// What needs no space still works.
	v.get("/apply/document").Is(http.StatusOK).Has("eerste.pdf")
	full(false)
	if d, plain := v.stored(); d.Name != "eerste.pdf" || string(plain) != smallPDF {
		t.Errorf("what was there is gone: %+v", d)
	}
	v.upload("tweede.pdf", large).Leads("/apply/check")
	if d, plain := v.stored(); d.Name != "tweede.pdf" || !bytes.Equal(plain, large) {
		t.Errorf("%+v", d)
	}
	v.send().Leads("/apply/done")
}

// UP-24: text that is too long, is not UTF-8 or cannot be printed is refused with
// an explanation, in each field of each form, and never fails.
func TestUP24_OddText(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("bedrijf", "jo@example.com", "/apply/person")
	odd := map[string]int{
		strings.Repeat("x", 1<<20): http.StatusRequestEntityTooLarge, "a\x00b": http.StatusBadRequest, "a\xff\xfeb": http.StatusBadRequest, "\xed\xa0\x80": http.StatusBadRequest,
		strings.Repeat("x", 700): http.StatusUnprocessableEntity, "Z" + strings.Repeat("\u0301\u0316", 50): http.StatusUnprocessableEntity,
		"abc\u202ecba": http.StatusUnprocessableEntity, "\ufffd": http.StatusUnprocessableEntity,
	}
	for _, step := range []struct {
		path string
		good url.Values
	}{
		{"/apply/person", personFields()}, {"/apply/company", companyFields()}, {"/apply/address", addressFields("bedrijf")},
	} {
		path, good := step.path, step.good
		for name := range good {
			if name == "not_registered" {
				continue // excludes the number; the rule is the same
			}
			for text, want := range odd {
				fields := form()
				for k, values := range good {
					fields[k] = append([]string{}, values...)
				}
				fields.Set(name, text)
				if p := v.post(path, fields); p.Status != want {
					t.Errorf("%s %s %.10q: status %d, want %d", path, name, text, p.Status, want)
				}
			}
		}
		v.post(path, good).Is(http.StatusSeeOther) // go to the next form
	}
}

// UP-28: a captured request that is sent again, at once or after the end, has no
// second effect. (The form token belongs to the browser, not to one form: the store
// decides what happens once.)
func TestUP28_Replay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "")
	seen := v.get("/apply/check").Hidden("seen")
	captured := func() site.Answer { return v.post("/apply/check", form("declared", "yes", "seen", seen)) }
	captured().Leads("/apply/done")
	for range 3 {
		captured().Leads("/apply/done")
	}
	v.post("/apply/person", personFields()).Leads("/apply/done")
	v.upload("nog-een.pdf", []byte(smallPDF)).Leads("/apply/done")
	if d, _ := v.stored(); d.Name != "paspoort.pdf" {
		t.Error("a document after sending:", d.Name)
	}
	counts := map[string]int{}
	for _, action := range s.actions() {
		counts[action]++
	}
	if counts["application.submitted"] != 1 || counts["account.created"] != 1 {
		t.Error("record:", counts)
	}
	// In another browser the captured request is refused.
	other := s.visitor()
	other.post("/apply/check", form("csrf", v.token(), "declared", "yes", "seen", seen)).Is(http.StatusForbidden)
}
