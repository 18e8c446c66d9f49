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
	// uploadBody is how much of a form with a file is read. It is far more than a
	// document may have: a browser that is cut off while it sends shows an error of
	// its own, and not the page that says that the document is too large.
	uploadBody = 32 << 20

	// uploadTries is how many documents one source may send in ten minutes; a
	// class of students may share a source.
	uploadTries = 120

	// uploadChunk is the number of bytes that have to arrive within UploadStall.
	uploadChunk = 64 << 10

	// The most uploads that are read at the same time: in all, and of one source.
	// Each may take three times document.Largest of memory for a moment.
	uploadsAtOnce = 24
	uploadsSource = 8
)

// receive counts an upload of this source and reads its form. The caller must call
// leave when it no longer holds the file in memory.
func (h *Room) receive(w http.ResponseWriter, r *http.Request) (f web.File, leave func(), err error) {
	if err := h.Limits.Allow(r, "apply-upload", uploadTries, 10*time.Minute); err != nil {
		return f, nil, err
	}
	leave, ok := h.uploads.enter(h.Limits.Source(r))
	if !ok {
		return f, nil, &web.Error{Status: http.StatusServiceUnavailable, Key: "web.error.unavailable", Cause: errors.New("too many uploads at once"), Retry: 10 * time.Second}
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

// patient returns a body that may arrive slowly: the connection is cut off when
// less than uploadChunk arrives in UploadStall, or after UploadTime.
func (h *Room) patient(w http.ResponseWriter, body io.ReadCloser) io.ReadCloser {
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
	}}
}

type patientBody struct {
	io.ReadCloser
	left   int // bytes to read before the deadline moves
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

// gate bounds the uploads that are read at the same time, in all and per source,
// and so the memory they take.
type gate struct {
	mu     sync.Mutex
	all    int
	source map[string]int
}

// enter reports whether there is room; leave frees it again.
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
