package apply

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/limit"
)

const (
	// uploadBody is how much of a form with a file is read. It is far more than a
	// document may have: a browser that is cut off while it sends shows an error of
	// its own, and not the page that says that the document is too large.
	uploadBody = 32 << 20

	// uploadChunk is the number of bytes that have to arrive within UploadStall: 8 kB
	// a second.
	uploadChunk = 256 << 10

	// The most uploads that are read at the same time: in all, and of one source.
	// Each may take three times document.Largest of memory for a moment.
	uploadsAtOnce = 24
	uploadsSource = 8
)

// receive counts an upload of this source for an application and reads its form. The caller must call
// leave when it no longer holds the file in memory.
func (h *Room) receive(w http.ResponseWriter, r *http.Request, draft string) (f web.File, leave func(), err error) {
	if err := h.Limits.Spend(r, limit.UploadRequests.UpTo(h.Tries), 1); err != nil {
		return f, nil, err
	}
	patient := h.patient(w, r.Body)
	leave, ok := h.uploads.enter(h.Limits.Source(r), draft, patient, h.Clock(), h.UploadGrace)
	if !ok {
		return f, nil, &web.Error{Status: http.StatusServiceUnavailable, Key: "web.error.unavailable", Cause: errors.New("too many uploads at once"), Retry: 10 * time.Second}
	}
	r.Body = patient
	f, err = h.Cookies.ReadFile(r, "document", document.Largest)
	if err != nil {
		leave()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = &web.Error{Status: http.StatusRequestTimeout, Key: "apply.slow", Cause: err, Link: &web.Link{URL: "/apply/document", Label: "apply.slow.link"}}
	}
	return f, leave, err
}

// countDocument counts a document that is about to take the place of those that the
// application has, and subtracts their bytes from what the source has spent.
func (h *Room) countDocument(r *http.Request, a application.Application, d application.Document) error {
	size := int(d.Size)
	if err := h.Limits.SpendFor(r, a.ID, 1, limit.DraftUploads); err != nil {
		return err
	}
	if err := h.Limits.SpendFor(r, a.ID, size, limit.DraftBytes); err != nil {
		return err
	}
	if err := h.Limits.Spend(r, limit.UploadBytesOf(h.PerHour), size); err != nil {
		return err
	}
	if a.State != application.EmailConfirmed {
		return nil // submitted: kept, not a draft's
	}
	replaced, err := h.Store.Documents(r.Context(), a.ID)
	if err != nil {
		return err
	}
	for _, gone := range replaced {
		size -= int(gone.Size)
	}
	return h.Limits.Spend(r, limit.DraftsBytesOf(h.PerHour), size)
}

// giveBack subtracts the bytes of documents that were sent in from what the source
// has spent. A failure costs the source only.
func (h *Room) giveBack(r *http.Request, documents []application.Document) {
	size := 0
	for _, d := range documents {
		size += int(d.Size)
	}
	if size > 0 {
		_ = h.Limits.Spend(r, limit.DraftsBytesOf(h.PerHour), -size)
	}
}

// patient returns a body that may arrive slowly: the connection is cut off when
// less than uploadChunk arrives in UploadStall, or after UploadTime.
func (h *Room) patient(w http.ResponseWriter, body io.ReadCloser) *patientBody {
	control := http.NewResponseController(w)
	end := h.Clock().Add(h.UploadTime)
	// The connections of some tests have no deadlines; a server's always do.
	_ = control.SetWriteDeadline(end.Add(time.Minute))
	return &patientBody{ReadCloser: body, extend: func() {
		deadline := h.Clock().Add(h.UploadStall)
		if deadline.After(end) {
			deadline = end
		}
		_ = control.SetReadDeadline(deadline)
	}, cut: func() { _ = control.SetReadDeadline(h.Clock()) }}
}

type patientBody struct {
	io.ReadCloser
	left   int    // bytes to read before the deadline moves
	extend func() // moves the deadline
	cut    func() // makes the deadline now

	mu   sync.Mutex
	read int // bytes so far
	gone bool
}

func (b *patientBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		b.more()
		b.left = uploadChunk
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= n
	b.mu.Lock()
	b.read += n
	b.mu.Unlock()
	return n, err
}

// more moves the deadline, unless the upload was cut off.
func (b *patientBody) more() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.gone {
		b.extend()
	}
}

// end cuts the upload off.
func (b *patientBody) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone = true
	b.cut()
}

func (b *patientBody) bytes() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.read
}

// gate bounds the uploads that are read at the same time, in all, per source and
// per application, and so the memory they take. When all places are taken, a
// newcomer gets that of the slowest.
type gate struct {
	mu      sync.Mutex
	uploads map[*patientBody]place
}

type place struct {
	source, draft string
	began         time.Time
}

// enter reports whether there is room; leave frees it again.
func (g *gate) enter(source, draft string, body *patientBody, now time.Time, grace time.Duration) (leave func(), ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	mine := 0
	for _, p := range g.uploads {
		if p.draft == draft {
			return nil, false
		}
		if p.source == source {
			mine++
		}
	}
	if mine >= uploadsSource {
		return nil, false
	}
	if len(g.uploads) >= uploadsAtOnce {
		slow := g.slowest(now, grace)
		if slow == nil {
			return nil, false
		}
		delete(g.uploads, slow)
		slow.end()
	}
	if g.uploads == nil {
		g.uploads = map[*patientBody]place{}
	}
	g.uploads[body] = place{source, draft, now}
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.uploads, body)
	}, true
}

// slowest returns the upload that has read the fewest bytes a second among those
// older than grace; nil if there is none.
func (g *gate) slowest(now time.Time, grace time.Duration) (slow *patientBody) {
	least := 0.0
	for b, p := range g.uploads {
		age := now.Sub(p.began)
		if age < grace {
			continue
		}
		if rate := float64(b.bytes()) / max(age.Seconds(), 1e-9); slow == nil || rate < least {
			slow, least = b, rate
		}
	}
	return slow
}
