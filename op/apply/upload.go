package apply

import (
	"errors"
	"io"
	"mime/multipart"
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

	// uploadChunk is what has to arrive within UploadStall.
	uploadChunk = 64 << 10

	// Uploads that are read at the same moment: altogether, and of one source.
	// Each may hold three times LargestDocument in memory for a moment.
	uploadsAtOnce = 24
	uploadsSource = 8
)

// upload is what the form with a file held.
type upload struct {
	chosen   bool // a file was chosen; else the rest is empty
	name     string
	content  []byte // at most LargestDocument
	tooLarge bool
}

var errForm = errors.New("not the form with a file")

// receive reads the form part by part, in memory: first the form token, then
// the file, and no more. Nothing of it is believed before the token fits.
func (h *Room) receive(w http.ResponseWriter, r *http.Request) (upload, error) {
	r.Body = h.patient(w, r.Body)
	parts, err := r.MultipartReader()
	if err != nil {
		return upload{}, badUpload(errForm)
	}
	token, err := formToken(parts)
	if err != nil {
		return upload{}, badUpload(err)
	}
	if !h.Cookies.FormTokenFits(r, token) {
		return upload{}, web.Fail(http.StatusForbidden, "error.foreign", nil)
	}
	u, err := file(parts)
	if err != nil {
		return upload{}, badUpload(err)
	}
	if _, err := parts.NextRawPart(); !errors.Is(err, io.EOF) {
		return upload{}, badUpload(errors.Join(errForm, err))
	}
	return u, nil
}

func formToken(parts *multipart.Reader) (string, error) {
	const longestToken = 128
	part, err := parts.NextRawPart()
	if err != nil {
		return "", err
	}
	if part.FormName() != "csrf" || part.FileName() != "" {
		return "", errForm
	}
	token, err := io.ReadAll(io.LimitReader(part, longestToken))
	return string(token), err
}

// file reads the part named document. What is beyond LargestDocument is read
// and thrown away.
func file(parts *multipart.Reader) (upload, error) {
	part, err := parts.NextRawPart()
	if err != nil {
		return upload{}, err
	}
	if part.FormName() != "document" {
		return upload{}, errForm
	}
	u := upload{name: part.FileName()}
	u.chosen = u.name != "" // browsers send an empty name for no file
	if u.content, err = io.ReadAll(io.LimitReader(part, document.Largest+1)); err != nil {
		return upload{}, err
	}
	if len(u.content) > document.Largest {
		u.tooLarge, u.content = true, nil
		if _, err := io.Copy(io.Discard, part); err != nil {
			return upload{}, err
		}
	}
	if !u.chosen && len(u.content) > 0 {
		return upload{}, errForm
	}
	return u, nil
}

// badUpload gives the words for a form that could not be read.
func badUpload(err error) error {
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &tooBig):
		return err // the kit knows it
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &web.Error{Status: http.StatusRequestTimeout, Key: "apply.slow", Cause: err, Link: &web.Link{URL: "/apply/document", Label: "apply.slow.link"}}
	}
	return web.Fail(http.StatusBadRequest, "error.bad_request", err)
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
