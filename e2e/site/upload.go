package site

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
)

// Part is one part of a form with files.
type Part struct {
	Name    string // of the field
	File    string // of the file; used if IsFile
	IsFile  bool
	Content []byte

	// Disposition, if set, is the Content-Disposition instead of the one that
	// follows from the names.
	Disposition string
}

// Multipart returns the body of a form with files (RFC 7578), as a browser sends
// it, and its Content-Type.
func Multipart(t testing.TB, parts ...Part) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		header := textproto.MIMEHeader{}
		switch {
		case p.Disposition != "":
			header.Set("Content-Disposition", p.Disposition)
		case p.IsFile:
			header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, p.Name, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p.File)))
			header.Set("Content-Type", "application/pdf")
		default:
			header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"`, p.Name))
		}
		out, err := w.CreatePart(header)
		Must(t, err)
		_, err = out.Write(p.Content)
		Must(t, err)
	}
	Must(t, w.Close())
	return b.Bytes(), w.FormDataContentType()
}

// Parts returns the POST of a form with files to a path of the site.
func (b *Browser) Parts(target string, parts ...Part) *http.Request {
	b.Site.T.Helper()
	body, contentType := Multipart(b.Site.T, parts...)
	req := b.Request(http.MethodPost, target, bytes.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return req
}

// Upload sends the document in a form with a field "document" and the token of
// this page, and follows the answer. A name of "" means that no file was chosen.
func (b *Browser) Upload(target, name string, content []byte) *Browser {
	b.Site.T.Helper()
	return b.Do(b.Parts(target, Part{Name: "csrf", Content: []byte(b.FormToken())}, Part{Name: "document", File: name, IsFile: true, Content: content}))
}
