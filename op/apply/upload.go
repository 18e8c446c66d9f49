package apply

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/document"
)

const (
	// uploadBody is how much of a form with a file is read. It is far more
	// than a document may hold: a browser that is cut off while it sends shows
	// a page of its own, and nobody is told that the document was too large.
	uploadBody = 32 << 20

	// uploadTries is how many documents one source may send in ten minutes; a
	// whole class may share one.
	uploadTries = 120

	// uploadChunk is what has to arrive within UploadStall.
	uploadChunk = 64 << 10

	// Uploads that are read at the same moment: altogether, and of one source.
	// Each may hold three times document.Largest in memory for a moment.
	uploadsAtOnce = 24
	uploadsSource = 8
)

// receive counts an upload of this source and reads its form. The caller calls
// leave once it no longer holds the file in memory.
func (h *Room) receive(w http.ResponseWriter, r *http.Request) (f web.File, leave func(), err error) {
	if err := h.Limits.Allow(r, "apply-upload", uploadTries, 10*time.Minute); err != nil {
		return f, nil, err
	}
	leave, ok := h.uploads.enter(h.Limits.Source(r))
	if !ok {
		return f, nil, &web.Error{Status: http.StatusServiceUnavailable, Key: "error.unavailable", Cause: errors.New("too many uploads at once"), Retry: 10 * time.Second}
	}
	r.Body = h.patient(w, r.Body)
	f, err = h.Cookies.ReadFile(r, "document", document.Largest)
	if err != nil {
		leave()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = &web.Error{Status: http.StatusRequestTimeout, Key: "apply.slow", Cause: err, Link: &web.Link{URL: "/apply/document", Label: "apply.slow.link"}}
	}
	return f, leave, err
}

// patient lets a body come slowly, but not for ever: a connection that
// delivers less than uploadChunk in UploadStall, or lasts longer than
// UploadTime, is cut off.
func (h *Room) patient(w http.ResponseWriter, body io.ReadCloser) io.ReadCloser {
	control := http.NewResponseController(w)
	end := h.Clock().Add(h.UploadTime)
	// Not every connection of a test has deadlines; those of a server do.
	_ = control.SetWriteDeadline(end.Add(time.Minute))
	return &patientBody{ReadCloser: body, extend: func() {
		deadline := h.Clock().Add(h.UploadStall)
		if deadline.After(end) {
			deadline = end
		}
		_ = control.SetReadDeadline(deadline)
	}}
}

type patientBody struct {
	io.ReadCloser
	left   int // bytes to come before the deadline moves
	extend func()
}

func (b *patientBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		b.extend()
		b.left = uploadChunk
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= n
	return n, err
}

// gate bounds the uploads that are read at the same moment, so that memory
// and one eager source are.
type gate struct {
	mu     sync.Mutex
	all    int
	source map[string]int
}

// enter tells whether there is room; leave gives it back.
func (g *gate) enter(source string) (leave func(), ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all >= uploadsAtOnce || g.source[source] >= uploadsSource {
		return nil, false
	}
	if g.source == nil {
		g.source = map[string]int{}
	}
	g.all++
	g.source[source]++
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.all--
		if g.source[source]--; g.source[source] == 0 {
			delete(g.source, source)
		}
	}, true
}
