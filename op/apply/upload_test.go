package apply_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/op/apply"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/limit"
)

// UP-14, UP-15: the form token, the document, and nothing more.
func TestUP14_UP15_OnlyTheForm(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/document")
	token := part{name: "csrf", content: []byte(v.token())}
	file := part{name: "document", file: "x.pdf", isFile: true, content: []byte(smallPDF)}
	other := s.visitor()
	named := func(name string, p part) part { p.name = name; return p }
	for name, c := range map[string]struct {
		status int
		parts  []part
	}{
		"nothing":                    {400, nil},
		"no file":                    {400, []part{token}},
		"no token":                   {400, []part{file}},
		"the file first":             {400, []part{file, token}},
		"two files":                  {400, []part{token, file, file}},
		"a field more":               {400, []part{token, file, {name: "x", content: []byte("y")}}},
		"another field":              {400, []part{token, named("documents", file)}},
		"the token by another name":  {400, []part{named("token", token), file}},
		"text in the file's place":   {400, []part{token, {name: "document", content: []byte("text")}}},
		"a file in the token's":      {400, []part{{name: "csrf", file: "x", isFile: true, content: []byte(v.token())}, file}},
		"content without a name":     {400, []part{token, {name: "document", isFile: true, content: []byte(smallPDF)}}},
		"a thousand parts":           {400, append([]part{token, file}, slices.Repeat([]part{{name: "x"}}, 1000)...)},
		"two names":                  {400, []part{token, {disposition: `form-data; name="document"; filename="a.pdf"; filename="b.pdf"`, content: []byte(smallPDF)}}},
		"no disposition":             {400, []part{token, {disposition: `x`, content: []byte(smallPDF)}}},
		"a multipart in a multipart": {400, []part{token, {name: "document", isFile: true, content: []byte("--x\r\n\r\n--x--")}}},
		"a header of 20 megabytes":   {400, []part{token, {disposition: `form-data; name="document"; filename="` + strings.Repeat("x", 20<<20) + `"`}}},
		"a token that does not end":  {403, []part{{name: "csrf", content: []byte(v.token() + strings.Repeat("x", 1<<20))}, file}},
		"another browser's token":    {403, []part{{name: "csrf", content: []byte(other.token())}, file}},
		"no token in its part":       {403, []part{{name: "csrf"}, file}},
	} {
		if p := v.parts(c.parts...); p.status != c.status {
			t.Errorf("%s: status %d %s", name, p.status, p.location)
		}
	}
	for _, contentType := range []string{"multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=x", "application/pdf", ""} {
		r, err := http.NewRequest(http.MethodPost, s.url+"/apply/document", strings.NewReader(smallPDF))
		must(t, err)
		r.Header.Set("Content-Type", contentType)
		if p := v.do(r); p.status < 400 || p.status >= 500 {
			t.Errorf("%q: status %d", contentType, p.status)
		}
	}
	if v.application().Answers.DocumentDone {
		t.Error("one of them was kept")
	}
	v.parts(token, file).leads("/apply/check")
}

// raw begins an upload on a connection of its own, and sends no more than
// what of the body is given.
func (v *visitor) raw(body []byte, length int, contentType string) (net.Conn, *bufio.Reader) {
	v.t.Helper()
	u, err := url.Parse(v.url)
	must(v.t, err)
	conn, err := net.Dial("tcp", u.Host)
	must(v.t, err)
	v.t.Cleanup(func() { _ = conn.Close() })
	var cookies []string
	for _, c := range v.cookies() {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	_, err = fmt.Fprintf(conn, "POST /apply/document HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		u.Host, strings.Join(cookies, "; "), contentType, length, body)
	must(v.t, err)
	return conn, bufio.NewReader(conn)
}

// UP-13: who sends nothing any more, or too little for too long, is cut off
// with a page that says so; nothing half is kept and the way on is open.
func TestUP13_SlowUpload(t *testing.T) {
	for name, limits := range map[string]struct{ stall, whole time.Duration }{
		"stalled":  {50 * time.Millisecond, time.Hour},
		"too long": {time.Hour, 50 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, func(r *apply.Room, _ *web.Kit) { r.UploadStall, r.UploadTime = limits.stall, limits.whole })
			v := s.visitor()
			v.fill("burger", "jo@example.com", "/apply/document")
			body, contentType := multipartBody(t, part{name: "csrf", content: []byte(v.token())},
				part{name: "document", file: "x.pdf", isFile: true, content: bytes.Repeat([]byte("x"), 1000)})
			_, answer := v.raw(body[:len(body)-500], len(body), contentType)
			resp, err := http.ReadResponse(answer, nil)
			must(t, err)
			text, err := io.ReadAll(resp.Body)
			must(t, err)
			if resp.StatusCode != http.StatusRequestTimeout || !strings.Contains(string(text), "duurde te lang") {
				t.Errorf("status %d\n%s", resp.StatusCode, text)
			}
			if documents, err := s.db.Applications().Documents(t.Context(), v.application().ID); err != nil || len(documents) != 0 {
				t.Errorf("%v %v", documents, err)
			}
		})
	}
}

// A slow connection that keeps going is served, however long it takes.
func TestUP13_PatientUpload(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/document")
	body, contentType := multipartBody(t, part{name: "csrf", content: []byte(v.token())},
		part{name: "document", file: "x.pdf", isFile: true, content: append([]byte(smallPDF), make([]byte, 300_000)...)})
	conn, answer := v.raw(nil, len(body), contentType)
	for chunk := range slices.Chunk(body, 7000) {
		_, err := conn.Write(chunk)
		must(t, err)
	}
	resp, err := http.ReadResponse(answer, nil)
	must(t, err)
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/apply/check" {
		t.Errorf("status %d %s", resp.StatusCode, resp.Header.Get("Location"))
	}
}

// UP-16: one source cannot take all places, nor hold on to them.
func TestUP16_UploadsAtOnce(t *testing.T) {
	counted := make(chan struct{}, 1000)
	s := newSite(t, func(_ *apply.Room, k *web.Kit) { k.Limits.Windows = told{k.Limits.Windows, counted} })
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/document")
	body, contentType := multipartBody(t, part{name: "csrf", content: []byte(v.token())}, part{name: "document", file: "x.pdf", isFile: true, content: []byte(smallPDF)})
	var waiting []net.Conn
	var answers []*bufio.Reader
	for range 8 {
		conn, answer := v.raw(body[:100], len(body), contentType)
		waiting, answers = append(waiting, conn), append(answers, answer)
	}
	for range 8 {
		<-counted
	}
	// They are about to be in; until then the ninth is one of the crowd.
	for {
		p := v.upload("y.pdf", []byte(smallPDF))
		if p.status == http.StatusServiceUnavailable {
			if p.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			break
		}
		p.leads("/apply/check")
	}
	for i, conn := range waiting {
		_, err := conn.Write(body[100:])
		must(t, err)
		resp, err := http.ReadResponse(answers[i], nil)
		must(t, err)
		if resp.StatusCode != http.StatusSeeOther {
			t.Errorf("upload %d: status %d", i, resp.StatusCode)
		}
	}
	v.upload("z.pdf", []byte(smallPDF)).leads("/apply/check")
}

// told tells when an upload has been counted: what comes next is its place.
type told struct {
	limit.Windows
	uploads chan<- struct{}
}

func (w told) Allow(ctx context.Context, name, key string, most int, window time.Duration) (bool, time.Duration, error) {
	ok, wait, err := w.Windows.Allow(ctx, name, key, most, window)
	if name == "apply-upload" {
		w.uploads <- struct{}{}
	}
	return ok, wait, err
}

func TestUP08_BodyThatNeverEnds(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/document")
	head, contentType := multipartBody(t, part{name: "csrf", content: []byte(v.token())}, part{name: "document", file: "x.pdf", isFile: true})
	head = head[:bytes.LastIndex(head, []byte("\r\n--"))]
	r, err := http.NewRequest(http.MethodPost, s.url+"/apply/document", io.MultiReader(bytes.NewReader(head), endless{}))
	must(t, err)
	r.Header.Set("Content-Type", contentType)
	resp, err := v.client.Do(r)
	if err == nil { // the answer may be lost with the connection
		resp.Body.Close()
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("status %d", resp.StatusCode)
		}
	}
	if v.application().Answers.DocumentDone {
		t.Error("something was kept")
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
