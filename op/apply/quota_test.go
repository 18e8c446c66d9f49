package apply_test

import (
	"bytes"
	"net/http"
	"strconv"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/limit"
)

// pdfOf returns a PDF of so many bytes.
func pdfOf(size int) []byte {
	return append([]byte(smallPDF), bytes.Repeat([]byte("\n"), size-len(smallPDF))...)
}

// X9: an application has so many uploads and bytes, and no more; what was stored
// stays. Replacing a document frees its bytes.
func TestX9_UploadsOfOneDraft(t *testing.T) {
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		s := withMails(site.New(t, on))
		v := s.visitor()
		v.fill("burger", "jo@example.com", "/apply/document")
		for i := range limit.DraftUploads.Most {
			v.upload(strconv.Itoa(i)+".pdf", []byte(smallPDF)).Leads("/apply/check")
		}
		if p := v.upload("more.pdf", []byte(smallPDF)).Is(http.StatusTooManyRequests); p.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		documents, err := s.Stores.DB.Applications().Documents(t.Context(), v.application().ID)
		site.Must(t, err)
		if len(documents) != 1 {
			t.Errorf("%d documents are stored", len(documents))
		}
		v.get("/apply/check").Is(http.StatusOK)

		large := s.visitor()
		large.fill("burger", "an@example.com", "/apply/document")
		sent := 0
		for i := 0; sent <= limit.DraftBytes.Most; i++ {
			const size = 9 << 20
			p := large.upload(strconv.Itoa(i)+".pdf", pdfOf(size))
			if sent += size; sent > limit.DraftBytes.Most {
				p.Is(http.StatusTooManyRequests)
				break
			}
			p.Leads("/apply/check")
		}
	})
}

// X9: what the drafts of one source hold is bounded; what is replaced or sent in is
// given back, and so is everything when a draft has expired.
func TestX9_BytesOfOneSource(t *testing.T) {
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		s := withMails(site.New(t, func(c *config.Config) { on(c); c.Limits.ApplyPerHour = 2 }))
		const size = 7 << 20
		fill := func(email string) *visitor {
			v := s.visitor()
			v.fill("burger", email, "/apply/document")
			return v
		}
		a := fill("a@example.com")
		for range 3 { // replaced: 7 MB in all
			a.upload("x.pdf", pdfOf(size)).Leads("/apply/check")
			s.Pass(time.Hour) // within the bytes of an hour
		}
		drafts := []*visitor{a}
		for i, email := range []string{"b@example.com", "c@example.com", "d@example.com"} {
			v := fill(email)
			s.Pass(time.Hour)
			p := v.upload("x.pdf", pdfOf(size))
			if i < 2 {
				p.Leads("/apply/check")
				drafts = append(drafts, v)
				continue
			}
			p.Is(http.StatusTooManyRequests) // which counts as well
			for _, sent := range drafts[:2] {
				sent.send().Leads("/apply/done")
			}
			v.upload("x.pdf", pdfOf(size)).Leads("/apply/check")
		}
		if n, err := s.Stores.DB.Strangers(t.Context()); err != nil || n < 2*size || n >= 3*size {
			t.Errorf("%d bytes of strangers are reported, want those of two documents (%v)", n, err)
		}
		s.Pass(intake.DraftLifetime)
		s.RunJob("sweep")
		if n, err := s.Stores.DB.Strangers(t.Context()); err != nil || n >= size {
			t.Errorf("%d bytes of strangers after the drafts have expired (%v)", n, err)
		}
	})
}

// X9: what one source writes in an hour is bounded, also when it replaces its own
// document again and again.
func TestX9_BytesWrittenByOneSource(t *testing.T) {
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		s := withMails(site.New(t, func(c *config.Config) { on(c); c.Limits.ApplyPerHour = 1 }))
		v := s.visitor()
		v.fill("burger", "jo@example.com", "/apply/document")
		const size = 9 << 20
		for sent := size; sent <= limit.UploadBytesOf(1).Most; sent += size {
			v.upload("x.pdf", pdfOf(size)).Leads("/apply/check")
		}
		if p := v.upload("x.pdf", pdfOf(size)).Is(http.StatusTooManyRequests); p.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		s.Pass(time.Hour)
		v.upload("x.pdf", pdfOf(size)).Leads("/apply/check")
	})
}

// W11: how many codes, passwords and documents an office behind one address may
// send is a setting.
func TestW11_TriesAreASetting(t *testing.T) {
	t.Parallel()
	const tries = 3
	s := withMails(site.New(t, func(c *config.Config) { c.Limits.ApplyTries = tries }))
	v := s.visitor()
	v.fill("burger", "a@example.com", "/apply/document")
	for i := range tries + 1 {
		p := v.upload("x.txt", []byte("no document"))
		if refused := p.Status == http.StatusTooManyRequests; refused != (i == tries) {
			t.Errorf("document %d is answered with %d, want 429: %t", i+1, p.Status, i == tries)
		}
	}
}
